//! The results of many exams.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::case::{Answer, Case, End, Library, Need};
use crate::exam::{Delivery, Entry, Grade, Verdict};
use crate::lint::Finding;

/// In which deliveries each case is examined, beside the whole.
#[derive(Clone, Debug)]
pub struct Deliveries {
    /// Each byte for itself.
    pub bytes: bool,
    /// Each cut in two.
    pub cuts: bool,
    /// So many random ones.
    pub random: u64,
    /// From this seed.
    pub seed: u64,
}

impl Deliveries {
    /// Each byte for itself, and each cut.
    pub const EVERY: Self = Self { bytes: true, cuts: true, random: 0, seed: 0 };

    pub(crate) fn others(&self, first: &Verdict) -> Vec<Delivery> {
        if matches!(first.grade, Grade::Unimplemented | Grade::Blocked) {
            return Vec::new();
        }
        let mut others = Vec::new();
        others.extend(self.bytes.then_some(Delivery::Bytes));
        if self.cuts {
            others.extend(Delivery::cuts(first.sent, first.good_head, first.work));
        }
        others.extend(
            (0..self.random).map(|i| Delivery::Random((self.seed + i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        );
        others
    }
}

/// Another outcome of the same bytes, in other pieces.
#[derive(Clone, Debug)]
pub struct Split {
    /// In these.
    pub delivery: Delivery,
    /// How well the subject did there.
    pub grade: Grade,
    /// What was seen there, and what was amiss.
    pub what: String,
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.delivery, self.grade, self.what)
    }
}

/// What came of one case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case's.
    pub id: String,
    /// The case's.
    pub family: String,
    /// The rule's id.
    pub rule: String,
    /// That of the whole delivery.
    pub grade: Grade,
    /// What was amiss.
    pub said: Vec<String>,
    /// Whether replies were due that did not come.
    pub lost: bool,
    /// What was seen.
    pub seen: String,
    /// A delivery with another outcome.
    pub split: Option<Split>,
    /// What was amiss with the bytes that came, in any delivery.
    pub findings: Vec<Finding>,
    /// The bytes of both directions.
    pub log: Vec<Entry>,
    /// How many exams it took.
    pub runs: usize,
    /// In how many of them there was a silence.
    pub silences: usize,
    /// In how many of them the machine was too busy for the pieces of the delivery.
    pub hurried: usize,
}

impl CaseResult {
    /// From the whole delivery.
    pub fn new(case: &Case, verdict: Verdict) -> Self {
        Self {
            id: case.id.clone(),
            family: case.family.clone(),
            rule: case.rule.id.clone(),
            grade: verdict.grade,
            said: verdict.said,
            lost: verdict.lost,
            seen: verdict.seen,
            split: None,
            findings: verdict.findings,
            log: verdict.log,
            runs: 1,
            silences: verdict.silence.into(),
            hurried: verdict.hurried.into(),
        }
    }

    /// From another delivery.
    pub fn add(&mut self, delivery: Delivery, verdict: Verdict) {
        self.runs += 1;
        self.silences += usize::from(verdict.silence);
        self.hurried += usize::from(verdict.hurried);
        // Whether an end is a reset depends on how much lay unread at that moment: on time, not on the pieces.
        let has_reset = |seen: &str| seen.ends_with(RESET);
        let without_reset =
            |seen: &str| seen.strip_suffix(RESET).map_or(seen.to_owned(), |rest| format!("{rest}, eof"));
        let by_reset = has_reset(&verdict.seen) || has_reset(&self.seen);
        let differs = without_reset(&verdict.seen) != without_reset(&self.seen);
        let worst = self.split.as_ref().is_none_or(|split| split.grade < verdict.grade);
        if (differs || verdict.grade != self.grade && !by_reset) && worst {
            let what = format!("{} {}", verdict.seen, verdict.said.join("; ")).trim_end().to_owned();
            self.split = Some(Split { delivery, grade: verdict.grade, what });
        }
        if verdict.grade == Grade::Crash && self.grade != Grade::Crash {
            self.grade = Grade::Crash;
            self.log = verdict.log;
        }
        for finding in verdict.findings {
            if !self.findings.iter().any(|found| found.lint == finding.lint) {
                self.findings.push(finding);
            }
        }
    }

    /// Whether nothing at all is amiss; what could not be examined counts as nothing.
    pub fn is_clean(&self) -> bool {
        matches!(self.grade, Grade::Pass | Grade::Unimplemented) && self.split.is_none() && self.findings.is_empty()
    }
}

/// The positive cases of a rule are its controls: where one fails, the negative ones are blocked. One that needs permessage-deflate says
/// nothing about those that do not.
pub fn block(library: &Library, results: &mut [CaseResult]) {
    let deflated = |case: &Case| case.rule.needs(Need::Deflate);
    let kinds: HashMap<&str, (bool, bool)> =
        library.cases.iter().map(|case| (&*case.id, (is_positive(case), deflated(case)))).collect();
    let kind = |result: &CaseResult| kinds.get(&*result.id).copied().unwrap_or_default();
    let mut broken: HashMap<(String, bool), String> = HashMap::new();
    for result in results.iter() {
        let (is_control, is_deflated) = kind(result);
        let fails = result.lost || matches!(result.grade, Grade::Fail | Grade::Crash | Grade::Blocked);
        for blocked in [true, false].into_iter().filter(|&blocked| is_control && fails && (blocked || !is_deflated)) {
            broken.entry((result.rule.clone(), blocked)).or_insert_with(|| result.id.clone());
        }
    }
    for result in results {
        let (is_control, is_deflated) = kind(result);
        let Some(control) = broken.get(&(result.rule.clone(), is_deflated)) else { continue };
        if !is_control && matches!(result.grade, Grade::Pass | Grade::Lenient) {
            result.grade = Grade::Blocked;
            result.said = vec![format!("its control {control} fails")];
        }
    }
}

/// Whether a case has something legal happen: it is a control of its rule.
pub fn is_positive(case: &Case) -> bool {
    let accepted = |answer: &Option<Answer>| matches!(answer, None | Some(Answer::Accepted { .. }));
    case.outcome.first().is_some_and(|first| {
        accepted(&first.answer) && matches!(first.end, End::Open | End::Close(_) | End::Closing(_))
    })
}

/// How what was seen ends where the connection was reset.
const RESET: &str = ", reset";

/// How many there are of each grade.
pub fn count(results: &[CaseResult], grade: Grade) -> usize {
    results.iter().filter(|result| result.grade == grade).count()
}

/// The results in the order of the cases, with so many at once.
pub(crate) fn in_parallel(
    cases: &[&Case],
    jobs: usize,
    examine: impl Fn(&Case) -> Option<CaseResult> + Sync,
) -> Vec<CaseResult> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(cases.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = examine(case);
                    results.lock().unwrap_or_else(PoisonError::into_inner).extend(result);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let order: HashMap<&str, usize> = cases.iter().enumerate().map(|(i, case)| (&*case.id, i)).collect();
    results.sort_by_key(|result| order.get(&*result.id).copied());
    results
}
