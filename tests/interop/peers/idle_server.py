"""A server that says nothing but Pongs, against echo_client: idle_server.py ECHO_CLIENT [SECONDS]

The client has to stay for all of that time (75 seconds unless told otherwise), and then to close cleanly.
"""
import base64
import hashlib
import re
import socket
import subprocess
import sys
import time

from report import check, finish

CLIENT, SECONDS = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 75
ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"


def exactly(peer, count):
    seen = b""
    while len(seen) < count:
        some = peer.recv(count - len(seen))
        if not some:
            raise EOFError
        seen += some
    return seen


def frame(peer):
    """First byte and payload of a short frame."""
    first, length = exactly(peer, 2)
    key = exactly(peer, 4)
    return first, bytes(byte ^ key[at % 4] for at, byte in enumerate(exactly(peer, length & 0x7F)))


listener = socket.create_server(("127.0.0.1", 0))
client = subprocess.Popen([CLIENT, "ws://127.0.0.1:%d/" % listener.getsockname()[1]], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
peer, _ = listener.accept()
head = b""
while b"\r\n\r\n" not in head:
    head += peer.recv(4096)
key = re.search(rb"(?i)sec-websocket-key: (\S+)", head).group(1)
accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
peer.sendall((ACCEPT % accept.decode()).encode())

start, pings = time.monotonic(), []
try:
    while (left := start + SECONDS - time.monotonic()) > 0:
        peer.settimeout(left)
        first, payload = frame(peer)
        if first == 0x89:
            pings.append(round(time.monotonic() - start))
            peer.sendall(bytes([0x8A, len(payload)]) + payload)
        else:
            check("nothing but Pings comes", first, 0x89)
except TimeoutError:
    pass
except EOFError:
    check("the client stays for %d s" % SECONDS, "gone after %.1f s" % (time.monotonic() - start), None)
check("a Ping comes after each 30 s of silence", pings, [30 * n for n in range(1, 1 + int((SECONDS - 0.5) / 30))])
client.stdin.close()
try:
    peer.settimeout(5)
    check("and at last a Close", frame(peer), (0x88, b"\x03\xe8"))
    peer.sendall(b"\x88\x02\x03\xe8")
except (OSError, EOFError) as error:
    check("and at last a Close", type(error).__name__, None)
peer.close()
client.wait(10)
check("the client leaves with status 0", (client.returncode, client.stderr.read().splitlines()[1:]), (0, ["the server closes: 1000"]))
finish()
