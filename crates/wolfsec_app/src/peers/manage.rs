//! Authenticating and managing peers.

use wolfsec::page::{Limit, Page};
use wolfsec::peers::{MAX_INTERVAL_SECONDS, Peer, PeerMark, is_own_peer};
use wolfsec::ports::{TokenKind, UnitOfWork};

use crate::audit::Act;
use crate::{Action, Caller, Failure, FailureKind, UseCases};

impl UseCases {
    /// The peer of a key; a blocked peer's key is refused.
    #[tracing::instrument(name = "app.authenticate_peer", skip_all)]
    pub async fn authenticate_peer(&self, key: &str) -> Result<Peer, Failure> {
        let digest = self.ports().mint.digest(key);
        let peer = self
            .begin()
            .await?
            .peers()
            .find_by_key(&digest)
            .await?
            .ok_or_else(Failure::unauthenticated)?;
        if peer.mark == PeerMark::Blocked {
            return Err(Failure::new(
                FailureKind::Forbidden,
                "peer_blocked",
                "this peer is blocked and nothing it sends is stored; an admin can unblock it on its page",
            ));
        }
        Ok(peer)
    }

    /// Peers by name; `after` is the last name of the page before.
    #[tracing::instrument(name = "app.list_peers", skip_all)]
    pub async fn list_peers(&self, caller: &Caller, after: Option<&str>, limit: Limit) -> Result<Page<Peer>, Failure> {
        self.permit(caller, Action::ReadPeers).await?;
        let items = self.begin().await?.peers().list(after, limit.with_surplus()).await?;
        Ok(Page::named(items, limit, |peer| peer.name.clone()))
    }

    /// Blocks, unblocks or puts a peer into maintenance.
    #[tracing::instrument(name = "app.mark_peer", skip_all)]
    pub async fn mark_peer(&self, caller: &Caller, name: &str, mark: PeerMark) -> Result<(), Failure> {
        self.permit(caller, Action::ManagePeers).await?;
        let mut uow = self.begin().await?;
        let peer = peer_named(uow.as_mut(), name).await?;
        if peer.mark == mark {
            return Ok(());
        }
        if mark == PeerMark::Blocked {
            refuse_own(&peer, "cannot be blocked")?;
        }
        uow.peers().set_mark(peer.id, mark).await?;
        let act = Act::done(caller.actor(), "peer.marked", "peer", peer.name).change(
            "state",
            Some(peer.mark.as_str()),
            Some(mark.as_str()),
        );
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }

    /// Sets how often a peer is expected to report (seconds).
    #[tracing::instrument(name = "app.set_peer_interval", skip_all)]
    pub async fn set_peer_interval(&self, caller: &Caller, name: &str, seconds: i32) -> Result<(), Failure> {
        self.permit(caller, Action::ManagePeers).await?;
        if !(1..=MAX_INTERVAL_SECONDS).contains(&seconds) {
            let message = format!("must be from 1 to {MAX_INTERVAL_SECONDS} seconds (a day)");
            return Err(Failure::invalid("interval", message));
        }
        let mut uow = self.begin().await?;
        let peer = peer_named(uow.as_mut(), name).await?;
        if peer.interval_seconds == seconds {
            return Ok(());
        }
        uow.peers().set_interval(peer.id, seconds).await?;
        let act = Act::done(caller.actor(), "peer.interval_set", "peer", peer.name).change(
            "interval_seconds",
            Some(&peer.interval_seconds.to_string()),
            Some(&seconds.to_string()),
        );
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }

    /// Replaces a peer's key; the old one stops working at once.
    #[tracing::instrument(name = "app.rotate_peer_key", skip_all)]
    pub async fn rotate_peer_key(&self, caller: &Caller, name: &str) -> Result<String, Failure> {
        self.permit(caller, Action::ManagePeers).await?;
        let mut uow = self.begin().await?;
        let peer = peer_named(uow.as_mut(), name).await?;
        refuse_own(&peer, "gives no key away")?;
        let (key, digest) = self.ports().mint.mint(TokenKind::PeerKey);
        uow.peers().set_key(peer.id, &digest).await?;
        self.record(
            uow.as_mut(),
            Act::done(caller.actor(), "peer.key_rotated", "peer", peer.name),
        )
        .await?;
        uow.commit().await?;
        Ok(key)
    }
}

fn refuse_own(peer: &Peer, what: &str) -> Result<(), Failure> {
    if is_own_peer(&peer.name) {
        let message = format!("{} is the server itself: it {what}", peer.name);
        return Err(Failure::invalid("name", message));
    }
    Ok(())
}

/// The peer of this name, or that there is none.
pub(super) async fn peer_named(uow: &mut dyn UnitOfWork, name: &str) -> Result<Peer, Failure> {
    let found = uow.peers().find_by_name(name).await?;
    found.ok_or_else(|| Failure::not_found("peer"))
}
