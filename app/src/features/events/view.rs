//! What the event pages are rendered from.

use serde::{Deserialize, Serialize};
use wolfsec::Timestamp;
use wolfsec::events::SecurityEvent;
use wolfsec::page::Page;

/// One page of a search, and the bounds it was asked with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventsView {
    pub since: Timestamp,
    pub until: Timestamp,
    pub page: Page<SecurityEvent>,
    /// Peers that have ever sent an event exist; tells an empty search from an empty server.
    pub any_events: bool,
}
