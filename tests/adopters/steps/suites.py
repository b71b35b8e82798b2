"""Runs the adopters' own tests, and reads which of them passed.

Some of them expect a timer of 100 ms within 100 ms, and the like: on a busy machine they fail now and then, as published too. One that
fails is tried twice more, alone, and counts as passed if it passes then; that it was repeated is said.
"""
import os
import re

from steps.sources import TUNGSTENITE, cargo, folder

# What cargo is asked for, by package. Tests of axum outside of `extract::ws` have nothing to do with WebSocket.
LIBRARY, DOCUMENTATION = ["--lib", "--tests"], ["--doc"]
SUITES = {
    "tungstenite@0.30.0": [LIBRARY, DOCUMENTATION],
    "tungstenite@0.29.0": [LIBRARY],
    "tokio-tungstenite@0.30.0": [LIBRARY, DOCUMENTATION],
    "hyper-tungstenite@0.30.0": [LIBRARY, DOCUMENTATION],
    "axum@0.8.9": [["--lib", "--features", "ws,http2,json,macros,multipart,__private", "extract::ws"]],
    "engineioxide@0.17.9": [[*LIBRARY, "--features", "v3,tracing,__test_harness"]],
    "socketioxide@0.18.9": [[*LIBRARY, "--features", "v4,extensions,msgpack,state,tracing,__test_harness"]],
}


def run(place, packages, environment=None, verbose=False, limit=None):
    """{package: {test: "ok" | "FAILED" | "ignored"}}, and the output of what did not even build."""
    results, broken = {}, {}
    for package in packages:
        found = {}
        for words in SUITES[package]:
            options, _, wanted = " ".join(words).partition(" extract")
            command = ["test", "--package", package, "--no-fail-fast", *options.split(), "--"] + (["extract" + wanted] if wanted else [])
            where = os.path.join(place, folder(package)) if package == TUNGSTENITE[1] else place
            done = cargo(command, where, quiet=True, limit=limit, environment=environment or {})
            program = ""
            for line in done.stdout.splitlines():
                running = re.match(r" +Running (?:unittests )?(\S+)", line) or re.match(r" +(Doc-tests) ", line)
                test = re.match(r"test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", line)
                if running:
                    program = running.group(1)
                elif test:
                    found["%s: %s" % (program, test.group(1))] = test.group(2)
            if done.returncode != 0 and "FAILED" not in found.values():
                broken[package] = done.stdout
            if verbose:
                print(done.stdout, flush=True)
            for test in failed(found):
                alone = [*command[: command.index("--") + 1], "--exact", test.split(": ", 1)[1]]
                for _ in range(2):
                    again = cargo(alone, where, quiet=True, limit=limit, environment=environment or {}).stdout
                    if re.search(r"^test %s \.\.\. ok$" % re.escape(alone[-1]), again, re.M):
                        print("%s, %s: failed, and passed when repeated" % (package, test), flush=True)
                        found[test] = "ok"
                        break
        results[package] = found
    return results, broken


def passed(found):
    return sum(verdict == "ok" for verdict in found.values())


def failed(found):
    return sorted(test for test, verdict in found.items() if verdict == "FAILED")
