//! Peers.

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::events::{MAX_REJECTS_PER_PEER, RejectedLine};
use wolfsec::ids::{EnrolmentId, PeerId};
use wolfsec::page::Limit;
use wolfsec::peers::{Enrolment, Peer, PeerMark, StoredReject};
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
    async fn record_contacts(&mut self, contacts: &[PeerContact]) -> RepositoryResult<()> {
        for contact in contacts {
            if let Some((peer, _)) = self.state.peers.get_mut(&contact.peer) {
                record(peer, contact);
            }
        }
        Ok(())
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
