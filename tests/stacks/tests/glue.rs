//! How many lines a user of each stack writes for the handshake.

/// Lines between the marks, without those that are empty or only a comment.
fn glue(source: &str) -> usize {
    let (_, after) = source.split_once("// glue: begin").expect("a mark where the glue begins");
    let (glue, _) = after.split_once("// glue: end").expect("a mark where the glue ends");
    assert!(!after.contains("glue: begin"), "one region in a file");
    glue.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn glue_is_a_handful_of_lines() {
    let sources = [
        ("hyper 1, server", include_str!("../src/hyper_server.rs"), 7),
        ("hyper 1, client", include_str!("../src/hyper_client.rs"), 7),
        ("axum 0.8", include_str!("../src/axum_server.rs"), 7),
        ("h2 0.4, server", include_str!("../src/h2_server.rs"), 9),
        ("h2 0.4, client", include_str!("../src/h2_client.rs"), 9),
        ("actix-http 3", include_str!("../src/actix_server.rs"), 15),
    ];
    for (stack, source, most) in sources {
        let lines = glue(source);
        println!("{stack}: {lines} lines");
        assert!(lines > 0 && lines <= most, "{stack}: {lines} lines, expected at most {most}");
    }
}
