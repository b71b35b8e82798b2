//! All cases together.

use std::collections::HashMap;
use std::path::Path;

use super::{Case, CaseError, parse};

/// A set of cases.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// In the order of files and lines.
    pub cases: Vec<Case>,
}

impl Library {
    /// The cases that the program brings with it.
    pub fn built_in() -> Result<Self, CaseError> {
        let mut library = Self::default();
        for (name, text) in BUILT_IN {
            library.add(name, text)?;
        }
        Ok(library)
    }

    /// The cases of a file, or of all `.cases` files of a folder, in the order of their names.
    pub fn read(path: &Path) -> Result<Self, CaseError> {
        let fails = |error: std::io::Error| CaseError {
            file: path.display().to_string(),
            line: 1,
            column: 1,
            message: error.to_string(),
        };
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            files = std::fs::read_dir(path).map_err(fails)?.flatten().map(|entry| entry.path()).collect();
            files.retain(|file| file.extension().is_some_and(|extension| extension == "cases"));
            files.sort();
        }
        let mut library = Self::default();
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(fails)?;
            library.add(&file.display().to_string(), &text)?;
        }
        Ok(library)
    }

    /// Adds the cases of one file.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), CaseError> {
        let mut lines: HashMap<&str, String> =
            self.cases.iter().map(|case| (&*case.id, format!("{}.cases:{}", case.family, case.line))).collect();
        let cases = parse::file(file, text)?;
        for case in &cases {
            if let Some(first) = lines.insert(&case.id, format!("{file}:{}", case.line)) {
                return Err(CaseError {
                    file: file.to_owned(),
                    line: case.line,
                    column: 1,
                    message: format!("expected another name: {} is also {first}", case.id),
                });
            }
        }
        self.cases.extend(cases);
        Ok(())
    }

    /// The case of this id.
    pub fn get(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == id)
    }
}

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
