//! `ekyc history ID`: what happened to a session, a partner or an operator, event by event. Personal data stays sealed.

use std::fmt::Write;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use cqrs_es::Aggregate;
use domain::ids::{OperatorId, PartnerId, SessionId};
use domain::operator::Operator;
use domain::partner::Partner;
use domain::session::Session;
use serde_json::Value;

use crate::store::Store;
use crate::store::log::LoggedEvent;

/// How a PNG in base64 begins: a partner's logo, thousands of letters long.
const PNG: &str = "iVBORw0KGgo";

/// Which session, and in which form.
#[derive(Clone, Debug, Args)]
pub struct HistoryArgs {
    /// The id of a session, a partner (`par_...`) or an operator (`opr_...`)
    id: Stream,
    /// Print one JSON object a line, with payload and metadata exactly as stored
    #[arg(long)]
    json: bool,
}

/// Whose events, by the form of the id.
#[derive(Clone, Debug)]
struct Stream {
    kind: &'static str,
    id: String,
}

impl FromStr for Stream {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // As it is written in the log, whatever case it came in.
        let (kind, id) = if let Ok(session) = text.parse::<SessionId>() {
            (Session::TYPE, session.to_string())
        } else if let Ok(partner) = text.parse::<PartnerId>() {
            (Partner::TYPE, partner.to_string())
        } else if let Ok(operator) = text.parse::<OperatorId>() {
            (Operator::TYPE, operator.to_string())
        } else {
            return Err("neither the id of a session nor of a partner or an operator".into());
        };
        Ok(Self { kind, id })
    }
}

/// Prints the events in order.
pub async fn run(args: HistoryArgs, store: &Store) -> anyhow::Result<()> {
    show(store, &args.id, args.json).await
}

/// The same for a session that is already known.
pub async fn print(store: &Store, session: SessionId, json: bool) -> anyhow::Result<()> {
    show(store, &Stream { kind: Session::TYPE, id: session.to_string() }, json).await
}

async fn show(store: &Store, Stream { kind, id }: &Stream, json: bool) -> anyhow::Result<()> {
    let events = store.load_raw(kind, id, 0).await?;
    anyhow::ensure!(!events.is_empty(), "there is no {kind} {id}");
    for event in &events {
        print!("{}", if json { json_line(event) } else { paragraph(event) });
    }
    Ok(())
}

/// The stored texts are put in as they are: parsing them would lose the very bytes that the log's leaf covers.
fn json_line(event: &LoggedEvent) -> String {
    let LoggedEvent { position, sequence, payload, metadata, .. } = event;
    let [aggregate_type, aggregate_id, event_type, event_version, recorded_at] = [
        &event.aggregate_type,
        &event.aggregate_id,
        &event.event_type,
        &event.event_version,
        &event.recorded_at,
    ]
    .map(|text| Value::from(text.as_str()));
    format!(
        "{{\"position\":{position},\"aggregate_type\":{aggregate_type},\"aggregate_id\":{aggregate_id},\
         \"sequence\":{sequence},\"event_type\":{event_type},\"event_version\":{event_version},\
         \"recorded_at\":{recorded_at},\"payload\":{payload},\"metadata\":{metadata}}}\n"
    )
}

fn paragraph(event: &LoggedEvent) -> String {
    let metadata: Value = serde_json::from_str(&event.metadata).unwrap_or_default();
    let actor = metadata["actor"].as_str().unwrap_or("unknown");
    let mut text =
        format!("{:>3}  {}  {}  by {actor}\n", event.sequence, event.recorded_at, event.event_type);
    let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
    // The payload of an event is wrapped in its name, which the line above says already.
    let fields = payload.get(&event.event_type).unwrap_or(&payload);
    let mut lines = Vec::new();
    flatten("", fields, &mut lines);
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in lines {
        writeln!(text, "       {name:width$}  {value}").expect("a string takes any text");
    }
    text
}

/// Leaves of the JSON tree as `outer.inner` and value; lists of plain values stay on one line.
fn flatten(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    let inner = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(&inner(key), value, lines)),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (number, item) in items.iter().enumerate() {
                flatten(&inner(&(number + 1).to_string()), item, lines);
            }
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(plain).collect();
            lines.push((name.to_owned(), items.join(", ")));
        }
        value => lines.push((name.to_owned(), plain(value))),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with(PNG) => "[picture]".to_owned(),
        Value::String(text) if is_sealed(text) => "[sealed]".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Base64 of at least a nonce and a tag (24 + 16 bytes). A keyed hash is hexadecimal, which no ciphertext is by chance.
fn is_sealed(text: &str) -> bool {
    let is_hash = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    !is_hash && BASE64_STANDARD.decode(text).is_ok_and(|bytes| bytes.len() >= 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(payload: &str) -> LoggedEvent {
        LoggedEvent {
            position: 7,
            aggregate_type: "session".into(),
            aggregate_id: "00000000-0000-0000-0000-000000000001".into(),
            sequence: 2,
            event_type: "DocumentRead".into(),
            event_version: "1".into(),
            payload: payload.into(),
            metadata: r#"{"actor":"key:key_1"}"#.into(),
            recorded_at: "2024-01-15T10:30:00.000Z".into(),
        }
    }

    #[test]
    fn an_id_in_capitals_names_the_stream_of_the_same_id() {
        let small = "0190a5c4-7b1e-7def-8abc-0123456789ab";
        let stream: Stream = small.to_uppercase().parse().unwrap();
        assert_eq!((stream.kind, stream.id.as_str()), (Session::TYPE, small));
    }

    #[test]
    fn ciphertext_is_named_and_everything_else_is_shown() {
        let sealed = BASE64_STANDARD.encode([9; 50]);
        let hash = "a".repeat(64);
        let payload = format!(
            r#"{{"DocumentRead":{{"identity":"{sealed}","verdict":{{"is_valid":true,"codes":["a","b"]}},
               "models":[{{"sha256":"{hash}"}}],"portrait":null}}}}"#
        );
        let text = paragraph(&event(&payload));
        assert!(text.starts_with("  2  2024-01-15T10:30:00.000Z  DocumentRead  by key:key_1\n"), "{text}");
        assert!(!text.contains(&sealed), "{text}");
        for shown in ["identity", "[sealed]", "verdict.is_valid", "a, b", "models.1.sha256", &hash] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert!(!text.contains("portrait"), "{text}");
        let logo = BASE64_STANDARD.encode([b"\x89PNG\r\n\x1A\n".as_slice(), &[0; 60]].concat());
        let text = paragraph(&event(&format!(r#"{{"DocumentRead":{{"logo":"{logo}"}}}}"#)));
        assert!(text.contains("[picture]") && !text.contains("[sealed]"), "{text}");
    }

    #[test]
    fn the_json_line_holds_the_stored_text_byte_for_byte() {
        let payload = r#"{"b":1.10, "a":2}"#;
        let line = json_line(&event(payload));
        assert!(line.contains(payload), "{line}");
        let parsed: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((parsed["position"].as_u64(), parsed["sequence"].as_u64()), (Some(7), Some(2)));
    }
}
