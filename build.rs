//! Tells whether the compiler has the AVX-512 intrinsics, which are stable since Rust 1.89; the crate builds with older ones.

use std::env;
use std::process::Command;

/// The first Rust 1.x with `stdarch_x86_avx512`.
const SINCE: u32 = 89;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(avx512)");
    let x86 = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64" || arch == "x86");
    if x86 && minor_version().is_some_and(|minor| minor >= SINCE) {
        println!("cargo::rustc-cfg=avx512");
    }
}

/// 95 of `rustc 1.95.0 (…)`; of a compiler that says something else, nothing is expected.
fn minor_version() -> Option<u32> {
    let output = Command::new(env::var_os("RUSTC")?).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()?.strip_prefix("rustc 1.")?.split('.').next()?.parse().ok()
}
