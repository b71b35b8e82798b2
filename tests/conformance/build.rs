//! Puts the files of `cases/` into the program.

use std::fmt::Write;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("cases");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = std::fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.path().extension().is_some_and(|extension| extension == "cases"));
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut code = String::from("const BUILT_IN: &[(&str, &str)] = &[\n");
    for file in files {
        let name = format!("cases/{}", file.file_name().to_string_lossy());
        writeln!(code, "    ({name:?}, include_str!({:?})),", file.path().display().to_string())?;
    }
    code.push_str("];\n");
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("built_in.rs"), code)?;
    Ok(())
}
