//! A subject's process, which is watched: a crash may look like an orderly end on the wire.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Setup;
use crate::case::Case;

/// A program that was started.
#[derive(Debug)]
pub struct Process {
    words: Vec<String>,
    alarm: Option<String>,
    child: Mutex<Child>,
    alarms: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it. Its standard error speaks of a crash in the usual words, or in this one.
    pub fn start(words: &[String], alarm: Option<&str>) -> Result<Self, Setup> {
        let alarm = alarm.map(str::to_owned);
        let (alarms, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let child = spawn(words, alarm.clone(), &alarms, &last)?;
        Ok(Self { words: words.to_vec(), alarm, child: Mutex::new(child), alarms, last })
    }

    /// Ends it, and starts it again.
    pub(super) fn restart(&self) -> Result<(), Setup> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
        *child = spawn(&self.words, self.alarm.clone(), &self.alarms, &self.last)?;
        Ok(())
    }

    /// How it ended, if it did.
    pub fn died(&self) -> Option<String> {
        let status = self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok()??;
        Some(status.to_string())
    }

    /// How often its standard error spoke of a panic or the like.
    pub fn alarms(&self) -> usize {
        self.alarms.load(Ordering::Relaxed)
    }

    /// Waits for its end.
    pub fn wait(&self) -> bool {
        self.child.lock().unwrap_or_else(PoisonError::into_inner).wait().is_ok_and(|status| status.success())
    }

    /// Which of the cases make it panic. `look` examines some of them once more.
    pub(super) fn blame<'c>(&self, cases: &[&'c Case], look: &impl Fn(&[&Case])) -> Vec<(&'c str, String)> {
        if self.alarms() == 0 || self.died().is_some() {
            return Vec::new();
        }
        let (mut found, mut groups) = (Vec::new(), vec![cases]);
        while let Some(group) = groups.pop() {
            let before = self.alarms();
            look(group);
            // Its standard error is read by a thread.
            std::thread::sleep(Duration::from_millis(20));
            match group {
                _ if self.alarms() == before => {}
                [case] => found.push((&*case.id, self.last.lock().unwrap_or_else(PoisonError::into_inner).clone())),
                _ => {
                    let (a, b) = group.split_at(group.len() / 2);
                    groups.extend([b, a]);
                }
            }
        }
        found
    }
}

/// With a thread that reads its standard error.
fn spawn(
    words: &[String],
    alarm: Option<String>,
    alarms: &Arc<AtomicUsize>,
    last: &Arc<Mutex<String>>,
) -> Result<Child, Setup> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Setup("expected a command after --, found none".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Setup(format!("expected to start {program}, found: {error}")))?;
    if let Some(stderr) = child.stderr.take() {
        let (alarms, last) = (alarms.clone(), last.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if ALARMS.iter().any(|word| line.contains(word))
                    || alarm.as_ref().is_some_and(|word| line.contains(word))
                {
                    alarms.fetch_add(1, Ordering::Relaxed);
                    *last.lock().unwrap_or_else(PoisonError::into_inner) = line;
                }
            }
        });
    }
    Ok(child)
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Not `Traceback`: many servers in Python log so what they have handled.
const ALARMS: [&str; 4] = ["panicked at", "AddressSanitizer", "fatal error", "Segmentation fault"];
