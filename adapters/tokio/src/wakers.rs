//! Who is woken when the transport is ready again.

use std::sync::Arc;
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

/// The task that reads and the task that sends, which may be two.
///
/// Both read and write the transport: the reading task writes Pongs and what the sending task has left, and either looks at the clock. A
/// transport keeps one waker for each direction, so if the tasks gave it their own, one would take away that of the other. It is given
/// this one, which wakes both.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    pub(crate) reading: AtomicWaker,
    pub(crate) sending: AtomicWaker,
}

impl Wakers {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let wakers = Arc::<Self>::default();
        let waker = Waker::from(Arc::clone(&wakers));
        (wakers, waker)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reading.wake();
        self.sending.wake();
    }
}
