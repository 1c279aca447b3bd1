//! In which order correlations are told of what a batch brought.

#![allow(clippy::unwrap_used, reason = "a test ends with the panic")]

mod support;

use wolfsec::detection::{AnalysedEvent, CorrelationHit, CorrelationMatch, Correlator};
use wolfsec::ids::PeerId;
use wolfsec::ports::IngestRequest;
use wolfsec_app::Caller;
use wolfsec_app::events::AnalysedRequest;
use wolfsec_testkit::{MemoryStore, build};

/// Remembers which events it was told of; fires never.
#[derive(Default)]
struct Listening(Vec<u128>);

impl Correlator for Listening {
    fn feed(&mut self, hits: &[CorrelationHit]) -> Vec<CorrelationMatch> {
        self.0.extend(hits.iter().map(|hit| hit.event_id.0.as_u128()));
        Vec::new()
    }
    fn replay(&mut self, _hits: &[CorrelationHit]) {}
    fn longest_window_seconds(&self) -> i64 {
        0
    }
}

/// Events by number and second.
fn request(peer: PeerId, body: &str, events: &[(u128, i64)]) -> AnalysedRequest {
    let events = events.iter().map(|&(n, second)| AnalysedEvent {
        line: 1,
        event: build::event(n, peer, build::at(second)),
        matches: Vec::new(),
        hit: Some(build::hit(n, peer, build::at(second))),
    });
    AnalysedRequest {
        request: IngestRequest {
            peer,
            body_digest: build::digest(body),
            received_at: build::at(600),
        },
        address: None,
        events: events.collect(),
        rejects: Vec::new(),
    }
}

#[tokio::test]
async fn hits_are_fed_in_the_order_of_their_times() {
    let (use_cases, _) = support::use_cases(MemoryStore::new());
    let peer = use_cases.add_peer(&Caller::command_line(), "web-01").await.unwrap();
    let peer = peer.peer.id;
    let mut correlator = Listening::default();
    // A reversed request, and an earlier one behind it; two of one time stay as they came.
    let requests = vec![
        request(peer, "a", &[(1, 590), (2, 580), (3, 580), (4, 570)]),
        request(peer, "b", &[(5, 560), (6, 585)]),
    ];
    use_cases.store_batch(requests, &mut correlator).await.unwrap();
    assert_eq!(correlator.0, [5, 4, 2, 3, 6, 1]);
}
