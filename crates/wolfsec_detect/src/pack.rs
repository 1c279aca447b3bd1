//! Judging rule files of strangers: each document alone, within bounds, without an engine.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::engine::{LoadedRule, RuleSource, judge as judge_sources};

/// Nodes of one document once its aliases are written out. Rules have a few hundred.
const MAX_NODES: usize = 100_000;

/// One document of a file, as it can be stored and loaded alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedDocument {
    pub rule: LoadedRule,
    pub yaml: String,
}

/// Judges files of (path, YAML). A file with several documents gives each; a broken one stops no other.
pub fn judge<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<JudgedDocument> {
    let documents: Vec<(&str, &str, Result<(), String>)> = files
        .into_iter()
        .flat_map(|(path, yaml)| documents(yaml).into_iter().map(move |document| (path, document)))
        .map(|(path, document)| (path, document, is_bounded(document)))
        .collect();
    let sources: Vec<RuleSource<'_>> = documents
        .iter()
        .map(|(path, document, bounded)| RuleSource {
            path,
            // What could grow without bound is not parsed; its reason is put in place below.
            yaml: if bounded.is_ok() { document } else { "" },
            enabled: true,
        })
        .collect();
    let judged = judge_sources(&sources);
    let mut all = Vec::with_capacity(documents.len());
    for ((_, document, bounded), rules) in documents.into_iter().zip(judged) {
        for mut rule in rules {
            if let Err(reason) = &bounded {
                reason.clone_into(&mut rule.reason);
            }
            all.push(JudgedDocument {
                rule,
                yaml: document.to_owned(),
            });
        }
    }
    all
}

/// The documents of a YAML file. `---` at the start of a line can be nothing else (YAML 1.2.2, 9.1.2). Empty ones are left out.
fn documents(yaml: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in yaml.split_inclusive('\n') {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            starts.push(at);
        }
        at += line.len();
    }
    starts.push(yaml.len());
    let pieces = starts.windows(2).filter_map(|pair| yaml.get(pair[0]..pair[1]));
    let has_content = |piece: &&str| {
        let mut lines = piece.lines().map(str::trim);
        lines.any(|line| !line.is_empty() && line != "---" && line != "..." && !line.starts_with(['#', '%']))
    };
    let found: Vec<&str> = pieces.filter(has_content).collect();
    if found.is_empty() { vec![yaml] } else { found }
}

/// Aliases can make a short text stand for a huge one: the nodes are counted without being kept.
fn is_bounded(yaml: &str) -> Result<(), String> {
    if !(yaml.contains('&') && yaml.contains('*')) {
        return Ok(());
    }
    let nodes = Cell::new(0);
    let counted = Count(&nodes).deserialize(yaml_serde::Deserializer::from_str(yaml));
    let too_many = nodes.get() > MAX_NODES;
    match counted {
        Err(error) if too_many || error.to_string().contains("repetition limit") => Err(format!(
            "its YAML aliases stand for more than {MAX_NODES} values; write them out"
        )),
        // Other faults are named by the rule parser.
        _ => Ok(()),
    }
}

/// Counts a node and all below it.
#[derive(Clone, Copy)]
struct Count<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > MAX_NODES {
            return Err(D::Error::custom("too many nodes"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key_seed(self)?.is_some() {
            entries.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wolfsec::rules::RuleState;

    fn rule(id: u8, more: &str) -> String {
        format!(
            "title: Rule {id}\nid: 00000000-0000-4000-8000-0000000000{id:02}\nlogsource:\n  product: linux\ndetection:\n  \
             selection:\n    a: b\n  condition: selection\n{more}"
        )
    }

    fn outcome(files: &[(&str, &str)]) -> Vec<(String, RuleState, String)> {
        judge(files.iter().copied())
            .into_iter()
            .map(|document| (document.rule.path, document.rule.state, document.rule.reason))
            .collect()
    }

    #[test]
    fn a_file_is_taken_apart_into_documents_that_stand_alone() {
        let (one, two) = (rule(1, "author: Ada\nlicense: MIT\n"), rule(2, ""));
        let file = format!("# a comment\n---\n{one}---\n# only a comment\n---\n{two}");
        let judged = judge([("a.yml", file.as_str())]);
        assert_eq!(judged.len(), 2);
        assert_eq!(
            (judged[0].rule.author.as_str(), judged[0].rule.license.as_str()),
            ("Ada", "MIT")
        );
        assert_eq!(judged[1].yaml, format!("---\n{two}"));
        let again = judge(judged.iter().map(|document| ("b.yml", document.yaml.as_str())));
        assert!(again.iter().all(|document| document.rule.state == RuleState::Usable));
    }

    #[test]
    fn a_broken_file_stops_no_other() {
        let good = rule(1, "");
        let found = outcome(&[
            ("bad.yml", "title: [\n"),
            ("good.yml", &good),
            ("empty.yml", ""),
            ("twin.yml", &good),
        ]);
        let states: Vec<_> = found.iter().map(|(_, state, _)| *state).collect();
        assert_eq!(
            states,
            [
                RuleState::Refused,
                RuleState::Usable,
                RuleState::Refused,
                RuleState::Refused
            ]
        );
        assert!(found[3].2.contains("another rule has the id"), "{:?}", found[3]);
    }

    #[test]
    fn an_alias_bomb_is_refused_by_name() {
        let level = |n: usize| {
            let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
            format!("a{n}: &a{n} [{aliases}]\n")
        };
        let first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        let levels = (1..9).map(level).collect::<Vec<_>>();
        let bomb = [first, levels.concat(), rule(1, "")].concat();
        let good = rule(2, "fields: &f [a]\nrelated: *f\n");
        let found = outcome(&[("bomb.yml", &bomb), ("aliased.yml", &good)]);
        assert_eq!(found[0].1, RuleState::Refused);
        assert!(found[0].2.contains("aliases"), "{:?}", found[0]);
        assert_eq!(found[1].1, RuleState::Usable, "{:?}", found[1]);
    }
}
