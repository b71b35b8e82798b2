"""Peers that misbehave, byte by byte, against echo_server: raw_client.py HOST PORT"""
import os
import socket
import struct
import sys
import time

from report import check, finish

ADDRESS = (sys.argv[1], int(sys.argv[2]))
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
KEY = bytes([0x37, 0xFA, 0x21, 0x3D])
HELLO = b"\x81\x85" + KEY + bytes([0x7F, 0x9F, 0x4D, 0x51, 0x58])  # §5.7
HELLO_BACK = b"\x81\x05Hello"


def masked(first, payload):
    length = len(payload)
    extended = bytes([0x80 | length]) if length < 126 else b"\xfe" + struct.pack(">H", length) if length < 65536 else b"\xff" + struct.pack(">Q", length)
    key = KEY * (length // 4 + 1)
    return bytes([first]) + extended + KEY + bytes(a ^ b for a, b in zip(payload, key))


def closing(code):
    return b"\x88\x02" + struct.pack(">H", code)


def connect():
    peer = socket.create_connection(ADDRESS, 10)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def shake_hands(extra=b""):
    peer = connect()
    peer.sendall(REQUEST + extra)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(1)
    return peer


def rest(peer):
    """Everything until the end of input, or what broke it."""
    seen = b""
    try:
        while True:
            some = peer.recv(65536)
            if not some:
                return seen
            seen += some
    except OSError as error:
        return seen + b" then " + type(error).__name__.encode()


def answer(request):
    peer = connect()
    peer.sendall(request)
    return rest(peer).split(b"\r\n")[0]


def after(frames):
    peer = shake_hands()
    peer.settimeout(10)
    try:
        peer.sendall(frames)
    except OSError as error:
        return b"sending broke: " + type(error).__name__.encode()
    return rest(peer)


def violations():
    for name, frames, wanted in [
        ("garbage behind the handshake gets Close 1002", b"\xde\xad\xbe\xef" * 8, closing(1002)),
        ("an unmasked frame gets Close 1002", b"\x81\x05Hello", closing(1002)),
        ("a reserved opcode gets Close 1002", masked(0x83, b""), closing(1002)),
        ("a Ping of 126 bytes gets Close 1002", masked(0x89, b"x" * 126), closing(1002)),
        ("a length of 2^63 gets Close 1002", b"\x82\xff\x80\0\0\0\0\0\0\0" + KEY, closing(1002)),
        ("a length of 2^62 gets Close 1009", b"\x82\xff\x40\0\0\0\0\0\0\0" + KEY, closing(1009)),
        ("text that is not UTF-8 gets Close 1007", masked(0x81, b"\xc0\x80"), closing(1007)),
        ("Close with code 1005 gets Close 1002", masked(0x88, b"\x03\xed"), closing(1002)),
        ("a message before a violation is echoed first", HELLO + b"\xff\xff", HELLO_BACK + closing(1002)),
        ("a violation with a megabyte behind it is told why", b"\xff\xff" + os.urandom(1 << 20), closing(1002)),
        ("a message and a Close get an echo of both", HELLO + masked(0x88, b"\x03\xe8"), HELLO_BACK + closing(1000)),
        ("what follows a Close is ignored", masked(0x88, b"\x03\xe8") + HELLO + b"\xff" * 64, closing(1000)),
        ("a Close with a megabyte behind it is echoed", masked(0x88, b"\x03\xe8") + os.urandom(1 << 20), closing(1000)),
    ]:
        check(name, after(frames), wanted)


def heads():
    ok, bad = b"HTTP/1.1 101 Switching Protocols", b"HTTP/1.1 400 Bad Request"
    check("a TLS hello gets 400", answer(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 32), bad)
    check("a bare LF gets 400", answer(REQUEST.replace(b"\r\n", b"\n")), bad)
    check("a missing Host gets 400", answer(REQUEST.replace(b"Host: localhost\r\n", b"")), bad)
    check("two Hosts get 400", answer(REQUEST.replace(b"Host:", b"Host: a\r\nHost:")), bad)
    check("a folded line gets 400", answer(REQUEST.replace(b"localhost", b"localhost\r\n folded")), bad)
    check("Transfer-Encoding gets 400", answer(REQUEST.replace(b"Host:", b"Transfer-Encoding: chunked\r\nHost:")), bad)
    check("a refusal reaches a peer that goes on sending", answer(REQUEST.replace(b"GET", b"PUT") + b"x" * (1 << 20)), b"HTTP/1.1 405 Method Not Allowed")

    peer = connect()
    for byte in REQUEST + HELLO:
        peer.sendall(bytes([byte]))
    peer.sendall(masked(0x88, b""))
    check("byte by byte it is the same", rest(peer).split(b"\r\n\r\n")[1], HELLO_BACK + b"\x88\x00")
    peer = connect()
    peer.sendall(REQUEST + HELLO + masked(0x88, b""))
    seen = rest(peer)
    check("frames in the packet of the head are not lost", (seen.startswith(ok), seen.split(b"\r\n\r\n")[1]), (True, HELLO_BACK + b"\x88\x00"))


def endings():
    peer = shake_hands()
    peer.sendall(HELLO)
    peer.shutdown(socket.SHUT_WR)
    check("a half-closed peer gets its echo, and the end", rest(peer), HELLO_BACK)
    peer = shake_hands()
    peer.sendall(HELLO + masked(0x88, b"\x03\xe8"))
    peer.shutdown(socket.SHUT_WR)
    check("a peer that half-closes behind its Close gets the echo", rest(peer), HELLO_BACK + closing(1000))
    peer = shake_hands()
    peer.sendall(masked(0x88, b"\x03\xe8"))
    check("the server closes first, at once", timed(lambda: rest(peer)), lambda seen: seen[0] == closing(1000) and seen[1] < 1)
    for moment in ("before the head", "in the head", "in a frame"):
        peer = connect() if moment.endswith("head") else shake_hands()
        peer.sendall({"before the head": b"", "in the head": REQUEST[:40], "in a frame": HELLO[:8]}[moment])
        time.sleep(0.05)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        check("a peer that resets the connection %s harms nobody" % moment, after(HELLO + masked(0x88, b"")), HELLO_BACK + b"\x88\x00")


def floods():
    peer = shake_hands()
    pings = b"".join(masked(0x89, str(n).encode()) for n in range(10000))
    peer.sendall(pings[: len(pings) // 100])
    check("each of a hundred Pings in one write gets its Pong", receive(peer, 4), b"\x8a\x010\x8a")
    peer.close()
    deaf = shake_hands()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(1)
    try:
        for _ in range(64):
            deaf.sendall(masked(0x82, b"x" * (1 << 20)))
    except OSError:
        pass
    check("beside a peer that never reads, others are served", after(HELLO + masked(0x88, b"")), HELLO_BACK + b"\x88\x00")
    deaf.close()


def receive(peer, length):
    seen = b""
    while len(seen) < length:
        seen += peer.recv(length - len(seen))
    return seen


def timed(call):
    begin = time.monotonic()
    return call(), time.monotonic() - begin


heads()
violations()
endings()
floods()
finish()
