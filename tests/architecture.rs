//! The house rules that a reader of the sources can check: imports point down, `unsafe` stays in the cellar, files stay small, and
//! nothing panics on purpose.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

/// Each floor, and those that it may import from.
const FLOORS: [(&str, &[&str]); 10] = [
    ("endpoint", &["wire", "handshake", "extension", "connection", "messages", "timers"]),
    ("simd", &[]),
    ("wire", &["simd"]),
    ("frame", &["wire", "simd"]),
    ("extension", &["wire", "simd"]),
    ("handshake", &["extension", "wire", "simd"]),
    ("connection", &["handshake", "extension", "frame", "wire", "simd"]),
    ("messages", &["connection", "handshake", "extension", "frame", "wire", "simd"]),
    ("timers", &["connection", "handshake", "extension", "frame", "wire", "simd"]),
    ("testing", &["frame", "wire", "simd"]),
];

/// A source file, without its unit tests.
struct Source {
    path: PathBuf,
    lines: usize,
    /// As it stands there.
    text: String,
    /// Without comments.
    code: String,
}

impl Source {
    fn read(path: PathBuf) -> Self {
        let whole = fs::read_to_string(&path).unwrap();
        let text = match whole.find("#[cfg(test)]\nmod ") {
            Some(tests) => whole[..tests].to_string(),
            None => whole.clone(),
        };
        Self { path, lines: whole.lines().count(), code: without_comments(&text), text }
    }

    fn floor(&self) -> &str {
        let inside = self.path.strip_prefix(src()).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All sources but files that are tests as a whole.
fn sources() -> Vec<Source> {
    let (mut sources, mut folders) = (Vec::new(), vec![src()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let tests = path.file_stem().is_some_and(|stem| stem == "tests");
            match path.extension() {
                _ if tests => {}
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => sources.push(Source::read(path)),
                _ => {}
            }
        }
    }
    assert!(sources.len() > 20, "the sources were found");
    sources
}

fn without_comments(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let comment = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'));
        code.push_str(comment.map_or(line, |(at, _)| &line[..at]));
        code.push('\n');
    }
    code
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The first names behind each `crate::` in the code, those in braces one by one.
fn names_behind_crate(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| is_word(before) || before == '$') {
            continue;
        }
        let behind = &code[at + path.len()..];
        match behind.strip_prefix('{') {
            None => names.push(behind.split(|c| !is_word(c)).next().unwrap()),
            Some(group) => names.extend(names_of_group(group)),
        }
    }
    names
}

fn names_of_group(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                names.push(group[start..at].trim().split(|c| !is_word(c)).next().unwrap());
                start = at + 1;
                if char == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// What `lib.rs` hands out at the root, and whence it comes.
fn root_names(lib: &str) -> HashMap<&str, &str> {
    let mut names = HashMap::new();
    for (_, rest) in lib.match_indices("pub use ").map(|(at, words)| (at, &lib[at + words.len()..])) {
        let (floor, rest) = rest.split_once("::").unwrap();
        let handed_out = match rest.strip_prefix('{') {
            Some(group) => names_of_group(group),
            None => vec![rest.split(|c| !is_word(c)).next().unwrap()],
        };
        names.extend(handed_out.into_iter().map(|name| (name, floor)));
    }
    names
}

#[test]
fn imports_point_down() {
    let sources = sources();
    let lib = sources.iter().find(|source| source.floor() == "lib").unwrap();
    let root = root_names(&lib.code);
    assert_eq!(root.get("ProtocolError"), Some(&"wire"));
    let mut imports = 0;
    for source in sources.iter().filter(|source| source.floor() != "lib") {
        let floor = source.floor();
        let (_, below) = FLOORS.iter().find(|(name, _)| *name == floor).expect("every file belongs to a floor");
        for name in names_behind_crate(&source.code) {
            let from = *root.get(name).unwrap_or(&name);
            assert!(FLOORS.iter().any(|(floor, _)| *floor == from), "{:?} imports {name} from nowhere", source.path);
            assert!(from == floor || below.contains(&from), "{:?} imports {name} from {from}", source.path);
            imports += 1;
        }
        for (other, _) in FLOORS.iter().filter(|(other, _)| *other != floor) {
            let detour = format!("super::{other}::");
            assert!(!source.code.contains(&detour), "{:?} takes the detour {detour}", source.path);
        }
    }
    assert!(imports > 20, "the imports were found");
}

#[test]
fn unsafe_stays_in_the_cellar() {
    for source in sources().iter().filter(|source| source.floor() != "simd") {
        let mut words = source.code.split(|c| !is_word(c));
        assert!(!words.any(|word| word == "unsafe"), "{:?}", source.path);
    }
}

#[test]
fn files_have_at_most_600_lines() {
    for source in sources() {
        assert!(source.lines <= 600, "{:?} has {}", source.path, source.lines);
    }
}

#[test]
fn nothing_is_left_for_later() {
    for source in sources() {
        for mark in ["TODO", "FIXME", "XXX", "HACK"] {
            assert!(!source.text.contains(mark), "{:?} has a {mark}", source.path);
        }
    }
}

#[test]
fn nothing_panics_on_purpose() {
    for source in sources() {
        for call in [
            ".unwrap()",
            ".expect(",
            ".unwrap_err()",
            ".expect_err(",
            "panic!",
            "unreachable!",
            "todo!",
            "unimplemented!",
        ] {
            assert!(!source.code.contains(call), "{:?} has {call}", source.path);
        }
    }
}

#[test]
fn the_rules_see_what_they_should() {
    let code =
        without_comments("use crate::{wire::{A, B}, C}; // crate::no\nlet x = crate::frame::y;\n/// crate::no\n");
    assert_eq!(names_behind_crate(&code), ["wire", "C", "frame"]);
    let root = root_names("pub use wire::{A, B};\npub use frame::C;\n");
    assert_eq!((root["A"], root["B"], root["C"]), ("wire", "wire", "frame"));
}
