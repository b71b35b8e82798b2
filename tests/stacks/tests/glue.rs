//! How many lines a user of each stack writes for the handshake.

/// Lines between the marks, without those that are empty or only a comment.
fn glue(source: &str) -> usize {
    let regions = source.split("// glue: begin").skip(1);
    let glue = regions.map(|region| region.split_once("// glue: end").expect("a mark where the glue ends").0);
    glue.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[test]
fn glue_is_a_handful_of_lines() {
    let sources = [
        ("hyper 1, server", include_str!("../src/hyper_server.rs"), 5),
        ("axum 0.8", include_str!("../src/axum_server.rs"), 5),
        ("hyper 1, client", include_str!("../src/hyper_client.rs"), 8),
        ("h2 0.4, server", include_str!("../src/h2_server.rs"), 12),
        ("h2 0.4, client", include_str!("../src/h2_client.rs"), 11),
        ("actix-http 3", include_str!("../src/actix_server.rs"), 24),
    ];
    for (stack, source, most) in sources {
        let lines = glue(source);
        println!("{stack}: {lines} lines");
        assert!(lines > 0 && lines <= most, "{stack}: {lines} lines, expected at most {most}");
    }
}
