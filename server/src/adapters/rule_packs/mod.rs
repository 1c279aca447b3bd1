//! Rule packs: read from a folder or a zip archive within bounds, and judged by the engine.

mod archive;
mod folder;

use std::path::Path;

use async_trait::async_trait;
use wolfsec::Timestamp;
use wolfsec::ports::{JudgedPack, PackError, RulePacks};
use wolfsec::rules::{RefusedFile, Rule, RuleKind, RuleOrigin, RulePack, RuleState};
use wolfsec_detect::{JudgedDocument, LoadedKind, LoadedRule};

pub use folder::read_folder;

/// Files and folders of a pack.
const MAX_ENTRIES: usize = 20_000;
/// What the rule files of a pack may hold together (bytes), unpacked.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// What one rule file may hold (bytes).
const MAX_FILE_BYTES: usize = 1024 * 1024;
/// Longest path, id and title (bytes): what an index of the database must be able to hold.
const MAX_PATH_BYTES: usize = 512;
const MAX_ID_BYTES: usize = 128;
const MAX_TITLE_BYTES: usize = 1024;

/// What a pack is called on screen and in the trail.
pub fn pack_name(path: &Path) -> String {
    let name = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| "rules".to_owned());
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

fn is_rule_file(name: &str) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("yml") || ending.eq_ignore_ascii_case("yaml"))
}

fn too_many_entries() -> PackError {
    PackError::Unreadable(format!(
        "the pack has more than {MAX_ENTRIES} entries; import its parts one by one"
    ))
}

/// Gathers a pack's files; every bound that a file breaks is named.
#[derive(Default)]
struct Gatherer {
    pack: RulePack,
    total: usize,
}

impl Gatherer {
    /// Takes a file's bytes as read, at most one more than allowed.
    fn take(&mut self, path: String, bytes: Vec<u8>) -> Result<(), PackError> {
        self.total += bytes.len();
        if self.total > MAX_TOTAL_BYTES {
            return Err(PackError::Unreadable(format!(
                "the rule files of the pack hold more than {} MiB together",
                MAX_TOTAL_BYTES / 1024 / 1024
            )));
        }
        if bytes.len() > MAX_FILE_BYTES {
            self.refuse(path, format!("is larger than {} MiB", MAX_FILE_BYTES / 1024 / 1024));
            return Ok(());
        }
        match String::from_utf8(bytes) {
            Ok(yaml) => self.pack.files.push(wolfsec::rules::RuleText { path, yaml }),
            Err(_) => self.refuse(path, "is not UTF-8 text"),
        }
        Ok(())
    }

    fn refuse(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.pack.refused.push(RefusedFile {
            path: path.into(),
            reason: reason.into(),
        });
    }

    fn finish(self) -> Result<RulePack, PackError> {
        if self.pack.files.is_empty() && self.pack.refused.is_empty() {
            return Err(PackError::Unreadable(
                "there is no .yml or .yaml file in the pack".to_owned(),
            ));
        }
        Ok(self.pack)
    }
}

/// The engine's view of packs; the work is done on blocking threads.
#[derive(Debug, Clone, Copy)]
pub struct SigmaPacks;

#[async_trait]
impl RulePacks for SigmaPacks {
    async fn unpack(&self, name: String, archive: Vec<u8>) -> Result<RulePack, PackError> {
        on_blocking_thread(move || archive::unpack(name, &archive)).await?
    }

    async fn judge(&self, pack: RulePack, now: Timestamp) -> Result<JudgedPack, PackError> {
        on_blocking_thread(move || judge(pack, now)).await
    }
}

async fn on_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PackError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| PackError::Failed(error.to_string()))
}

/// CPU only.
fn judge(pack: RulePack, now: Timestamp) -> JudgedPack {
    let mut judged = JudgedPack {
        name: pack.name,
        rules: Vec::with_capacity(pack.files.len()),
        refused: pack.refused,
    };
    let files = pack.files.iter().map(|file| (file.path.as_str(), file.yaml.as_str()));
    for document in wolfsec_detect::judge(files) {
        let path = document.rule.path.clone();
        match accepted(document, &judged.name, now) {
            Ok(rule) => judged.rules.push(rule),
            Err(reason) => judged.refused.push(RefusedFile { path, reason }),
        }
    }
    judged
}

fn accepted(document: JudgedDocument, pack: &str, now: Timestamp) -> Result<Rule, String> {
    let loaded = &document.rule;
    if loaded.state == RuleState::Refused {
        return Err(loaded.reason.clone());
    }
    if loaded.kind == LoadedKind::Filter {
        return Err("is a Sigma filter; filters are not imported".to_owned());
    }
    for (what, text, most) in [
        ("id", &loaded.id, MAX_ID_BYTES),
        ("title", &loaded.title, MAX_TITLE_BYTES),
        ("path", &loaded.path, MAX_PATH_BYTES),
    ] {
        if text.len() > most {
            return Err(format!("its {what} is longer than {most} bytes"));
        }
    }
    if holds_nul(loaded) {
        return Err("holds a NUL character".to_owned());
    }
    let mut rule = stored_rule(document, RuleOrigin::Imported, now).ok_or("is no rule")?;
    pack.clone_into(&mut rule.pack);
    Ok(rule)
}

/// The store takes none.
fn holds_nul(rule: &LoadedRule) -> bool {
    let texts = [
        &rule.id,
        &rule.title,
        &rule.description,
        &rule.author,
        &rule.license,
        &rule.logsource,
    ];
    let mut texts = texts.into_iter().chain(&rule.references).chain(&rule.false_positives);
    texts.any(|text| text.contains('\0'))
}

/// What the server ships; a rule that does not compile is kept with its reason.
pub fn bundled_rules(now: Timestamp) -> Vec<Rule> {
    let bundled = wolfsec_detect::bundled_rules();
    wolfsec_detect::judge(bundled.iter().map(|rule| (rule.path, rule.yaml)))
        .into_iter()
        .filter_map(|document| stored_rule(document, RuleOrigin::Bundled, now))
        .collect()
}

/// Filters narrow other rules and are none.
fn stored_rule(document: JudgedDocument, origin: RuleOrigin, now: Timestamp) -> Option<Rule> {
    let JudgedDocument { rule, yaml } = document;
    let kind = match rule.kind {
        LoadedKind::Detection => RuleKind::Detection,
        LoadedKind::Correlation => RuleKind::Correlation,
        LoadedKind::Filter => return None,
    };
    Some(Rule {
        id: rule.id,
        title: rule.title,
        description: rule.description,
        author: rule.author,
        license: rule.license,
        level: rule.level,
        kind,
        origin,
        enabled: rule.state == RuleState::Usable,
        state: rule.state,
        reason: rule.reason,
        version: 1,
        logsource: rule.logsource,
        techniques: rule.techniques,
        tactics: rule.tactics,
        false_positives: rule.false_positives,
        references: rule.references,
        pack: String::new(),
        path: rule.path,
        yaml,
        updated_at: now,
    })
}

#[cfg(test)]
mod tests;
