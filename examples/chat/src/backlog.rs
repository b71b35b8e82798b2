//! Where messages are kept, and who gives them their numbers.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use tokio::sync::Notify;

use crate::draft::Draft;
use crate::limits::{MAX_REQUESTS, MAX_REQUESTS_LEN};
use crate::names::Nick;
use crate::seat::GuestId;
use crate::store::Store;

/// What is behind the rooms of a server.
#[derive(Debug)]
pub enum Backlog {
    /// Nothing: a restart forgets everything.
    Memory,
    /// A file, of this server alone. What is said has its number at once.
    File(Store),
    /// What several servers share. What is said has its number when it comes back.
    Shared(Rc<Requests>),
}

impl Backlog {
    /// Nobody here has this name any more. One that can't be given back now falls free when its lease ends.
    pub fn release(&self, nick: Nick, token: String) {
        if let Self::Shared(requests) = self {
            let _ = requests.push(Request::Release { nick, token });
        }
    }

    /// Other servers are to be told who is here.
    pub fn people_changed(&self) {
        if let Self::Shared(requests) = self {
            requests.people.notify_one();
        }
    }
}

/// What waits for the broker, in order. It waits there as long as the broker is away: asked for a second time, nothing happens twice.
#[derive(Debug, Default)]
pub struct Requests {
    waiting: RefCell<VecDeque<Request>>,
    len: Cell<usize>,
    added: Notify,
    /// Who is in which room has changed.
    pub people: Notify,
}

#[derive(Clone, Debug)]
pub enum Request {
    /// The guest wants this name.
    Greet {
        guest: GuestId,
        nick: Nick,
        token: String,
    },
    /// Nobody here has this name any more.
    Release {
        nick: Nick,
        token: String,
    },
    Say {
        guest: GuestId,
        draft: Draft,
    },
}

impl Request {
    fn len(&self) -> usize {
        match self {
            Self::Greet { .. } | Self::Release { .. } => 100,
            Self::Say { draft, .. } => draft.len(),
        }
    }
}

impl Requests {
    /// Adds one; false if too many wait.
    pub fn push(&self, request: Request) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let len = self.len.get() + request.len();
        let fits = waiting.len() < MAX_REQUESTS && len <= MAX_REQUESTS_LEN;
        if fits {
            self.len.set(len);
            waiting.push_back(request);
            self.added.notify_one();
        }
        fits
    }

    /// The first of them, which stays there until it is done.
    pub async fn first(&self) -> Request {
        loop {
            if let Some(request) = self.waiting.borrow().front() {
                return request.clone();
            }
            self.added.notified().await;
        }
    }

    /// The first of them is done.
    pub fn done(&self) {
        if let Some(request) = self.waiting.borrow_mut().pop_front() {
            self.len.set(self.len.get() - request.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_bounded_and_stay_until_they_are_done() {
        let requests = Requests::default();
        let release = || Request::Release { nick: Nick::new("Ann").unwrap(), token: "t".into() };
        assert!((0..MAX_REQUESTS).all(|_| requests.push(release())) && !requests.push(release()));
        requests.done();
        assert!(requests.push(release()));
    }
}
