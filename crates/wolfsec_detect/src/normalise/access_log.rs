//! Web access lines in NCSA common or combined format, with or without the virtual host before it (Apache's vhost_combined), and
//! the variables that nginx writes as JSON, under the W3C names that Sigma's webserver rules use.
//! <https://httpd.apache.org/docs/current/logs.html#combined>

use std::net::IpAddr;

use super::Added;
use crate::json::{Object, Value};

/// Fields of one access line, or `None` when it is none.
pub(crate) fn read(line: &str) -> Option<Added<'_>> {
    let (host, client, rest) = client(line)?;
    let (_ident, rest) = rest.split_once(' ')?;
    let (user, rest) = rest.split_once(" [")?;
    let (time, rest) = rest.split_once("] \"")?;
    let (request, rest) = quoted(rest)?;
    let mut tail = rest.trim_start().splitn(3, ' ');
    let status: u16 = tail.next()?.parse().ok()?;
    let bytes = tail.next().unwrap_or("-");
    let mut fields = vec![
        ("c-ip", Value::from(client)),
        ("time_local", time.into()),
        ("sc-status", u64::from(status).into()),
    ];
    if let Ok(bytes) = bytes.parse::<u64>() {
        fields.push(("sc-bytes", bytes.into()));
    }
    if let Some(host) = host {
        fields.push(("cs-host", host.into()));
    }
    if user != "-" && !user.is_empty() {
        fields.push(("cs-username", user.into()));
    }
    read_request(request, &mut fields);
    read_agent(tail.next().unwrap_or_default(), &mut fields);
    Some(fields)
}

/// Virtual host, client address, and what follows them.
fn client(line: &str) -> Option<(Option<&str>, &str, &str)> {
    let (first, rest) = line.split_once(' ')?;
    if first.parse::<IpAddr>().is_ok() {
        return Some((None, first, rest));
    }
    let (client, rest) = rest.split_once(' ')?;
    client.parse::<IpAddr>().ok()?;
    // `name:port`
    let host = first.rsplit_once(':').map_or(first, |(host, _)| host);
    Some((Some(host), client, rest))
}

/// Method, address and parameters of an event that has them in one field: nginx's `$request`, else its `$request_uri`.
pub(crate) fn read_variables(map: Object<'_>) -> Added<'_> {
    let text = |name: &str| map.get(name).and_then(Value::as_str);
    let mut fields = Vec::new();
    match (text("request"), text("request_uri")) {
        (Some(request), _) => read_request(request, &mut fields),
        (None, Some(target)) => read_target(target, &mut fields),
        (None, None) => {}
    }
    fields
}

fn read_request<'a>(request: &'a str, fields: &mut Added<'a>) {
    let (method, rest) = request.split_once(' ').unwrap_or(("", request));
    let (target, version) = match rest.rsplit_once(' ') {
        Some((target, version)) if version.starts_with("HTTP/") => (target, version),
        _ => (rest, ""),
    };
    add_filled([("cs-method", method), ("cs-version", version)], fields);
    read_target(target, fields);
}

fn read_target<'a>(target: &'a str, fields: &mut Added<'a>) {
    let (stem, query) = target.split_once('?').unwrap_or((target, ""));
    let parts = [("cs-uri", target), ("cs-uri-stem", stem), ("cs-uri-query", query)];
    add_filled(parts, fields);
}

fn add_filled<'a, const N: usize>(values: [(&'a str, &'a str); N], fields: &mut Added<'a>) {
    let filled = values.into_iter().filter(|(_, value)| !value.is_empty());
    fields.extend(filled.map(|(name, value)| (name, value.into())));
}

/// `"referer" "user agent"`, absent in common format.
fn read_agent<'a>(rest: &'a str, fields: &mut Added<'a>) {
    let Some((referer, rest)) = rest.strip_prefix('"').and_then(quoted) else {
        return;
    };
    if referer != "-" {
        fields.push(("cs-referer", referer.into()));
    }
    let agent = rest.trim_start().strip_prefix('"').and_then(quoted);
    if let Some((agent, _)) = agent.filter(|(agent, _)| *agent != "-") {
        fields.push(("cs-user-agent", agent.into()));
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

    fn field<'a>(line: &'a str, name: &str) -> Value<'a> {
        let fields = read(line).unwrap();
        fields
            .into_iter()
            .find(|(n, _)| *n == name)
            .map_or(Value::Null, |(_, v)| v)
    }

    #[test]
    fn combined_lines_are_read() {
        let line = r#"203.0.113.5 - bob [10/Jul/2024:14:30:00 +0200] "GET /a.php?cmd=id HTTP/1.1" 200 512 "https://example.org/" "Mozilla/5.0 (\"x\")""#;
        assert_eq!(field(line, "cs-uri-stem"), Value::Text("/a.php"));
        assert_eq!(field(line, "cs-uri-query"), Value::Text("cmd=id"));
        assert_eq!(field(line, "cs-username"), Value::Text("bob"));
        assert_eq!(field(line, "sc-status"), Value::Integer(200));
        assert_eq!(field(line, "cs-user-agent"), Value::Text(r#"Mozilla/5.0 (\"x\")"#));
    }

    #[test]
    fn a_virtual_host_may_come_first() {
        let line =
            r#"www.example.org:443 203.0.113.5 - - [10/Jul/2024:14:30:00 +0200] "GET /a HTTP/1.1" 200 5 "-" "curl/8""#;
        assert_eq!(field(line, "cs-host"), Value::Text("www.example.org"));
        assert_eq!(field(line, "c-ip"), Value::Text("203.0.113.5"));
        assert_eq!(field(line, "cs-uri-stem"), Value::Text("/a"));
    }

    #[test]
    fn common_lines_and_garbage_requests_are_read() {
        let line = r#"2001:db8::1 - - [10/Jul/2024:14:30:00 +0200] "\x16\x03\x01" 400 0"#;
        assert_eq!(field(line, "sc-status"), Value::Integer(400));
        assert_eq!(field(line, "cs-user-agent"), Value::Null);
        assert!(read("Failed password for root").is_none());
        assert!(read("host web-01 - - [x] \"GET / HTTP/1.1\" 200 1").is_none());
        assert!(read("").is_none());
    }
}
