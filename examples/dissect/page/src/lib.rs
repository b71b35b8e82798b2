//! The analysis as WebAssembly, without JavaScript of its own: the page writes a file into `room`, calls, and reads `output`.
//!
//! ```sh
//! examples/dissect/page/build    # one page that needs no server: target/dissect/page.html
//! ```

use std::cell::RefCell;
use std::io::Cursor;

use dissect::tls::KeyLog;
use dissect::{Analysis, capture, json};
use serde_json::{Value, json};

#[derive(Default)]
struct Page {
    /// A file: the page writes into it.
    room: Vec<u8>,
    keys: Vec<u8>,
    ports: Vec<u16>,
    /// One JSON object a line.
    output: Vec<u8>,
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

/// More events than this a page can't show; they are counted.
const MAX_EVENTS: usize = 20_000;
/// Of a payload so many characters are handed out.
const MAX_SHOWN: usize = 2000;

/// Where a file of this length goes.
#[unsafe(no_mangle)]
pub extern "C" fn room(len: usize) -> *mut u8 {
    PAGE.with_borrow_mut(|page| {
        page.room = vec![0; len];
        page.room.as_mut_ptr()
    })
}

/// The file in the room is a key log; returns whether it has any key.
#[unsafe(no_mangle)]
pub extern "C" fn keys() -> bool {
    PAGE.with_borrow_mut(|page| {
        page.keys = std::mem::take(&mut page.room);
        let mut log = KeyLog::default();
        log.add(&page.keys);
        !log.is_empty()
    })
}

/// A port whose connections are WebSocket even without a handshake; 0 forgets them all.
#[unsafe(no_mangle)]
pub extern "C" fn port(port: u16) {
    PAGE.with_borrow_mut(|page| match port {
        0 => page.ports.clear(),
        port => page.ports.push(port),
    });
}

/// The file in the room is a capture; returns how long the output is.
#[unsafe(no_mangle)]
pub extern "C" fn analyse() -> usize {
    PAGE.with_borrow_mut(|page| {
        page.output = Vec::new();
        let mut log = KeyLog::default();
        log.add(&page.keys);
        let mut analysis = Analysis::new(page.ports.clone(), log);
        let (mut events, output) = (0_usize, &mut page.output);
        let mut found = |stream: &_, time, event: dissect::event::Event| {
            events += 1;
            if events <= MAX_EVENTS {
                line(output, &brief(json::object(stream, time, &event)));
            }
        };
        let read = capture::read(Cursor::new(std::mem::take(&mut page.room)), |block| {
            analysis.block(&block, &mut found);
            true
        });
        analysis.end_all(&mut found);
        let unread: Vec<_> =
            analysis.unread().iter().map(|(why, count)| json!({ "why": why, "connections": count })).collect();
        let end = json!({
            "event": "end", "packets": analysis.packets(), "streams": analysis.streams(), "unread": unread,
            "left_off": events.saturating_sub(MAX_EVENTS), "error": read.err().map(|error| error.to_string()),
        });
        line(&mut page.output, &end);
        page.output.len()
    })
}

/// Where the output lies.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    PAGE.with_borrow(|page| page.output.as_ptr())
}

fn line(output: &mut Vec<u8>, value: &Value) {
    output.extend_from_slice(value.to_string().as_bytes());
    output.push(b'\n');
}

/// Shortens payloads.
fn brief(mut event: Value) -> Value {
    for name in ["payload", "text"] {
        if let Some(Value::String(text)) = event.get_mut(name)
            && let Some((cut, _)) = text.char_indices().nth(MAX_SHOWN)
        {
            text.truncate(cut);
        }
    }
    event
}
