//! Detection rules: Sigma YAML as the source of truth, with what the product adds to it.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::attack::Tactic;
use crate::ids::RuleImportId;
use crate::page::{BadCursor, hex_of, text_of};
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
    /// As the rule names it; empty where it names none.
    pub license: String,
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
    pub tactics: Vec<Tactic>,
    /// What its author knows to be harmless and to match all the same.
    pub false_positives: Vec<String>,
    pub references: Vec<String>,
    /// Name of the imported pack; empty for bundled and own rules.
    pub pack: String,
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
    pub origin: Option<RuleOrigin>,
    pub state: Option<RuleState>,
    /// Occurs in title or id, case-insensitive.
    pub words: Option<String>,
    /// Only rules whose (title, id) sorts after this.
    pub after: Option<(String, String)>,
    pub limit: crate::page::Limit,
}

/// Position after a rule, in lists ordered by (title, id). Text form: title and id in hex, `-` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCursor {
    pub title: String,
    pub id: String,
}

impl std::fmt::Display for RuleCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", hex_of(&self.title), hex_of(&self.id))
    }
}

impl std::str::FromStr for RuleCursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        let (title, id) = text.split_once('-').ok_or(BadCursor)?;
        Ok(Self {
            title: text_of(title)?,
            id: text_of(id)?,
        })
    }
}

/// What a detector is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleText {
    pub path: String,
    pub yaml: String,
}

/// What is shown of a rule with every match of it: what it means, who wrote it and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleBrief {
    pub id: String,
    pub description: String,
    pub false_positives: Vec<String>,
    pub author: String,
    pub license: String,
    pub pack: String,
    pub path: String,
    pub references: Vec<String>,
}

/// What the rules that are switched on look for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCoverage {
    pub enabled: i64,
    /// In the order of the matrix.
    pub tactics: Vec<Tactic>,
}

/// How often rules changed; each rises with the commit of a change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RulesRevision {
    /// Changes after which a detector has to be made anew: texts, states, rules that came or went.
    pub text: i64,
    /// Every change, switches too.
    pub any: i64,
}

/// What an update of rules did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upserted {
    pub added: u64,
    pub changed: u64,
}

/// A file or a document that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedFile {
    /// Inside the pack.
    pub path: String,
    pub reason: String,
}

/// Rule files of a folder or an archive, as read; nothing is known about their content yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulePack {
    /// What it is called on screen.
    pub name: String,
    pub files: Vec<RuleText>,
    /// What could not be read or was not taken, and why.
    pub refused: Vec<RefusedFile>,
}

/// What became of an imported pack. Rules are counted, not files: a file may hold several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleImport {
    pub id: RuleImportId,
    pub at: Timestamp,
    /// Name of who imported it.
    pub actor: String,
    pub pack: String,
    /// Rules that can run.
    pub used: u64,
    pub needs_values: u64,
    pub refused: u64,
    /// New among those that were taken.
    pub added: u64,
    /// Taken before, with another text.
    pub changed: u64,
    /// Why nothing of it was taken; empty when it was.
    pub failure: String,
    /// What cannot run, by name: refused files first. At most [`MAX_IMPORT_PROBLEMS`] are stored.
    pub problems: Vec<ImportProblem>,
}

/// Problems of one import that are stored.
pub const MAX_IMPORT_PROBLEMS: usize = 1000;
/// Imports that are remembered.
pub const MAX_IMPORTS: i64 = 50;

/// A rule of a pack that cannot run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    pub path: String,
    pub state: RuleState,
    pub reason: String,
}

impl RuleImport {
    /// The refused ones among the problems.
    pub fn refused_files(&self) -> impl Iterator<Item = &ImportProblem> {
        self.of_state(RuleState::Refused)
    }

    /// Problems of one state.
    pub fn of_state(&self, state: RuleState) -> impl Iterator<Item = &ImportProblem> {
        self.problems.iter().filter(move |problem| problem.state == state)
    }
}

#[cfg(test)]
mod tests {
    use super::RuleCursor;

    #[test]
    fn a_cursor_of_any_text_is_of_safe_letters_and_reads_back() {
        let cursor = RuleCursor {
            title: "Größe – %&/".to_owned(),
            id: "a-b c".to_owned(),
        };
        let text = cursor.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        assert_eq!(text.parse(), Ok(cursor));
        for bad in ["", "x", "zz-00", "0-00", "ä-00", "ff-00"] {
            assert!(bad.parse::<RuleCursor>().is_err(), "{bad}");
        }
    }
}
