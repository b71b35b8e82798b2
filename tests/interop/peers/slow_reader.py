"""A client that reads slowly but without a pause, against echo servers: slow_reader.py NAME=HOST:PORT...

It sends 80 messages of 100,000 bytes, and then a Close or the end of its input, while it reads 200,000 bytes per second into a small
receive buffer. All 80 echoes have to arrive whole, and after a Close the server's Close too.
"""
import socket
import struct
import sys
import threading
import time

from report import check, finish

SERVERS = dict(word.split("=") for word in sys.argv[1:])
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
COUNT, LENGTH, RATE = 80, 100_000, 200_000
KEY = bytes([0x37, 0xFA, 0x21, 0x3D])


def message(number):
    return struct.pack(">I", number) * (LENGTH // 4)


def masked(number):
    word = bytes(a ^ b for a, b in zip(struct.pack(">I", number), KEY))
    return b"\x82\xff" + struct.pack(">Q", LENGTH) + KEY + word * (LENGTH // 4)


def talk(address, last):
    """What came back: how many messages in order, the Close's code, and what else."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    peer.settimeout(20)
    host, port = address.rsplit(":", 1)
    peer.connect((host, int(port)))
    peer.sendall(REQUEST)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.recv(1)

    def send():
        try:
            for number in range(COUNT):
                peer.sendall(masked(number))
            if last == "a Close":
                peer.sendall(b"\x88\x82" + KEY + bytes(a ^ b for a, b in zip(b"\x03\xe8", KEY)))
            else:
                peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # what is missing shows in what comes back

    sender = threading.Thread(target=send)
    sender.start()
    # Sending may take as long as reading does; a time-out is for the other end alone.
    start, seen = time.monotonic(), bytearray()
    try:
        while some := peer.recv(10_000):
            seen += some
            time.sleep(max(0.0, start + len(seen) / RATE - time.monotonic()))
        end = "end"
    except OSError as error:
        end = type(error).__name__
    sender.join()
    peer.close()
    whole = 0
    while seen[:10] == b"\x82\x7f" + struct.pack(">Q", LENGTH) and seen[10:10 + LENGTH] == message(whole):
        whole += 1
        del seen[:10 + LENGTH]
    return whole, bytes(seen[:20]), end


WANTED = {"a Close": (COUNT, b"\x88\x02\x03\xe8", "end"), "the end of input": (COUNT, b"", "end")}
results = {}


def note(name, last):
    results[name, last] = talk(SERVERS[name], last)


threads = [threading.Thread(target=note, args=(name, last)) for name in SERVERS for last in WANTED]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for (name, last), seen in sorted(results.items()):
    check("%s: all %d messages at %d bytes per second, after %s" % (name, COUNT, RATE, last), seen, WANTED[last])
finish()
