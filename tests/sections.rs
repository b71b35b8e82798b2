//! Each section of a standard that the sources cite is cited by a test. `tests/INDEX.md` lists them: section, sources, tests.
//!
//! Both sides are read from the text: a citation is a `§` with its number. It belongs to the RFC that its sentence has named last; where
//! it names none, to RFC 6455, or to the RFC about compression that the file is about by its path. A citation above a test or inside it is that test's;
//! one anywhere else in a file of tests stands for the file.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

/// RFC, and section as its numbers, so that they sort.
type Section = (u32, Vec<u32>);

#[derive(Default)]
struct Cited {
    sources: BTreeSet<String>,
    tests: BTreeSet<String>,
}

#[test]
fn index_is_what_the_sources_say() {
    let written = index();
    let path = root().join("tests/INDEX.md");
    if env::var_os("RENEW").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == written, "tests/INDEX.md is out of date; renew it with `RENEW=1 cargo test --test sections`");
}

#[test]
fn each_section_that_the_sources_cite_is_cited_by_a_test() {
    let cited = cited();
    let untested: Vec<String> = cited
        .iter()
        .filter(|((rfc, section), at)| {
            // A test of a subsection is one of the section.
            let tested = |(other, at): (&Section, &Cited)| {
                other.0 == *rfc && other.1.starts_with(section) && !at.tests.is_empty()
            };
            let elsewhere = ELSEWHERE.iter().any(|(other, number, _)| other == rfc && numbers(number) == *section);
            !at.sources.is_empty() && !elsewhere && !cited.iter().any(tested)
        })
        .map(|(section, at)| format!("{}, cited in {}", name(section), list(&at.sources)))
        .collect();
    assert!(
        untested.is_empty(),
        "no test cites these sections. Name the section in a comment on the test of its rule; if there is none, write it:\n{}",
        untested.join("\n")
    );
}

#[test]
fn sections_of_rfc_6455_exist() {
    for ((rfc, section), at) in cited() {
        let exists = TITLES.iter().any(|(number, _)| numbers(number) == section);
        assert!(
            rfc != 6455 || exists,
            "RFC 6455 has no {}, cited in {} {}: name the RFC that is meant in the same sentence",
            name(&(rfc, section)),
            list(&at.sources),
            list(&at.tests),
        );
    }
}

#[test]
fn citations_are_read_as_they_are_meant() {
    let of = |text| citations(text, 6455).into_iter().map(|(_, section)| name(&section)).collect::<Vec<_>>();
    assert_eq!(of("// §5.5: see §5.5.1.\n"), ["RFC 6455 §5.5", "RFC 6455 §5.5.1"]);
    assert_eq!(of("// RFC 7692 §6.1, §6.2. Then §5.4\n"), ["RFC 7692 §6.1", "RFC 7692 §6.2", "RFC 6455 §5.4"]);
    assert_eq!(of("// (§3; RFC 9110\n// §4.2)\n"), ["RFC 6455 §3", "RFC 9110 §4.2"]);
    assert_eq!(of("Row [\"RFC 9110 §4.2\"],\n/// §5.4\nOther,\n"), ["RFC 9110 §4.2", "RFC 6455 §5.4"]);
    assert_eq!((rfc_of("extension/deflate/mod.rs"), rfc_of("connection/send.rs")), (7692, 6455));
    let tests = "//! §1\n/// §2\n#[test]\nfn first() {\n    // §3\n}\n// §4\nfn helper() { /* §5 */ }\n";
    let names: Vec<_> = citations(tests, 6455).into_iter().map(|(line, _)| test_at(tests, line)).collect();
    assert_eq!(names, [None, Some("first"), Some("first"), None, None]);
}

/// The index as it has to stand.
fn index() -> String {
    let mut written = String::from(
        "# Sections, sources, tests\n\nWhere each section that the sources cite is enforced, and by which tests. Sources are below `src`, tests are files below `tests` with \
         the test's name, or unit tests in the sources.\nThis file is written by `tests/sections.rs`: renew it with `RENEW=1 cargo test --test sections`.\n",
    );
    let mut last = 0;
    for ((rfc, section), at) in cited().into_iter().filter(|(_, at)| !at.sources.is_empty()) {
        if last != rfc {
            written += &format!("\n## RFC {rfc}\n\n| section | sources | tests |\n|---|---|---|\n");
            last = rfc;
        }
        let title = TITLES.iter().find(|(number, _)| rfc == 6455 && numbers(number) == section);
        let title = title.map_or(String::new(), |(_, title)| format!(" {title}"));
        let number = section.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        written += &format!("| §{number}{title} | {} | {} |\n", list(&at.sources), list(&at.tests));
    }
    written
}

fn cited() -> BTreeMap<Section, Cited> {
    let mut cited: BTreeMap<Section, Cited> = BTreeMap::new();
    for path in files(&root().join("src")) {
        let text = fs::read_to_string(&path).unwrap();
        let shown = shown(&path, "src");
        let is_test = shown.split('/').any(|part| part == "tests" || part == "tests.rs");
        let tests_begin = if is_test { 0 } else { text.find("#[cfg(test)]\nmod ").unwrap_or(text.len()) };
        let first = text[..tests_begin].lines().count();
        for (line, section) in citations(&text, rfc_of(&shown)) {
            let at = cited.entry(section).or_default();
            if line < first {
                at.sources.insert(format!("`{shown}`"));
            } else if let Some(test) = test_at(&text, line) {
                at.tests.insert(format!("`src/{shown}` {test}"));
            }
        }
    }
    for path in files(&root().join("tests")) {
        let shown = shown(&path, "tests");
        // What tests are written with, the suite for any implementation, and this file.
        if shown.starts_with("testkit/") || shown.starts_with("conformance/") || shown == "sections.rs" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (line, section) in citations(&text, rfc_of(&shown)) {
            let test = test_at(&text, line).map_or(String::new(), |test| format!(" {test}"));
            cited.entry(section).or_default().tests.insert(format!("`{shown}`{test}"));
        }
    }
    assert!(cited.len() > 60, "the citations were found");
    cited
}

/// The RFC that a file is about, below `src` or `tests`.
fn rfc_of(path: &str) -> u32 {
    match path {
        _ if path.contains("/inflate/") => 1951,
        _ if path.contains("deflate") || path.contains("compress") => 7692,
        _ => 6455,
    }
}

/// The lines that cite, counted from 0, with what they cite.
fn citations(text: &str, of_the_file: u32) -> Vec<(usize, Section)> {
    let (mut found, mut named) = (Vec::new(), None);
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        // A sentence goes on in the next line of a comment, and nowhere else.
        if !trimmed.starts_with("//") || trimmed.trim_end_matches('/').is_empty() {
            named = None;
        }
        let mut rest = line;
        while let Some(at) = rest.find(['§', 'R', '.']) {
            let after = &rest[at..];
            if let Some(rfc) = after.strip_prefix("RFC ").and_then(first_number) {
                named = Some(rfc);
            } else if after.starts_with(". ") {
                named = None;
            } else if let Some(section) = after.strip_prefix('§') {
                let end = section.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(section.len());
                let section = section[..end].trim_end_matches('.');
                if !section.is_empty() {
                    found.push((number, (named.unwrap_or(of_the_file), numbers(section))));
                }
            }
            rest = &rest[at + after.chars().next().map_or(1, char::len_utf8)..];
        }
        if line.trim_end().ends_with('.') || !line.contains("//") {
            named = None;
        }
    }
    found
}

/// The test that a line belongs to: it stands inside, or in the comments and attributes above.
fn test_at(text: &str, line: usize) -> Option<&str> {
    let lines: Vec<&str> = text.lines().collect();
    if lines[line].starts_with("//!") {
        return None;
    }
    let is_above = |line: &&str| line.trim_start().starts_with("//") || line.trim_start().starts_with("#[");
    let below = line + lines[line..].iter().take_while(|line| is_above(line)).count();
    let name_of = |line: &str| {
        let rest = line.trim_start().strip_prefix("fn ")?;
        Some(rest[..rest.find(['(', '<'])?].to_string())
    };
    let starts_function = lines.get(below).is_some_and(|line| name_of(line).is_some());
    let function = if starts_function { below } else { (0..=line).rev().find(|&at| name_of(lines[at]).is_some())? };
    let above = lines[..function].iter().rev().take_while(|line| is_above(line));
    above.clone().find(|line| line.trim() == "#[test]")?;
    let name = lines[function].trim_start().strip_prefix("fn ")?;
    name.split(['(', '<']).next()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") && !path.ends_with("node_modules") {
                files.extend(self::files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shown(path: &Path, below: &str) -> String {
    let inside = path.strip_prefix(root().join(below)).unwrap();
    inside.iter().map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("/")
}

fn list(of: &BTreeSet<String>) -> String {
    of.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn name((rfc, section): &Section) -> String {
    format!("RFC {rfc} §{}", section.iter().map(u32::to_string).collect::<Vec<_>>().join("."))
}

fn numbers(section: &str) -> Vec<u32> {
    section.split('.').map(|number| number.parse().unwrap()).collect()
}

fn first_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Sections about what is not the crate's to do, and why they are cited all the same.
const ELSEWHERE: [(u32, &str, &str); 1] =
    [(8441, "3", "a setting of HTTP/2, which its stack sends: the documentation tells the caller that it is needed")];

/// The sections of RFC 6455.
const TITLES: [(&str, &str); 88] = [
    ("1", "Introduction"),
    ("1.1", "Background"),
    ("1.2", "Protocol Overview"),
    ("1.3", "Opening Handshake"),
    ("1.4", "Closing Handshake"),
    ("1.5", "Design Philosophy"),
    ("1.6", "Security Model"),
    ("1.7", "Relationship to TCP and HTTP"),
    ("1.8", "Establishing a Connection"),
    ("1.9", "Subprotocols Using the WebSocket Protocol"),
    ("2", "Conformance Requirements"),
    ("2.1", "Terminology and Other Conventions"),
    ("3", "WebSocket URIs"),
    ("4", "Opening Handshake"),
    ("4.1", "Client Requirements"),
    ("4.2", "Server-Side Requirements"),
    ("4.2.1", "Reading the Client's Opening Handshake"),
    ("4.2.2", "Sending the Server's Opening Handshake"),
    ("4.3", "Collected ABNF for New Header Fields Used in Handshake"),
    ("4.4", "Supporting Multiple Versions of WebSocket Protocol"),
    ("5", "Data Framing"),
    ("5.1", "Overview"),
    ("5.2", "Base Framing Protocol"),
    ("5.3", "Client-to-Server Masking"),
    ("5.4", "Fragmentation"),
    ("5.5", "Control Frames"),
    ("5.5.1", "Close"),
    ("5.5.2", "Ping"),
    ("5.5.3", "Pong"),
    ("5.6", "Data Frames"),
    ("5.7", "Examples"),
    ("5.8", "Extensibility"),
    ("6", "Sending and Receiving Data"),
    ("6.1", "Sending Data"),
    ("6.2", "Receiving Data"),
    ("7", "Closing the Connection"),
    ("7.1", "Definitions"),
    ("7.1.1", "Close the WebSocket Connection"),
    ("7.1.2", "Start the WebSocket Closing Handshake"),
    ("7.1.3", "The WebSocket Closing Handshake is Started"),
    ("7.1.4", "The WebSocket Connection is Closed"),
    ("7.1.5", "The WebSocket Connection Close Code"),
    ("7.1.6", "The WebSocket Connection Close Reason"),
    ("7.1.7", "Fail the WebSocket Connection"),
    ("7.2", "Abnormal Closures"),
    ("7.2.1", "Client-Initiated Closure"),
    ("7.2.2", "Server-Initiated Closure"),
    ("7.2.3", "Recovering from Abnormal Closure"),
    ("7.3", "Normal Closure of Connections"),
    ("7.4", "Status Codes"),
    ("7.4.1", "Defined Status Codes"),
    ("7.4.2", "Reserved Status Code Ranges"),
    ("8", "Error Handling"),
    ("8.1", "Handling Errors in UTF-8-Encoded Data"),
    ("9", "Extensions"),
    ("9.1", "Negotiating Extensions"),
    ("9.2", "Known Extensions"),
    ("10", "Security Considerations"),
    ("10.1", "Non-Browser Clients"),
    ("10.2", "Origin Considerations"),
    ("10.3", "Attacks On Infrastructure (Masking)"),
    ("10.4", "Implementation-Specific Limits"),
    ("10.5", "WebSocket Client Authentication"),
    ("10.6", "Connection Confidentiality and Integrity"),
    ("10.7", "Handling of Invalid Data"),
    ("10.8", "Use of SHA-1 by the WebSocket Handshake"),
    ("11", "IANA Considerations"),
    ("11.1", "Registration of New URI Schemes"),
    ("11.1.1", "Registration of \"ws\" Scheme"),
    ("11.1.2", "Registration of \"wss\" Scheme"),
    ("11.2", "Registration of the \"WebSocket\" HTTP Upgrade Keyword"),
    ("11.3", "Registration of New HTTP Header Fields"),
    ("11.3.1", "Sec-WebSocket-Key"),
    ("11.3.2", "Sec-WebSocket-Extensions"),
    ("11.3.3", "Sec-WebSocket-Accept"),
    ("11.3.4", "Sec-WebSocket-Protocol"),
    ("11.3.5", "Sec-WebSocket-Version"),
    ("11.4", "WebSocket Extension Name Registry"),
    ("11.5", "WebSocket Subprotocol Name Registry"),
    ("11.6", "WebSocket Version Number Registry"),
    ("11.7", "WebSocket Close Code Number Registry"),
    ("11.8", "WebSocket Opcode Registry"),
    ("11.9", "WebSocket Framing Header Bits Registry"),
    ("12", "Using the WebSocket Protocol from Other Specifications"),
    ("13", "Acknowledgements"),
    ("14", "References"),
    ("14.1", "Normative References"),
    ("14.2", "Informative References"),
];
