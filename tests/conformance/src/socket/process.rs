//! A subject's process, which is watched: a crash may look like an orderly end on the wire.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Setup;
use crate::exam::{Grade, Verdict};
use crate::suite::CaseResult;

/// A program that was started.
#[derive(Debug)]
pub struct Process {
    child: Mutex<Child>,
    alarms: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it.
    pub fn start(words: &[String]) -> Result<Self, Setup> {
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
        let (alarms, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        if let Some(stderr) = child.stderr.take() {
            let (alarms, last) = (alarms.clone(), last.clone());
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                    let line = String::from_utf8_lossy(&line).into_owned();
                    if ALARMS.iter().any(|alarm| line.contains(alarm)) {
                        alarms.fetch_add(1, Ordering::Relaxed);
                        *last.lock().unwrap_or_else(PoisonError::into_inner) = line;
                    }
                }
            });
        }
        Ok(Self { child: Mutex::new(child), alarms, last })
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

    /// Finds out which cases made it panic, by examining again, one by one, those that may have.
    pub(super) fn blame(&self, results: &mut [CaseResult], look: impl Fn(&str) -> Option<Verdict>) {
        if self.alarms() == 0 || self.died().is_some() {
            return;
        }
        for result in results.iter_mut().filter(|result| result.grade != Grade::Unimplemented) {
            let before = self.alarms();
            if look(&result.id).is_none() {
                continue;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
            if self.alarms() > before {
                result.grade = Grade::Crash;
                let line = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                result.said.insert(0, format!("standard error: {line}"));
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Not `Traceback`: so do Python's servers log what they have handled.
const ALARMS: [&str; 4] = ["panicked at", "AddressSanitizer", "fatal error", "Segmentation fault"];
