//! `websocket-proto` as a subject, echoing, both roles: by each way that it offers to read and to write.

mod endpoint;
mod events;
mod http_types;
mod messages;
mod parsed;
mod pooled;
mod reads;
mod talk;

use websocket_proto::Limits;
use websocket_proto::extension::deflate::{Compression, DeflateConfig, WindowBits};
use wsspec::case::{Case, Library, Limit, Need, Role};
use wsspec::exam::{Context, Event, Grade};
use wsspec::memory::Subject;
use wsspec::suite::CaseResult;

pub use messages::{Client, Server};
pub use reads::Reads;

/// What they are made with.
pub const LIMITS: Limits =
    Limits::DEFAULT.with_max_message_len(1 << 20).with_max_frame_len(1 << 20).with_max_fragments(5_000);

/// The one subprotocol.
const SUBPROTOCOL: &str = "chat";

/// The one origin, where there is a list of them.
const ORIGIN: &str = "http://app.example.com";

/// What these subjects declare.
pub fn context() -> Context {
    let mut context = Context {
        host: "server.example.com".to_owned(),
        target: "/chat".to_owned(),
        subprotocol: Some(SUBPROTOCOL.to_owned()),
        commands: true,
        heads: true,
        url: true,
        ..Context::default()
    };
    context.limits.set(Limit::Message, LIMITS.max_message_len);
    context.limits.set(Limit::Frame, LIMITS.max_frame_len);
    context.limits.set(Limit::Fragments, LIMITS.max_fragments.into());
    context.limits.set(Limit::Head, LIMITS.max_head_len as u64);
    context.limits.set(Limit::Fields, LIMITS.max_head_fields as u64);
    context
}

/// A subject: how it is called, what it declares, which cases are for it, and how one is made.
pub struct Entry {
    pub name: &'static str,
    pub role: Role,
    pub context: Context,
    pub takes: fn(&Case) -> bool,
    pub make: fn() -> Box<dyn Subject>,
}

impl Entry {
    /// Whether it is no wonder that a case was not examined: what it needs is not declared, or the subject has limits of its own.
    pub fn explains(&self, result: &CaseResult, library: &Library) -> bool {
        let needs = library.get(&result.id).map(|case| &case.rule.needs[..]).unwrap_or_default();
        let of_small = self.name == "small windows" && needs.contains(&Need::Deflate);
        // A window of 2^15 goes without saying, and is not said.
        let says = result.id == "7692-7.2.2-may-reduce/server-reads-2-to-15";
        // The endpoint sends no Pong by itself.
        let of_pong = result.id.contains("/own-pong") || result.id.starts_with("6455-5.5.3-unsolicited/own");
        let pong = of_pong && self.name.starts_with("endpoint");
        let unmet = needs.iter().any(|&need| !self.context.meets(need));
        result.grade != Grade::Unimplemented || says || pong || of_small || unmet
    }
}

/// Every way to use the crate.
pub fn all() -> Vec<Entry> {
    use Role::{Client as C, Server as S};
    let every: fn(&Case) -> bool = |_| true;
    // What is between the bytes and the fields is another stack's there.
    let parsed: fn(&Case) -> bool =
        |case| !matches!(&*case.family, "server-syntax" | "server-line" | "limits" | "robust");
    let answers: fn(&Case) -> bool = |case| !matches!(&*case.family, "client-syntax" | "client-status" | "limits");
    let origin: fn(&Case) -> bool = |case| case.family == "server-origin";
    let timed = || Context { time: true, heads: false, ..context() };
    let plain = || Context { without_deflate: true, ..context() };
    let entry = |name, role, context, takes, make| Entry { name, role, context, takes, make };
    vec![
        entry("messages", S, context(), every, || Box::new(Server::new())),
        entry("messages", C, context(), every, || Box::new(Client::new())),
        entry("small windows", S, context(), every, || Box::new(Server::with(SMALL))),
        entry("small windows", C, context(), every, || Box::new(Client::with(SMALL))),
        entry("lent places", S, context(), every, || Box::new(messages::lending_server())),
        entry("lent places", C, context(), every, || Box::new(messages::lending_client())),
        entry("pooled", S, context(), every, || Box::new(messages::Accepting::<pooled::Pooled<_>>::new())),
        entry("pooled", C, context(), every, || Box::new(messages::Requesting::<pooled::Pooled<_>>::new())),
        entry("events", S, plain(), every, || Box::new(events::server())),
        entry("events", C, plain(), every, || Box::new(events::client())),
        entry("parsed heads", S, Context { heads: false, ..context() }, parsed, || Box::new(parsed::Server::new())),
        entry("parsed heads", C, Context { url: false, heads: false, ..context() }, answers, || {
            Box::new(parsed::Client::new())
        }),
        entry("types of http", S, context(), parsed, || Box::new(http_types::Server::default())),
        entry("types of http", C, Context { url: false, ..context() }, answers, || {
            Box::new(http_types::Client::default())
        }),
        entry("origin", S, Context { origin: Some(ORIGIN.to_owned()), ..context() }, origin, || {
            Box::new(Server::of(ORIGIN))
        }),
        entry("endpoint", S, timed(), every, || Box::new(endpoint::Server::new(Reads::Room))),
        entry("endpoint", C, timed(), every, || Box::new(endpoint::Client::new(Reads::Room))),
        entry("endpoint, shared buffer", S, timed(), every, || Box::new(endpoint::Server::new(Reads::Shared))),
        entry("endpoint, shared buffer", C, timed(), every, || Box::new(endpoint::Client::new(Reads::Shared))),
        entry("endpoint, in steps", S, timed(), every, || Box::new(endpoint::Server::new(Reads::Steps))),
        entry("endpoint, in steps", C, timed(), every, || Box::new(endpoint::Client::new(Reads::Steps))),
        entry("endpoint, framed apart", S, timed(), every, || Box::new(endpoint::Server::new(Reads::Framed))),
        entry("endpoint, framed apart", C, timed(), every, || Box::new(endpoint::Client::new(Reads::Framed))),
        entry("endpoint, one by one", S, timed(), every, || Box::new(endpoint::Server::new(Reads::OneByOne))),
        entry("endpoint, one by one", C, timed(), every, || Box::new(endpoint::Client::new(Reads::OneByOne))),
        entry("endpoint, dripping", S, timed(), every, || Box::new(endpoint::Server::new(Reads::Drips))),
        entry("endpoint, dripping", C, timed(), every, || Box::new(endpoint::Client::new(Reads::Drips))),
    ]
}

/// Both sides are asked for little.
const SMALL: DeflateConfig = DeflateConfig::DEFAULT
    .with_own(Compression::new(WindowBits::W10, false))
    .with_peer(Compression::new(WindowBits::W9, false))
    .with_fallback(true);

/// Without the judge's own question.
fn own_heard(heard: &[Event]) -> Vec<Event> {
    let asks = |event: &&Event| matches!(event, Event::Ping(payload) if payload.starts_with(b"wsspec: "));
    heard.iter().filter(|event| !asks(event)).cloned().collect()
}
