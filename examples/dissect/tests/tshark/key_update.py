"""A WebSocket client on `openssl s_client`, which changes the keys of both directions between two messages (RFC 8446 §4.6.3)."""

import os
import subprocess
import sys
import time


def frame(text):
    data = text.encode()
    return bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data


log = ["-keylogfile", os.environ["KEYS"]] if "KEYS" in os.environ else []
client = subprocess.Popen(["openssl", "s_client", "-connect", sys.argv[1], "-tls1_3", *log], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)


def send(data):
    client.stdin.write(data)
    client.stdin.flush()
    time.sleep(0.7)


send(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
     b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n")
send(frame("hello"))
# At the beginning of a line these are commands: new keys for this side, and for both.
send(b"k\n")
send(b"K\n")
send(frame("hello"))
send(b"\x88\x80\x00\x00\x00\x00")
client.stdin.close()
client.wait(10)
