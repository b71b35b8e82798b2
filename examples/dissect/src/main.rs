//! Shows the WebSocket conversations in a packet capture.
//!
//! ```sh
//! tcpdump -i lo -U -w - 'tcp port 9002' | cargo run --release -p dissect -- -
//! ```

mod options;
mod progress;
mod record;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use dissect::event::{Event, Stream};
use dissect::text::Text;
use dissect::tls::KeyLog;
use dissect::{Analysis, capture, json};
use options::{Command, Options, Wrong};
use progress::Progress;

fn main() -> ExitCode {
    let ran = match Command::parse(std::env::args_os()) {
        Ok(Command::Show(options)) => show(&options),
        Ok(Command::Record(options)) => record::run(&options),
        Err(Wrong::Help) => {
            let written = write!(io::stdout(), "{}", options::HELP);
            return if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Err(Wrong::Call(line)) => {
            eprintln!("dissect: {line}; see --help");
            return ExitCode::from(2);
        }
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("dissect: {line}");
            ExitCode::FAILURE
        }
    }
}

fn show(options: &Options) -> Result<(), String> {
    let name = options.file.display();
    let source: Box<dyn Read + Send> = if options.file.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        let opened = File::open(&options.file).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = opened.map_err(|error| format!("can't open {name}: {error}"))?;
        if metadata.is_dir() {
            return Err(format!("expected a capture file, found the folder {name}"));
        }
        if options.follow {
            Box::new(Follow(file))
        } else {
            Box::new(Progress::new(file, metadata.len(), options.progress))
        }
    };
    let keys = match &options.keylog {
        // A live capture may begin before its keys are logged.
        Some(file) if !options.live && !file.exists() => {
            return Err(format!("can't open {}: there is no such file", file.display()));
        }
        Some(file) => KeyLog::open(file).map_err(|error| format!("can't read {}: {error}", file.display()))?,
        None => KeyLog::default(),
    };
    let stdout = io::stdout();
    let colours = options.colours.unwrap_or(stdout.is_terminal());
    let mut report = Report { text: Text::new(BufWriter::new(stdout.lock()), colours), options, failed: None };
    let mut analysis = Analysis::new(options.ports.clone(), keys);
    let read = capture::read(source, |block| {
        analysis.block(&block, |stream, time, event| report.event(stream, time, &event));
        report.failed.is_none()
    });
    analysis.end_all(|stream, time, event| report.event(stream, time, &event));
    let written = report.failed.map_or_else(|| report.text.flush(), Err);
    match written {
        // The reader has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
        written => written.map_err(|error| format!("can't write: {error}"))?,
    }
    for (why, count) in analysis.unread() {
        let connections = if *count == 1 { "connection" } else { "connections" };
        eprintln!("dissect: {count} {connections} with TLS not read: {why}");
    }
    read.map_err(|error| format!("{name}: {error}"))?;
    if analysis.streams() == 0 {
        let packets = analysis.packets();
        return Err(format!(
            "{name}: found no WebSocket handshake in {packets} packets; --port shows connections without one"
        ));
    }
    Ok(())
}

struct Report<'o, W: Write> {
    text: Text<W>,
    options: &'o Options,
    failed: Option<io::Error>,
}

impl<W: Write> Report<'_, W> {
    fn event(&mut self, stream: &Stream, time: Duration, event: &Event) {
        if self.failed.is_some() || !self.options.shows(stream, event) {
            return;
        }
        let written = if self.options.json {
            self.text.raw(&json::object(stream, time, event).to_string())
        } else {
            self.text.event(stream, time, event)
        };
        // A live capture is read as it grows.
        let written = if matches!(event, Event::Frame { .. }) && !self.options.live {
            written
        } else {
            written.and_then(|()| self.text.flush())
        };
        self.failed = written.err();
    }
}

/// A file that is still being written: its end is waited at.
struct Follow(File);

impl Read for Follow {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(room)? {
                0 => std::thread::sleep(Duration::from_millis(100)),
                n => return Ok(n),
            }
        }
    }
}
