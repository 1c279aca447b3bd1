//! How a peer gets its key: by a single-use token, or from the command line.

use chrono::Duration;
use wolfsec::identity::Name;
use wolfsec::ids::{EnrolmentId, PeerId};
use wolfsec::peers::{DEFAULT_INTERVAL_SECONDS, ENROLMENT_HOURS, Enrolment, OWN_PEER, Peer, PeerMark, parse_peer_name};
use wolfsec::ports::{TokenKind, UnitOfWork};

use crate::audit::Act;
use crate::caller::anonymous;
use crate::failure::is_conflict;
use crate::identity::users::name_taken;
use crate::{Action, Caller, Failure, FailureKind, UseCases};

/// A new peer and its key, shown this once.
#[derive(Debug, Clone)]
pub struct EnrolledPeer {
    pub peer: Peer,
    pub api_key: String,
}

impl UseCases {
    /// A single-use enrolment token, valid for 24 hours.
    #[tracing::instrument(name = "app.create_enrolment", skip_all)]
    pub async fn create_enrolment(&self, caller: &Caller) -> Result<(String, Enrolment), Failure> {
        self.permit(caller, Action::ManagePeers).await?;
        let now = self.now();
        let (text, digest) = self.ports().mint.mint(TokenKind::Enrolment);
        let enrolment = Enrolment {
            id: EnrolmentId(self.ports().ids.new_id()),
            created_at: now,
            expires_at: now + Duration::hours(ENROLMENT_HOURS),
            created_by: caller.name().to_owned(),
            used_at: None,
        };
        let mut uow = self.begin().await?;
        uow.peers().insert_enrolment(&enrolment, &digest).await?;
        let act = Act::done(
            caller.actor(),
            "enrolment.created",
            "enrolment",
            enrolment.id.to_string(),
        );
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        Ok((text, enrolment))
    }

    /// Turns an enrolment token into a peer. A taken name leaves the token usable.
    #[tracing::instrument(name = "app.enrol_peer", skip_all)]
    pub async fn enrol_peer(&self, token: &str, name: &str, address: Option<&str>) -> Result<EnrolledPeer, Failure> {
        let name = parse_peer_name(name).map_err(|error| Failure::invalid("name", error.to_string()))?;
        let now = self.now();
        let digest = self.ports().mint.digest(token);
        let mut uow = self.begin().await?;
        if uow.peers().use_enrolment(&digest, now).await?.is_none() {
            drop(uow);
            self.record_refused_enrolment(name.as_str(), address).await?;
            return Err(Failure::new(
                FailureKind::Unauthenticated,
                "enrolment_token_invalid",
                "the enrolment token is unknown, used or older than 24 hours; make a new one under Peers",
            ));
        }
        let enrolled = self.insert_peer(uow.as_mut(), &name).await?;
        let act = Act::done(
            anonymous(name.as_str(), address),
            "peer.enrolled",
            "peer",
            name.as_str(),
        );
        self.record(uow.as_mut(), act).await?;
        uow.commit().await?;
        Ok(enrolled)
    }

    async fn record_refused_enrolment(&self, name: &str, address: Option<&str>) -> Result<(), Failure> {
        let mut uow = self.begin().await?;
        let act = Act::done(anonymous(name, address), "peer.enrolment_refused", "peer", name)
            .failed("token unknown, used or expired");
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }

    /// Makes a peer at once and returns its key.
    #[tracing::instrument(name = "app.add_peer", skip_all)]
    pub async fn add_peer(&self, caller: &Caller, name: &str) -> Result<EnrolledPeer, Failure> {
        self.permit(caller, Action::ManagePeers).await?;
        let name = parse_peer_name(name).map_err(|error| Failure::invalid("name", error.to_string()))?;
        let mut uow = self.begin().await?;
        let enrolled = self.insert_peer(uow.as_mut(), &name).await?;
        self.record(
            uow.as_mut(),
            Act::done(caller.actor(), "peer.added", "peer", name.as_str()),
        )
        .await?;
        uow.commit().await?;
        Ok(enrolled)
    }

    /// The server's own peer, made on first use.
    pub async fn own_peer(&self) -> Result<Peer, Failure> {
        let mut uow = self.begin().await?;
        if let Some(peer) = uow.peers().find_by_name(OWN_PEER).await? {
            return Ok(peer);
        }
        let name = Name::parse(OWN_PEER).map_err(|error| Failure::invalid("name", error.to_string()))?;
        // Its key is thrown away: nobody sends as the server over the wire.
        let enrolled = self.insert_peer(uow.as_mut(), &name).await?;
        uow.commit().await?;
        Ok(enrolled.peer)
    }

    async fn insert_peer(&self, uow: &mut dyn UnitOfWork, name: &Name) -> Result<EnrolledPeer, Failure> {
        let (api_key, digest) = self.ports().mint.mint(TokenKind::PeerKey);
        let peer = Peer {
            id: PeerId(self.ports().ids.new_id()),
            name: name.to_string(),
            mark: PeerMark::Active,
            interval_seconds: DEFAULT_INTERVAL_SECONDS,
            enrolled_at: self.now(),
            last_seen: None,
            address: None,
            event_count: 0,
            reject_count: 0,
        };
        match uow.peers().insert(&peer, &digest).await {
            Err(error) if is_conflict(&error, "peers_name_key") => return Err(name_taken("peer")),
            other => other?,
        }
        Ok(EnrolledPeer { peer, api_key })
    }
}
