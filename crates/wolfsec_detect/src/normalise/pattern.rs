//! Message patterns: fixed text with `{field}` gaps. Plain substring search, no regular expressions.
//!
//! A pattern is read from the left or from the right, depending on where the text that an attacker
//! controls stands: whoever names himself `x from 192.0.2.1 port 1` must not choose his address.

use std::net::IpAddr;

/// Which end is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Anchor {
    #[default]
    Left,
    Right,
}

/// A gap and the fixed text behind it.
#[derive(Debug)]
struct Gap {
    /// `*` throws its text away.
    field: String,
    /// Empty only for a last gap that runs to the end.
    then: String,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    start: String,
    gaps: Vec<Gap>,
    anchor: Anchor,
}

impl Pattern {
    /// Compiles; `None` when braces do not pair.
    pub fn compile(text: &str, anchor: Anchor) -> Option<Self> {
        let (start, mut rest) = text.split_once('{').unwrap_or((text, ""));
        let mut gaps = Vec::new();
        while !rest.is_empty() {
            let (field, tail) = rest.split_once('}')?;
            let (then, next) = tail.split_once('{').unwrap_or((tail, ""));
            gaps.push(Gap {
                field: field.to_owned(),
                then: then.to_owned(),
            });
            rest = next;
        }
        Some(Self {
            start: start.to_owned(),
            gaps,
            anchor,
        })
    }

    /// The fields of a message that has this pattern's form; addresses and ports must be ones.
    pub fn read<'t>(&self, message: &'t str) -> Option<Vec<(&str, &'t str)>> {
        let body = message.strip_prefix(self.start.as_str())?;
        let values = match self.anchor {
            Anchor::Left => self.left_to_right(body)?,
            Anchor::Right => self.right_to_left(body)?,
        };
        let named: Vec<_> = self
            .gaps
            .iter()
            .zip(values)
            .map(|(gap, value)| (gap.field.as_str(), value.trim()))
            .filter(|(field, _)| *field != "*")
            .collect();
        named
            .iter()
            .all(|(field, value)| is_plausible(field, value))
            .then_some(named)
    }

    fn left_to_right<'t>(&self, mut rest: &'t str) -> Option<Vec<&'t str>> {
        let mut values = Vec::with_capacity(self.gaps.len());
        for (index, gap) in self.gaps.iter().enumerate() {
            let last = index + 1 == self.gaps.len();
            let at = match (gap.then.is_empty(), last) {
                (true, _) => rest.len(),
                (false, true) => rest
                    .len()
                    .checked_sub(gap.then.len())
                    .filter(|_| rest.ends_with(&gap.then))?,
                (false, false) => rest.find(&gap.then)?,
            };
            values.push(rest.get(..at)?);
            rest = rest.get(at + gap.then.len()..)?;
        }
        Some(values)
    }

    fn right_to_left<'t>(&self, mut rest: &'t str) -> Option<Vec<&'t str>> {
        let mut values = Vec::with_capacity(self.gaps.len());
        for (index, gap) in self.gaps.iter().enumerate().rev() {
            let last = index + 1 == self.gaps.len();
            if gap.then.is_empty() {
                continue;
            }
            let at = rest.rfind(&gap.then)?;
            let end = at + gap.then.len();
            if last && end != rest.len() {
                return None;
            }
            if !last {
                values.push(rest.get(end..)?);
            }
            rest = rest.get(..at)?;
        }
        values.push(rest);
        values.reverse();
        Some(values)
    }
}

fn is_plausible(field: &str, value: &str) -> bool {
    match field.rsplit('.').next() {
        Some("ip") => value.parse::<IpAddr>().is_ok(),
        Some("port") => value.parse::<u16>().is_ok(),
        _ => !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: &str = "Failed password for {user.name} from {source.ip} port {source.port} ssh2{*}";

    #[test]
    fn the_address_is_read_from_the_end() {
        let pattern = Pattern::compile(FAILED, Anchor::Right).unwrap();
        let message = "Failed password for x from 192.0.2.1 port 1 ssh2 from 203.0.113.5 port 4242 ssh2";
        let fields = pattern.read(message).unwrap();
        assert_eq!(
            fields,
            [
                ("user.name", "x from 192.0.2.1 port 1 ssh2"),
                ("source.ip", "203.0.113.5"),
                ("source.port", "4242")
            ]
        );
        assert_eq!(
            pattern.read("Failed password for root from example.org port 1 ssh2"),
            None
        );
        assert_eq!(
            pattern.read("Accepted password for root from 192.0.2.1 port 1 ssh2"),
            None
        );
    }

    #[test]
    fn the_command_is_read_from_the_start() {
        let text = "{user.name} : TTY={TTY} ; PWD={PWD} ; USER={USER} ; COMMAND={COMMAND}";
        let pattern = Pattern::compile(text, Anchor::Left).unwrap();
        let message = "alice : TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/bin/sh -c x ; USER=bob ; COMMAND=y";
        let fields = pattern.read(message).unwrap();
        assert_eq!(fields[3], ("USER", "root"));
        assert_eq!(fields[4], ("COMMAND", "/bin/sh -c x ; USER=bob ; COMMAND=y"));
    }

    #[test]
    fn a_fixed_end_must_be_there() {
        let pattern = Pattern::compile("Connection closed by {source.ip} [preauth]", Anchor::Right).unwrap();
        assert!(pattern.read("Connection closed by 192.0.2.1 [preauth]").is_some());
        assert!(pattern.read("Connection closed by 192.0.2.1 [preauth] more").is_none());
        assert!(Pattern::compile("a {b", Anchor::Left).is_none());
    }
}
