//! The examples as programs, and peers that are not of this repository.

mod clients;
mod command_line;
mod peer;
mod program;
mod proxy;
mod servers;
mod tls;

/// What the README of the examples promises: one file each, and no more than 100 lines of it that are neither blank nor a comment.
#[test]
fn each_example_is_short() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = std::fs::read_dir(folder.join("src/bin")).unwrap().map(|entry| entry.unwrap().path());
    let shared = ["../frame_proxy.rs", "../load_generator.rs", "../threads.rs"].map(|path| folder.join(path));
    let files: Vec<_> = own.chain(shared).collect();
    assert_eq!(files.len(), 7);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        assert!(code <= 100, "{}: {code} lines", file.display());
    }
}
