//! The authorisation table: what each role may do. One place, tested role × action.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::Duration;
use wolfsec::Timestamp;
use wolfsec::identity::Role;

use crate::audit::Act;
use crate::{Caller, Failure, UseCases};

/// Everything that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    ReadAlerts,
    ReadEvents,
    ReadRules,
    ReadPeers,
    ReadAudit,
    ReadOverview,
    OwnAccount,
    WorkAlerts,
    SwitchRules,
    ImportRules,
    ManagePeers,
    ManageUsers,
    ManageTokens,
}

impl Action {
    pub const ALL: &'static [Self] = &[
        Self::ReadAlerts,
        Self::ReadEvents,
        Self::ReadRules,
        Self::ReadPeers,
        Self::ReadAudit,
        Self::ReadOverview,
        Self::OwnAccount,
        Self::WorkAlerts,
        Self::SwitchRules,
        Self::ImportRules,
        Self::ManagePeers,
        Self::ManageUsers,
        Self::ManageTokens,
    ];

    /// As the audit trail names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadAlerts => "read_alerts",
            Self::ReadEvents => "read_events",
            Self::ReadRules => "read_rules",
            Self::ReadPeers => "read_peers",
            Self::ReadAudit => "read_audit",
            Self::ReadOverview => "read_overview",
            Self::OwnAccount => "own_account",
            Self::WorkAlerts => "work_alerts",
            Self::SwitchRules => "switch_rules",
            Self::ImportRules => "import_rules",
            Self::ManagePeers => "manage_peers",
            Self::ManageUsers => "manage_users",
            Self::ManageTokens => "manage_tokens",
        }
    }

    /// The least role that may.
    pub const fn least_role(self) -> Role {
        match self {
            Self::ReadAlerts
            | Self::ReadEvents
            | Self::ReadRules
            | Self::ReadPeers
            | Self::ReadAudit
            | Self::ReadOverview
            | Self::OwnAccount => Role::Viewer,
            Self::WorkAlerts | Self::SwitchRules | Self::ImportRules => Role::Operator,
            Self::ManagePeers | Self::ManageUsers | Self::ManageTokens => Role::Admin,
        }
    }
}

/// The caller's role does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role {needed}; you have {has}")]
pub struct Forbidden {
    pub needed: Role,
    pub has: Role,
}

/// A caller's refusals of one kind are put on record this far apart: whoever may do nothing must not fill the trail.
const RECORD_EVERY: Duration = Duration::minutes(1);

/// Kind and name of an actor, and what was refused.
type Refused = (String, String, Action);

/// When each caller was last refused what. In memory: a restart only records one more.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Refused, Timestamp>>);

impl Refusals {
    /// Whether this one is to be recorded; if so, the next ones are not.
    fn is_news(&self, refused: &Refused, now: Timestamp) -> bool {
        let mut recorded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.retain(|_, at| now - *at < RECORD_EVERY);
        let news = !recorded.contains_key(refused);
        if news {
            recorded.insert(refused.clone(), now);
        }
        news
    }

    /// It could not be recorded: the next one is news again.
    fn forget(&self, refused: &Refused) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(refused);
    }
}

impl UseCases {
    /// The check that stands next to every act; what is refused goes on record.
    pub(crate) async fn permit(&self, caller: &Caller, action: Action) -> Result<(), Forbidden> {
        let Err(refusal) = authorise(caller, action) else {
            return Ok(());
        };
        let actor = caller.actor();
        let refused = (actor.kind.clone(), actor.name.clone(), action);
        if self.refusals().is_news(&refused, self.now()) {
            let act = Act::done(actor, "access.refused", "action", action.as_str());
            let recorded = self.record_alone(act.failed(refusal.to_string())).await;
            if let Err(failure) = recorded {
                tracing::error!(%failure, action = action.as_str(), "a refusal could not be put on record");
                self.refusals().forget(&refused);
            }
        }
        Err(refusal)
    }

    async fn record_alone(&self, act: Act<'_>) -> Result<(), Failure> {
        let mut uow = self.begin().await?;
        self.record(uow.as_mut(), act).await?;
        Ok(uow.commit().await?)
    }
}

/// Whether a role may, for what is shown; acts are checked by their use case.
pub fn authorise(caller: &Caller, action: Action) -> Result<(), Forbidden> {
    let needed = action.least_role();
    if caller.role() >= needed {
        Ok(())
    } else {
        Err(Forbidden {
            needed,
            has: caller.role(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Principal;
    use wolfsec::ids::ApiTokenId;

    #[test]
    fn each_role_may_exactly_this() {
        use Action::{
            ImportRules, ManagePeers, ManageTokens, ManageUsers, OwnAccount, ReadAlerts, ReadAudit, ReadEvents,
            ReadOverview, ReadPeers, ReadRules, SwitchRules, WorkAlerts,
        };
        let viewer = vec![
            ReadAlerts,
            ReadEvents,
            ReadRules,
            ReadPeers,
            ReadAudit,
            ReadOverview,
            OwnAccount,
        ];
        let operator = [viewer.clone(), vec![WorkAlerts, SwitchRules, ImportRules]].concat();
        let admin = [operator.clone(), vec![ManagePeers, ManageUsers, ManageTokens]].concat();
        for (role, may) in [(Role::Viewer, viewer), (Role::Operator, operator), (Role::Admin, admin)] {
            let caller = Caller::new(
                Principal::ApiToken {
                    id: ApiTokenId(uuid::Uuid::nil()),
                },
                "t".into(),
                role,
                None,
            );
            for &action in Action::ALL {
                assert_eq!(
                    authorise(&caller, action).is_ok(),
                    may.contains(&action),
                    "{role} {action:?}"
                );
            }
        }
    }
}
