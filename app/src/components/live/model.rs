//! What a tab counts; nothing here needs a browser.

use serde::Deserialize;

/// Changes remembered behind the last catch-up; older ones are added together.
const MOST_CHANGES: usize = 256;

/// Of the server's answer to "what happened since".
#[derive(Debug, Deserialize)]
pub struct Since {
    pub cursor: i64,
    pub new: i64,
    pub complete: bool,
}

/// Of a change that was told.
#[derive(Debug, Deserialize)]
pub struct Change {
    pub cursor: i64,
    pub new: i64,
}

#[derive(Debug, Deserialize)]
pub struct Open {
    pub informational: i64,
    pub low: i64,
    pub medium: i64,
    pub high: i64,
    pub critical: i64,
}

impl Open {
    /// By the severity's word.
    pub const fn by_word(&self) -> [(&'static str, i64); 5] {
        [
            ("informational", self.informational),
            ("low", self.low),
            ("medium", self.medium),
            ("high", self.high),
            ("critical", self.critical),
        ]
    }
}

#[derive(Debug, Deserialize)]
pub struct Counters {
    pub open: Open,
    pub events_last_minute: Option<i64>,
    pub rejects_last_minute: Option<i64>,
}

/// New alerts since the page was rendered: the last answer, and the changes that came after it. Answers and changes may
/// overtake each other; each change counts once.
#[derive(Debug, Default)]
pub struct News {
    answered: i64,
    at_answer: i64,
    incomplete: bool,
    /// (cursor, new), rising.
    later: Vec<(i64, i64)>,
}

impl News {
    pub fn since(cursor: i64) -> Self {
        Self {
            answered: cursor,
            ..Self::default()
        }
    }

    /// An answer counts from the page's own cursor.
    pub fn caught_up(&mut self, since: &Since) {
        // A cursor that the server does not know as its own is answered with a lower one.
        if since.cursor < self.answered && since.complete {
            return;
        }
        self.answered = since.cursor;
        self.at_answer = since.new;
        self.incomplete = !since.complete;
        self.later.retain(|(cursor, _)| *cursor > since.cursor);
    }

    pub fn change(&mut self, change: &Change) {
        let newest = self.later.last().map_or(self.answered, |(cursor, _)| *cursor);
        if change.cursor <= newest {
            return;
        }
        self.later.push((change.cursor, change.new));
        if self.later.len() > MOST_CHANGES {
            let (_, oldest) = self.later.remove(0);
            self.later[0].1 += oldest;
        }
    }

    /// The link's words; empty when there is nothing new.
    pub fn words(&self) -> String {
        let count = self.at_answer + self.later.iter().map(|(_, new)| new).sum::<i64>();
        match (count, self.incomplete) {
            (0, false) => String::new(),
            (0, true) => "News unknown: reload".to_owned(),
            (1, false) => "1 new alert".to_owned(),
            (count, false) => format!("{count} new alerts"),
            (count, true) => format!("{count}+ new alerts"),
        }
    }
}

/// Milliseconds before the next try: longer each time, and not the same for every tab. `chance` is in 0..1.
pub fn pause(attempt: u32, chance: f64) -> i32 {
    let whole = f64::from((500_u32 << attempt.min(6)).min(30_000));
    #[expect(clippy::cast_possible_truncation, reason = "at most 45 seconds")]
    let pause = (whole * (0.75 + chance / 2.0)) as i32;
    pause
}

/// The last minute in words; empty where it was not measured.
pub fn minute(counters: &Counters) -> String {
    match (counters.events_last_minute, counters.rejects_last_minute) {
        (Some(events), Some(rejects)) => format!(
            "{} stored, {} rejected in the last minute",
            crate::components::number::grouped(events),
            crate::components::number::grouped(rejects)
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(cursor: i64, new: i64) -> Since {
        Since {
            cursor,
            new,
            complete: true,
        }
    }
    fn change(cursor: i64, new: i64) -> Change {
        Change { cursor, new }
    }

    #[test]
    fn each_change_counts_once_in_whatever_order_answers_come() {
        let mut news = News::since(10);
        assert_eq!(news.words(), "");
        news.change(&change(11, 1));
        news.change(&change(11, 1));
        assert_eq!(news.words(), "1 new alert");
        news.change(&change(12, 2));
        // Asked before 12 was committed.
        news.caught_up(&since(11, 1));
        assert_eq!(news.words(), "3 new alerts");
        news.caught_up(&since(12, 3));
        // An older answer comes late.
        news.caught_up(&since(11, 1));
        news.change(&change(12, 2));
        assert_eq!(news.words(), "3 new alerts");
    }

    #[test]
    fn what_could_not_be_counted_is_said() {
        let mut news = News::since(500);
        let strange = Since {
            cursor: 3,
            new: 0,
            complete: false,
        };
        news.caught_up(&strange);
        assert_eq!(news.words(), "News unknown: reload");
        news.change(&change(4, 2));
        assert_eq!(news.words(), "2+ new alerts");
    }

    #[test]
    fn a_long_watch_keeps_its_count_and_little_else() {
        let mut news = News::since(0);
        for cursor in 1..=1000 {
            news.change(&change(cursor, 1));
        }
        assert_eq!(news.words(), "1000 new alerts");
        assert_eq!(news.later.len(), MOST_CHANGES);
    }

    #[test]
    fn pauses_grow_and_end_growing() {
        assert_eq!(pause(0, 0.5), 500);
        assert_eq!(pause(1, 0.5), 1000);
        assert_eq!(pause(60, 0.5), 30_000);
        assert!(pause(3, 0.0) < pause(3, 0.9));
    }

    #[test]
    fn the_servers_counters_are_read_and_said() {
        let text = r#"{"open":{"informational":0,"low":1,"medium":0,"high":0,"critical":2},"events_last_minute":1200,"rejects_last_minute":0}"#;
        let counters: Counters = serde_json::from_str(text).unwrap();
        assert_eq!(counters.open.by_word()[4], ("critical", 2));
        assert_eq!(minute(&counters), "1,200 stored, 0 rejected in the last minute");
        let text = text.replace("1200", "null");
        assert_eq!(minute(&serde_json::from_str(&text).unwrap()), "");
    }
}
