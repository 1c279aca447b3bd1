//! From a bulk body to NDJSON. Each document keeps its line's number: where an action stood, a blank line stands, so that
//! what the pipeline says about a line is said about the line that the client sent.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::Value;
use wolfsec::events::{REJECT_SAMPLE_BYTES, RejectCode, RejectedLine};

/// Actions in one request; more are a mistake, and each costs an answer of its own.
const MAX_ITEMS: usize = 100_000;
/// Longest index name and longest `_id`, as in Elasticsearch (bytes).
const MAX_INDEX_BYTES: usize = 255;
const MAX_ID_BYTES: usize = 512;

/// Why a body as a whole is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BulkError {
    #[error("the request body is empty; a bulk request has one action and one document a line")]
    Empty,
    #[error("a bulk request has at most {MAX_ITEMS} actions; send smaller batches")]
    TooMany,
}

/// What the path says for actions that do not.
#[derive(Debug, Clone, Default)]
pub(super) struct Defaults {
    pub index: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Index,
    Create,
    Update,
    Delete,
}

/// One action of the request, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub operation: Operation,
    pub index: Option<String>,
    pub id: Option<String>,
    /// The document's line, or that of the action that was refused; counts from 1.
    pub line: u32,
}

#[derive(Debug)]
pub(super) struct Bulk {
    /// NDJSON with as many lines as the request.
    pub lines: Bytes,
    pub items: Vec<Item>,
    pub refused: Vec<RejectedLine>,
}

/// `{"index":{…}}`. What does not concern events (`_type`, `routing`, `pipeline`, …) is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionLine {
    Index(Target),
    Create(Target),
    Update(Target),
    Delete(Target),
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<Value>,
}

/// Reads a body. CPU only: belongs on a blocking thread.
pub(super) fn decode(body: &[u8], defaults: &Defaults) -> Result<Bulk, BulkError> {
    if body.trim_ascii().is_empty() {
        return Err(BulkError::Empty);
    }
    let mut reader = Reader {
        defaults,
        lines: body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).collect(),
        next: 0,
        out: Vec::with_capacity(body.len() + body.len() / 8),
        items: Vec::new(),
        refused: Vec::new(),
    };
    while let Some(line) = reader.take() {
        reader.blank();
        if line.is_empty() {
            continue;
        }
        if reader.items.len() == MAX_ITEMS {
            return Err(BulkError::TooMany);
        }
        reader.action(line);
    }
    Ok(Bulk {
        lines: reader.out.into(),
        items: reader.items,
        refused: reader.refused,
    })
}

struct Reader<'b> {
    defaults: &'b Defaults,
    lines: Vec<&'b [u8]>,
    next: usize,
    out: Vec<u8>,
    items: Vec<Item>,
    refused: Vec<RejectedLine>,
}

impl<'b> Reader<'b> {
    fn take(&mut self) -> Option<&'b [u8]> {
        let line = self.lines.get(self.next).copied();
        self.next += usize::from(line.is_some());
        line
    }

    /// The number of the line taken last.
    fn number(&self) -> u32 {
        u32::try_from(self.next).unwrap_or(u32::MAX)
    }

    fn blank(&mut self) {
        self.out.push(b'\n');
    }

    fn skip(&mut self) {
        if self.take().is_some() {
            self.blank();
        }
    }

    /// One action and what belongs to it.
    fn action(&mut self, line: &'b [u8]) {
        let (operation, target) = match parse(line) {
            Ok(parsed) => parsed,
            Err(reason) => return self.malformed_action(line, &reason),
        };
        let mut item = Item {
            operation,
            index: target.index.or_else(|| self.defaults.index.clone()),
            id: None,
            line: self.number(),
        };
        match client_id(target.id) {
            Ok(id) => item.id = id,
            Err(reason) => {
                self.refuse(item, line, RejectCode::MalformedAction, reason);
                return self.skip_document(operation);
            }
        }
        if item.index.as_ref().is_some_and(|index| index.len() > MAX_INDEX_BYTES) {
            let reason = format!("an index name has at most {MAX_INDEX_BYTES} bytes");
            self.refuse(item, line, RejectCode::MalformedAction, reason);
            return self.skip_document(operation);
        }
        match operation {
            Operation::Index | Operation::Create => self.document(item, line),
            Operation::Update | Operation::Delete => {
                let reason = "events are stored once and never changed: only index and create are taken".to_owned();
                self.refuse(item, line, RejectCode::UnsupportedAction, reason);
                self.skip_document(operation);
            }
        }
    }

    fn document(&mut self, mut item: Item, action: &'b [u8]) {
        let document = self.take().unwrap_or_default();
        if document.is_empty() {
            let reason = "the document is missing: it belongs on the line after its action".to_owned();
            self.refuse(item, action, RejectCode::MissingDocument, reason);
        } else {
            item.line = self.number();
            write_document(&mut self.out, document, &item);
            self.items.push(item);
        }
        self.blank();
    }

    fn skip_document(&mut self, operation: Operation) {
        if operation != Operation::Delete {
            self.skip();
        }
    }

    /// The line after it is its document, unless that is an action: then this line stood alone.
    fn malformed_action(&mut self, line: &'b [u8], reason: &str) {
        let item = Item {
            operation: Operation::Index,
            index: self.defaults.index.clone(),
            id: None,
            line: self.number(),
        };
        let reason = format!("not an action like {{\"index\":{{}}}} or {{\"create\":{{}}}}: {reason}");
        self.refuse(item, line, RejectCode::MalformedAction, reason);
        if self.lines.get(self.next).is_some_and(|next| parse(next).is_err()) {
            self.skip();
        }
    }

    fn refuse(&mut self, item: Item, line: &[u8], code: RejectCode, reason: String) {
        let start = line.get(..REJECT_SAMPLE_BYTES).unwrap_or(line);
        self.refused.push(RejectedLine {
            line: item.line,
            code,
            reason,
            sample: String::from_utf8_lossy(start).replace('\0', "\u{fffd}"),
        });
        self.items.push(item);
    }
}

fn parse(line: &[u8]) -> Result<(Operation, Target), String> {
    match serde_json::from_slice(line) {
        Ok(ActionLine::Index(target)) => Ok((Operation::Index, target)),
        Ok(ActionLine::Create(target)) => Ok((Operation::Create, target)),
        Ok(ActionLine::Update(target)) => Ok((Operation::Update, target)),
        Ok(ActionLine::Delete(target)) => Ok((Operation::Delete, target)),
        Err(error) => Err(error.to_string()),
    }
}

fn client_id(sent: Option<Value>) -> Result<Option<String>, String> {
    let id = match sent {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        Some(_) => return Err("_id must be a text".to_owned()),
    };
    if id.is_empty() || id.len() > MAX_ID_BYTES {
        return Err(format!("_id must have 1 to {MAX_ID_BYTES} bytes"));
    }
    Ok(Some(id))
}

/// The document with `_index` and `_id` as its last members, so that the action's word counts where the document has its
/// own. It is not parsed: what is malformed stays malformed, and is rejected with its reason by the pipeline.
fn write_document(out: &mut Vec<u8>, document: &[u8], item: &Item) {
    let members = document
        .strip_prefix(b"{")
        .and_then(|rest| rest.strip_suffix(b"}"))
        .filter(|_| item.index.is_some() || item.id.is_some());
    let Some(members) = members else {
        out.extend_from_slice(document);
        return;
    };
    out.push(b'{');
    out.extend_from_slice(members);
    let mut first = members.trim_ascii().is_empty();
    for (name, value) in [("_index", &item.index), ("_id", &item.id)] {
        let Some(value) = value else { continue };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        out.extend_from_slice(format!("\"{name}\":{}", Value::from(value.as_str())).as_bytes());
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (String, Bulk) {
        let defaults = Defaults {
            index: Some("logs".to_owned()),
        };
        let bulk = decode(body.as_bytes(), &defaults).unwrap();
        (String::from_utf8(bulk.lines.to_vec()).unwrap(), bulk)
    }

    #[test]
    fn documents_keep_their_lines_and_take_the_actions_words() {
        let (lines, bulk) = read(
            "{\"index\":{\"_index\":\"syslog\",\"_type\":\"_doc\",\"_id\":7}}\r\n{\"a\":1,\"_id\":\"own\"}\r\n\n{\"create\":{}}\n{}\n",
        );
        let expected = "\n{\"a\":1,\"_id\":\"own\",\"_index\":\"syslog\",\"_id\":\"7\"}\n\n\n{\"_index\":\"logs\"}\n\n";
        assert_eq!(lines, expected);
        let parsed: Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
        assert_eq!(parsed["_id"], "7");
        let places: Vec<_> = bulk.items.iter().map(|item| (item.operation, item.line)).collect();
        assert_eq!(places, [(Operation::Index, 2), (Operation::Create, 5)]);
        assert!(bulk.refused.is_empty());
    }

    #[test]
    fn what_is_refused_takes_no_neighbour_along() {
        let (lines, bulk) = read(
            "{\"delete\":{\"_id\":\"1\"}}\n{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{}}\n{broken\n{\"of\":\"it\"}\n{broken\n\
             {\"index\":{}}\n{\"good\":1}\n{\"index\":{\"_id\":\"\"}}\n{\"skipped\":1}\n{\"index\":{}}\n",
        );
        let stored: Vec<_> = lines.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(stored, ["{\"good\":1,\"_index\":\"logs\"}"]);
        let refused: Vec<_> = bulk.refused.iter().map(|reject| (reject.line, reject.code)).collect();
        assert_eq!(
            refused,
            [
                (1, RejectCode::UnsupportedAction),
                (2, RejectCode::UnsupportedAction),
                (4, RejectCode::MalformedAction),
                (6, RejectCode::MalformedAction),
                (9, RejectCode::MalformedAction),
                (11, RejectCode::MissingDocument),
            ]
        );
        assert_eq!(bulk.items.len(), 7);
    }

    #[test]
    fn a_malformed_document_never_becomes_a_good_one() {
        for document in [
            "{\"a\":1",
            "{broken}",
            "{\"a\":\"b}",
            "{,}",
            "{\"a\":1,}",
            "[1]",
            "{\"a\":1}}",
            "{",
            "}",
        ] {
            let (lines, _) = read(&format!("{{\"index\":{{\"_id\":\"1\"}}}}\n{document}\n"));
            let written = lines.lines().nth(1).unwrap();
            let object: Result<serde_json::Map<String, Value>, _> = serde_json::from_str(written);
            assert!(object.is_err(), "{document} became {written}");
        }
    }

    #[test]
    fn empty_and_boundless_bodies_are_refused() {
        let defaults = Defaults::default();
        assert_eq!(decode(b" \n\n", &defaults).unwrap_err(), BulkError::Empty);
        let many = "{\"delete\":{}}\n".repeat(MAX_ITEMS + 1);
        assert_eq!(decode(many.as_bytes(), &defaults).unwrap_err(), BulkError::TooMany);
    }
}
