"""The CPU time that an echo server takes for each message, before and after, side by side."""
import os
import socket
import statistics
import subprocess
import time

from steps.sources import WORK, cargo

# What it is called, bytes of a message, how many go out at once, how many in all.
WORKLOADS = [
    ("20 B, one at a time", 20, 1, 4_000),
    ("20 B, 256 at once", 20, 256, 256 * 200),
    ("1 KiB, 64 at once", 1024, 64, 64 * 200),
    ("64 KiB", 65_536, 1, 1_000),
    ("4 MiB", 4 << 20, 1, 20),
]
SERVERS = ["tokio_echo", "axum_echo"]


def build(place):
    """Builds the programs for release, and keeps them apart from another variant's."""
    cargo(["build", "--release", "--package", "programs"], place, check=True)
    kept = os.path.join(WORK, "bin", os.path.basename(place))
    os.makedirs(kept, exist_ok=True)
    for program in [*SERVERS, "tokio_client", "load"]:
        copy = os.path.join(kept, program)
        if os.path.exists(copy):
            os.remove(copy)
        os.link(os.path.join(WORK, "target", "release", program), copy)
    return kept


class Server:
    def __init__(self, program):
        self.address = "127.0.0.1:%d" % free_port()
        self.process = subprocess.Popen([program, self.address])
        host, port = self.address.split(":")
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit("%s does not listen on %s" % (program, self.address))

    def cpu(self):
        """Nanoseconds that it has run."""
        with open("/proc/%d/schedstat" % self.process.pid) as file:
            return int(file.read().split()[0])

    def stop(self):
        self.process.kill()
        self.process.wait()


def measure(bins, rounds):
    """{(server, workload): {variant: [microseconds for each message, round by round]}}; the variants take turns."""
    times = {}
    for server in SERVERS:
        running = {variant: Server(os.path.join(kept, server)) for variant, kept in bins.items()}
        try:
            for title, length, at_once, count in WORKLOADS:
                row = times.setdefault((server, title), {variant: [] for variant in bins})
                for turn in range(rounds + 1):
                    for variant, kept in bins.items():
                        before = running[variant].cpu()
                        words = [os.path.join(kept, "load"), running[variant].address, str(length), str(at_once), str(count)]
                        subprocess.run(words, check=True)
                        # The first round warms up.
                        if turn > 0:
                            row[variant].append((running[variant].cpu() - before) / count / 1000)
        finally:
            for server_process in running.values():
                server_process.stop()
    return times


def table(times):
    variants = list(next(iter(times.values())))
    lines = ["| server | messages | " + " | ".join("%s, µs" % variant for variant in variants) + " | stock ÷ engine |"]
    lines.append("|---" * (len(variants) + 3) + "|")
    for (server, title), row in times.items():
        cells = ["%.2f ± %.2f" % (statistics.median(row[v]), spread(row[v])) for v in variants]
        ratios = [stock / ours for stock, ours in zip(row[variants[0]], row[variants[1]])]
        lines.append("| %s | %s | %s | %.2f |" % (server, title, " | ".join(cells), statistics.median(ratios)))
    return "\n".join(lines)


def spread(values):
    """Half of the distance between the quartiles."""
    low, _, high = statistics.quantiles(values, n=4)
    return (high - low) / 2


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
