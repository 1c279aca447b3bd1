//! Keyset paging: a page is bounded, and the next one is named by the last row's key, never by an offset.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Rows asked for: 1..=1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    pub const MAX: u16 = 1000;
    /// `None` when outside 1..=1000.
    pub const fn new(rows: u16) -> Option<Self> {
        if rows == 0 || rows > Self::MAX {
            None
        } else {
            Some(Self(rows))
        }
    }
    /// One row more, which says whether there is a next page; the one value beyond [`Limit::MAX`].
    pub const fn with_surplus(self) -> Self {
        Self(self.0 + 1)
    }
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

/// Position after a row, in lists ordered by (time, id) newest first.
///
/// Text form: microseconds since the epoch, `-`, the id's 32 hex digits; only `A-Za-z0-9_-` occur
/// (a negative time is written with a leading `n`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub at: Timestamp,
    pub id: uuid::Uuid,
}

/// A cursor text this server did not make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cursor is not one this server gave out; start again without it")]
pub struct BadCursor;

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.at.timestamp_micros();
        let sign = if micros < 0 { "n" } else { "" };
        write!(f, "{sign}{}-{}", micros.unsigned_abs(), self.id.simple())
    }
}

impl std::str::FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (time, id) = text.split_once('-').ok_or(BadCursor)?;
        let (negative, digits) = time.strip_prefix('n').map_or((false, time), |rest| (true, rest));
        let micros: i64 = digits.parse().map_err(|_| BadCursor)?;
        if micros < 0 || id.len() != 32 {
            return Err(BadCursor);
        }
        let at = Timestamp::from_timestamp_micros(if negative { -micros } else { micros }).ok_or(BadCursor)?;
        let id = uuid::Uuid::try_parse(id).map_err(|_| BadCursor)?;
        Ok(Self { at, id })
    }
}

/// A text as a cursor carries it: only digits and `a` to `f`.
pub(crate) fn hex_of(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes()
        .fold(String::with_capacity(text.len() * 2), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// Reads it back.
pub(crate) fn text_of(hex: &str) -> Result<String, BadCursor> {
    if !hex.is_ascii() || !hex.len().is_multiple_of(2) {
        return Err(BadCursor);
    }
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_| BadCursor);
    let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Result<Vec<u8>, _>>()?;
    String::from_utf8(bytes).map_err(|_| BadCursor)
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Cursor text of the next page; `None` on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page out of up to `limit + 1` rows: the surplus row says that there is a next page.
    pub fn from_surplus(items: Vec<T>, limit: Limit, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        Self::named(items, limit, |row| cursor_of(row).to_string())
    }

    /// The same, ended early once the rows weigh more than `max_bytes`: at least one row, and a cursor to what was left out.
    pub fn within_bytes(
        mut items: Vec<T>,
        limit: Limit,
        max_bytes: usize,
        bytes_of: impl Fn(&T) -> usize,
        cursor_of: impl Fn(&T) -> Cursor,
    ) -> Self {
        let mut sum = 0_usize;
        let fitting = items.iter().take_while(|row| {
            sum = sum.saturating_add(bytes_of(row));
            sum <= max_bytes
        });
        let fitting = fitting.count().max(1);
        if fitting >= items.len().min(usize::from(limit.get())) {
            return Self::from_surplus(items, limit, cursor_of);
        }
        items.truncate(fitting);
        let next_cursor = items.last().map(|row| cursor_of(row).to_string());
        Self { items, next_cursor }
    }

    /// The same with a cursor text of the list's own kind.
    pub fn named(mut items: Vec<T>, limit: Limit, cursor_of: impl Fn(&T) -> String) -> Self {
        let size = usize::from(limit.get());
        let more = items.len() > size;
        items.truncate(size);
        let next_cursor = if more { items.last().map(cursor_of) } else { None };
        Self { items, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_refuses_strange_text() {
        for micros in [0, 1_700_000_000_123_456, -5] {
            let cursor = Cursor {
                at: Timestamp::from_timestamp_micros(micros).unwrap(),
                id: uuid::Uuid::from_u128(7),
            };
            let text = cursor.to_string();
            assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
            assert_eq!(text.parse::<Cursor>().unwrap(), cursor);
        }
        for bad in [
            "",
            "x",
            "12",
            "12-",
            "-5-00000000000000000000000000000007",
            "99999999999999999999-00000000000000000000000000000007",
            "1-zz",
        ] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_surplus_row_only_announces_the_next_page() {
        let cursor_of = |n: &u128| Cursor {
            at: Timestamp::from_timestamp_micros(1).unwrap(),
            id: uuid::Uuid::from_u128(*n),
        };
        let limit = Limit::new(2).unwrap();
        let page = Page::from_surplus(vec![3, 2, 1], limit, cursor_of);
        assert_eq!(page.items, [3, 2]);
        assert_eq!(page.next_cursor.unwrap().parse::<Cursor>().unwrap().id.as_u128(), 2);
        assert_eq!(Page::from_surplus(vec![3, 2], limit, cursor_of).next_cursor, None);
    }

    #[test]
    fn a_page_of_heavy_rows_ends_early_and_loses_none() {
        let cursor_of = |n: &usize| Cursor {
            at: Timestamp::from_timestamp_micros(1).unwrap(),
            id: uuid::Uuid::from_u128(*n as u128),
        };
        let page = |rows: &[usize], max: usize| {
            let page = Page::within_bytes(rows.to_vec(), Limit::new(3).unwrap(), max, |n| *n, cursor_of);
            let next = page
                .next_cursor
                .map(|text| text.parse::<Cursor>().unwrap().id.as_u128());
            (page.items, next)
        };
        assert_eq!(page(&[5, 4, 3, 2], 12), (vec![5, 4, 3], Some(3)));
        assert_eq!(page(&[5, 4, 3, 2], 11), (vec![5, 4], Some(4)));
        assert_eq!(page(&[5, 4], 8), (vec![5], Some(5)));
        assert_eq!(page(&[5, 4], 9), (vec![5, 4], None));
        assert_eq!(page(&[5], 1), (vec![5], None));
        assert_eq!(page(&[], 1), (vec![], None));
    }
}
