//! The authorisation table: what each role may do. One place, tested role × action.

use wolfsec::identity::Role;

use crate::Caller;

/// Everything that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The check that stands next to every act.
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
