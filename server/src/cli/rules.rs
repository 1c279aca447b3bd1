//! `rules import`: what it reads and what it prints.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Serialize;
use wolfsec::rules::{RuleImport, RuleState};
use wolfsec_app::{Caller, UseCases};

use crate::adapters::rule_packs::{pack_name, read_folder};

/// Largest archive read (bytes).
const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;

/// Imports a folder or an archive; an unreadable one is an error, and nothing is changed.
pub(super) async fn import_rules(
    use_cases: &UseCases,
    caller: &Caller,
    path: &Path,
    enable: bool,
) -> anyhow::Result<RuleImport> {
    if tokio::fs::metadata(path)
        .await
        .with_context(|| format!("reading {}", path.display()))?
        .is_dir()
    {
        let folder = path.to_owned();
        let pack = tokio::task::spawn_blocking(move || read_folder(&folder)).await??;
        return Ok(use_cases.import_rules(caller, pack, enable).await?);
    }
    let size = tokio::fs::metadata(path).await?.len();
    if size > MAX_ARCHIVE_BYTES {
        bail!(
            "{} is larger than {} MiB",
            path.display(),
            MAX_ARCHIVE_BYTES / 1024 / 1024
        );
    }
    let archive = tokio::fs::read(path)
        .await
        .with_context(|| format!("reading {}", path.display()))?;
    let import = use_cases
        .import_rule_archive(caller, pack_name(path), archive, enable)
        .await?;
    if !import.failure.is_empty() {
        bail!("{}: {}; nothing was imported", path.display(), import.failure);
    }
    Ok(import)
}

/// What programs get; the order of the names is part of it.
#[derive(Serialize)]
struct Summary<'i> {
    used: u64,
    needs_values: u64,
    refused: Vec<Refused<'i>>,
}

#[derive(Serialize)]
struct Refused<'i> {
    path: &'i str,
    reason: &'i str,
}

/// One line for programs.
pub(super) fn as_json(import: &RuleImport) -> anyhow::Result<String> {
    let refused = import.refused_files().map(|file| Refused {
        path: &file.path,
        reason: &file.reason,
    });
    let summary = Summary {
        used: import.used,
        needs_values: import.needs_values,
        refused: refused.collect(),
    };
    Ok(serde_json::to_string(&summary)? + "\n")
}

/// For a person.
pub(super) fn as_text(import: &RuleImport) -> String {
    let mut text = format!(
        "{}: {} rules used ({} new, {} changed), {} need values, {} refused\n",
        import.pack, import.used, import.added, import.changed, import.needs_values, import.refused
    );
    for problem in &import.problems {
        let word = match problem.state {
            RuleState::Refused => "refused",
            _ => "needs values",
        };
        // Writing to a String does not fail.
        let _ = writeln!(text, "- {word}: {}: {}", problem.path, problem.reason);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use wolfsec::ids::RuleImportId;
    use wolfsec::rules::ImportProblem;

    #[test]
    fn programs_get_counts_and_refused_files_and_nothing_else() {
        let problem = |state| ImportProblem {
            path: "a.yml".to_owned(),
            state,
            reason: "because".to_owned(),
        };
        let import = RuleImport {
            id: RuleImportId(uuid::Uuid::nil()),
            at: wolfsec::Timestamp::default(),
            actor: "x".to_owned(),
            pack: "pack".to_owned(),
            used: 2,
            needs_values: 1,
            refused: 1,
            added: 2,
            changed: 0,
            failure: String::new(),
            problems: vec![problem(RuleState::Refused), problem(RuleState::NeedsValues)],
        };
        let expected = r#"{"used":2,"needs_values":1,"refused":[{"path":"a.yml","reason":"because"}]}"#;
        assert_eq!(as_json(&import).unwrap(), format!("{expected}\n"));
        assert!(as_text(&import).contains("- needs values: a.yml: because"));
    }
}
