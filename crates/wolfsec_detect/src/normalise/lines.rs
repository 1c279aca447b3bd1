//! A request body cut into lines; each is parsed on its own, so that a bad one harms no neighbour.

use std::borrow::Cow;

use bumpalo::Bump;
use wolfsec::events::{MAX_LINE_BYTES, MAX_NESTING, REJECT_SAMPLE_BYTES, RejectCode, RejectedLine};

use super::scan;
use crate::json::{Object, Value, keep, parse};

/// A parsed line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'b> {
    /// The bytes that came.
    pub raw: &'b [u8],
    /// The JSON text to store.
    pub text: &'b str,
    pub map: Object<'b>,
    pub sanitised: bool,
}

/// The lines of a body with their numbers, in order. Blank ones are left out but counted.
pub(crate) fn lines(body: &[u8]) -> impl Iterator<Item = (&[u8], u32)> {
    body.split(|byte| *byte == b'\n')
        .zip(1_u32..)
        .map(|(raw, number)| (raw.trim_ascii(), number))
        .filter(|(raw, _)| !raw.is_empty())
}

pub(crate) fn read_line<'b>(raw: &'b [u8], number: u32, arena: &'b Bump) -> Result<Line<'b>, RejectedLine> {
    let reject = |code, reason: String| RejectedLine {
        line: number,
        code,
        reason,
        sample: sample(raw),
    };
    if raw.len() > MAX_LINE_BYTES {
        let reason = format!("{} bytes; at most {MAX_LINE_BYTES} are taken", raw.len());
        return Err(reject(RejectCode::TooLong, reason));
    }
    let text = std::str::from_utf8(raw).map_err(|error| reject(RejectCode::InvalidUtf8, error.to_string()))?;
    let findings = scan::inspect(text);
    if findings.depth > MAX_NESTING {
        let reason = format!("nested {} deep; at most {MAX_NESTING} is taken", findings.depth);
        return Err(reject(RejectCode::TooDeep, reason));
    }
    let sanitised = !findings.is_clean();
    let text = if sanitised {
        keep(Cow::Owned(findings.sanitise(text)), arena)
    } else {
        text
    };
    match parse(text, arena) {
        Ok(Value::Object(map)) => Ok(Line {
            raw,
            text,
            map,
            sanitised,
        }),
        Ok(_) => Err(reject(
            RejectCode::NotAnObject,
            "a line must be one JSON object".to_owned(),
        )),
        Err(error) => Err(reject(RejectCode::MalformedJson, error.to_string())),
    }
}

/// The first bytes, readable, and without the NUL that PostgreSQL refuses.
fn sample(raw: &[u8]) -> String {
    let start = raw.get(..REJECT_SAMPLE_BYTES).unwrap_or(raw);
    String::from_utf8_lossy(start).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &[u8]) -> Option<RejectCode> {
        read_line(line, 1, &Bump::new()).err().map(|reject| reject.code)
    }

    #[test]
    fn bad_lines_are_told_apart() {
        assert_eq!(code(b"{\"a\":"), Some(RejectCode::MalformedJson));
        assert_eq!(code(b"[1]"), Some(RejectCode::NotAnObject));
        assert_eq!(code(b"{\"a\":\"\xff\"}"), Some(RejectCode::InvalidUtf8));
        assert_eq!(code(&vec![b' '; MAX_LINE_BYTES + 1]), Some(RejectCode::TooLong));
        let nested = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(code(nested(MAX_NESTING + 1).as_bytes()), Some(RejectCode::TooDeep));
        assert_eq!(code(nested(MAX_NESTING).as_bytes()), None);
        assert_eq!(code(b"{\"a\":1,\"a\":2}"), None);
    }

    #[test]
    fn blank_lines_count_and_neighbours_stay() {
        let arena = Bump::new();
        let numbers: Vec<_> = lines(b"\n{\"a\":1}\r\n  \nnope\n{\"a\":2}")
            .map(|(raw, number)| match read_line(raw, number, &arena) {
                Ok(_) => (number, true),
                Err(reject) => (reject.line, false),
            })
            .collect();
        assert_eq!(numbers, [(2, true), (4, false), (5, true)]);
    }

    #[test]
    fn a_sample_is_bounded_and_free_of_nul() {
        let mut raw = vec![0; 3];
        raw.extend(vec![b'x'; REJECT_SAMPLE_BYTES * 2]);
        let sample = sample(&raw);
        assert!(sample.starts_with("\u{fffd}\u{fffd}\u{fffd}x"));
        assert_eq!(sample.chars().count(), REJECT_SAMPLE_BYTES);
    }
}
