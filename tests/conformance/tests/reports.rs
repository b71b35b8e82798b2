//! What the reports say of a run, read as their readers read them.

#[path = "support/contrary.rs"]
#[allow(dead_code)]
mod contrary;
#[path = "support/schema.rs"]
mod schema;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contrary::{Contrary, Way};
use wsspec::case::{Library, Role};
use wsspec::exam::{Context, Grade};
use wsspec::report::json::Json;
use wsspec::report::{Run, autobahn, html, json, junit};
use wsspec::suite::Deliveries;
use wsspec::wire::inflate::{Inflater, Parameters};

const WHOLE: Deliveries = Deliveries { bytes: false, cuts: false, random: 0, seed: 0 };

fn run_of(library: &Library, way: Way, role: Role, agent: &str) -> Run {
    let context = Context { host: "server.example.com".to_owned(), target: "/chat".to_owned(), ..Context::default() };
    let results = wsspec::memory::run(library, role, &context, &WHOLE, || Contrary::new(way, role));
    Run { agent: agent.to_owned(), role, results }
}

fn family(name: &str) -> Library {
    let mut library = Library::built_in().unwrap();
    library.cases.retain(|case| case.family == name);
    library
}

fn as_json(run: &Run, library: &Library) -> Json {
    Json::read(&json::report(run, library)).unwrap()
}

/// What the page's script gets.
fn unpacked(page: &str) -> Json {
    let packed = page.split("id=data>").nth(1).unwrap().split("</script>").next().unwrap();
    let stream = STANDARD.decode(packed.trim()).unwrap();
    // As a message that ends with a last block (RFC 7692 §7.2.3.4).
    let message = [&stream[..], &[0x00]].concat();
    let text = Inflater::new(Parameters { window_bits: 15, takeover: false }).message(&message, 1 << 26).unwrap();
    Json::read(std::str::from_utf8(&text).unwrap()).unwrap()
}

#[test]
fn page_has_the_grade_of_each_case_and_the_bytes_of_each_fail() {
    let library = family("frames-rsv");
    let run = run_of(&library, Way::TakesEverything, Role::Server, "contrary 1.0");
    let page = html::page(&[as_json(&run, &library)], &[], &library);
    let data = unpacked(&page);
    let [shown] = data.get("runs").unwrap().as_list() else { panic!("{data:?}") };
    let grades: Vec<char> = shown.get("grades").unwrap().as_str().chars().collect();
    assert_eq!(grades.len(), run.results.len());
    let at = run.results.iter().position(|result| result.grade == Grade::Fail).unwrap();
    assert_eq!(grades[at], 'f');
    let cell = shown.get("cells").unwrap().get(&at.to_string()).unwrap().as_list();
    let strings = data.get("strings").unwrap().as_list();
    let text = |place: &Json| match place {
        Json::Number(place) => strings[usize::try_from(*place).unwrap()].as_str(),
        other => panic!("{other:?}"),
    };
    assert_eq!(text(&cell[0].as_list()[0]), run.results[at].said[0]);
    let wire: Vec<&str> = cell[4].as_list().iter().map(text).collect();
    assert!(wire[0].starts_with("> GET /chat HTTP/1.1\\r\\nHost: server.example.com\\r\\n"), "{wire:?}");
    assert!(wire.iter().any(|line| line.starts_with("< HTTP/1.1 101 ")), "{wire:?}");
}

#[test]
fn page_loads_nothing() {
    let library = family("ping");
    let page = html::page(&[as_json(&run_of(&library, Way::Silent, Role::Client, "a"), &library)], &[], &library);
    for loader in ["src=", "<link", "@import", "url(", "fetch(", "import(", "XMLHttpRequest"] {
        assert!(!page.contains(loader), "{loader}");
    }
}

#[test]
fn page_tells_what_has_changed_since_an_earlier_run_of_the_same_subject() {
    let library = family("frames-rsv");
    let before = as_json(&run_of(&library, Way::Fails, Role::Server, "contrary 0.9"), &library);
    let other = as_json(&run_of(&library, Way::Fails, Role::Server, "another 0.9"), &library);
    let run = run_of(&library, Way::TakesEverything, Role::Server, "contrary 1.0");
    let now = as_json(&run, &library);
    let shown = |earlier: &[Json]| {
        let data = unpacked(&html::page(std::slice::from_ref(&now), earlier, &library));
        data.get("runs").unwrap().as_list()[0].clone()
    };
    let changed = |shown: &Json| match shown.get("changed").unwrap() {
        Json::Object(changed) => changed.clone(),
        other => panic!("{other:?}"),
    };
    // The version is another one, and the subject the same.
    let compared = shown(std::slice::from_ref(&before));
    assert_eq!(compared.get("compared"), Some(&Json::Bool(true)));
    let old: Vec<Option<&Json>> =
        before.get("results").unwrap().as_list().iter().map(|result| result.get("grade")).collect();
    for (at, was) in changed(&compared) {
        let at: usize = at.parse().unwrap();
        assert_ne!(old[at].unwrap().as_str(), run.results[at].grade.name());
        assert!(old[at].unwrap().as_str().starts_with(was.as_str()), "{at} {was:?}");
    }
    let differ = run.results.iter().zip(&old).filter(|(result, old)| result.grade.name() != old.unwrap().as_str());
    assert_eq!(changed(&compared).len(), differ.count());
    assert!(!changed(&compared).is_empty());
    // Of another subject nothing is compared.
    assert_eq!(shown(&[other]).get("compared"), Some(&Json::Bool(false)));
    // Nothing has changed since itself.
    assert!(changed(&shown(std::slice::from_ref(&now))).is_empty());
}

#[test]
fn page_of_many_subjects_stays_small() {
    let library = Library::built_in().unwrap();
    let mut runs = Vec::new();
    for role in [Role::Server, Role::Client] {
        for way in Way::ALL {
            runs.push(as_json(&run_of(&library, way, role, &format!("{way:?}")), &library));
        }
    }
    let plain: usize = runs
        .iter()
        .map(|run| {
            let mut text = String::new();
            run.write(&mut text);
            text.len()
        })
        .sum();
    let page = html::page(&runs, &[], &library).len();
    // Nearly everything is wrong with these 16; forty real ones are less than twice as much.
    assert!(page < 1 << 20 && page * 10 < plain, "{page} of {plain}");
}

#[test]
fn junit_counts_what_fails_and_stays_xml_whatever_stands_in_it() {
    let library = family("frames-rsv");
    let run = run_of(&library, Way::TakesEverything, Role::Server, "a<b> & \"c\" \u{1}");
    let xml = junit::report(&run, false);
    let failing = run.results.iter().filter(|result| Run::fails(result, false)).count();
    let skipped = run.results.iter().filter(|result| result.grade == Grade::Unimplemented).count();
    assert!(failing > 0 && skipped == 0);
    let head = format!(
        "<testsuite name=\"wsspec a&lt;b&gt; &amp; &quot;c&quot; \u{fffd}\" tests=\"{}\" failures=\"{failing}\" skipped=\"0\">",
        run.results.len()
    );
    assert!(xml.contains(&head), "{xml:.300}");
    assert_eq!(xml.matches("<testcase ").count(), run.results.len());
    assert_eq!(xml.matches("<failure ").count(), failing);
    assert_eq!(xml.matches("</failure></testcase>").count(), failing);
    // Every mark begins or ends an element, and each that is begun is ended.
    let (mut open, mut rest) = (Vec::new(), &*xml);
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        assert!(!tag.contains('<'), "{tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.starts_with('?') || tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn junit_skips_what_is_not_implemented() {
    let library = family("close-own");
    let run = run_of(&library, Way::Silent, Role::Server, "a");
    let xml = junit::report(&run, true);
    assert!(xml.contains(&format!("failures=\"0\" skipped=\"{}\"", run.results.len())), "{xml:.200}");
    assert_eq!(xml.matches("<skipped message=\"needs commands\"/>").count(), run.results.len());
}

#[test]
fn autobahn_index_has_two_verdicts_for_each_case() {
    let library = family("frames-rsv");
    let run = run_of(&library, Way::TakesEverything, Role::Server, "agent");
    let index = Json::read(&autobahn::index(&run)).unwrap();
    let cases = index.get("agent").unwrap();
    for result in &run.results {
        let case = cases.get(&result.id).unwrap();
        let wanted = match result.grade {
            Grade::Pass if result.findings.is_empty() => "OK",
            Grade::Lenient => "NON-STRICT",
            Grade::Pass | Grade::Fail => "FAILED",
            other => panic!("{other}"),
        };
        assert_eq!(
            (case.get("behavior").unwrap().as_str(), case.get("behaviorClose").unwrap().as_str()),
            (wanted, wanted)
        );
    }
}

#[test]
fn json_of_a_run_fits_its_schema() {
    let root = Json::read(include_str!("../report.schema.json")).unwrap();
    let library = Library::built_in().unwrap();
    for role in [Role::Server, Role::Client] {
        let run = as_json(&run_of(&library, Way::TalksOn, role, "a"), &library);
        assert_eq!(schema::fault(&run, &root, &root, "run"), None);
    }
    let run = Json::read("{\"format\": 1, \"agent\": \"a\", \"role\": \"server\", \"results\": [{}]}").unwrap();
    assert!(schema::fault(&run, &root, &root, "run").is_some());
}

#[test]
fn vectors_fit_their_schema() {
    let root = Json::read(include_str!("../cases.schema.json")).unwrap();
    let vectors = Json::read(include_str!("../cases.json")).unwrap();
    assert_eq!(schema::fault(&vectors, &root, &root, "vectors"), None);
    for wrong in ["\"end\": \"closed\"", "\"role\": \"proxy\"", "\"steps\": [{}]", "\"code\": \"1002\""] {
        let (name, _) = wrong.split_once(": ").unwrap();
        let mut text = include_str!("../cases.json").to_owned();
        let from = text.find(&format!("{name}: ")).unwrap();
        text.replace_range(from..from + name.len(), &format!("{wrong}, \"was\""));
        let vectors = Json::read(&text).unwrap();
        assert!(schema::fault(&vectors, &root, &root, "vectors").is_some(), "{wrong}");
    }
}

#[test]
fn time_of_day_is_not_in_a_report() {
    use wsspec::exam::Entry;
    for name in ["Date", "date", "DATE"] {
        let head = format!("HTTP/1.1 400 Bad Request\r\n{name}: Sat, 21 Nov 2026 19:10:31 GMT\r\nX: y\r\n\r\n");
        let told = wsspec::report::text::wire(&[Entry::Received(head.into_bytes())]);
        assert_eq!(told, "    < HTTP/1.1 400 Bad Request\\r\\nX: y\\r\\n\\r\\n\n");
    }
}
