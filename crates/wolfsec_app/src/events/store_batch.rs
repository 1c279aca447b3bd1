//! The write path: what many requests brought becomes one transaction of events, hits, alerts and contacts.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Duration, DurationRound as _};
use wolfsec::Timestamp;
use wolfsec::alerts::{Evidence, Finding, dedup_key, fold};
use wolfsec::detection::{AnalysedEvent, CorrelationHit, CorrelationMatch, Correlator, Entity, RuleMatch};
use wolfsec::events::{EcsColumns, IngestAnswer, IngestOutcome, LineOutcome, NewEvent, RejectedLine, SecurityEvent};
use wolfsec::ids::{AlertId, EventId, PeerId};
use wolfsec::overview::{IngestMeasure, Measured, step_of};
use wolfsec::peers::{PeerMark, SavedPeer};
use wolfsec::ports::{Digest, IngestRequest, PeerContact, RepositoryResult, UnitOfWork};
use wolfsec::severity::Severity;

use super::keep_house::HIT_MEMORY;
use crate::{Failure, UseCases};

/// One request after analysis.
#[derive(Debug)]
pub struct AnalysedRequest {
    pub request: IngestRequest,
    pub address: Option<String>,
    pub events: Vec<AnalysedEvent>,
    pub rejects: Vec<RejectedLine>,
}

/// What a committed batch tells its requests, in their order.
#[derive(Debug, Default)]
pub struct StoredBatch {
    pub outcomes: Vec<IngestOutcome>,
    pub events: u64,
    /// The severity of each new alert.
    pub raised: Vec<Severity>,
    /// When the event of each finding was received: what a finding waited for.
    pub detected: Vec<Timestamp>,
    pub alerts_repeated: usize,
    /// The senders, and how they stood before.
    pub peers: Vec<SavedPeer>,
}

/// How far around a correlation its earlier events are looked for; no bundled window is longer.
const EVIDENCE_REACH: Duration = HIT_MEMORY;

type RequestKey = (PeerId, Digest);

impl UseCases {
    /// Stores a batch; on `Ok` it is committed. On `Err` nothing is stored and `correlator` must be dropped:
    /// it may have counted what was rolled back.
    #[tracing::instrument(name = "app.store_batch", skip_all, fields(requests = requests.len()))]
    pub async fn store_batch(
        &self,
        requests: Vec<AnalysedRequest>,
        correlator: &mut dyn Correlator,
    ) -> Result<StoredBatch, Failure> {
        let now = self.now();
        let mut uow = self.begin().await?;
        let keys: Vec<RequestKey> = requests
            .iter()
            .map(|r| (r.request.peer, r.request.body_digest))
            .collect();
        let known: HashMap<RequestKey, IngestAnswer> = uow
            .events()
            .find_requests(&keys)
            .await?
            .into_iter()
            .map(|(r, answer)| ((r.peer, r.body_digest), answer))
            .collect();

        let mut batch = Batch::sort(requests, &known);
        let duplicates = uow.events().insert_batch(&batch.events).await?;
        batch.remove_duplicates(&duplicates);

        let fired = correlator.feed(&batch.hits);
        if !batch.hits.is_empty() {
            uow.events().insert_hits(&batch.hits).await?;
        }
        let earlier = earlier_evidence(uow.as_mut(), &batch, &fired).await?;
        let findings = batch.findings(fired, &earlier);
        let (raised, repeated) = self.fold_findings(uow.as_mut(), findings, now).await?;

        let (outcomes, remember) = batch.outcomes(&duplicates, &known);
        uow.events().remember_requests(&remember).await?;
        let peers = uow.peers().save_peers_batch(&batch.contacts).await?;
        uow.peers().keep_rejects(now, &batch.rejects).await?;
        uow.overview().add_measured(&batch.measured(self.now())).await?;
        uow.commit().await?;
        Ok(StoredBatch {
            outcomes,
            events: batch.stored,
            raised,
            detected: batch.detected,
            alerts_repeated: repeated,
            peers,
        })
    }

    async fn fold_findings(
        &self,
        uow: &mut dyn UnitOfWork,
        findings: Vec<Finding>,
        now: Timestamp,
    ) -> Result<(Vec<Severity>, usize), Failure> {
        if findings.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let mut keys: Vec<String> = findings.iter().map(|finding| finding.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let times = findings.iter().map(|finding| finding.ts);
        let (since, until) = times.fold((now, Timestamp::MIN_UTC), |(first, last), ts| {
            (first.min(ts), last.max(ts))
        });
        let open = uow.alerts().lock_open(&keys, since, until).await?;
        let outcome = fold(findings, &open);
        let ids: Vec<AlertId> = outcome.new.iter().map(|_| AlertId(self.ports().ids.new_id())).collect();
        uow.alerts().apply_fold(&outcome, &ids, now).await?;
        let raised = outcome.new.iter().map(|new| new.head.severity).collect();
        Ok((raised, outcome.repeats.len()))
    }
}

/// Where each request's lines went, while the batch is on its way.
struct RequestSlice {
    request: IngestRequest,
    rejects: Vec<RejectedLine>,
    /// Line and identity of each event, in order.
    lines: Vec<(u32, (Timestamp, EventId))>,
    /// The same body came before, in the store or in this batch.
    replay: bool,
}

struct Batch {
    slices: Vec<RequestSlice>,
    events: Vec<NewEvent>,
    matches: Vec<Vec<RuleMatch>>,
    hits: Vec<CorrelationHit>,
    contacts: Vec<PeerContact>,
    rejects: Vec<(PeerId, Vec<RejectedLine>)>,
    stored: u64,
    detected: Vec<Timestamp>,
}

impl Batch {
    /// Takes replays apart and lays the rest of the events side by side.
    fn sort(requests: Vec<AnalysedRequest>, known: &HashMap<RequestKey, IngestAnswer>) -> Self {
        let capacity = requests.iter().map(|request| request.events.len()).sum();
        let mut batch = Self {
            slices: Vec::with_capacity(requests.len()),
            events: Vec::with_capacity(capacity),
            matches: Vec::with_capacity(capacity),
            hits: Vec::new(),
            contacts: Vec::new(),
            rejects: Vec::new(),
            stored: 0,
            detected: Vec::new(),
        };
        let mut seen: HashSet<RequestKey> = HashSet::with_capacity(requests.len());
        for request in requests {
            let key = (request.request.peer, request.request.body_digest);
            let replay = known.contains_key(&key) || !seen.insert(key);
            batch.contact(&request, replay);
            let mut lines = Vec::with_capacity(request.events.len());
            for analysed in request.events {
                lines.push((analysed.line, (analysed.event.ts, analysed.event.id)));
                if !replay {
                    batch.events.push(analysed.event);
                    batch.matches.push(analysed.matches);
                    batch.hits.extend(analysed.hit);
                }
            }
            batch.slices.push(RequestSlice {
                request: request.request,
                rejects: request.rejects,
                lines,
                replay,
            });
        }
        batch
    }

    fn contact(&mut self, request: &AnalysedRequest, replay: bool) {
        let IngestRequest { peer, received_at, .. } = request.request;
        let rejects = if replay {
            0
        } else {
            i64::try_from(request.rejects.len()).unwrap_or(i64::MAX)
        };
        match self.contacts.iter_mut().find(|contact| contact.peer == peer) {
            Some(contact) => {
                contact.at = contact.at.max(received_at);
                contact.rejects += rejects;
            }
            None => self.contacts.push(PeerContact {
                peer,
                at: received_at,
                address: request.address.clone(),
                mark: PeerMark::Active,
                events: 0,
                rejects,
            }),
        }
        if rejects > 0 {
            match self.rejects.iter_mut().find(|(of, _)| *of == peer) {
                Some((_, kept)) => kept.extend_from_slice(&request.rejects),
                None => self.rejects.push((peer, request.rejects.clone())),
            }
        }
    }

    /// Only what was really inserted counts: for alerts, correlations and the peers' figures. An identity that
    /// occurs twice in the batch was inserted once and is reported once as a duplicate.
    fn remove_duplicates(&mut self, duplicates: &[(Timestamp, EventId)]) {
        let mut surplus = count(duplicates);
        let mut fresh = vec![true; self.events.len()];
        // From the end, so that of twins inside the batch the first one stays.
        for (fresh, event) in fresh.iter_mut().zip(&self.events).rev() {
            if let Some(left) = surplus.get_mut(&(event.ts, event.id))
                && *left > 0
            {
                *left -= 1;
                *fresh = false;
            }
        }
        let kept: HashSet<(Timestamp, EventId)> = self
            .events
            .iter()
            .zip(&fresh)
            .filter(|(_, fresh)| **fresh)
            .map(|(event, _)| (event.ts, event.id))
            .collect();
        let mut hit_seen = HashSet::new();
        self.hits
            .retain(|hit| kept.contains(&(hit.ts, hit.event_id)) && hit_seen.insert((hit.ts, hit.event_id)));
        // Windows of correlations move forward only, and shippers send what they read in an order of their own.
        self.hits.sort_by_key(|hit| hit.ts);
        for (event, fresh) in self.events.iter().zip(&fresh) {
            if *fresh && let Some(contact) = self.contacts.iter_mut().find(|contact| contact.peer == event.peer) {
                contact.events += 1;
                self.stored += 1;
            }
        }
        let mut keep = fresh.iter();
        self.events.retain(|_| keep.next().copied().unwrap_or(false));
        let mut keep = fresh.iter();
        self.matches.retain(|_| keep.next().copied().unwrap_or(false));
    }

    /// How late the stored events came, how long their requests took, and what was not stored; by the minute of receipt.
    fn measured(&self, now: Timestamp) -> Vec<Measured> {
        let mut counts: BTreeMap<(IngestMeasure, Timestamp, i16), i64> = BTreeMap::new();
        let mut add = |measure, at: Timestamp, step, n: i64| {
            let minute = at.duration_trunc(Duration::minutes(1)).unwrap_or(at);
            *counts.entry((measure, minute, step)).or_default() += n;
        };
        // An event without a usable time of its own says nothing about its way.
        for event in self.events.iter().filter(|event| !event.time_adjusted) {
            let lag = (event.received_at - event.ts).num_milliseconds();
            add(IngestMeasure::Lag, event.received_at, step_of(lag), 1);
        }
        for slice in self.slices.iter().filter(|slice| !slice.replay) {
            let received_at = slice.request.received_at;
            if !slice.lines.is_empty() {
                let took = (now - received_at).num_milliseconds();
                add(IngestMeasure::Detection, received_at, step_of(took), 1);
            }
            if !slice.rejects.is_empty() {
                let rejects = i64::try_from(slice.rejects.len()).unwrap_or(i64::MAX);
                add(IngestMeasure::Reject, received_at, 0, rejects);
            }
        }
        let measured = counts.into_iter().map(|((measure, minute, step), count)| Measured {
            measure,
            minute,
            step,
            count,
        });
        measured.collect()
    }

    /// Every rule match of a stored event, and every correlation that fired.
    fn findings(&mut self, fired: Vec<CorrelationMatch>, earlier: &HashMap<EventId, Evidence>) -> Vec<Finding> {
        let by_id: HashMap<EventId, usize> = self.events.iter().enumerate().map(|(i, event)| (event.id, i)).collect();
        let mut findings = Vec::new();
        for correlation in fired {
            let Some(&index) = by_id.get(&correlation.event_id) else {
                continue;
            };
            let mut evidence: Vec<Evidence> = correlation
                .rule_match
                .contributing
                .iter()
                .filter(|id| **id != correlation.event_id)
                .filter_map(|id| match by_id.get(id) {
                    Some(&other) => Some(evidence_of(&self.events[other], Vec::new())),
                    None => earlier.get(id).cloned(),
                })
                .collect();
            evidence.push(evidence_of(
                &self.events[index],
                correlation.rule_match.selections.clone(),
            ));
            self.detected.push(self.events[index].received_at);
            findings.push(finding(&self.events[index], correlation.rule_match, evidence));
        }
        for (event, matches) in self.events.iter().zip(std::mem::take(&mut self.matches)) {
            for rule_match in matches {
                let evidence = vec![evidence_of(event, rule_match.selections.clone())];
                self.detected.push(event.received_at);
                findings.push(finding(event, rule_match, evidence));
            }
        }
        findings
    }

    /// The outcomes in request order, and the rows that let a replay be answered for seven days.
    fn outcomes(
        &self,
        duplicates: &[(Timestamp, EventId)],
        known: &HashMap<RequestKey, IngestAnswer>,
    ) -> (Vec<IngestOutcome>, Vec<(IngestRequest, IngestAnswer)>) {
        let mut outcomes: Vec<IngestOutcome> = Vec::with_capacity(self.slices.len());
        let mut remember = Vec::new();
        let mut fresh: HashMap<RequestKey, IngestAnswer> = HashMap::new();
        for (slice, lines) in self.slices.iter().zip(self.line_outcomes(duplicates)) {
            let key = (slice.request.peer, slice.request.body_digest);
            if slice.replay {
                let first = known.get(&key).or_else(|| fresh.get(&key));
                let answer = first.map(IngestAnswer::as_replay).unwrap_or_default();
                outcomes.push(IngestOutcome { answer, lines });
                continue;
            }
            let duplicates = lines.iter().filter(|line| line.duplicate).count() as u64;
            let answer = IngestAnswer {
                accepted: lines.len() as u64 - duplicates,
                duplicates,
                rejected: slice.rejects.clone(),
            };
            remember.push((slice.request.clone(), answer.clone()));
            fresh.insert(key, answer.clone());
            outcomes.push(IngestOutcome { answer, lines });
        }
        (outcomes, remember)
    }

    /// From the end, so that of twins inside the batch the first one counts as stored.
    fn line_outcomes(&self, duplicates: &[(Timestamp, EventId)]) -> Vec<Vec<LineOutcome>> {
        let mut surplus = count(duplicates);
        let mut is_surplus = |identity: &(Timestamp, EventId)| match surplus.get_mut(identity) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        };
        let mut of_slices = Vec::with_capacity(self.slices.len());
        for slice in self.slices.iter().rev() {
            let of_line = |(line, identity): &(u32, (Timestamp, EventId))| LineOutcome {
                line: *line,
                id: identity.1,
                duplicate: slice.replay || is_surplus(identity),
            };
            let mut lines: Vec<LineOutcome> = slice.lines.iter().rev().map(of_line).collect();
            lines.reverse();
            of_slices.push(lines);
        }
        of_slices.reverse();
        of_slices
    }
}

/// What the correlations that fired counted in earlier batches, in one read.
async fn earlier_evidence(
    uow: &mut dyn UnitOfWork,
    batch: &Batch,
    fired: &[CorrelationMatch],
) -> RepositoryResult<HashMap<EventId, Evidence>> {
    let here: HashSet<EventId> = batch.events.iter().map(|event| event.id).collect();
    let mut ids: Vec<EventId> = fired
        .iter()
        .flat_map(|fired| &fired.rule_match.contributing)
        .copied()
        .filter(|id| !here.contains(id))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let (Some(first), Some(last)) = (
        fired.iter().map(|fired| fired.ts).min(),
        fired.iter().map(|fired| fired.ts).max(),
    ) else {
        return Ok(HashMap::new());
    };
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let events = uow
        .events()
        .hit_events(&ids, first - EVIDENCE_REACH, last + EVIDENCE_REACH)
        .await?;
    let evidence = |event: &SecurityEvent| Evidence::of(event.id, event.ts, &event.message, &event.fields, Vec::new());
    Ok(events.iter().map(|event| (event.id, evidence(event))).collect())
}

fn count(identities: &[(Timestamp, EventId)]) -> HashMap<(Timestamp, EventId), usize> {
    let mut counts = HashMap::with_capacity(identities.len());
    for identity in identities {
        *counts.entry(*identity).or_insert(0) += 1;
    }
    counts
}

fn evidence_of(event: &NewEvent, matched: Vec<wolfsec::detection::SelectionMatch>) -> Evidence {
    Evidence::of(event.id, event.ts, &event.message, &event.fields, matched)
}

fn finding(event: &NewEvent, rule_match: RuleMatch, evidence: Vec<Evidence>) -> Finding {
    Finding {
        key: dedup_key(&rule_match, event.peer, &event.columns),
        peer: event.peer,
        ts: event.ts,
        entities: entities(&event.columns),
        rule_id: rule_match.rule_id,
        title: rule_match.title,
        severity: rule_match.severity,
        techniques: rule_match.techniques,
        tactics: rule_match.tactics,
        evidence,
    }
}

/// Host, user, source address and process, as far as the event names them.
fn entities(columns: &EcsColumns) -> Vec<Entity> {
    [
        ("host", &columns.host_name),
        ("user", &columns.user_name),
        ("ip", &columns.source_ip),
        ("process", &columns.process_name),
    ]
    .into_iter()
    .filter_map(|(kind, value)| {
        value.as_ref().map(|value| Entity {
            kind: kind.to_owned(),
            value: value.clone(),
        })
    })
    .collect()
}
