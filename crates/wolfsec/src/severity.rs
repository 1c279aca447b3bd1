//! Severity: Sigma's five levels, ordered.

slug_enum!(
    /// How bad it is, after Sigma's `level`.
    Severity {
        Informational = "informational",
        Low = "low",
        Medium = "medium",
        High = "high",
        Critical = "critical",
    }
);

impl Severity {
    /// The number stored in PostgreSQL: 0 informational … 4 critical, so that SQL can order and compare.
    pub const fn rank(self) -> i16 {
        self as i16
    }

    /// The level of a stored rank; `None` outside 0..=4.
    pub fn from_rank(rank: i16) -> Option<Self> {
        usize::try_from(rank).ok().and_then(|i| Self::ALL.get(i).copied())
    }

    /// The word on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_the_order_and_come_back() {
        assert!(Severity::Critical > Severity::High && Severity::Low > Severity::Informational);
        for level in Severity::ALL {
            assert_eq!(Severity::from_rank(level.rank()), Some(*level));
            assert_eq!(level.as_str().parse::<Severity>().unwrap(), *level);
        }
        assert_eq!(Severity::from_rank(5), None);
        assert_eq!(Severity::from_rank(-1), None);
        assert!("urgent".parse::<Severity>().is_err());
    }
}
