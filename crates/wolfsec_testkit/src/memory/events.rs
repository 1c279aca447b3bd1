//! Events.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;
use wolfsec::Timestamp;
use wolfsec::detection::CorrelationHit;
use wolfsec::events::{EventQuery, IngestAnswer, MAX_PAGE_BYTES, NewEvent, PREVIEW_CHARS, SecurityEvent};
use wolfsec::ids::{EventId, PeerId};
use wolfsec::overview::RateBucket;
use wolfsec::page::Page;
use wolfsec::ports::{Digest, EventRepository, IngestRequest, RepositoryResult};

use super::{MemoryUnitOfWork, State, same_name};

impl State {
    fn read(&self, event: &NewEvent) -> SecurityEvent {
        let name = self.peers.get(&event.peer).map(|(peer, _)| peer.name.clone());
        SecurityEvent {
            id: event.id,
            ts: event.ts,
            received_at: event.received_at,
            peer_id: event.peer,
            peer: name.unwrap_or_else(|| event.peer.to_string()),
            logsource: event.logsource.clone(),
            severity: event.severity,
            message: event.message.clone(),
            fields: event.fields.clone(),
            columns: event.columns.clone(),
            time_adjusted: event.time_adjusted,
            sanitised: event.sanitised,
        }
    }
}

fn is_wanted(event: &SecurityEvent, query: &EventQuery) -> bool {
    let message = event.message.to_lowercase();
    event.ts >= query.since
        && event.ts < query.until
        && query.peer.as_ref().is_none_or(|peer| same_name(&event.peer, peer))
        && query.min_severity.is_none_or(|least| event.severity >= least)
        && query.terms.iter().all(|term| message.contains(&term.to_lowercase()))
        && query
            .after
            .is_none_or(|cursor| (event.ts, event.id.0) < (cursor.at, cursor.id))
}

#[async_trait]
impl EventRepository for MemoryUnitOfWork {
    async fn find_requests(
        &mut self,
        keys: &[(PeerId, Digest)],
    ) -> RepositoryResult<Vec<(IngestRequest, IngestAnswer)>> {
        let known = self.state.requests.iter();
        Ok(known
            .filter(|(key, _)| keys.contains(key))
            .map(|(_, known)| known.clone())
            .collect())
    }
    async fn remember_requests(&mut self, requests: &[(IngestRequest, IngestAnswer)]) -> RepositoryResult<()> {
        for (request, answer) in requests {
            let mut answer = answer.clone();
            // Samples are no part of a stored answer.
            answer.rejected.iter_mut().for_each(|reject| reject.sample.clear());
            let key = (request.peer, request.body_digest);
            self.state
                .requests
                .entry(key)
                .or_insert_with(|| (request.clone(), answer));
        }
        Ok(())
    }
    async fn insert_batch(&mut self, events: &[NewEvent]) -> RepositoryResult<Vec<(Timestamp, EventId)>> {
        let mut duplicates = Vec::new();
        for event in events {
            let identity = (event.ts, event.id);
            if self.state.events.contains_key(&identity) {
                duplicates.push(identity);
                continue;
            }
            self.state.events.insert(identity, event.clone());
            let last = self.state.days.entry(event.ts.date_naive()).or_default();
            *last = (*last).max(Some(event.received_at));
        }
        Ok(duplicates)
    }
    async fn search(&mut self, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>> {
        let newest_first = self.state.events.values().rev().map(|event| self.state.read(event));
        let wanted = newest_first.filter(|event| is_wanted(event, query));
        let items = wanted.take(usize::from(query.limit.get()) + 1).collect();
        Ok(Page::within_bytes(
            items,
            query.limit,
            MAX_PAGE_BYTES,
            SecurityEvent::weight,
            SecurityEvent::cursor,
        ))
    }
    async fn preview(&mut self, query: &EventQuery) -> RepositoryResult<Page<SecurityEvent>> {
        let newest_first = self.state.events.values().rev().map(|event| self.state.read(event));
        let wanted = newest_first.filter(|event| is_wanted(event, query));
        let items = wanted.take(usize::from(query.limit.get()) + 1).collect();
        let mut page = Page::from_surplus(items, query.limit, SecurityEvent::cursor);
        for event in &mut page.items {
            "{}".clone_into(&mut event.fields);
            if event.message.chars().count() > PREVIEW_CHARS {
                event.message = event.message.chars().take(PREVIEW_CHARS).collect::<String>() + "…";
            }
        }
        Ok(page)
    }
    async fn get(&mut self, ts: Timestamp, id: EventId) -> RepositoryResult<Option<SecurityEvent>> {
        Ok(self.state.events.get(&(ts, id)).map(|event| self.state.read(event)))
    }
    async fn hit_events(
        &mut self,
        ids: &[EventId],
        since: Timestamp,
        until: Timestamp,
    ) -> RepositoryResult<Vec<SecurityEvent>> {
        let wanted = |key: &(Timestamp, EventId)| key.0 >= since && key.0 <= until && ids.contains(&key.1);
        let keys = self.state.hits.keys().filter(|key| wanted(key));
        Ok(keys
            .filter_map(|key| self.state.events.get(key))
            .map(|event| self.state.read(event))
            .collect())
    }
    async fn insert_hits(&mut self, hits: &[CorrelationHit]) -> RepositoryResult<()> {
        for hit in hits {
            self.state
                .hits
                .entry((hit.ts, hit.event_id))
                .or_insert_with(|| hit.clone());
        }
        Ok(())
    }
    async fn hits_since(&mut self, since: Timestamp, max: u32) -> RepositoryResult<Vec<CorrelationHit>> {
        let recent: Vec<_> = self
            .state
            .hits
            .values()
            .filter(|hit| hit.ts >= since)
            .cloned()
            .collect();
        let surplus = recent.len().saturating_sub(max as usize);
        Ok(recent[surplus..].to_vec())
    }
    async fn rate(&mut self, since: Timestamp, minutes: i32) -> RepositoryResult<Vec<RateBucket>> {
        let width = i64::from(minutes.max(1)) * 60;
        let start = |ts: Timestamp| Timestamp::from_timestamp(ts.timestamp().div_euclid(width) * width, 0).unwrap();
        let mut buckets: BTreeMap<Timestamp, [i64; 5]> = BTreeMap::new();
        for event in self.state.events.values().filter(|event| event.ts >= start(since)) {
            buckets.entry(start(event.ts)).or_default()[event.severity as usize] += 1;
        }
        Ok(buckets
            .into_iter()
            .map(|(start, counts)| RateBucket { start, counts })
            .collect())
    }
    async fn count_recent(
        &mut self,
        peers: &[PeerId],
        since: Timestamp,
        until: Timestamp,
        max: i64,
    ) -> RepositoryResult<Vec<(PeerId, i64)>> {
        let mut counts = BTreeMap::new();
        for event in self.state.events.values() {
            if peers.contains(&event.peer) && event.ts >= since && event.ts < until {
                *counts.entry(event.peer).or_insert(0) += 1;
            }
        }
        Ok(counts
            .into_iter()
            .map(|(peer, count): (PeerId, i64)| (peer, count.min(max)))
            .collect())
    }
    async fn last_received_at(&mut self) -> RepositoryResult<Option<Timestamp>> {
        Ok(self.state.days.values().copied().max().flatten())
    }
    async fn ensure_partitions(&mut self, from: NaiveDate, to: NaiveDate) -> RepositoryResult<u32> {
        let before = self.state.days.len();
        for day in from.iter_days().take_while(|day| *day <= to) {
            self.state.days.entry(day).or_default();
        }
        Ok(u32::try_from(self.state.days.len() - before).unwrap())
    }
    async fn retire(
        &mut self,
        days_before: NaiveDate,
        requests_before: Timestamp,
        hits_before: Timestamp,
    ) -> RepositoryResult<u32> {
        self.state
            .requests
            .retain(|_, (request, _)| request.received_at >= requests_before);
        self.state.hits.retain(|(ts, _), _| *ts >= hits_before);
        let old = |day: &NaiveDate, last: &Option<Timestamp>| {
            *day < days_before && last.is_none_or(|last| last.date_naive() < days_before)
        };
        let before = self.state.days.len();
        self.state.days.retain(|day, last| !old(day, last));
        let days = &self.state.days;
        self.state
            .events
            .retain(|(ts, _), _| days.contains_key(&ts.date_naive()));
        Ok(u32::try_from(before - days.len()).unwrap())
    }
}
