//! Web access lines in NCSA common or combined format, under the W3C names that Sigma's webserver rules use.
//! <https://httpd.apache.org/docs/current/logs.html#combined>

use std::net::IpAddr;

use serde_json::{Value, json};

/// Fields of one access line, or `None` when it is none.
pub(crate) fn read(line: &str) -> Option<Vec<(&'static str, Value)>> {
    let (client, rest) = line.split_once(' ')?;
    client.parse::<IpAddr>().ok()?;
    let (_ident, rest) = rest.split_once(' ')?;
    let (user, rest) = rest.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    let (request, rest) = quoted(rest)?;
    let mut tail = rest.trim_start().splitn(3, ' ');
    let status: u16 = tail.next()?.parse().ok()?;
    let bytes = tail.next().unwrap_or("-");
    let mut fields = vec![
        ("c-ip", json!(client)),
        ("time_local", json!(time)),
        ("sc-status", json!(status)),
    ];
    if let Ok(bytes) = bytes.parse::<u64>() {
        fields.push(("sc-bytes", json!(bytes)));
    }
    if user != "-" && !user.is_empty() {
        fields.push(("cs-username", json!(user)));
    }
    read_request(request, &mut fields);
    read_agent(tail.next().unwrap_or_default(), &mut fields);
    Some(fields)
}

fn read_request(request: &str, fields: &mut Vec<(&'static str, Value)>) {
    let (method, rest) = request.split_once(' ').unwrap_or(("", request));
    let (target, version) = match rest.rsplit_once(' ') {
        Some((target, version)) if version.starts_with("HTTP/") => (target, version),
        _ => (rest, ""),
    };
    let (stem, query) = target.split_once('?').unwrap_or((target, ""));
    for (name, value) in [
        ("cs-method", method),
        ("cs-uri", target),
        ("cs-uri-stem", stem),
        ("cs-uri-query", query),
        ("cs-version", version),
    ] {
        if !value.is_empty() {
            fields.push((name, json!(value)));
        }
    }
}

/// `"referer" "user agent"`, absent in common format.
fn read_agent(rest: &str, fields: &mut Vec<(&'static str, Value)>) {
    let Some((referer, rest)) = rest.strip_prefix('"').and_then(quoted) else {
        return;
    };
    if referer != "-" {
        fields.push(("cs-referer", json!(referer)));
    }
    let agent = rest.trim_start().strip_prefix('"').and_then(quoted);
    if let Some((agent, _)) = agent.filter(|(agent, _)| *agent != "-") {
        fields.push(("cs-user-agent", json!(agent)));
    }
}

/// Up to the closing quote; Apache writes a quote inside as `\"`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(line: &str, name: &str) -> Value {
        let fields = read(line).unwrap();
        fields
            .into_iter()
            .find(|(n, _)| *n == name)
            .map_or(Value::Null, |(_, v)| v)
    }

    #[test]
    fn combined_lines_are_read() {
        let line = r#"203.0.113.5 - bob [10/Jul/2024:14:30:00 +0200] "GET /a.php?cmd=id HTTP/1.1" 200 512 "https://example.org/" "Mozilla/5.0 (\"x\")""#;
        assert_eq!(field(line, "cs-uri-stem"), "/a.php");
        assert_eq!(field(line, "cs-uri-query"), "cmd=id");
        assert_eq!(field(line, "cs-username"), "bob");
        assert_eq!(field(line, "sc-status"), 200);
        assert_eq!(field(line, "cs-user-agent"), r#"Mozilla/5.0 (\"x\")"#);
    }

    #[test]
    fn common_lines_and_garbage_requests_are_read() {
        let line = r#"2001:db8::1 - - [10/Jul/2024:14:30:00 +0200] "\x16\x03\x01" 400 0"#;
        assert_eq!(field(line, "sc-status"), 400);
        assert_eq!(field(line, "cs-user-agent"), Value::Null);
        assert!(read("Failed password for root").is_none());
        assert!(read("").is_none());
    }
}
