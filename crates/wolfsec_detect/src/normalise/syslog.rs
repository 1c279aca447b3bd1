//! The header that syslog puts before a program's text: RFC 3164 (`Dec 10 06:55:46 host sshd[24200]: text`,
//! with or without `<priority>`), rsyslog's ISO variant of it, RFC 5424, and the bare `sshd[24200]: text`.

/// A message taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Syslog<'a> {
    /// A time with year and zone; RFC 3164 has neither.
    pub time: Option<&'a str>,
    pub host: Option<&'a str>,
    pub program: Option<&'a str>,
    pub text: &'a str,
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Longest program tag that is believed.
const MAX_TAG: usize = 64;

/// Takes a message apart; without a recognisable header all of it is text.
pub(crate) fn split(message: &str) -> Syslog<'_> {
    let unprefixed = strip_priority(message.trim_start());
    if let Some(found) = unprefixed.strip_prefix("1 ").and_then(rfc5424) {
        return found;
    }
    if let Some((time, rest)) = after_time(unprefixed) {
        let (host, rest) = rest.split_once(' ').unwrap_or(("", rest));
        if let Some((program, text)) = tag(rest) {
            return Syslog {
                time,
                host: (!host.is_empty()).then_some(host),
                program: Some(program),
                text: repeated(text),
            };
        }
    }
    match tag(unprefixed) {
        Some((program, text)) => Syslog {
            time: None,
            host: None,
            program: Some(program),
            text: repeated(text),
        },
        None => Syslog {
            time: None,
            host: None,
            program: None,
            text: repeated(unprefixed),
        },
    }
}

/// The program's name without its process id and PAM service: `sshd[123]:` and `sshd(pam_unix)[1]` are `sshd`.
pub(crate) fn program_name(tag: &str) -> &str {
    let end = tag.find(['[', '(', ':']).unwrap_or(tag.len());
    let name = tag.get(..end).unwrap_or(tag).trim();
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn strip_priority(message: &str) -> &str {
    message
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .filter(|(number, _)| number.len() <= 3 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        .map_or(message, |(_, rest)| rest)
}

/// `TIME HOST APP PROCID MSGID SD MSG`.
fn rfc5424(rest: &str) -> Option<Syslog<'_>> {
    let mut parts = rest.splitn(6, ' ');
    let (time, host, program) = (parts.next()?, parts.next()?, parts.next()?);
    let (_process, _id, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let text = match rest.strip_prefix("- ") {
        Some(text) => text,
        None if rest.starts_with('[') => rest.split_once("] ").map_or("", |(_, text)| text),
        None => rest,
    };
    Some(Syslog {
        time: (time != "-").then_some(time),
        host: (host != "-").then_some(host),
        program: (program != "-").then_some(program),
        text: repeated(text.trim_start_matches('\u{feff}')),
    })
}

/// What follows `Dec 10 06:55:46 ` or `2024-05-01T10:00:00.1+00:00 `, the latter beside it.
fn after_time(message: &str) -> Option<(Option<&str>, &str)> {
    let bytes = message.as_bytes();
    if bytes.len() > 16
        && message.get(..3).is_some_and(|month| MONTHS.contains(&month))
        && bytes.get(9) == Some(&b':')
        && bytes.get(12) == Some(&b':')
        && bytes.get(15) == Some(&b' ')
    {
        return message.get(16..).map(|rest| (None, rest));
    }
    let iso = bytes.get(4) == Some(&b'-') && bytes.get(10) == Some(&b'T') && bytes.get(13) == Some(&b':');
    iso.then(|| message.split_once(' ').map(|(time, rest)| (Some(time), rest)))?
}

/// `program[pid]: text` or `program: text`.
fn tag(message: &str) -> Option<(&str, &str)> {
    let colon = message.find(": ")?;
    let tag = message
        .get(..colon)
        .filter(|tag| tag.len() <= MAX_TAG && !tag.is_empty())?;
    let name = program_name(tag);
    let bracketed = tag.len() > name.len() && tag.ends_with(']');
    let plain = tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./@".contains(&b));
    let spaced = tag.contains(' ');
    (!name.is_empty() && !spaced && (bracketed || plain)).then(|| (name, message.get(colon + 2..).unwrap_or_default()))
}

/// rsyslog writes repeats as `message repeated 5 times: [ text]`.
fn repeated(text: &str) -> &str {
    text.strip_prefix("message repeated ")
        .and_then(|rest| rest.split_once(" times: [ "))
        .and_then(|(_, inner)| inner.strip_suffix(']'))
        .unwrap_or(text)
        .trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_every_kind_are_taken_off() {
        let text = "Failed password for root from 203.0.113.5 port 4242 ssh2";
        for (line, host) in [
            (format!("Dec 10 06:55:46 LabSZ sshd[24200]: {text}"), Some("LabSZ")),
            (format!("<38>Dec  1 06:55:46 LabSZ sshd[24200]: {text}"), Some("LabSZ")),
            (
                format!("2024-05-01T10:00:00.123456+02:00 LabSZ sshd[1]: {text}"),
                Some("LabSZ"),
            ),
            (
                format!("<38>1 2024-05-01T10:00:00Z LabSZ sshd 24200 - - {text}"),
                Some("LabSZ"),
            ),
            (format!("sshd[24200]: {text}"), None),
            (format!("sshd: {text}"), None),
            (format!("sshd[1]: message repeated 3 times: [ {text}]"), None),
        ] {
            let found = split(&line);
            assert_eq!(
                (found.host, found.program, found.text),
                (host, Some("sshd"), text),
                "{line}"
            );
        }
        assert_eq!(split(text).program, None);
        assert_eq!(split(text).text, text);
    }

    #[test]
    fn prose_with_a_colon_is_no_tag() {
        assert_eq!(split("Process accessed: yes").program, None);
        assert_eq!(split("A token right was adjusted.\r\n\r\nSubject:\r\n").program, None);
        assert_eq!(
            split("Jun 15 02:04:59 combo sshd(pam_unix)[20882]: x").program,
            Some("sshd")
        );
    }
}
