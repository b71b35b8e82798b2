"""The adopters' published sources: fetched by cargo, and copied into a workspace of their own."""
import glob
import json
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HERE = os.path.join(ROOT, "tests", "adopters")
TARGET = os.path.abspath(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")))
WORK = os.path.join(TARGET, "adopters")
NEWEST = max(os.path.getmtime(path) for path in glob.glob(os.path.join(HERE, "*", "*")))

TUNGSTENITE = ["tungstenite@0.30.0", "tungstenite@0.29.0"]
STACKS = [
    "tokio-tungstenite@0.30.0",
    "hyper-tungstenite@0.30.0",
    "axum@0.8.9",
    "engineioxide@0.17.9",
    "socketioxide@0.18.9",
]
# Programs of ours on top of them.
PROGRAMS = """[package]
name = "programs"
version = "0.0.0"
edition = "2024"

[dependencies]
axum = { version = "=0.8.9", features = ["ws"] }
futures-util = { version = "0.3", features = ["sink"] }
tokio = { version = "1", features = ["io-util", "macros", "net", "rt"] }
tokio-tungstenite = "=0.30.0"
"""


def folder(package):
    """tungstenite@0.30.0 lies in tungstenite-0.30.0."""
    return package.replace("@", "-")


def name(package):
    return package.split("@")[0]


def cargo(words, cwd, quiet=False, limit=None, **options):
    """Runs cargo; `limit` is the seconds after which it and what it has started are ended."""
    # The sources have lints of their own, and exchanged parts leave imports that nothing uses.
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": os.path.join(WORK, "target"),
        "RUSTFLAGS": "--cap-lints=warn -Awarnings",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_PROFILE_TEST_DEBUG": "0",
        **options.pop("environment", {}),
    }
    if quiet:
        options.update(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    limited = ["timeout", str(limit)] if limit else []
    return subprocess.run([*limited, "cargo", *words], cwd=cwd, env=environment, **options)


def fetch():
    """Has cargo fetch the packages, and says where each of them lies."""
    manifest = ['[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n']
    for package in TUNGSTENITE + STACKS:
        version = package.split("@")[1]
        manifest.append('"%s" = { package = "%s", version = "=%s" }\n' % (re.sub(r"[@.]", "-", package), name(package), version))
    place = os.path.join(WORK, "fetch")
    write(os.path.join(place, "Cargo.toml"), "".join(manifest))
    write(os.path.join(place, "src", "lib.rs"), "")
    found = cargo(["metadata", "--format-version", "1"], place, stdout=subprocess.PIPE, check=True).stdout
    lies = {"%s@%s" % (p["name"], p["version"]): os.path.dirname(p["manifest_path"]) for p in json.loads(found)["packages"]}
    return {package: lies[package] for package in TUNGSTENITE + STACKS}


def workspace(variant):
    """Copies the packages into a workspace in which each of them is used in place of the registry's."""
    place = os.path.join(WORK, variant)
    shutil.rmtree(place, ignore_errors=True)
    for package, lies in fetch().items():
        copy = os.path.join(place, folder(package))
        shutil.copytree(lies, copy, ignore=shutil.ignore_patterns("Cargo.lock", "benches"))
        manifest = os.path.join(copy, "Cargo.toml")
        # Benchmarks, and profiles, which count in the root of a workspace alone.
        text = re.sub(r"^(\[\[bench\]\]|\[dev-dependencies\.criterion\]|\[profile\..*\])\n(?:.+\n)+", "", read(manifest), flags=re.M)
        if package.startswith("axum@"):
            # In its repository its tests use this; from the published manifest it was removed.
            text += '\n[dev-dependencies.axum-macros]\nversion = "0.5"\nfeatures = ["__private"]\n'
        if package in TUNGSTENITE:
            # All variants are built in one folder, and cargo tells them apart by version, not by place.
            text = re.sub(r'^version = "([^"]+)"', r'version = "\1+%s"' % variant, text, count=1, flags=re.M)
        write(manifest, text)
    programs = os.path.join(place, "programs")
    shutil.copytree(os.path.join(HERE, "programs"), os.path.join(programs, "src", "bin"))
    write(os.path.join(programs, "Cargo.toml"), PROGRAMS)
    # A workspace has one package of a name; the older one is a workspace of its own, and used by patch alone.
    older = os.path.join(place, folder(TUNGSTENITE[1]), "Cargo.toml")
    write(older, read(older) + "\n[workspace]\n")
    members = [folder(package) for package in [TUNGSTENITE[0], *STACKS]] + ["programs"]
    patches = ['"%s" = { package = "%s", path = "%s" }' % (re.sub(r"[@.]", "-", p), name(p), folder(p)) for p in TUNGSTENITE + STACKS]
    lines = ['[workspace]\nresolver = "2"\nmembers = %s\nexclude = ["%s"]\n' % (json.dumps(members), folder(TUNGSTENITE[1])), "[patch.crates-io]", *patches, ""]
    write(os.path.join(place, "Cargo.toml"), "\n".join(lines))
    # The versions of everything else are those of the first workspace, so that only what is exchanged differs.
    lock = os.path.join(WORK, "stock", "Cargo.lock")
    if os.path.exists(lock):
        shutil.copy(lock, place)
    return place


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    """Writes a file, dated as the newest file of this folder: what was built of the same sources before need not be built again."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (NEWEST, NEWEST))
