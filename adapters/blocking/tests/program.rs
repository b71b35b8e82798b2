//! The program that the READMEs and the guide show is the example that runs.

/// The first Rust block of a page.
fn program(page: &str) -> &str {
    let page = page.split_once("use std::{error::Error").expect("the page has the program").1;
    page.split_once("\n```").expect("the block ends").0
}

#[test]
fn pages_show_the_program_that_runs() {
    let example = include_str!("../examples/echo.rs").split_once("use std::{error::Error").unwrap().1.trim_end();
    assert_eq!(program(include_str!("../README.md")), example);
    assert_eq!(program(include_str!("../../../README.md")), example);
    assert_eq!(program(include_str!("../../../src/guide/echo.md")), example);
    let lines = example.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 25, "expected at most 25 lines, found {lines}");
}
