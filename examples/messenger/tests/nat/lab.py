"""A small internet in network namespaces: a segment with servers, two NATs, and a host behind each."""

import os
import subprocess
import tempfile
import threading
import time

PREFIX = f"msgr{os.getpid()}"
SERVER = "203.0.113.1"
KINDS = ["fullcone", "cone", "symmetric", "noudp"]


def sh(*words, check=True, text=None):
    return subprocess.run(words, check=check, input=text, capture_output=True, text=True)


def inside(name, *words):
    return ["ip", "netns", "exec", f"{PREFIX}-{name}", *words]


class Lab:
    """`a` is the kind of NAT before host a, `b` of that before host b."""

    def __init__(self, a, b):
        self.processes = []
        self.kinds = {"a": a, "b": b}
        for name in ["inet", "nata", "natb", "a", "b"]:
            sh("ip", "netns", "add", f"{PREFIX}-{name}")
            sh(*inside(name, "ip", "link", "set", "lo", "up"))
        self.ip("inet", "link add br0 type bridge", "link set br0 up", f"addr add {SERVER}/24 dev br0",
                # What belongs to no host here goes into nothing, and is not refused: a TURN server gives up on what is refused.
                "neigh add 203.0.113.254 lladdr 02:00:00:00:00:fe dev br0 nud permanent", "route add default via 203.0.113.254")
        for number, host in [(10, "a"), (20, "b")]:
            nat = f"nat{host}"
            sh("ip", "link", "add", "wan", "netns", f"{PREFIX}-{nat}", "type", "veth", "peer", "name", f"to{host}", "netns", f"{PREFIX}-inet")
            sh("ip", "link", "add", "lan", "netns", f"{PREFIX}-{nat}", "type", "veth", "peer", "name", "eth0", "netns", f"{PREFIX}-{host}")
            self.ip("inet", f"link set to{host} master br0", f"link set to{host} up")
            self.ip(nat, f"addr add 203.0.113.{number}/24 dev wan", "link set wan up", "addr add 192.168.1.1/24 dev lan", "link set lan up")
            self.ip(host, f"addr add 192.168.1.{number}/24 dev eth0", "link set eth0 up", "route add default via 192.168.1.1")
            sh(*inside(nat, "sysctl", "-qw", "net.ipv4.ip_forward=1"))
            self.translate(host)

    def ip(self, name, *orders):
        sh(*inside(name, "ip", "-batch", "-"), text="\n".join(orders))

    def translate(self, host, kind=None, loss=0):
        """Sets the kind of NAT; what is translated already stays so. `loss` is in percent, of UDP both ways."""
        kind = kind or self.kinds[host]
        number = 10 if host == "a" else 20
        source = "masquerade random,fully-random" if kind == "symmetric" else "masquerade"
        inward = f"iifname wan meta l4proto udp dnat to 192.168.1.{number}" if kind == "fullcone" else ""
        new = "" if kind == "fullcone" else "iifname wan ct state new drop"
        udp = "meta l4proto udp drop" if kind == "noudp" else f"meta l4proto udp numgen random mod 100 < {loss} drop" if loss else ""
        rules = f"""
            table ip nat_of_host
            delete table ip nat_of_host
            table ip nat_of_host {{
                chain outward {{ type nat hook postrouting priority 100; oifname wan {source}; }}
                chain inward {{ type nat hook prerouting priority -100; {inward}; }}
                # As routers do: a datagram that nobody asked for must not take a port of the table of translations.
                chain own {{ type filter hook input priority 0; iifname wan meta l4proto udp drop; }}
                chain through {{ type filter hook forward priority 0; {udp}; {new}; }}
            }}"""
        sh(*inside(f"nat{host}", "nft", "-f", "-"), text=rules.replace("; ;", ";"))

    def forget_translations(self, host):
        sh(*inside(f"nat{host}", "conntrack", "-D", "-p", "udp"), check=False)

    def start(self, name, *words, **options):
        process = Process(inside(name, *words), **options)
        self.processes.append(process)
        return process

    def turn(self):
        folder = tempfile.mkdtemp()
        return self.start("inet", "turnserver", "-n", "-m", "1", "-L", SERVER, "-E", SERVER, "-a", "-u", "lab:secret", "-r", "lab", "--no-tls",
                          "--no-dtls", "--no-cli", "--log-file=stdout", f"--pidfile={folder}/pid", f"--userdb={folder}/db")

    def close(self):
        for process in self.processes:
            process.kill()
        for name in ["a", "b", "nata", "natb", "inet"]:
            sh("ip", "netns", "del", f"{PREFIX}-{name}", check=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Process:
    """A program, its lines and when they came."""

    def __init__(self, words):
        self.child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.lines = []
        self.times = []
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.times.append(time.monotonic())
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def write(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def until(self, holds, seconds, what):
        """Waits for a line for which this holds; fails after a while."""
        end, seen = time.monotonic() + seconds, 0
        with self.changed:
            while True:
                for at in range(seen, len(self.lines)):
                    if holds(self.lines[at]):
                        return at
                seen = len(self.lines)
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"expected {what} within {seconds} s, found:\n    " + "\n    ".join(self.lines[-25:]))
                self.changed.wait(left)

    def expect(self, words, seconds=30):
        return self.until(lambda line: words in line, seconds, repr(words))

    def last(self, words):
        return next((line for line in reversed(self.lines) if words in line), None)

    def cpu(self):
        """Seconds of CPU so far."""
        with open(f"/proc/{self.child.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
