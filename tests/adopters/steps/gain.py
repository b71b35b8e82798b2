"""What permessage-deflate saves a user of tokio-tungstenite: the bytes of an echo, for a client that offers it."""
import json
import os
import socket

from steps.speed import Server

REQUEST = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)


def documents():
    """JSON, of which no two documents are alike."""
    people = [{"id": n, "name": "user %d" % n, "mail": "user%d@example.com" % n, "seen": 1_700_000_000 + 61 * n} for n in range(40)]
    return [json.dumps(people[n : n + 20]).encode() for n in range(20)]


def echoed(program, messages):
    """How many bytes the echo of the messages has, and whether it was compressed."""
    server = Server(program)
    try:
        host, port = server.address.split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection, connection.makefile("rb") as reader:
            connection.sendall(REQUEST.encode())
            while reader.readline() != b"\r\n":
                pass
            total, compressed = 0, False
            for message in messages:
                # A masked frame (RFC 6455 §5.2), whose key is 0.
                connection.sendall(b"\x81\xfe" + len(message).to_bytes(2, "big") + bytes(4) + message)
                first, second = reader.read(2)
                length = second if second < 126 else int.from_bytes(reader.read(2), "big")
                reader.read(length)
                total += length + (2 if second < 126 else 4)
                compressed |= bool(first & 0x40)
            return total, compressed
    finally:
        server.stop()


def table(bins):
    messages = documents()
    lines = ["| build | 20 JSON documents of %d B, echoed to a client that offers permessage-deflate |" % len(messages[0]), "|---|---|"]
    for variant, kept in bins.items():
        total, compressed = echoed(os.path.join(kept, "tokio_echo"), messages)
        lines.append("| %s | %d B, %s |" % (variant, total, "compressed" if compressed else "as they are"))
    return "\n".join(lines)
