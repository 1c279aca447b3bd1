//! Texts on their way into SQL.

use std::borrow::Cow;

/// PostgreSQL's text cannot hold NUL; one such byte would abort its whole batch.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// At most so many characters: what an index must be able to hold.
pub(super) fn shortened(text: &str, chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(chars) {
        Some((end, _)) => Cow::Owned(storable(&text[..end]).into_owned()),
        None => storable(text),
    }
}

/// A LIKE pattern that finds `term` anywhere, none of its characters being special.
pub(super) fn contains_pattern(term: &str) -> String {
    let mut pattern = String::with_capacity(term.len() + 2);
    pattern.push('%');
    push_escaped(&mut pattern, term);
    pattern.push('%');
    pattern
}

/// A LIKE pattern for what begins with `prefix`.
pub(super) fn prefix_pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    push_escaped(&mut pattern, prefix);
    pattern.push('%');
    pattern
}

fn push_escaped(pattern: &mut String, text: &str) {
    for c in storable(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metacharacters_stand_for_themselves() {
        assert_eq!(contains_pattern(r"50%_a\b"), r"%50\%\_a\\b%");
        assert_eq!(prefix_pattern("alert."), "alert.%");
    }

    #[test]
    fn nul_never_reaches_postgresql() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert!(matches!(storable("ab"), Cow::Borrowed(_)));
        assert_eq!(shortened("äöü\0", 2), "äö");
        assert_eq!(shortened("ä\0", 2), "ä\u{fffd}");
    }
}
