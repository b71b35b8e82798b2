//! A server that dies, or answers nothing any more, is started again: one case is to blame, and the others are examined on a fresh one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::server::{Server, baseline_cases};
use super::{Process, Setup};
use crate::case::Case;
use crate::exam::{Delivery, Grade};
use crate::suite::{CaseResult, Deliveries, in_parallel};

impl Server<'_> {
    /// All cases in all deliveries.
    pub(super) fn examine_all(
        &self,
        cases: &[&Case],
        deliveries: &Deliveries,
        process: Option<&Process>,
    ) -> Result<Vec<CaseResult>, Setup> {
        let (mut results, mut groups, mut restarts) = (Vec::new(), vec![cases.to_vec()], 0);
        while let Some(group) = groups.pop() {
            let gone = AtomicBool::new(false);
            let mut done = in_parallel(&group, self.options.jobs, |case| {
                if gone.load(Ordering::Relaxed) {
                    return None;
                }
                let result = self.in_each_delivery(case, deliveries);
                let unanswered = matches!(result.grade, Grade::Blocked | Grade::Crash | Grade::Inconclusive);
                if unanswered && process.is_some() && !self.answers() {
                    gone.store(true, Ordering::Relaxed);
                }
                Some(result)
            });
            let is_gone = |_: &&Process| gone.load(Ordering::Relaxed) || !self.answers();
            let Some(process) = process.filter(is_gone).filter(|_| restarts < MOST_RESTARTS) else {
                results.extend(done);
                continue;
            };
            restarts += 1;
            // Its sockets are closed before it has ended.
            let died = (0..20).find_map(|_| {
                process.died().or_else(|| {
                    std::thread::sleep(Duration::from_millis(10));
                    None
                })
            });
            let how = died.map_or_else(|| "it answers nothing any more".to_owned(), |how| format!("it ended: {how}"));
            process.restart()?;
            self.wait_for(Some(process))?;
            if let [_] = group[..] {
                for result in &mut done {
                    result.grade = Grade::Crash;
                    result.said.insert(0, how.clone());
                }
                results.extend(done);
                continue;
            }
            // Whatever else was on its way may have suffered.
            done.retain(|result| result.is_clean() && result.silences == 0);
            let rest: Vec<&Case> =
                group.iter().copied().filter(|case| !done.iter().any(|result| result.id == case.id)).collect();
            results.extend(done);
            let (a, b) = rest.split_at(rest.len() / 2);
            groups.extend([b.to_vec(), a.to_vec()].into_iter().filter(|half| !half.is_empty()));
        }
        let place = |result: &CaseResult| cases.iter().position(|case| case.id == result.id);
        results.sort_by_cached_key(place);
        Ok(results)
    }

    fn in_each_delivery(&self, case: &Case, deliveries: &Deliveries) -> CaseResult {
        let first = self.examine(case, Delivery::Whole);
        let others = deliveries.others(&first);
        let mut result = CaseResult::new(case, first);
        for delivery in others {
            result.add(delivery, self.examine(case, delivery));
        }
        result
    }

    /// Whether a good handshake and a text are answered, in more time than it takes.
    fn answers(&self) -> bool {
        let baseline = baseline_cases();
        // A machine that stands still for a while is no server that does.
        let answers = |echo| (0..2).any(|_| self.look(echo, Delivery::Whole, PATIENCE).frames > 0);
        baseline.cases.first().is_some_and(answers)
    }
}

const PATIENCE: Duration = Duration::from_secs(2);

/// After so many it is left as it is.
const MOST_RESTARTS: usize = 40;
