//! The normalised columns: short, validated texts that searches, alerts and correlations share.

use std::net::IpAddr;

use wolfsec::events::EcsColumns;
use wolfsec::severity::Severity;

use super::mapping::{COLUMN_NAMES, Columns};
use super::{Added, find, path};
use crate::json::Object;

/// Longest column value (bytes): well below what a B-tree index takes.
const MAX_COLUMN_BYTES: usize = 512;
/// Fields that may carry a severity word.
const SEVERITY_FIELDS: [&str; 4] = ["severity", "level", "log.level", "event.severity"];

/// journald's field for syslog's number of a severity, 0 (emergency) to 7 (debug): systemd.journal-fields(7).
const PRIORITY_FIELD: &str = "PRIORITY";

/// Fills every column from the sent fields, what was read out of the message, and the names that the
/// mapping and then any source may use.
pub(crate) fn fill(map: Object<'_>, added: &Added<'_>, mapped: Option<&Columns>, common: &Columns) -> EcsColumns {
    let column = |index: usize, read: fn(&str) -> Option<String>| -> Option<String> {
        let own = COLUMN_NAMES.get(index).copied();
        let mapped = mapped.and_then(|columns| columns.get(index)).into_iter().flatten();
        let common = common.get(index).into_iter().flatten();
        own.into_iter()
            .chain(mapped.chain(common).map(String::as_str))
            .find_map(|name| read(&path::text(find(map, added, name)?)?))
    };
    EcsColumns {
        host_name: column(0, plain),
        user_name: column(1, account),
        source_ip: column(2, address),
        destination_ip: column(3, address),
        process_name: column(4, file_name),
        event_code: column(5, plain),
        event_outcome: column(6, outcome),
    }
}

/// Column names and values that are filled.
pub(crate) fn named(columns: &EcsColumns) -> impl Iterator<Item = (&'static str, &String)> {
    let values = [
        &columns.host_name,
        &columns.user_name,
        &columns.source_ip,
        &columns.destination_ip,
        &columns.process_name,
        &columns.event_code,
        &columns.event_outcome,
    ];
    COLUMN_NAMES
        .into_iter()
        .zip(values)
        .filter_map(|(name, value)| value.as_ref().map(|value| (name, value)))
}

#[expect(clippy::unnecessary_wraps, reason = "one of several readers with this signature")]
fn plain(text: &str) -> Option<String> {
    Some(path::shorten(text, MAX_COLUMN_BYTES).to_owned())
}

/// A user without the Windows domain before it.
fn account(text: &str) -> Option<String> {
    text.rsplit('\\').next().filter(|name| !name.is_empty()).and_then(plain)
}

/// The last part of a program's path.
fn file_name(text: &str) -> Option<String> {
    text.rsplit(['\\', '/'])
        .next()
        .filter(|name| !name.is_empty())
        .and_then(plain)
}

fn address(text: &str) -> Option<String> {
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical().to_string())
}

/// ECS knows success, failure and unknown. Windows writes it into EventType (nxlog) or the Keywords bits
/// 0x20000000000000 (audit success) and 0x10000000000000 (audit failure); auditd writes yes and no.
fn outcome(text: &str) -> Option<String> {
    const SUCCESS: [&str; 6] = ["success", "succeeded", "audit_success", "yes", "allowed", "ok"];
    const FAILURE: [&str; 6] = ["failure", "failed", "audit_failure", "no", "denied", "fail"];
    const SUCCESS_KEYWORDS: [&str; 2] = ["0x8020000000000000", "-9214364837600034816"];
    const FAILURE_KEYWORDS: [&str; 2] = ["0x8010000000000000", "-9218868437227405312"];
    let is_in = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let word = if is_in(&SUCCESS) || is_in(&SUCCESS_KEYWORDS) {
        "success"
    } else if is_in(&FAILURE) || is_in(&FAILURE_KEYWORDS) {
        "failure"
    } else if is_in(&["unknown"]) {
        "unknown"
    } else {
        return None;
    };
    Some(word.to_owned())
}

/// The severity that a line claims, in Sigma's or syslog's words or by journald's number.
pub(crate) fn severity(map: Object<'_>) -> Severity {
    SEVERITY_FIELDS
        .iter()
        .filter_map(|name| path::lookup(map, name)?.as_str())
        .find_map(|word| {
            Some(match word.trim().to_ascii_lowercase().as_str() {
                "informational" | "info" | "notice" | "debug" | "trace" => Severity::Informational,
                "low" | "warning" | "warn" => Severity::Low,
                "medium" | "moderate" | "error" | "err" => Severity::Medium,
                "high" | "crit" | "alert" | "fatal" => Severity::High,
                "critical" | "emerg" | "emergency" | "panic" => Severity::Critical,
                _ => return None,
            })
        })
        .or_else(|| priority(&path::text(map.get(PRIORITY_FIELD)?)?))
        .unwrap_or(Severity::Informational)
}

/// As the words of the same numbers are read.
fn priority(number: &str) -> Option<Severity> {
    Some(match number {
        "0" => Severity::Critical,
        "1" | "2" => Severity::High,
        "3" => Severity::Medium,
        "4" => Severity::Low,
        "5" | "6" | "7" => Severity::Informational,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bumpalo::Bump;
    use serde_json::{Value, json};

    use crate::json::parse;

    fn claimed(value: &Value) -> Severity {
        let (arena, text) = (Bump::new(), value.to_string());
        severity(parse(&text, &arena).unwrap().as_object().unwrap())
    }

    #[test]
    fn addresses_are_validated_and_written_one_way() {
        assert_eq!(address("::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(address("2001:DB8::1").as_deref(), Some("2001:db8::1"));
        assert_eq!(address("cloudtrail.amazonaws.com"), None);
    }

    #[test]
    fn outcomes_of_every_source_are_ecs_words() {
        for (text, word) in [
            ("AUDIT_FAILURE", "failure"),
            ("0x8020000000000000", "success"),
            ("yes", "success"),
        ] {
            assert_eq!(outcome(text).as_deref(), Some(word));
        }
        assert_eq!(outcome("INFO"), None);
    }

    #[test]
    fn severity_comes_from_words_only() {
        let of = |value: Value| claimed(&value);
        assert_eq!(of(json!({"level": "4", "log": {"level": "WARN"}})), Severity::Low);
        assert_eq!(of(json!({"severity": "critical"})), Severity::Critical);
        assert_eq!(of(json!({"severity": 7})), Severity::Informational);
    }

    #[test]
    fn the_journal_counts_severity_from_the_top() {
        let of = |value: Value| claimed(&value);
        for (number, expected) in [
            ("0", Severity::Critical),
            ("2", Severity::High),
            ("3", Severity::Medium),
            ("4", Severity::Low),
            ("6", Severity::Informational),
            ("8", Severity::Informational),
        ] {
            assert_eq!(of(json!({"PRIORITY": number})), expected, "{number}");
        }
        assert_eq!(of(json!({"PRIORITY": 3})), Severity::Medium);
        assert_eq!(of(json!({"PRIORITY": "3", "level": "warn"})), Severity::Low);
    }
}
