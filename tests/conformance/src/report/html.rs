//! One page for several runs, complete in one file.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::Json;
use crate::case::{Case, Library};
use crate::exam::Grade;

/// A page of runs as [`super::json::report`] writes them. Where there is an earlier run of the same subject and role, the page tells what
/// has changed since.
pub fn page(runs: &[Json], earlier: &[Json], library: &Library) -> String {
    let cases: Vec<&Case> = library.cases.iter().collect();
    let mut strings = Strings::default();
    let shown: Vec<Json> = runs
        .iter()
        .map(|run| {
            let before = earlier
                .iter()
                .find(|before| name(before) == name(run) && member(before, "role") == member(run, "role"));
            of_run(run, before, runs.len() < 4, &cases, &mut strings)
        })
        .collect();
    let data = Json::object([
        ("families", Json::List(families(&cases))),
        ("runs", Json::List(shown)),
        ("strings", Json::List(strings.list.into_iter().map(Json::Text).collect())),
    ]);
    let mut text = String::new();
    data.write(&mut text);
    [HEAD, &packed(&text), TAIL].concat()
}

/// As the page's script unpacks it: a raw DEFLATE stream in base64. The transcripts of forty subjects are a fifth of their size so.
fn packed(text: &str) -> String {
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 9))
}

/// Each text once: most are the same for many subjects.
#[derive(Default)]
struct Strings {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Strings {
    fn place(&mut self, text: &str) -> Json {
        let at = *self.places.entry(text.to_owned()).or_insert_with(|| {
            self.list.push(text.to_owned());
            self.list.len() - 1
        });
        Json::Number(i64::try_from(at).unwrap_or(-1))
    }

    fn places<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Json {
        Json::List(texts.map(|text| self.place(text)).collect())
    }
}

/// The cases in their order: families, in them rules, in them names and texts.
fn families(cases: &[&Case]) -> Vec<Json> {
    let mut families = Vec::new();
    for family in cases.chunk_by(|a, b| a.family == b.family) {
        let rules =
            family.chunk_by(|a, b| a.rule.id == b.rule.id && a.rule.sentence == b.rule.sentence).filter_map(|rule| {
                let first = rule.first()?;
                let of_case = |case: &&Case| {
                    let name = case.id.rsplit('/').next().unwrap_or_default();
                    Json::List(vec![Json::text(name), Json::text(&case.text)])
                };
                Some(Json::object([
                    ("id", Json::text(&first.rule.id)),
                    ("level", Json::text(first.rule.level.name())),
                    ("sentence", Json::text(&first.rule.sentence)),
                    ("link", Json::text(link(&first.rule.id))),
                    ("cases", Json::List(rule.iter().map(of_case).collect())),
                ]))
            });
        let name = family.first().map_or("", |case| &case.family);
        families.push(Json::object([("name", Json::text(name)), ("rules", Json::List(rules.collect()))]));
    }
    families
}

/// One letter for each case, and more about those that are not simply right.
fn of_run(run: &Json, before: Option<&Json>, few: bool, cases: &[&Case], strings: &mut Strings) -> Json {
    let (results, old) = (by_id(run), before.map(by_id));
    let (mut grades, mut cells, mut changed) = (String::new(), Vec::new(), Vec::new());
    let mut rules: BTreeMap<&str, bool> = BTreeMap::new();
    for (at, case) in cases.iter().enumerate() {
        let result = results.get(&*case.id);
        let grade = result.and_then(|result| Grade::named(member(result, "grade")));
        grades.push(grade.map_or(' ', letter));
        let was = old.as_ref().and_then(|old| old.get(&*case.id)).and_then(|old| Grade::named(member(old, "grade")));
        if let (Some(grade), Some(was)) = (grade, was) {
            if grade != was {
                changed.push((at.to_string(), Json::text(letter(was).to_string())));
            }
        }
        let (Some(result), Some(grade)) = (result, grade) else { continue };
        let must = matches!(member(result, "level"), "MUST" | "MUST NOT");
        if must && !matches!(grade, Grade::Unimplemented | Grade::Blocked | Grade::Inconclusive) {
            *rules.entry(&case.rule.id).or_insert(true) &= grade < Grade::Fail;
        }
        let (split, findings) = (member(result, "split"), list(result, "findings"));
        if matches!(grade, Grade::Pass | Grade::Unimplemented) && split.is_empty() && findings.is_empty() {
            continue;
        }
        let what = findings.iter().map(|finding| format!("{} ({})", member(finding, "what"), member(finding, "rule")));
        let what: Vec<String> = what.collect();
        let told = grade >= Grade::Fail || !split.is_empty() || !findings.is_empty() || few;
        let wire = if told { member(result, "wire") } else { "" };
        let cell = vec![
            strings.places(list(result, "said").iter().map(Json::as_str)),
            strings.place(member(result, "seen")),
            strings.places([split].into_iter().filter(|split| !split.is_empty())),
            strings.places(what.iter().map(String::as_str)),
            // The bytes of what is merely lenient are in the JSON file: the page stays small.
            strings.places(wire.lines().map(str::trim_start)),
        ];
        cells.push((at.to_string(), Json::List(cell)));
    }
    let number = |n: usize| Json::Number(i64::try_from(n).unwrap_or(i64::MAX));
    Json::object([
        ("agent", Json::text(member(run, "agent"))),
        ("role", Json::text(member(run, "role"))),
        ("kept", number(rules.values().filter(|kept| **kept).count())),
        ("rules", number(rules.len())),
        ("grades", Json::Text(grades)),
        ("cells", Json::Object(cells)),
        ("compared", Json::Bool(before.is_some())),
        ("changed", Json::Object(changed)),
    ])
}

fn by_id(run: &Json) -> HashMap<&str, &Json> {
    list(run, "results").iter().map(|result| (member(result, "id"), result)).collect()
}

/// What it is called without its version, which may be another one.
fn name(run: &Json) -> &str {
    let agent = member(run, "agent");
    match agent.rsplit_once(' ') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => agent,
    }
}

/// As the page's script knows them.
fn letter(grade: Grade) -> char {
    match grade {
        Grade::Pass => 'p',
        Grade::Info => 'i',
        Grade::Lenient => 'l',
        Grade::Unimplemented => 'u',
        Grade::Blocked => 'b',
        Grade::Inconclusive => 'q',
        Grade::Fail => 'f',
        Grade::Crash => 'c',
    }
}

fn member<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).map_or("", Json::as_str)
}

fn list<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    json.get(name).map_or(&[], Json::as_list)
}

/// Into the standard, or an empty text.
fn link(rule: &str) -> String {
    let mut parts = rule.split('-');
    let (Some(rfc), Some(section)) = (parts.next(), parts.next()) else { return String::new() };
    if !rfc.bytes().all(|byte| byte.is_ascii_digit()) || !section.starts_with(|c: char| c.is_ascii_digit()) {
        return String::new();
    }
    format!("https://www.rfc-editor.org/rfc/rfc{rfc}#section-{section}")
}

const HEAD: &str = include_str!("head.html");
const TAIL: &str = include_str!("tail.html");
