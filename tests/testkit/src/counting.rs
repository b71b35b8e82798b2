//! An allocator that counts, for each thread apart.
#![allow(unsafe_code)] // It can't be written without.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

pub struct Counting;

/// What this thread has asked for. A block that grows counts by what it grows, as if it had grown in its place.
#[derive(Clone, Copy, Default)]
struct Count {
    calls: u64,
    /// All that was asked for, a block that grows counting in full: as if it was copied each time.
    asked: u64,
    /// Below 0 where a block from another thread was freed.
    live: i64,
    peak: i64,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { calls: 0, asked: 0, live: 0, peak: 0 }) };
}

fn count(grows: usize, shrinks: usize) {
    // A thread that ends may free when its count is gone; nobody looks at it then.
    let _ = COUNT.try_with(|count| {
        let Count { calls, asked, live, peak } = count.get();
        let live = live + i64::try_from(grows).unwrap_or(0) - i64::try_from(shrinks).unwrap_or(0);
        let asked = asked + u64::try_from(grows).unwrap_or(0);
        count.set(Count { calls: calls + u64::from(grows > 0), asked, live, peak: peak.max(live) });
    });
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`, and the block came from the system's allocator.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size, layout.size());
        // SAFETY: the caller keeps the contract of `realloc`, and the block came from the system's allocator.
        unsafe { System.realloc(block, layout, new_size) }
    }
}

/// How often memory was asked for, and how much more than before there was at most.
pub fn counted(act: impl FnOnce()) -> (u64, i64) {
    let before = COUNT.get();
    COUNT.set(Count { peak: before.live, ..before });
    act();
    let after = COUNT.get();
    (after.calls - before.calls, after.peak - before.live)
}

pub fn live() -> i64 {
    COUNT.get().live
}

pub fn peak() -> i64 {
    COUNT.get().peak
}

pub fn asked() -> u64 {
    COUNT.get().asked
}
