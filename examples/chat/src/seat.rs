//! How the hall reaches a connection.

use std::cell::{Cell, RefCell};

use tokio::sync::Notify;
use websocket_proto::CloseFrame;

/// Tells connections apart.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GuestId(pub u64);

/// A bell, and perhaps the wish that the guest may leave. What there is to send is not handed over: it is fetched from the rooms.
#[derive(Debug, Default)]
pub struct Seat {
    bell: Notify,
    dismissal: Cell<Option<CloseFrame>>,
    answers: RefCell<Vec<String>>,
}

impl Seat {
    /// There is something to look at.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits for the bell. Cancelled, it loses nothing: a bell that rang while nobody waited is heard at once.
    pub async fn heard(&self) {
        self.bell.notified().await;
    }

    /// Tells the guest something that it has asked for, and that took its time.
    pub fn tell(&self, answer: String) {
        self.answers.borrow_mut().push(answer);
        self.ring();
    }

    pub fn answers(&self) -> Vec<String> {
        self.answers.take()
    }

    /// Asks the guest to leave, and says why.
    pub fn dismiss(&self, why: CloseFrame) {
        self.dismissal.set(Some(why));
        self.ring();
    }

    /// Waits for the bell, and until the guest may leave, if that is asked for; cancelled, it loses nothing.
    pub async fn dismissed(&self) -> Option<CloseFrame> {
        self.heard().await;
        self.dismissal.take()
    }
}
