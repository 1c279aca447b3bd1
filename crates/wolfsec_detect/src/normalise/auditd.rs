//! Raw Linux audit records: `type=EXECVE msg=audit(1604996384.965:93777): argc=2 a0="id" a1=2F746D70`.
//! Values with blanks or quotes come as bare hexadecimal digits; enriched records add upper-case names
//! after a group separator.

use bumpalo::Bump;

use super::Added;
use crate::json::Value;

/// The fields of a record, its time first.
pub(crate) fn read<'a>(line: &'a str, arena: &'a Bump) -> Option<Added<'a>> {
    let start = line.find("type=")?;
    let (before, record) = line.split_at_checked(start)?;
    let (head, body) = record.split_once("msg=audit(")?;
    let kind = head.strip_prefix("type=")?.trim();
    let (stamp, body) = body.split_once("):")?;
    let (time, serial) = stamp.split_once(':')?;
    time.parse::<f64>().ok()?;
    let mut fields = vec![
        ("audit.time", Value::from(time)),
        ("audit.serial", Value::from(serial)),
        ("type", Value::from(kind)),
    ];
    if let Some(node) = before.trim().strip_prefix("node=") {
        fields.push(("node", node.into()));
    }
    read_pairs(body, hexadecimal_names(kind), &mut fields, arena);
    Some(fields)
}

/// Which bare values of a record type may be hexadecimal text. In SYSCALL records a0… are register contents.
fn hexadecimal_names(kind: &str) -> fn(&str) -> bool {
    match kind {
        "EXECVE" => |name| name.starts_with('a') && name != "argc",
        "SYSCALL" => |name| matches!(name, "comm" | "exe" | "key"),
        _ => |name| {
            matches!(
                name,
                "comm" | "exe" | "key" | "name" | "cwd" | "proctitle" | "cmd" | "acct" | "data"
            )
        },
    }
}

fn read_pairs<'a>(text: &'a str, may_be_hex: fn(&str) -> bool, fields: &mut Added<'a>, arena: &'a Bump) {
    let mut rest = text;
    while let Some((name, tail)) = rest.split_once('=') {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{1d}');
        let name = name.rsplit([' ', '\u{1d}']).next().unwrap_or(name);
        let (value, quoted, next) = value(tail);
        if name == "msg" && quoted {
            read_pairs(value, may_be_hex, fields, arena);
        } else if !name.is_empty() {
            let decoded = (!quoted && may_be_hex(name)).then(|| unhex(value)).flatten();
            let value = decoded.map_or(value, |decoded| arena.alloc_str(&decoded));
            fields.push((name, value.into()));
        }
        rest = next;
    }
}

/// A value, whether it was quoted, and what follows.
fn value(text: &str) -> (&str, bool, &str) {
    for quote in ['"', '\''] {
        if let Some((inside, rest)) = text.strip_prefix(quote).and_then(|inner| inner.split_once(quote)) {
            return (inside, true, rest);
        }
    }
    let end = text.find([' ', '\u{1d}', '\n']).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    (value, false, rest)
}

/// Hexadecimal digits as text; a NUL parts the words of a command line.
fn unhex(digits: &str) -> Option<String> {
    if digits.len() < 2 || !digits.len().is_multiple_of(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let bytes: Option<Vec<u8>> = digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .map(|byte| byte.map(|b| if b == 0 { b' ' } else { b }))
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(line: &str, name: &str) -> String {
        let arena = Bump::new();
        let fields = read(line, &arena).unwrap();
        let found = fields.iter().find(|(field, _)| *field == name);
        found
            .and_then(|(_, value)| value.as_str())
            .unwrap_or_default()
            .to_owned()
    }

    #[test]
    fn execve_arguments_are_decoded() {
        let line = r#"type=EXECVE msg=audit(1604996384.965:93777): argc=3 a0="bash" a1="-c" a2=6964203E202F746D702F78"#;
        assert_eq!(field(line, "type"), "EXECVE");
        assert_eq!(field(line, "a0"), "bash");
        assert_eq!(field(line, "a2"), "id > /tmp/x");
        assert_eq!(field(line, "argc"), "3");
        assert_eq!(field(line, "audit.time"), "1604996384.965");
    }

    #[test]
    fn syscall_registers_stay_as_they_are() {
        let line = r#"node=web-01 type=SYSCALL msg=audit(1604996384.965:93777): arch=c000003e success=yes a0=558e25052c70 comm="dd" exe="/bin/dd" key=(null)"#;
        assert_eq!(field(line, "a0"), "558e25052c70");
        assert_eq!(field(line, "exe"), "/bin/dd");
        assert_eq!(field(line, "node"), "web-01");
    }

    #[test]
    fn user_records_open_their_inner_message() {
        let line = r#"type=USER_LOGIN msg=audit(1604996384.965:1): pid=1 uid=0 msg='op=login acct="root" exe="/usr/sbin/sshd" hostname=? addr=203.0.113.5 terminal=ssh res=failed'"#;
        assert_eq!(field(line, "addr"), "203.0.113.5");
        assert_eq!(field(line, "res"), "failed");
        assert!(read("type=EXECVE without a stamp", &Bump::new()).is_none());
    }
}
