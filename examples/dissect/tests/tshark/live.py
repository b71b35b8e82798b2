"""Captures of conversations with peers that others have written."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
SUBJECTS = ROOT / "tests" / "conformance" / "subjects"
# Servers and clients of tests/conformance/subjects/subjects.tsv, and what this machine may have.
SERVERS = ["ws", "websockets", "aiohttp", "tornado", "gorilla", "tungstenite", "fastwebsockets", "websocketpp"]
CLIENTS = ["ws", "undici", "websockets", "aiohttp", "tornado", "gorilla", "tungstenite", "fastwebsockets"]


class Missing(Exception):
    """What is not on this machine."""


def peers(folder, target):
    """Names, and for each the commands of server and client."""
    rows = [line.split("\t") for line in (SUBJECTS / "subjects.tsv").read_text().splitlines() if line and line[0] != "#"]
    places = {"{bin}": folder / "bin", "{here}": SUBJECTS, "{python}": folder / "python/bin/python", "{node}": folder / "node"}
    other = ["node", str(HERE / "peer.js")]
    for name, role, _, _, command in rows:
        words = command.split()
        for key, place in places.items():
            words = [word.replace(key, str(place)) for word in words]
        if role == "server" and name in SERVERS:
            yield "%s server" % name, words, [*other, "client", "{url}"]
        elif role == "client" and name in CLIENTS:
            yield "%s client" % name, [*other, "server", "{address}"], words
    ours = target / "release"
    yield "echo_server", [str(ours / "examples" / "echo_server"), "--listen", "{address}"], [*other, "client", "{url}"]
    lines = "(for n in 1 2 3 4 5 6 7 8; do echo line $n; done; sleep 1)"
    yield "echo_client", [*other, "server", "{address}"], ["sh", "-c", "%s | %s {url}/echo" % (lines, ours / "echo_client")]
    yield "Chromium", [*other, "server", "{address}"], chromium()
    profile = tempfile.mkdtemp()
    yield "Firefox", [*other, "server", "{address}"], ["firefox", "--headless", "--no-remote", "--profile", profile, "{page}"]


def chromium(*options):
    return ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + tempfile.mkdtemp(), *options, "{page}"]


def capture(name, server, client, file, folder, dissect, environment={}, scheme="ws"):
    """Lets the two talk, and writes what passes: by tcpdump, or without rights by `dissect record`."""
    port, by_record = free_port(), os.geteuid() != 0 or not shutil.which("tcpdump")
    front = free_port() if by_record else port
    fill = lambda words, port: [
        word.format(address="127.0.0.1:%d" % port, url="%s://localhost:%d" % (scheme, port), agent="dissect",
                    page="%s://localhost:%d/" % (scheme.replace("ws", "http"), port))
        for word in words]
    for word in (server[0], client[0]):
        if not shutil.which(word):
            raise Missing(word)
    environment = {**os.environ, "NODE_PATH": str(folder / "node" / "node_modules"), "MOZ_HEADLESS": "1", **environment}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment, "start_new_session": True}
    processes = []
    try:
        if by_record:
            watch = [dissect, "record", "--listen", "127.0.0.1:%d" % front, "--to", "127.0.0.1:%d" % port, "--write", file]
            processes.append(subprocess.Popen(watch, **quiet))
        else:
            # Without the immediate mode the kernel hands packets over once a second, and what it still has is lost at the end.
            watch = ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-B", "65536", "-w", file, "tcp port %d" % port]
            processes.append(subprocess.Popen(watch, **quiet))
        wait_until(lambda: os.path.exists(file) and os.path.getsize(file) >= 24)
        serving = subprocess.Popen(fill(server, port), **quiet)
        processes.append(serving)
        wait_until(lambda: listens(port))
        asking = subprocess.Popen(fill(client, front), **quiet)
        processes.append(asking)
        # A browser stays; the server ends when its page is done.
        last = serving if client[0] in ("chromium", "firefox") else asking
        try:
            last.wait(90)
        except subprocess.TimeoutExpired:
            pass
        settle(file)
    finally:
        for process in reversed(processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def listens(port):
    # Without a connection, which would be in the capture.
    wanted = ":%04X" % port
    return any(line.split()[1].endswith(wanted) and line.split()[3] == "0A"
               for table in ("/proc/net/tcp", "/proc/net/tcp6") for line in open(table).readlines()[1:])


def wait_until(done):
    until = time.monotonic() + 20
    while not done():
        if time.monotonic() > until:
            raise Missing("an answer within 20 s")
        time.sleep(0.05)


def settle(file):
    """Waits until nothing has been added to the capture for a second."""
    size, until = -1, 0
    while time.monotonic() < until or os.path.getsize(file) != size:
        if os.path.getsize(file) != size:
            size, until = os.path.getsize(file), time.monotonic() + 1
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
