//! The answer to a bulk request: one entry an action, in order.

use std::collections::HashMap;

use serde::Serialize;
use wolfsec::events::{IngestOutcome, LineOutcome, RejectCode, RejectedLine};

use super::decode::{Item, Operation};

#[derive(Debug, Serialize)]
pub(super) struct BulkAnswer {
    /// Milliseconds.
    took: i64,
    errors: bool,
    items: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Index(Outcome),
    Create(Outcome),
    Update(Outcome),
    Delete(Outcome),
}

#[derive(Debug, Serialize)]
struct Outcome {
    #[serde(rename = "_index")]
    index: String,
    #[serde(rename = "_id")]
    id: Option<String>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ItemError>,
}

#[derive(Debug, Serialize)]
struct ItemError {
    #[serde(rename = "type")]
    kind: &'static str,
    reason: String,
}

/// Puts together what the decoder and the pipeline said about each line.
pub(super) fn bulk_answer(took: i64, items: &[Item], refused: &[RejectedLine], outcome: &IngestOutcome) -> BulkAnswer {
    let rejected: HashMap<u32, &RejectedLine> = outcome
        .answer
        .rejected
        .iter()
        // A replay is answered from the first request, which may have had other actions around the same documents.
        .chain(refused)
        .map(|reject| (reject.line, reject))
        .collect();
    let mut errors = false;
    let entries = items
        .iter()
        .map(|item| {
            let stored = outcome.lines.binary_search_by_key(&item.line, |line| line.line);
            let stored = stored.ok().and_then(|at| outcome.lines.get(at));
            let of_item = match (stored, rejected.get(&item.line)) {
                (Some(stored), _) => stored_item(item, stored),
                (None, Some(reject)) => failed(item, 400, kind_of(reject.code), reject.reason.clone()),
                (None, None) => failed(item, 500, "exception", "this line was lost; send it again".to_owned()),
            };
            errors |= of_item.error.is_some();
            match item.operation {
                Operation::Index => Entry::Index(of_item),
                Operation::Create => Entry::Create(of_item),
                Operation::Update => Entry::Update(of_item),
                Operation::Delete => Entry::Delete(of_item),
            }
        })
        .collect();
    BulkAnswer {
        took,
        errors,
        items: entries,
    }
}

/// A document that is there already conflicts where the client named it. Without a name the client sent it again because no
/// answer came: that is well, and nothing changed.
fn stored_item(item: &Item, stored: &LineOutcome) -> Outcome {
    match (&item.id, stored.duplicate) {
        (Some(id), true) => failed(
            item,
            409,
            "version_conflict_engine_exception",
            format!("[{id}]: version conflict, an event with this _id and time is stored already"),
        ),
        (_, duplicate) => Outcome {
            index: item.index.clone().unwrap_or_default(),
            id: Some(item.id.clone().unwrap_or_else(|| stored.id.0.to_string())),
            status: if duplicate { 200 } else { 201 },
            result: Some(if duplicate { "noop" } else { "created" }),
            error: None,
        },
    }
}

fn failed(item: &Item, status: u16, kind: &'static str, reason: String) -> Outcome {
    Outcome {
        index: item.index.clone().unwrap_or_default(),
        id: item.id.clone(),
        status,
        result: None,
        error: Some(ItemError { kind, reason }),
    }
}

fn kind_of(code: RejectCode) -> &'static str {
    match code {
        RejectCode::UnsupportedAction => "unsupported_operation_exception",
        RejectCode::MalformedAction | RejectCode::MissingDocument => "illegal_argument_exception",
        RejectCode::MalformedJson
        | RejectCode::NotAnObject
        | RejectCode::TooLong
        | RejectCode::TooDeep
        | RejectCode::InvalidUtf8 => "document_parsing_exception",
    }
}
