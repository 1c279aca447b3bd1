//! The list of all peers: what it can be narrowed to and how it is paged.

use serde::{Deserialize, Serialize};

use super::{Health, Peer, PeerStatus};
use crate::Timestamp;
use crate::page::{BadCursor, Limit, hex_of, text_of};

/// A peer's event rate is the mean of this many minutes.
pub const EVENT_RATE_MINUTES: i64 = 5;
/// Events of one peer counted at most for its rate.
pub const MAX_COUNTED_EVENTS: i64 = 30_000;

impl PeerStatus {
    /// Those that need a person first.
    pub const BY_ATTENTION: [Self; 7] = [
        Self::Offline,
        Self::Late,
        Self::Pending,
        Self::Blocked,
        Self::Maintenance,
        Self::Online,
        Self::Stopped,
    ];

    /// Place in [`PeerStatus::BY_ATTENTION`].
    pub fn attention(self) -> u8 {
        let place = Self::BY_ATTENTION.iter().position(|&status| status == self);
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }
}

/// How the list is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FleetOrder {
    #[default]
    Name,
    /// By [`PeerStatus::attention`], then by name.
    Attention,
}

/// Position after a peer. Text form: its place in the order, `-`, its name. A peer whose status changes between two
/// pages may be met twice or not at all when the order is by attention; by name each is met once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetCursor {
    /// 0 when ordered by name.
    pub rank: u8,
    pub name: String,
}

impl std::fmt::Display for FleetCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.rank, hex_of(&self.name))
    }
}

impl std::str::FromStr for FleetCursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (rank, name) = text.split_once('-').ok_or(BadCursor)?;
        let rank = rank.parse().map_err(|_| BadCursor)?;
        let name = crate::identity::Name::parse(&text_of(name)?)
            .map_err(|_| BadCursor)?
            .to_string();
        Ok(Self { rank, name })
    }
}

/// Which peers, of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetQuery {
    /// Statuses are as of this time.
    pub now: Timestamp,
    /// Occurs in name or address, whatever its case.
    pub words: Option<String>,
    /// Any of these; empty is all.
    pub statuses: Vec<PeerStatus>,
    pub order: FleetOrder,
    pub after: Option<FleetCursor>,
    pub limit: Limit,
}

impl FleetQuery {
    /// All peers by name.
    pub fn all(now: Timestamp, limit: Limit) -> Self {
        Self {
            now,
            words: None,
            statuses: Vec::new(),
            order: FleetOrder::Name,
            after: None,
            limit,
        }
    }

    /// Where the page after this peer begins.
    pub fn cursor_after(&self, peer: &Peer) -> FleetCursor {
        let rank = match self.order {
            FleetOrder::Name => 0,
            FleetOrder::Attention => peer.status(self.now).attention(),
        };
        FleetCursor {
            rank,
            name: peer.name.clone(),
        }
    }
}

/// Stored events a minute.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EventRate {
    pub per_minute: f64,
    /// More than [`MAX_COUNTED_EVENTS`] came; the rate is at least this.
    pub at_least: bool,
}

impl EventRate {
    /// From the events counted in [`EVENT_RATE_MINUTES`].
    pub fn of(counted: i64) -> Self {
        Self {
            per_minute: counted as f64 / EVENT_RATE_MINUTES as f64,
            at_least: counted >= MAX_COUNTED_EVENTS,
        }
    }
}

/// A peer with how it stands and does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FleetEntry {
    #[serde(flatten)]
    pub peer: Peer,
    pub status: PeerStatus,
    pub health: Health,
    pub event_rate: EventRate,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_own_place() {
        let mut places: Vec<u8> = PeerStatus::ALL.iter().map(|status| status.attention()).collect();
        places.sort_unstable();
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_cursor_reads_back_and_refuses_strange_text() {
        let cursor = FleetCursor {
            rank: 5,
            name: "web-01.example".to_owned(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "web", "-web", "300-web", "1-", "1-a b"] {
            assert!(bad.parse::<FleetCursor>().is_err(), "{bad}");
        }
    }
}
