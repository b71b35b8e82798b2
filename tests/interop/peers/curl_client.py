"""curl's own WebSocket code, by the libcurl that comes with `curl_cffi`, as the client of echo_server: curl_client.py URL URL_WITH_MAX_1000"""
import os
import sys
import time

import curl_cffi
from curl_cffi import CurlECode, CurlError, CurlWsFlag, Session
from report import check, finish, note

URL, URL_SMALL = sys.argv[1:3]


def control(socket, flag):
    """The payload of the next control frame of this kind, within 5 s."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            data, frame = socket.recv_fragment()
        except CurlError as error:
            if error.code != CurlECode.AGAIN:
                raise
            time.sleep(0.01)
            continue
        if frame.flags & flag:
            return bytes(data)
    return None


def main():
    note("curl_cffi %s, %s" % (curl_cffi.__version__, curl_cffi.__curl_version__.split()[0]))
    with Session() as session:
        socket = session.ws_connect(URL)
        for length in [1, 125, 126, 65535, 65536, 1 << 20]:
            text = "x" * length
            socket.send(text.encode(), CurlWsFlag.TEXT)
            data, flags = socket.recv()
            check("text of %d bytes comes back" % length, (data == text.encode(), bool(flags & CurlWsFlag.TEXT)), (True, True))
            blob = os.urandom(length)
            socket.send(blob, CurlWsFlag.BINARY)
            data, flags = socket.recv()
            check("binary of %d bytes comes back" % length, (data == blob, bool(flags & CurlWsFlag.BINARY)), (True, True))
        socket.send(b"frag", CurlWsFlag.TEXT | CurlWsFlag.CONT)
        socket.send(b"ments", CurlWsFlag.TEXT)
        check("fragments come back as one message", socket.recv()[0], b"fragments")
        socket.send(b"ping", CurlWsFlag.PING)
        check("a Ping gets its Pong", control(socket, CurlWsFlag.PONG), b"ping")
        socket.send((4001).to_bytes(2, "big") + b"done", CurlWsFlag.CLOSE)
        check("Close 4001 is answered with 4001", control(socket, CurlWsFlag.CLOSE), (4001).to_bytes(2, "big"))

        small = session.ws_connect(URL_SMALL)
        small.send(b"x" * 1001, CurlWsFlag.BINARY)
        check("with --max-message 1000, 1001 bytes get 1009", control(small, CurlWsFlag.CLOSE), (1009).to_bytes(2, "big"))
    finish()


main()
