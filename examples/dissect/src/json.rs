//! The report that programs read: one JSON object a line.

use std::time::Duration;

use serde_json::{Value, json};

use crate::event::{Event, Kept, Stream, Way};
use crate::finding::Finding;
use crate::text::{hex, opcode_name};

/// An event as one object. Payloads are hexadecimal, and text as well where it is valid.
pub fn object(stream: &Stream, time: Duration, event: &Event) -> Value {
    let mut object = match event {
        Event::Began => json!({
            "client": stream.client.to_string(), "server": stream.server.to_string(), "tls": stream.tls, "http2": stream.http2,
        }),
        Event::Head { way, lines, findings } => {
            json!({ "from": way.sender(), "lines": lines, "violations": list(findings) })
        }
        Event::Opened { accept, extensions, subprotocol, findings } => {
            json!({ "accept": accept, "extensions": extensions, "subprotocol": subprotocol, "violations": list(findings) })
        }
        Event::Frame { way, header, offset, payload, findings } => json!({
            "from": way.sender(),
            "offset": offset,
            "fin": header.fin(),
            "rsv": header.rsv().to_string().split('+').filter(|bit| bit.starts_with("RSV")).collect::<Vec<_>>(),
            "opcode": header.opcode(),
            "name": opcode_name(header.opcode()),
            "masking_key": header.masking_key().map(|key| hex(&key.to_bytes())),
            "length": header.payload_len(),
            "payload": hex(&payload.bytes),
            "payload_is_whole": payload.len == header.payload_len() && payload.is_whole(),
            "violations": list(findings),
        }),
        Event::Message { way, text, frames, compressed, wire_len, missing, payload, flv, findings } => json!({
            "from": way.sender(),
            "kind": if *text { "text" } else { "binary" },
            "frames": frames,
            "compressed": compressed,
            "wire_length": wire_len,
            "missing": missing,
            "length": payload.len,
            "text": readable(payload, *text),
            "payload": hex(&payload.bytes),
            "payload_is_whole": payload.is_whole(),
            "flv": flv.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "violations": list(findings),
        }),
        Event::Cut { way, what } => json!({ "from": way.sender(), "what": what }),
        Event::Gap { way, len, in_step } => json!({ "from": way.sender(), "length": len, "in_step": in_step }),
        Event::Ended(summary) => {
            let trips = summary.round_trips;
            let sides = Way::BOTH.map(|way| {
                let n = way.index();
                json!({
                    "messages": summary.messages[n], "frames": summary.frames[n], "payload": summary.payload[n],
                    "wire": summary.wire[n], "missing": summary.gaps[n],
                })
            });
            let closes: Vec<_> = summary
                .closes
                .iter()
                .map(|(way, code, reason)| json!({ "from": way.sender(), "code": code, "reason": reason }))
                .collect();
            json!({
                "client": sides[0], "server": sides[1], "closes": closes, "end": summary.end, "violations": summary.findings,
                "round_trips": {
                    "count": trips.count, "least": trips.least.as_secs_f64(), "most": trips.most.as_secs_f64(),
                    "mean": trips.mean().map(|mean| mean.as_secs_f64()),
                },
                "seconds": summary.lasted.as_secs_f64(),
            })
        }
    };
    if let Value::Object(fields) = &mut object {
        let front =
            [("stream", json!(stream.number)), ("time", json!(time.as_secs_f64())), ("event", json!(name(event)))];
        for (n, (name, value)) in front.into_iter().enumerate() {
            fields.shift_insert(n, name.into(), value);
        }
    }
    object
}

/// What an event is called, here and in `--filter`.
pub fn name(event: &Event) -> &'static str {
    match event {
        Event::Began => "began",
        Event::Head { .. } => "head",
        Event::Opened { .. } => "opened",
        Event::Frame { .. } => "frame",
        Event::Message { .. } => "message",
        Event::Gap { .. } => "gap",
        Event::Cut { .. } => "cut",
        Event::Ended(_) => "ended",
    }
}

fn list(findings: &[Finding]) -> Vec<Value> {
    findings
        .iter()
        .map(|finding| json!({ "text": finding.text, "section": finding.section, "close_code": finding.close_code }))
        .collect()
}

fn readable(payload: &Kept, text: bool) -> Option<&str> {
    if text { std::str::from_utf8(&payload.bytes).ok() } else { None }
}
