//! Who is asking. A caller cannot be made up: only authentication and the command line hand one out.

use wolfsec::audit::AuditActor;
use wolfsec::identity::Role;
use wolfsec::ids::{ApiTokenId, SessionId, UserId};

/// The kind of asker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    User {
        id: UserId,
        session: SessionId,
    },
    ApiToken {
        id: ApiTokenId,
    },
    /// Somebody with access to the server's data folder.
    CommandLine,
}

/// An authenticated asker with a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    principal: Principal,
    name: String,
    role: Role,
    address: Option<String>,
}

impl Caller {
    pub(crate) const fn new(principal: Principal, name: String, role: Role, address: Option<String>) -> Self {
        Self {
            principal,
            name,
            role,
            address,
        }
    }

    /// The operator of the machine; whoever can read the data folder already holds every key.
    pub fn command_line() -> Self {
        Self::new(Principal::CommandLine, "command line".to_owned(), Role::Admin, None)
    }

    pub const fn principal(&self) -> &Principal {
        &self.principal
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    pub const fn role(&self) -> Role {
        self.role
    }
    /// The signed-in user, `None` for programs.
    pub const fn user_id(&self) -> Option<UserId> {
        match self.principal {
            Principal::User { id, .. } => Some(id),
            _ => None,
        }
    }
    pub const fn session_id(&self) -> Option<SessionId> {
        match self.principal {
            Principal::User { session, .. } => Some(session),
            _ => None,
        }
    }

    pub(crate) fn actor(&self) -> AuditActor {
        let kind = match self.principal {
            Principal::User { .. } => "user",
            Principal::ApiToken { .. } => "api_token",
            Principal::CommandLine => "command_line",
        };
        AuditActor {
            kind: kind.to_owned(),
            name: self.name.clone(),
            address: self.address.clone(),
        }
    }
}

/// An actor nobody has authenticated (a failed sign-in, an enrolment).
pub(crate) fn anonymous(name: &str, address: Option<&str>) -> AuditActor {
    AuditActor {
        kind: "anonymous".to_owned(),
        name: name.to_owned(),
        address: address.map(ToOwned::to_owned),
    }
}
