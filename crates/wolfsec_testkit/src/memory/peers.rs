//! Peers.

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::events::{MAX_REJECTS_PER_PEER, RejectedLine};
use wolfsec::ids::{EnrolmentId, PeerId};
use wolfsec::page::Limit;
use wolfsec::peers::{Enrolment, FleetQuery, Peer, PeerMark, PeerStatus, SavedPeer, StoredReject};
use wolfsec::ports::{Digest, PeerContact, PeerRepository, RepositoryResult};

use super::{MemoryUnitOfWork, conflict, same_name};

fn record(peer: &mut Peer, contact: &PeerContact) {
    if peer.last_seen.is_none_or(|seen| contact.at >= seen) && contact.address.is_some() {
        peer.address.clone_from(&contact.address);
    }
    peer.last_seen = peer.last_seen.max(Some(contact.at));
    match (peer.mark, contact.mark) {
        (PeerMark::Stopped, PeerMark::Active) | (PeerMark::Active, PeerMark::Stopped) => peer.mark = contact.mark,
        _ => {}
    }
    peer.event_count += contact.events;
    peer.reject_count += contact.rejects;
}

fn has_words(peer: &Peer, words: Option<&str>) -> bool {
    words.map(str::to_lowercase).is_none_or(|words| {
        let address = peer.address.as_deref().unwrap_or_default();
        peer.name.to_lowercase().contains(&words) || address.to_lowercase().contains(&words)
    })
}

#[async_trait]
impl PeerRepository for MemoryUnitOfWork {
    async fn insert(&mut self, peer: &Peer, key_digest: &Digest) -> RepositoryResult<()> {
        if self
            .state
            .peers
            .values()
            .any(|(other, _)| same_name(&other.name, &peer.name))
        {
            return conflict("peers_name_key");
        }
        self.state.peers.insert(peer.id, (peer.clone(), *key_digest));
        Ok(())
    }
    async fn get(&mut self, id: PeerId) -> RepositoryResult<Option<Peer>> {
        Ok(self.state.peers.get(&id).map(|(peer, _)| peer.clone()))
    }
    async fn find_by_key(&mut self, digest: &Digest) -> RepositoryResult<Option<Peer>> {
        let found = self.state.peers.values().find(|(_, key)| key == digest);
        Ok(found.map(|(peer, _)| peer.clone()))
    }
    async fn find_by_name(&mut self, name: &str) -> RepositoryResult<Option<Peer>> {
        let found = self.state.peers.values().find(|(peer, _)| same_name(&peer.name, name));
        Ok(found.map(|(peer, _)| peer.clone()))
    }
    async fn list(&mut self, after: Option<&str>, limit: Limit) -> RepositoryResult<Vec<Peer>> {
        let after = after.unwrap_or_default().to_lowercase();
        let all = self.state.peers.values().map(|(peer, _)| peer);
        let mut peers: Vec<Peer> = all.filter(|peer| peer.name.to_lowercase() > after).cloned().collect();
        peers.sort_by_key(|peer| peer.name.to_lowercase());
        peers.truncate(usize::from(limit.get()));
        Ok(peers)
    }
    async fn set_mark(&mut self, id: PeerId, mark: PeerMark) -> RepositoryResult<bool> {
        Ok(self
            .state
            .peers
            .get_mut(&id)
            .map(|(peer, _)| peer.mark = mark)
            .is_some())
    }
    async fn set_key(&mut self, id: PeerId, key_digest: &Digest) -> RepositoryResult<bool> {
        Ok(self
            .state
            .peers
            .get_mut(&id)
            .map(|(_, key)| *key = *key_digest)
            .is_some())
    }
    async fn fleet(&mut self, query: &FleetQuery) -> RepositoryResult<Vec<Peer>> {
        let place = |peer: &Peer| {
            let cursor = query.cursor_after(peer);
            (cursor.rank, cursor.name.to_lowercase())
        };
        let after = query
            .after
            .as_ref()
            .map(|after| (after.rank, after.name.to_lowercase()));
        let all = self.state.peers.values().map(|(peer, _)| peer);
        let mut peers: Vec<Peer> = all
            .filter(|peer| has_words(peer, query.words.as_deref()))
            .filter(|peer| query.statuses.is_empty() || query.statuses.contains(&peer.status(query.now)))
            .filter(|peer| after.as_ref().is_none_or(|after| place(peer) > *after))
            .cloned()
            .collect();
        peers.sort_by_key(place);
        peers.truncate(usize::from(query.limit.get()));
        Ok(peers)
    }
    async fn count_by_status(
        &mut self,
        words: Option<&str>,
        now: Timestamp,
    ) -> RepositoryResult<Vec<(PeerStatus, i64)>> {
        let mut counts = std::collections::BTreeMap::new();
        for (peer, _) in self.state.peers.values().filter(|(peer, _)| has_words(peer, words)) {
            *counts.entry(peer.status(now)).or_insert(0) += 1;
        }
        Ok(counts.into_iter().collect())
    }
    async fn set_interval(&mut self, id: PeerId, seconds: i32) -> RepositoryResult<bool> {
        let found = self.state.peers.get_mut(&id);
        Ok(found.map(|(peer, _)| peer.interval_seconds = seconds).is_some())
    }
    async fn save_peers_batch(&mut self, contacts: &[PeerContact]) -> RepositoryResult<Vec<SavedPeer>> {
        let mut saved: Vec<SavedPeer> = Vec::new();
        for contact in contacts {
            let Some((peer, _)) = self.state.peers.get_mut(&contact.peer) else {
                continue;
            };
            let (mark_before, last_seen_before) = (peer.mark, peer.last_seen);
            record(peer, contact);
            let Some(last_seen) = peer.last_seen else { continue };
            match saved.iter_mut().find(|saved| saved.peer == peer.id) {
                Some(saved) => (saved.mark, saved.last_seen) = (peer.mark, last_seen),
                None => saved.push(SavedPeer {
                    peer: peer.id,
                    mark_before,
                    last_seen_before,
                    mark: peer.mark,
                    last_seen,
                    interval_seconds: peer.interval_seconds,
                    name: peer.name.clone(),
                }),
            }
        }
        Ok(saved)
    }
    async fn insert_enrolment(&mut self, enrolment: &Enrolment, digest: &Digest) -> RepositoryResult<()> {
        self.state.enrolments.push((enrolment.clone(), *digest));
        Ok(())
    }
    async fn use_enrolment(&mut self, digest: &Digest, at: Timestamp) -> RepositoryResult<Option<EnrolmentId>> {
        let found = self.state.enrolments.iter_mut().find(|(_, known)| known == digest);
        let usable = found.filter(|(enrolment, _)| enrolment.used_at.is_none() && enrolment.expires_at > at);
        Ok(usable.map(|(enrolment, _)| {
            enrolment.used_at = Some(at);
            enrolment.id
        }))
    }
    async fn keep_rejects(&mut self, at: Timestamp, rejects: &[(PeerId, Vec<RejectedLine>)]) -> RepositoryResult<()> {
        for (peer, lines) in rejects {
            let kept = self.state.rejects.entry(*peer).or_default();
            kept.extend(lines.iter().map(|reject| StoredReject {
                at,
                line: i32::try_from(reject.line).unwrap_or(i32::MAX),
                code: reject.code.as_str().to_owned(),
                reason: reject.reason.clone(),
                sample: reject.sample.clone(),
            }));
            let surplus = kept.len().saturating_sub(MAX_REJECTS_PER_PEER as usize);
            kept.drain(..surplus);
        }
        Ok(())
    }
    async fn list_rejects(&mut self, peer: PeerId, limit: Limit) -> RepositoryResult<Vec<StoredReject>> {
        let kept = self.state.rejects.get(&peer).map(Vec::as_slice).unwrap_or_default();
        Ok(kept.iter().rev().take(usize::from(limit.get())).cloned().collect())
    }
}
