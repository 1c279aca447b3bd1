//! MITRE ATT&CK, as far as Sigma's tags speak of it.

slug_enum!(
    /// The tactics of ATT&CK for Enterprise, in the order of its matrix, spelled as Sigma tags spell them.
    Tactic {
        Reconnaissance = "reconnaissance",
        ResourceDevelopment = "resource-development",
        InitialAccess = "initial-access",
        Execution = "execution",
        Persistence = "persistence",
        PrivilegeEscalation = "privilege-escalation",
        DefenseEvasion = "defense-evasion",
        CredentialAccess = "credential-access",
        Discovery = "discovery",
        LateralMovement = "lateral-movement",
        Collection = "collection",
        CommandAndControl = "command-and-control",
        Exfiltration = "exfiltration",
        Impact = "impact",
    }
);

impl Tactic {
    /// The words on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reconnaissance => "Reconnaissance",
            Self::ResourceDevelopment => "Resource development",
            Self::InitialAccess => "Initial access",
            Self::Execution => "Execution",
            Self::Persistence => "Persistence",
            Self::PrivilegeEscalation => "Privilege escalation",
            Self::DefenseEvasion => "Defense evasion",
            Self::CredentialAccess => "Credential access",
            Self::Discovery => "Discovery",
            Self::LateralMovement => "Lateral movement",
            Self::Collection => "Collection",
            Self::CommandAndControl => "Command and control",
            Self::Exfiltration => "Exfiltration",
            Self::Impact => "Impact",
        }
    }

    /// The tactic that a Sigma tag names (`attack.credential-access`, also with underscores).
    pub fn of_tag(tag: &str) -> Option<Self> {
        let name = tag.to_ascii_lowercase().replace('_', "-");
        name.strip_prefix("attack.")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Tactic;

    #[test]
    fn tags_name_tactics_in_both_spellings() {
        for tag in ["attack.credential-access", "attack.Credential_Access"] {
            assert_eq!(Tactic::of_tag(tag), Some(Tactic::CredentialAccess), "{tag}");
        }
        for tag in ["attack.t1110", "credential-access", "attack.s0001", ""] {
            assert_eq!(Tactic::of_tag(tag), None, "{tag}");
        }
    }
}
