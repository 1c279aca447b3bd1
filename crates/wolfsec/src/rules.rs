//! Detection rules: Sigma YAML as the source of truth, with what the product adds to it.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::severity::Severity;

slug_enum!(
    /// Where a rule came from.
    RuleOrigin { Bundled = "bundled", Imported = "imported", Own = "own" }
);

slug_enum!(
    /// Whether a rule can run.
    RuleState { Usable = "usable", NeedsValues = "needs_values", Refused = "refused" }
);

slug_enum!(
    /// A rule looks at one event, a correlation at many.
    RuleKind { Detection = "detection", Correlation = "correlation" }
);

/// A rule as stored and listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Sigma `id`.
    pub id: String,
    pub title: String,
    pub description: String,
    pub author: String,
    pub level: Severity,
    pub kind: RuleKind,
    pub origin: RuleOrigin,
    pub state: RuleState,
    /// Why it is refused or what it needs; empty when usable.
    pub reason: String,
    pub enabled: bool,
    /// Rises with each change of the YAML or the switch.
    pub version: i64,
    /// `product/category/service`, as written in the rule.
    pub logsource: String,
    pub techniques: Vec<String>,
    pub references: Vec<String>,
    /// Path inside its pack.
    pub path: String,
    pub yaml: String,
    pub updated_at: Timestamp,
}

/// Bounds of the rule list, ordered by title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleQuery {
    pub enabled: Option<bool>,
    pub level: Option<Severity>,
    /// Occurs in title or id, case-insensitive.
    pub words: Option<String>,
    /// Only rules whose (title, id) sorts after this.
    pub after: Option<(String, String)>,
    pub limit: crate::page::Limit,
}
