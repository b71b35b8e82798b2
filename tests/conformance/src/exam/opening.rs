//! The handshake's part of the state machine.

use super::Do;
use super::heads::Draft;
use super::machine::{Exam, Phase};
use super::script::Op;
use crate::case::{Answer, Case, End, Need, Opening, Role, Step};
use crate::wire::accept;
use crate::wire::extension::{self, Deflate};
use crate::wire::head::Head;
use crate::wire::strict::Strict;

impl<'c> Exam<'c> {
    pub(super) fn early(&self) -> (&'c [Step], &'c [Step]) {
        let case: &'c Case = self.case;
        let Some((Step::Early, steps)) = case.steps.split_first() else { return (&[], &case.steps) };
        match steps.iter().position(|step| *step == Step::Look) {
            Some(at) => (&steps[..at], &steps[at + 1..]),
            None => (steps, &[]),
        }
    }

    pub(super) fn miss(&mut self, what: impl Into<String>) -> Option<Do> {
        self.facts.missing = Some(what.into());
        self.phase = Phase::Done;
        None
    }

    pub(super) fn start(&mut self) -> Option<Do> {
        if self.role == Role::Client {
            self.phase = Phase::Request;
            return None;
        }
        let offer = match &self.case.opening {
            Opening::Agree(params) => Some(with_params(params)),
            Opening::Good if self.case.rule.needs(Need::Deflate) => Some(Deflate::NAME.to_owned()),
            _ => None,
        };
        let draft = match &self.case.opening {
            Opening::Connect(_) => Draft::connect(&self.variables),
            _ => Draft::request(&self.variables, offer.as_deref()),
        };
        self.phase = Phase::Answer;
        self.send_head(draft)
    }

    /// Sends the judge's head, with what goes with it.
    pub(super) fn send_head(&mut self, draft: Draft) -> Option<Do> {
        let edits = match &self.case.opening {
            Opening::Request(edits) | Opening::Response(edits) => &edits[..],
            Opening::Connect(edits) | Opening::Answer(edits) => &edits[..],
            _ => &[],
        };
        let Some(draft) = draft.edit(edits, &self.context.limits, &self.variables) else {
            return self.miss("needs a declared limit");
        };
        if let Opening::Connect(_) | Opening::Answer(_) = self.case.opening {
            let fields = draft.fields();
            self.facts.own_head = Some(Head::connect(&fields));
            self.pieces.push_back(Do::Head(fields));
            return if self.role == Role::Client { self.begin(&self.case.steps) } else { None };
        }
        let head = draft.write();
        self.facts.own_head = Head::read(&head);
        let mut bytes = [draft.before(), &head].concat();
        if draft.is_cut() {
            self.phase = Phase::Script;
        }
        let (early, rest) = self.early();
        let frames = self.role == Role::Client || matches!(early.first(), Some(Step::Frame(_)));
        let plain = self.is_good() && early.is_empty();
        let Ok(early) = self.writer.compile(early) else { return self.miss("needs a declared limit") };
        let mut half = false;
        for op in early {
            match op {
                Op::Bytes(more) => {
                    if frames {
                        self.early_frames.extend(&more);
                    }
                    bytes.extend(more);
                }
                Op::Half => half = true,
                Op::Look | Op::Wait(_) | Op::Silent | Op::Do(_) => {}
            }
        }
        // A good head is the same in all cases, and other cases are about heads: it arrives whole, so that a peer that takes no head in
        // pieces is examined in the rest.
        if plain {
            self.queue_whole(bytes)
        } else {
            self.queue(&bytes)
        }
        if half {
            self.facts.half = true;
            self.pieces.push_back(Do::CloseWrite);
        }
        if self.role == Role::Client || draft.is_cut() {
            return self.begin(rest);
        }
        None
    }

    /// The steps, now that it is known what was agreed.
    pub(super) fn begin(&mut self, steps: &[Step]) -> Option<Do> {
        self.strict = Strict::new(self.role == Role::Server, self.facts.deflate);
        self.writer.agree(self.facts.deflate);
        self.seen.agree(self.facts.deflate, self.role);
        let Ok(ops) = self.writer.compile(steps) else { return self.miss("needs a declared limit") };
        let early = std::mem::take(&mut self.early_frames);
        self.note_frames(&early);
        let mut strict = Strict::new(self.role == Role::Server, self.facts.deflate);
        strict.push(&early);
        for op in &ops {
            if let Op::Bytes(bytes) = op {
                strict.push(bytes);
            }
        }
        self.facts.violates = strict.failed.is_some();
        let agreed = self.facts.deflate.is_some_and(|deflate| deflate != Deflate::default());
        let goes_on = self.case.outcome.first().is_some_and(|first| matches!(first.end, End::Open | End::Close(_)));
        if self.facts.violates && goes_on && agreed && self.is_good() {
            // What is legal by default is not what was agreed: without the history of messages, say.
            return self.miss("needs a peer that agrees to permessage-deflate without parameters");
        }
        self.ops = ops.into();
        self.phase = Phase::Script;
        None
    }

    pub(super) fn await_head(&mut self, quiet: bool) -> Option<Do> {
        if self.seen.head.is_some() {
            return match self.role {
                Role::Server => self.answered(),
                Role::Client => self.asked(),
            };
        }
        if self.seen.ended.is_none() && !quiet {
            return Some(Do::Read);
        }
        self.facts.no_answer = true;
        self.phase = Phase::Done;
        None
    }

    /// A server's response is here.
    pub(super) fn answered(&mut self) -> Option<Do> {
        if !self.is_open() {
            self.phase = Phase::Done;
            return None;
        }
        let head = self.seen.head.as_ref();
        self.facts.deflate = head.and_then(agreed);
        let wanted = match &self.case.opening {
            Opening::Agree(params) => Some(answer_of(&with_params(params))),
            Opening::Good if self.case.rule.needs(Need::Deflate) => None,
            _ => return self.begin(self.early().1),
        };
        match (wanted, self.facts.deflate) {
            (_, None) => self.miss("needs permessage-deflate"),
            (Some(wanted), deflate) if wanted != deflate => self.miss("needs a peer that agrees to these parameters"),
            _ => self.begin(self.early().1),
        }
    }

    /// A client's request is here.
    pub(super) fn asked(&mut self) -> Option<Do> {
        let Some(head) = &self.seen.head else { return None };
        self.facts.early_data = !self.seen.unfinished().is_empty() || !self.seen.frames.is_empty();
        let key = head.values("Sec-WebSocket-Key").first().map(|key| key.to_vec()).unwrap_or_default();
        self.variables.accept = accept(&key);
        self.variables.key = String::from_utf8_lossy(&key).into_owned();
        let offers: Vec<Deflate> = offers(head);
        let mut answer = None;
        if self.case.rule.needs(Need::Deflate) {
            let Some(&offer) = offers.first() else {
                return self.miss("needs a client that offers permessage-deflate");
            };
            match &self.case.opening {
                Opening::Agree(params) => {
                    let text = with_params(params);
                    let wanted = answer_of(&text);
                    if !wanted.is_some_and(|w| offers.iter().any(|&offer| w.not_of(offer).is_none())) {
                        return self.miss("needs a client whose offer allows these parameters");
                    }
                    answer = Some(text);
                }
                Opening::Good => {
                    let mut text = Deflate::NAME.to_owned();
                    if offer.server_no_takeover {
                        text.push_str("; server_no_context_takeover");
                    }
                    // RFC 7692 §7.1.1.2: it may be left out; there are clients that take no answer without it.
                    if offer.client_no_takeover {
                        text.push_str("; client_no_context_takeover");
                    }
                    if let Some(bits) = offer.server_bits {
                        text.push_str(&format!("; server_max_window_bits={bits}"));
                    }
                    answer = Some(text);
                }
                _ => {}
            }
        }
        if let Opening::Url(url) = &self.case.opening {
            self.facts.url = super::url::fault(url, head);
        }
        let draft = match &self.case.opening {
            Opening::Answer(_) => Draft::answer(),
            _ => Draft::response(&self.variables, answer.as_deref()),
        };
        // What is agreed stands in the head as it is sent.
        let edits = match &self.case.opening {
            Opening::Response(edits) | Opening::Answer(edits) => &edits[..],
            _ => &[],
        };
        let edited = draft.clone().edit(edits, &self.context.limits, &self.variables);
        let connect = matches!(self.case.opening, Opening::Answer(_));
        let read =
            |draft: Draft| if connect { Some(Head::connect(&draft.fields())) } else { Head::read(&draft.write()) };
        self.facts.deflate = edited.and_then(read).and_then(|head| agreed(&head));
        if let Some(agreed) = self.facts.deflate {
            let accepts = self.case.outcome.first().is_some_and(|first| first.answer != Some(Answer::Refused));
            if accepts && !offers.is_empty() && offers.iter().all(|&offer| agreed.not_of(offer).is_some()) {
                return self.miss("needs a client whose offer allows this answer");
            }
            let unasked = |offer: &Deflate| {
                agreed.server_bits.is_some() && offer.server_bits.is_none()
                    || offer.client_no_takeover && !agreed.client_no_takeover
            };
            self.facts.may_refuse = matches!(self.case.opening, Opening::Agree(_)) && offers.iter().all(unasked);
        }
        self.send_head(draft)
    }
}

fn with_params(params: &str) -> String {
    if params.is_empty() { Deflate::NAME.to_owned() } else { format!("{}; {params}", Deflate::NAME) }
}

fn answer_of(text: &str) -> Option<Deflate> {
    let extensions = extension::read(text.as_bytes())?;
    Deflate::read(extensions.first()?, true).ok()
}

/// What a response agrees on.
fn agreed(head: &Head) -> Option<Deflate> {
    let value = head.values("Sec-WebSocket-Extensions").join(&b", "[..]);
    let extensions = extension::read(&value)?;
    let deflate = extensions.iter().find(|extension| extension.name == Deflate::NAME)?;
    Some(Deflate::read(deflate, true).unwrap_or_default())
}

/// The valid offers of permessage-deflate in a request.
fn offers(head: &Head) -> Vec<Deflate> {
    let value = head.values("Sec-WebSocket-Extensions").join(&b", "[..]);
    let extensions = extension::read(&value).unwrap_or_default();
    let offers = extensions.iter().filter(|extension| extension.name == Deflate::NAME);
    offers.filter_map(|offer| Deflate::read(offer, false).ok()).collect()
}
