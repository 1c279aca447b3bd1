//! What the tests of the crate share.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use wolfsec::Timestamp;
use wolfsec::detection::{AnalysedEvent, CorrelationMatch, Detector, RawBatch};
use wolfsec::events::RejectedLine;
use wolfsec::ids::PeerId;
use wolfsec_detect::{LoadedRule, RuleSource, SigmaDetector, bundled_rules};

/// A moment after every time in the rules' own test events.
pub fn received_at() -> Timestamp {
    Timestamp::from_timestamp(1_795_201_200, 0).unwrap()
}

pub fn peer() -> PeerId {
    PeerId(uuid::Uuid::from_u128(7))
}

pub fn load(files: &[(&str, &str)]) -> (SigmaDetector, Vec<LoadedRule>) {
    let sources: Vec<_> = files
        .iter()
        .map(|(path, yaml)| RuleSource {
            path,
            yaml,
            enabled: true,
        })
        .collect();
    SigmaDetector::load(&sources).unwrap()
}

pub fn bundled() -> (SigmaDetector, Vec<LoadedRule>) {
    let files: Vec<_> = bundled_rules().iter().map(|rule| (rule.path, rule.yaml)).collect();
    load(&files)
}

pub fn analyse_at(detector: &SigmaDetector, body: &[u8], at: Timestamp) -> (Vec<AnalysedEvent>, Vec<RejectedLine>) {
    detector.analyse(RawBatch {
        peer: peer(),
        received_at: at,
        body,
    })
}

pub fn analyse(detector: &SigmaDetector, body: &str) -> Vec<AnalysedEvent> {
    let (events, rejected) = analyse_at(detector, body.as_bytes(), received_at());
    assert_eq!(rejected, [], "{body}");
    events
}

/// What a fresh correlator makes of events.
pub fn correlate(detector: &SigmaDetector, events: &[AnalysedEvent]) -> Vec<CorrelationMatch> {
    let hits: Vec<_> = events.iter().filter_map(|event| event.hit.clone()).collect();
    detector.correlator().feed(&hits)
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
