//! The alert's state machine.

slug_enum!(
    /// Where an alert stands.
    AlertStatus {
        Open = "open",
        Acknowledged = "acknowledged",
        InProgress = "in_progress",
        Resolved = "resolved",
    }
);

slug_enum!(
    /// What it turned out to be.
    Resolution {
        TruePositive = "true_positive",
        FalsePositive = "false_positive",
        Benign = "benign",
        Duplicate = "duplicate",
    }
);

impl AlertStatus {
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Acknowledged => "Acknowledged",
            Self::InProgress => "In progress",
            Self::Resolved => "Resolved",
        }
    }

    /// The states reachable from here, in the order buttons show them.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Open => &[Self::Acknowledged, Self::InProgress, Self::Resolved],
            Self::Acknowledged => &[Self::InProgress, Self::Resolved],
            Self::InProgress => &[Self::Resolved],
            Self::Resolved => &[Self::Open],
        }
    }
}

impl Resolution {
    pub const fn label(self) -> &'static str {
        match self {
            Self::TruePositive => "True positive",
            Self::FalsePositive => "False positive",
            Self::Benign => "Benign",
            Self::Duplicate => "Duplicate",
        }
    }
}

/// Why a change of status is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    #[error("an alert cannot go from {from} to {to}")]
    Forbidden { from: AlertStatus, to: AlertStatus },
    #[error("resolving needs a resolution: true_positive, false_positive, benign or duplicate")]
    ResolutionMissing,
    #[error("a resolution belongs to the status resolved only")]
    ResolutionUnexpected,
    #[error("reopening needs a note that says why")]
    ReasonMissing,
}

/// Checks one change; the same pairs stand as a constraint on the transitions table.
pub fn check_transition(
    from: AlertStatus,
    to: AlertStatus,
    resolution: Option<Resolution>,
    note: &str,
) -> Result<(), TransitionError> {
    if !from.next().contains(&to) {
        return Err(TransitionError::Forbidden { from, to });
    }
    match (to, resolution) {
        (AlertStatus::Resolved, None) => return Err(TransitionError::ResolutionMissing),
        (AlertStatus::Resolved, Some(_)) | (_, None) => {}
        (_, Some(_)) => return Err(TransitionError::ResolutionUnexpected),
    }
    if from == AlertStatus::Resolved && note.trim().is_empty() {
        return Err(TransitionError::ReasonMissing);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use AlertStatus::{Acknowledged, InProgress, Open, Resolved};

    #[test]
    fn exactly_the_documented_pairs_are_allowed() {
        let allowed = [
            (Open, Acknowledged),
            (Open, InProgress),
            (Open, Resolved),
            (Acknowledged, InProgress),
            (Acknowledged, Resolved),
            (InProgress, Resolved),
            (Resolved, Open),
        ];
        for &from in AlertStatus::ALL {
            for &to in AlertStatus::ALL {
                let resolution = (to == Resolved).then_some(Resolution::Benign);
                let verdict = check_transition(from, to, resolution, "because");
                assert_eq!(verdict.is_ok(), allowed.contains(&(from, to)), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn resolving_names_a_resolution_and_reopening_a_reason() {
        assert_eq!(
            check_transition(Open, Resolved, None, ""),
            Err(TransitionError::ResolutionMissing)
        );
        assert_eq!(
            check_transition(Open, Acknowledged, Some(Resolution::Benign), ""),
            Err(TransitionError::ResolutionUnexpected)
        );
        assert_eq!(
            check_transition(Resolved, Open, None, "  "),
            Err(TransitionError::ReasonMissing)
        );
    }
}
