//! One pass over a line before it is parsed: how deep it nests, and what PostgreSQL's `jsonb` or the
//! JSON parser could not take. Works on the text, so that what is stored stays byte for byte as sent
//! unless something had to be escaped.

use std::ops::Range;

/// Longest number kept as a number (characters).
const MAX_NUMBER_LEN: usize = 40;
/// Decimal exponents beyond this do not fit a double with certainty.
const MAX_EXPONENT: u32 = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hostile {
    /// `\u0000` or a lone surrogate: gets a second backslash and so becomes literal text.
    Escape,
    /// A number that no double holds: gets quotes.
    Number,
}

/// What a line looks like from outside.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub depth: usize,
    hostile: Vec<(Range<usize>, Hostile)>,
}

impl Findings {
    pub fn is_clean(&self) -> bool {
        self.hostile.is_empty()
    }

    /// The line with everything hostile turned into harmless text.
    pub fn sanitise(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 2 * self.hostile.len());
        let mut copied = 0;
        for (range, kind) in &self.hostile {
            out.push_str(text.get(copied..range.start).unwrap_or_default());
            let found = text.get(range.clone()).unwrap_or_default();
            match kind {
                Hostile::Escape => {
                    out.push('\\');
                    out.push_str(found);
                }
                Hostile::Number => {
                    out.push('"');
                    out.push_str(found);
                    out.push('"');
                }
            }
            copied = range.end;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }
}

/// Scans a line. Text that is no JSON gives findings too; the parser refuses it afterwards.
pub(crate) fn inspect(text: &str) -> Findings {
    let bytes = text.as_bytes();
    let mut findings = Findings::default();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = skip_string(bytes, at + 1, &mut findings.hostile);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                findings.depth = findings.depth.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let end = number_end(bytes, at);
                if is_huge(text.get(at..end).unwrap_or_default()) {
                    findings.hostile.push((at..end, Hostile::Number));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    findings
}

/// From just after the opening quote to just after the closing one.
fn skip_string(bytes: &[u8], from: usize, hostile: &mut Vec<(Range<usize>, Hostile)>) -> usize {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(offset) = rest.iter().position(|b| matches!(b, b'"' | b'\\')) else {
            return bytes.len();
        };
        at += offset;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at = skip_escape(bytes, at, hostile);
    }
}

/// From the backslash to just after the escape (a surrogate pair counts as one).
fn skip_escape(bytes: &[u8], at: usize, hostile: &mut Vec<(Range<usize>, Hostile)>) -> usize {
    let Some(unit) = code_unit(bytes, at) else {
        return at + 2;
    };
    match unit {
        0xD800..=0xDBFF => match code_unit(bytes, at + 6) {
            Some(0xDC00..=0xDFFF) => return at + 12,
            _ => hostile.push((at..at + 6, Hostile::Escape)),
        },
        0 | 0xDC00..=0xDFFF => hostile.push((at..at + 6, Hostile::Escape)),
        _ => {}
    }
    at + 6
}

/// The UTF-16 unit of a `\uXXXX` escape at this place.
fn code_unit(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..at + 6)?;
    let [b'\\', b'u', digits @ ..] = escape else {
        return None;
    };
    digits
        .iter()
        .try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}

fn number_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|b| !matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
        .unwrap_or(rest.len());
    from + length
}

fn is_huge(number: &str) -> bool {
    if number.len() > MAX_NUMBER_LEN {
        return true;
    }
    let Some((_, exponent)) = number.split_once(['e', 'E']) else {
        return false;
    };
    let digits = exponent.trim_start_matches(['+', '-']).trim_start_matches('0');
    !digits.is_empty() && digits.parse::<u32>().map_or(true, |size| size > MAX_EXPONENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        inspect(text).sanitise(text)
    }

    #[test]
    fn clean_text_has_no_findings() {
        let text = r#"{"a":"\u00e4\ud83d\ude00 \\u0000","b":[1,-2.5e10],"c":"{[1e999"}"#;
        let findings = inspect(text);
        assert!(findings.is_clean());
        assert_eq!(findings.depth, 2);
    }

    #[test]
    fn nul_and_lone_surrogates_become_literal_text() {
        assert_eq!(
            cleaned(r#"{"a\u0000":"x\ud800y\udc00"}"#),
            r#"{"a\\u0000":"x\\ud800y\\udc00"}"#
        );
        assert_eq!(cleaned(r#"{"a":"\ud800\ud800"}"#), r#"{"a":"\\ud800\\ud800"}"#);
        let text = cleaned(r#"{"a":"\ud800\n"}"#);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["a"], "\\ud800\n");
    }

    #[test]
    fn huge_numbers_become_strings() {
        assert_eq!(
            cleaned(r#"{"a":1e131071,"b":[-1E+400],"c":1e10}"#),
            r#"{"a":"1e131071","b":["-1E+400"],"c":1e10}"#
        );
        let long = "9".repeat(41);
        assert_eq!(cleaned(&format!("[{long}]")), format!("[\"{long}\"]"));
        assert_eq!(cleaned("[1e0000000000000000000001]"), "[1e0000000000000000000001]");
    }

    #[test]
    fn unfinished_text_ends_the_scan() {
        for text in [r#"{"a"#, r#"{"a\"#, r#"{"a\u00"#, "{\"a\\", "[", "-"] {
            inspect(text);
        }
        assert_eq!(inspect(&"[".repeat(100)).depth, 100);
    }
}
