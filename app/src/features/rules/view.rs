//! What the rule pages are rendered from.

use serde::{Deserialize, Serialize};
use wolfsec::rules::{Rule, RuleImport};

/// One page of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesView {
    pub rules: Vec<Rule>,
    pub more: bool,
    pub may_switch: bool,
    pub may_import: bool,
}

/// One rule with its YAML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    pub rule: Rule,
    pub may_switch: bool,
}

/// The import page: the last imports, and whether the caller may add one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleImportsView {
    pub imports: Vec<RuleImport>,
    pub may_import: bool,
}
