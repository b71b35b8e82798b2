//! Who is woken when the transport is ready again.

use std::sync::Arc;
use std::task::{Wake, Waker};

use futures_util::task::AtomicWaker;

/// The task that reads and the task that sends, which may be two.
///
/// Both read and write the transport: the reading task writes Pongs and what the sending task has left, and either looks at the clock. A
/// transport keeps one waker for each direction, so if two tasks gave it their own, one would take away that of the other. From when a
/// second task is seen, the transport is given a waker that wakes both; one task alone gives its own, which costs less.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    reading: Task,
    sending: Task,
    both: Option<(Arc<Both>, Waker)>,
}

/// What a task does with the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Reading,
    Sending,
}

/// The task that was last seen at one side.
#[derive(Debug, Default)]
struct Task {
    waker: Option<Waker>,
    /// Whether it waits to be woken.
    waits: bool,
}

#[derive(Debug, Default)]
struct Both {
    reading: AtomicWaker,
    sending: AtomicWaker,
}

impl Wakers {
    /// Before a task polls the transport.
    pub(crate) fn enter(&mut self, side: Side, waker: &Waker) {
        if self.both.is_none() {
            match self.task(other(side)) {
                Task { waker: Some(theirs), waits: true } if !theirs.will_wake(waker) => {
                    let both = Arc::<Both>::default();
                    both.task(other(side)).register(theirs);
                    self.both = Some((Arc::clone(&both), Waker::from(both)));
                }
                _ => return,
            }
        }
        if let Some((both, _)) = &self.both {
            both.task(side).register(waker);
        }
    }

    /// The waker to give to the transport, while this task polls it.
    #[inline]
    pub(crate) fn for_transport<'w>(&'w self, waker: &'w Waker) -> &'w Waker {
        match &self.both {
            Some((_, both)) => both,
            None => waker,
        }
    }

    /// After a task has polled: whether it is going to wait.
    #[inline]
    pub(crate) fn leave(&mut self, side: Side, waker: &Waker, waits: bool) {
        let task = self.task(side);
        task.waits = waits;
        if waits && !task.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            task.waker = Some(waker.clone());
        }
    }

    /// Wakes the task at a side, if it waits.
    pub(crate) fn wake(&mut self, side: Side) {
        if let Some((both, _)) = &self.both {
            return both.task(side).wake();
        }
        if let Task { waker: Some(waker), waits: true } = self.task(side) {
            waker.wake_by_ref();
        }
    }

    fn task(&mut self, side: Side) -> &mut Task {
        match side {
            Side::Reading => &mut self.reading,
            Side::Sending => &mut self.sending,
        }
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Reading => Side::Sending,
        Side::Sending => Side::Reading,
    }
}

impl Both {
    fn task(&self, side: Side) -> &AtomicWaker {
        match side {
            Side::Reading => &self.reading,
            Side::Sending => &self.sending,
        }
    }
}

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reading.wake();
        self.sending.wake();
    }
}
