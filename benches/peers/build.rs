//! With the feature `c`, builds the peers in C and C++ that are installed, and says which are not.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A name, how it is compiled, what it is linked with, and where it comes from.
const PEERS: [(&str, &str, &[&str], &str); 4] = [
    ("wslay", "c++17", &["wslay"], "apt-get install g++ libwslay-dev"),
    (
        "uwebsockets",
        "c++20",
        &[],
        "cargo info libuwebsockets-sys@0.0.10, whose sources have it, and apt-get install g++",
    ),
    ("beast", "c++17", &[], "apt-get install g++ libboost-dev"),
    ("websocketpp", "c++17", &[], "apt-get install g++ libwebsocketpp-dev libboost-dev"),
];

fn main() {
    println!("cargo::rerun-if-changed=c");
    for (name, ..) in PEERS {
        println!("cargo::rustc-check-cfg=cfg(has_{name})");
    }
    if env::var_os("CARGO_FEATURE_C").is_none() {
        return;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let sources = uwebsockets();
    let mut any = false;
    for (name, standard, libraries, from) in PEERS {
        match build(name, standard, libraries, &out, sources.as_deref()) {
            Ok(()) => {
                any = true;
                println!("cargo::rustc-cfg=has_{name}");
                println!("cargo::rustc-link-lib=static=peer_{name}");
                libraries.iter().for_each(|library| println!("cargo::rustc-link-lib={library}"));
            }
            Err(why) => println!("cargo::warning={name} takes no part: {why} ({from})"),
        }
    }
    if any {
        println!("cargo::rustc-link-search=native={}", out.display());
        println!("cargo::rustc-link-lib=stdc++");
    }
}

fn build(name: &str, standard: &str, libraries: &[&str], out: &Path, uwebsockets: Option<&Path>) -> Result<(), String> {
    let (source, object) = (format!("c/{name}.cpp"), out.join(format!("{name}.o")));
    let mut compiler = Command::new("g++");
    compiler.args(["-O3", "-DNDEBUG", "-DLIBUS_NO_SSL", "-DUWS_NO_ZLIB", "-w", "-c", &source, "-o"]).arg(&object);
    compiler.arg(format!("-std={standard}"));
    if name == "uwebsockets" {
        let folder = uwebsockets.ok_or("its sources are not in cargo's registry")?;
        compiler.arg("-I").arg(folder.join("src")).arg("-I").arg(folder.join("uSockets/src"));
    }
    run(&mut compiler)?;
    if !libraries.is_empty() {
        let mut linker = Command::new("g++");
        linker.args(["-shared", "-x", "c++", "/dev/null", "-o"]).arg(out.join("linked.so"));
        run(linker.args(libraries.iter().map(|library| format!("-l{library}"))))?;
    }
    let archive = out.join(format!("libpeer_{name}.a"));
    run(Command::new("ar").arg("rcs").arg(archive).arg(object))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    let first = String::from_utf8_lossy(&output.stderr).lines().find(|line| line.contains("error")).map(str::to_owned);
    if output.status.success() { Ok(()) } else { Err(first.unwrap_or_else(|| "it can't be compiled".into())) }
}

/// Where cargo has put the sources that come with the crate which binds them.
fn uwebsockets() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))?;
    let registries = home.join("registry/src").read_dir().ok()?;
    let folders = registries.flatten().map(|registry| registry.path().join("libuwebsockets-sys-0.0.10/uWebSockets"));
    folders.into_iter().find(|folder| folder.is_dir())
}
