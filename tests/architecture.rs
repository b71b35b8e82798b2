//! The rules that can be read off the sources: imports point down and form no circles, `unsafe` stays in `kernel`, files stay small, and
//! nothing panics on purpose.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

/// Each floor, and those that it may import from.
const FLOORS: [(&str, &[&str]); 11] = [
    ("kernel", &[]),
    ("wire", &["kernel"]),
    ("frame", &["wire", "kernel"]),
    ("http", &["wire", "kernel"]),
    ("extension", &["http", "wire", "kernel"]),
    ("handshake", &["http", "extension", "wire", "kernel"]),
    ("connection", &["handshake", "extension", "frame", "wire", "kernel"]),
    ("messages", &["connection", "handshake", "extension", "frame", "wire", "kernel"]),
    ("timers", &["connection", "handshake", "extension", "frame", "wire", "kernel"]),
    ("endpoint", &["messages", "timers", "connection", "handshake", "extension", "wire"]),
    ("guide", &[]),
];

const MAX_LINES: usize = 400;

/// Files that may import one another in a circle, by folder, and why.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    (
        "connection",
        &["random_keys", "role"],
        "a role names its default source of keys, which implements the role's trait",
    ),
    (
        "wire",
        &["close", "control", "encoded_header", "error", "header", "opcode"],
        "values name the error that refuses them, and errors name values",
    ),
];

/// A source file, without its unit tests.
struct Source {
    path: PathBuf,
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
        Self { path, code: without_comments(&text), text }
    }

    fn floor(&self) -> &str {
        let inside = self.path.strip_prefix(src()).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn src() -> PathBuf {
    root().join("src")
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

/// The first names after each `crate::` or `super::` in the code, those in braces one by one.
fn names_after<'c>(root: &str, code: &'c str) -> Vec<&'c str> {
    let mut names = Vec::new();
    for (at, path) in code.match_indices(root) {
        if code[..at].ends_with(|before: char| is_word(before) || before == '$') {
            continue;
        }
        let after = &code[at + path.len()..];
        match after.strip_prefix('{') {
            None => names.push(after.split(|c| !is_word(c)).next().unwrap()),
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

/// What `lib.rs` hands out at the root, with the floor that it comes from.
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
        for name in names_after("crate::", &source.code) {
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
fn files_of_a_folder_import_one_another_in_one_direction() {
    let sources = sources();
    let folders: BTreeSet<&Path> = sources.iter().map(|source| source.path.parent().unwrap()).collect();
    let mut edges = 0;
    for folder in folders.into_iter().filter(|folder| *folder != src()) {
        let files: Vec<&Source> = sources.iter().filter(|source| source.path.parent() == Some(folder)).collect();
        let imports = imports_within(&files);
        edges += imports.values().map(BTreeSet::len).sum::<usize>();
        for file in imports.keys() {
            let around = reachable(file, &imports);
            let circle: Vec<_> =
                around.iter().filter(|other| reachable(other, &imports).contains(file)).copied().collect();
            let allowed = CIRCLES
                .iter()
                .any(|(name, files, _)| folder.ends_with(name) && circle.iter().all(|file| files.contains(file)));
            assert!(circle.is_empty() || allowed, "{folder:?}: these import one another in a circle: {circle:?}");
        }
    }
    assert!(edges > 20, "the imports were found");
}

/// Which of the files imports from which, by what they define and what they import from `super`.
fn imports_within<'s>(files: &[&'s Source]) -> BTreeMap<&'s str, BTreeSet<&'s str>> {
    let stem = |source: &&'s Source| source.path.file_stem().unwrap().to_str().unwrap();
    let mut home: HashMap<&str, &str> = files.iter().map(|file| (stem(file), stem(file))).collect();
    for file in files.iter().filter(|file| stem(file) != "mod") {
        home.extend(defined(&file.code).into_iter().map(|name| (name, stem(file))));
    }
    let files = files.iter().filter(|file| stem(file) != "mod");
    files
        .map(|file| {
            let names = names_after("super::", &file.code).into_iter().filter_map(|name| home.get(name).copied());
            (stem(file), names.filter(|other| *other != stem(file)).collect())
        })
        .collect()
}

/// The names of items at the left margin, and of types with their texts, which a macro defines.
fn defined(code: &str) -> Vec<&str> {
    let words = ["struct ", "enum ", "trait ", "type ", "fn ", "const ", "union "];
    let starts = ["pub", "    pub enum ", "    pub struct "].iter().chain(&words);
    let lines = code.lines().filter(|line| starts.clone().any(|start| line.starts_with(start)));
    lines
        .filter_map(|line| {
            let (_, name) = words.iter().find_map(|word| line.split_once(word))?;
            let name = name.trim_start_matches("fn ");
            name.split(|c| !is_word(c)).next()
        })
        .collect()
}

fn reachable<'s>(from: &'s str, imports: &BTreeMap<&'s str, BTreeSet<&'s str>>) -> BTreeSet<&'s str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        for &other in imports.get(file).into_iter().flatten() {
            if reached.insert(other) {
                next.push(other);
            }
        }
    }
    reached
}

#[test]
fn unsafe_stays_in_the_kernels() {
    for source in sources().iter().filter(|source| source.floor() != "kernel") {
        let mut words = source.code.split(|c| !is_word(c));
        assert!(!words.any(|word| word == "unsafe"), "{:?}", source.path);
    }
}

#[test]
fn files_have_at_most_400_lines() {
    let (mut folders, mut seen) = (vec![root().to_path_buf()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            // What is hidden, built or fetched is not ours.
            if path.is_dir() {
                let foreign =
                    ["target", "node_modules", "artifacts", "corpus"].iter().any(|folder| path.ends_with(folder));
                folders.extend((!foreign && !name.starts_with('.')).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = fs::read_to_string(&path).unwrap().lines().count();
                assert!(lines <= MAX_LINES, "{name} has {lines} lines, expected at most {MAX_LINES}");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "the files were found");
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
    assert_eq!(names_after("crate::", &code), ["wire", "C", "frame"]);
    let root = root_names("pub use wire::{A, B};\npub use frame::C;\n");
    assert_eq!((root["A"], root["B"], root["C"]), ("wire", "wire", "frame"));
}
