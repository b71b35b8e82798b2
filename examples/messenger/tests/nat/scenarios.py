"""What is tried in the lab; `run` says how. Each scenario prints one line, and a failure says what was expected and what was found."""

import hashlib
import itertools
import json
import os
import random
import shutil
import sys
import time

from lab import KINDS, SERVER, Lab, sh

PROGRAMS, WORK = os.environ["PROGRAMS"], os.environ["WORK"]
MESSENGER = f"{PROGRAMS}/messenger"
HUB = f"{SERVER}:7000"


class Session:
    """A lab with a hub in it, and two people: ann behind NAT a, bob behind NAT b."""

    def __init__(self, a, b, servers, capture=None, names=("ann", "bob")):
        shutil.rmtree(f"{WORK}/people", ignore_errors=True)
        self.lab, self.servers, self.people = Lab(a, b), servers, {}
        try:
            if servers:
                self.lab.turn().expect("(admin thread)")
            if capture:
                self.tcpdump = self.lab.start("inet", "tcpdump", "-Z", "root", "-U", "-i", "br0", "-w", capture, "tcp port 7000")
                self.tcpdump.expect("listening on")
            self.hub = self.start_hub()
            for name in names:
                self.start(name)
        except BaseException:
            self.lab.close()
            raise

    def start_hub(self):
        words = {"STUN": ["--stun", f"{SERVER}:3478"], "TURN": ["--stun", f"{SERVER}:3478", "--turn", f"{SERVER}:3478", "--turn-user", "lab:secret"]}
        hub = self.lab.start("inet", MESSENGER, "hub", "--listen", HUB, *words.get(self.servers, []))
        hub.expect("listening on")
        return hub

    def start(self, name):
        friend = "bob" if name == "ann" else "ann"
        words = ["--hub", f"ws://{HUB}/hub", "--name", name, "--friend", friend, "--folder", f"{WORK}/people/{name}", "--stay"]
        self.people[name] = self.lab.start(name[0], MESSENGER, "peer", *words)
        return self.people[name]

    def road(self, name):
        """The road that is used now, and the kinds of its two candidates."""
        line = self.people[name].last("* road: ")
        return (None, None) if line is None else tuple(line.removeprefix("* road: ").rstrip(")").split(" ("))

    def until_road(self, road, seconds=25):
        end = time.monotonic() + seconds
        while any(self.road(name)[0] != road for name in self.people):
            found = {name: self.road(name) for name in self.people}
            if time.monotonic() > end:
                lines = {name: person.lines[-12:] for name, person in self.people.items()}
                raise AssertionError(f"expected the road {road!r}, found {found}: {json.dumps(lines, indent=1)}")
            time.sleep(0.05)

    def talk(self):
        """A message each way."""
        word = f"{random.getrandbits(64):016x}"
        self.people["ann"].write(f"from ann {word}")
        self.people["bob"].write(f"from bob {word}")
        self.people["bob"].expect(f"ann: from ann {word}")
        self.people["ann"].expect(f"bob: from bob {word}")

    def send(self, size, sender="ann"):
        """Begins to send a file; yields its name and digest."""
        name = f"{size}-{random.getrandbits(32):08x}"
        data = random.randbytes(size)
        with open(f"{WORK}/{name}", "wb") as file:
            file.write(data)
        self.people[sender].write(f"/send {WORK}/{name}")
        return name, hashlib.sha256(data).hexdigest()

    def received(self, name, digest, receiver="bob", seconds=300):
        self.people[receiver].until(lambda line: name in line and "digest right" in line, seconds, f"the file {name}")
        with open(f"{WORK}/people/{receiver}/inbox/{name}", "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == digest, "the file on the disk is another"
        os.remove(f"{WORK}/{name}")

    def progress(self, name, receiver, at_least, seconds=300):
        def is_far(line):
            words = line.split()
            return line.startswith(f"* {name}: ") and int(words[2]) >= at_least
        self.people[receiver].until(is_far, seconds, f"{at_least} bytes of {name}")

    def sent(self, name, sender):
        at = self.people[sender].until(lambda line: f"{name} was received" in line, 30, "the confirmation")
        return int(self.people[sender].lines[at].split("; ")[1].split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lab.close()


def expected(a, b, servers):
    """The best road that theory allows."""
    if servers == "hub" or "noudp" in (a, b):
        return "through the hub"
    # A symmetric NAT has another port for each address: only one that lets everybody in can be reached from it.
    if "symmetric" not in (a, b) or "fullcone" in (a, b):
        return "direct"
    return "relayed" if servers == "TURN" else "through the hub"


PAIRS = {
    "direct": {"host/srflx", "host/prflx", "host/host"},
    "relayed": {"relay/relay", "relay/srflx", "relay/prflx", "relay/host", "host/relay"},
    "through the hub": {"hub/hub"},
}


def matrix():
    """Each kind of NAT with each, and each kind of help: the selected pair, messages both ways, a file."""
    failures = []
    for a, b, servers in itertools.product(KINDS, KINDS, ["STUN", "TURN", "hub"]):
        road, begin = expected(a, b, servers), time.monotonic()
        try:
            with Session(a, b, None if servers == "hub" else servers) as session:
                session.until_road(road)
                session.talk()
                name, digest = session.send(100_000)
                session.received(name, digest)
                session.until_road(road)
                found = {name: session.road(name)[1] for name in session.people}
                assert all(pair in PAIRS[road] for pair in found.values()), f"expected a pair of {PAIRS[road]}, found {found}"
            print(f"  {a} x {b}, {servers}: {road}, {found['ann']} and {found['bob']}, {time.monotonic() - begin:.1f} s", flush=True)
        except AssertionError as error:
            failures.append(f"{a} x {b}, {servers}")
            print(f"  {a} x {b}, {servers}: FAILED: {error}", flush=True)
    assert not failures, f"{len(failures)} of 48 failed: {failures}"
    return "48 of 48 as theory says"


def no_plaintext():
    """The hub's capture: what dissect makes of it has no word of what was said."""
    capture = f"{WORK}/hub.pcap"
    with Session("noudp", "noudp", None, capture) as session:
        session.until_road("through the hub")
        words = "the quick brown fox jumps over the lazy dog"
        session.people["ann"].write(words)
        session.people["bob"].expect(words)
        session.people["bob"].write(f"{words}, twice")
        session.people["ann"].expect(f"{words}, twice")
        time.sleep(1)
        session.tcpdump.child.terminate()
        session.tcpdump.child.wait()
        found = sh(f"{PROGRAMS}/dissect", "--json", "--port", "7000", capture).stdout
    assert found.count("binary") > 20, f"expected messages with datagrams in the capture, found {found[:500]}"
    for text in [words, "quick brown", words.encode().hex(), "brown".encode().hex()]:
        assert text not in found, f"the capture has {text!r}"
    assert "candidate" in found, "expected the signals to be readable, as they are not secret"
    return f"{found.count(chr(10))} lines of frames and messages, none of them with what was said"


def killed():
    """SIGKILL of either side at a random point of a file of 50 MB: what was acknowledged is not sent again."""
    told = []
    for who, a, b, servers in [("bob", "cone", "cone", "STUN"), ("ann", "symmetric", "symmetric", "TURN")]:
        with Session(a, b, servers) as session:
            session.until_road(expected(a, b, servers))
            size = 50_000_000
            name, digest = session.send(size)
            session.progress(name, "bob", random.randrange(5_000_000, 40_000_000))
            session.people[who].kill()
            parts = [entry for entry in os.scandir(f"{WORK}/people/bob") if entry.name.endswith(".part")]
            kept = parts[0].stat().st_size
            before = session.people["ann"].lines[:]
            session.start(who)
            at = session.people["bob"].until(lambda line: f"{name} of" in line and f"from byte {kept} on" in line, 60, f"to go on from byte {kept}")
            session.received(name, digest)
            sent = session.sent(name, "ann")
            # A sender that was not killed has counted from the beginning, and what was on its way when the friend died.
            if who == "ann":
                assert sent == size - kept, f"expected {size - kept} bytes after the start, found {sent}"
            else:
                assert size <= sent <= size + 6_000_000, f"expected little more than {size} bytes, found {sent}"
            assert before and at >= 0
            told.append(f"{who} killed with {kept} bytes kept: {sent} sent {'afterwards' if who == 'ann' else 'in all'}")
    return "; ".join(told)


def loss():
    """A twentieth of all datagrams is lost, each way."""
    with Session("cone", "cone", "STUN") as session:
        session.until_road("direct")
        session.lab.translate("a", loss=5)
        begin = time.monotonic()
        for n in range(100):
            session.people["ann"].write(f"number {n}")
        name, digest = session.send(2_000_000)
        session.received(name, digest)
        session.people["bob"].expect("ann: number 99", 60)
        seen = [line for line in session.people["bob"].lines if line.startswith("ann: number")]
        assert seen == [f"ann: number {n}" for n in range(100)], f"expected each message once and in order, found {seen}"
        return f"100 messages once and in order, and 2 MB, in {time.monotonic() - begin:.1f} s"


def rebound():
    """Both NATs forget their translations in the middle of a file."""
    with Session("cone", "cone", "STUN") as session:
        session.until_road("direct")
        name, digest = session.send(20_000_000)
        session.progress(name, "bob", 3_000_000)
        begin = time.monotonic()
        session.lab.forget_translations("a")
        session.lab.forget_translations("b")
        session.received(name, digest)
        session.talk()
        return f"the rest of 20 MB in {time.monotonic() - begin:.1f} s"


def udp_cut():
    """UDP is blocked in the middle of a file, which goes on through the hub; it comes back, and so does the direct road."""
    with Session("cone", "cone", "STUN") as session:
        session.until_road("direct")
        name, digest = session.send(30_000_000)
        session.progress(name, "bob", 2_000_000)
        session.lab.translate("a", "noudp")
        cut = time.monotonic()
        session.until_road("through the hub", 40)
        took = time.monotonic() - cut
        session.talk()
        session.lab.translate("a")
        session.until_road("direct", 120)
        session.received(name, digest)
        return f"through the hub after {took:.1f} s, and direct again"


def hub_gone():
    """The hub is killed while two people talk directly, and comes back."""
    with Session("cone", "cone", "STUN") as session:
        session.until_road("direct")
        session.hub.kill()
        for person in session.people.values():
            person.expect("* no hub")
        for _ in range(3):
            session.talk()
            time.sleep(4)
        name, digest = session.send(1_000_000)
        session.received(name, digest)
        gone = [line for person in session.people.values() for line in person.lines if "is gone:" in line]
        assert not gone, f"expected the call to go on, found {gone}"
        session.start_hub()
        session.talk()
        return "messages and a file while it was gone"


def dead():
    """A peer is killed: the other one knows within five seconds."""
    times = []
    for who, other in [("ann", "bob"), ("bob", "ann")]:
        with Session("cone", "cone", "STUN") as session:
            session.until_road("direct")
            session.talk()
            begin = time.monotonic()
            session.people[who].kill()
            at = session.people[other].expect(f"* {who} is gone")
            times.append(session.people[other].times[at] - begin)
    assert max(times) <= 5.5, f"expected to know of it within 5 s, found {times}"
    return f"known after {times[0]:.1f} s and {times[1]:.1f} s"


def page():
    """A page in Chromium behind a NAT of its own: the pair that it has selected."""
    if not os.path.exists(f"{WORK}/browser/node_modules/playwright-core"):
        return "NOT TRIED: there is no driver for a browser; tests/browser/run installs it"
    told = []
    for a, b, servers, road, pairs in [
        ("cone", "cone", "STUN", "direct", ["srflx/srflx", "srflx/prflx", "prflx/srflx", "prflx/prflx"]),
        ("symmetric", "symmetric", "TURN", "relayed", ["relay/", "/relay"]),
        # By TCP to the TURN server, which is all that is left to a browser.
        ("noudp", "cone", "TURN", "relayed", ["relay/"]),
    ]:
        with Session(a, b, servers, names=["bob"]) as session:
            os.environ["HOME_OF_BROWSER"] = f"{WORK}/browser"
            ann = session.lab.start("a", "node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.mjs"), f"http://{HUB}", road)
            pair = ann.lines[ann.expect("road: ", 90)].removeprefix("road: ")
            assert any(part in pair for part in pairs), f"expected a pair of {pairs}, found {pair}"
            session.people["bob"].expect("ann: from the page")
            session.people["bob"].write("from the program")
            ann.expect("heard: from the program")
            told.append(f"{a} x {b}, {servers}: {road} ({pair})")
    return "; ".join(told)


def speed():
    """Throughput and CPU of a file of 50 MB, of both ends together, by road; the raw channel is examples/raw.rs."""
    told = []
    for a, b, servers in [("cone", "cone", "STUN"), ("symmetric", "symmetric", "TURN"), ("noudp", "noudp", None)]:
        with Session(a, b, servers) as session:
            road = expected(a, b, servers or "hub")
            session.until_road(road)
            people = session.people.values()
            cpu, begin = sum(map(lambda person: person.cpu(), people)), time.monotonic()
            name, digest = session.send(50_000_000)
            session.received(name, digest)
            took, cpu = time.monotonic() - begin, sum(map(lambda person: person.cpu(), people)) - cpu
            told.append(f"{road}: {50 / took:.1f} MB/s, {cpu * 20:.1f} ms of CPU per MB")
    return "; ".join(told)


SCENARIOS = [matrix, no_plaintext, killed, loss, rebound, udp_cut, hub_gone, dead, page, speed]


def main(names):
    known = {scenario.__name__: scenario for scenario in SCENARIOS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"expected some of {list(known)}, found {unknown}")
    failed = 0
    for name in names or known:
        try:
            print(f"ok {name}: {known[name]()}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"FAILED {name}: {error}", flush=True)
    sys.exit(failed > 0)


main(sys.argv[1:])
