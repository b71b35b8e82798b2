//! The cases as vectors for other languages: bytes, what is heard, and how it ends.

use crate::case::{Alternative, Answer, Case, End, Library, Need, Opening, Role};
use crate::exam::{Event, Vector, VectorStep, runs};
use crate::report::json::Json;

/// All cases that begin with a good handshake and need no limit, clock or command: one vector on each line.
pub fn json(library: &Library) -> String {
    let mut lines = Vec::new();
    for case in &library.cases {
        for role in [Role::Server, Role::Client] {
            if case.rule.roles.contains(role) {
                lines.extend(one(case, role).map(|json| {
                    let mut line = String::new();
                    json.write(&mut line);
                    line
                }));
            }
        }
    }
    format!("{{\"format\": 1, \"vectors\": [\n{}\n]}}\n", lines.join(",\n"))
}

fn one(case: &Case, role: Role) -> Option<Json> {
    let plain = matches!(case.opening, Opening::Good) && case.rule.needs.iter().all(|need| *need == Need::Deflate);
    if !plain {
        return None;
    }
    let vector = Vector::new(case, role)?;
    let steps = vector.steps.iter().map(|step| match step {
        VectorStep::Send(runs) => Json::object([("send", runs.clone())]),
        VectorStep::Look => Json::object([("look", Json::Bool(true))]),
        VectorStep::End => Json::object([("end", Json::Bool(true))]),
    });
    let outcomes: Option<Vec<Json>> = case.outcome.iter().map(|alternative| outcome(alternative, &vector)).collect();
    Some(Json::object([
        ("id", Json::text(&case.id)),
        ("role", Json::text(role.name())),
        ("level", Json::text(case.rule.level.name())),
        ("deflate", Json::Bool(case.rule.needs(Need::Deflate))),
        ("steps", Json::List(steps.collect())),
        ("outcomes", Json::List(outcomes?)),
    ]))
}

fn outcome(alternative: &Alternative, vector: &Vector) -> Option<Json> {
    if !matches!(alternative.answer, None | Some(Answer::Accepted { .. })) {
        return None;
    }
    let heard = vector.heard(alternative)?;
    let heard = heard.iter().map(|event| {
        let (kind, bytes) = match event {
            Event::Text(bytes) => ("text", bytes),
            Event::Binary(bytes) => ("binary", bytes),
            Event::Ping(bytes) => ("ping", bytes),
            Event::Pong(bytes) => ("pong", bytes),
        };
        Json::List(vec![Json::text(kind), runs(bytes)])
    });
    let (end, code) = match alternative.end {
        End::Open => ("open", None),
        End::Close(code) => ("close", code),
        End::Fail(code) => ("fail", code),
        End::Closing(code) => ("closing", code),
        End::Eof => ("eof", None),
    };
    Some(Json::object([
        ("heard", Json::List(heard.collect())),
        ("end", Json::text(end)),
        ("code", code.map_or(Json::Null, |code| Json::Number(code.into()))),
        ("lenient", Json::Bool(alternative.lenient)),
    ]))
}
