"""Servers that refuse, break off and break the protocol, against echo_client: wrong_servers.py ECHO_CLIENT"""
import base64
import hashlib
import re
import socket
import subprocess
import sys
import threading
import time

from report import check, finish

CLIENT = sys.argv[1]
ACCEPT = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"


def client(*words):
    """Exit status, standard output, and the lines of standard error."""
    process = subprocess.Popen([CLIENT, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    begin = time.monotonic()
    try:
        # Standard input stays open meanwhile, as in a terminal.
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        return "still running after 20 s", "", []
    seen = process.returncode, process.stdout.read().decode(), process.stderr.read().decode().splitlines()
    if time.monotonic() - begin > 8:
        return ("only after %.1f s" % (time.monotonic() - begin), *seen)
    return seen


def against(answer, scheme="ws"):
    """What the client makes of a server that calls `answer(socket, accept)` once the request is there; one without TLS, whatever the
    scheme is."""
    listener = socket.create_server(("127.0.0.1", 0))
    received = []

    def serve():
        peer, _ = listener.accept()
        head = b""
        while scheme == "ws" and b"\r\n\r\n" not in head:
            head += peer.recv(4096)
        if scheme == "wss":
            answer(peer, b"")
            peer.close()
            return
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", head).group(1)
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        answer(peer, accept)
        try:
            peer.settimeout(12)
            while some := peer.recv(65536):
                received.append(some)
        except OSError:
            pass
        peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    seen = client("%s://127.0.0.1:%d/" % (scheme, listener.getsockname()[1]))
    thread.join(15)
    listener.close()
    return seen, b"".join(received)


def one_line(name, seen, text, status=1):
    check(name, seen, lambda seen: seen[0] == status and len(seen[2]) == 1 and seen[2][0].startswith("echo_client: ") and text in seen[2][0])
    print("note   " + " | ".join(seen[2]))


def say(*parts):
    def answer(peer, accept):
        for part in parts:
            peer.sendall(part.replace(b"%s", accept))
        peer.shutdown(socket.SHUT_WR)
    return answer


def stay(*parts):
    def answer(peer, accept):
        for part in parts:
            peer.sendall(part.replace(b"%s", accept))
    return answer


def close_frame(received):
    """The code of the Close frame that the client sent."""
    at = len(received) - 8
    if at < 0 or received[at:at + 2] != b"\x88\x82":
        return received
    key, code = received[at + 2:at + 6], received[at + 6:]
    return (code[0] ^ key[0]) << 8 | code[1] ^ key[1]


def command_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    one_line("a refused connection", client("ws://127.0.0.1:%d/" % port), "refused")
    one_line("a host that is not there", client("ws://no-such-host.invalid/"), "no-such-host.invalid")
    one_line("wss on a port without TLS", against(say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "wss")[0], "TLS")
    one_line("http", client("http://127.0.0.1/"), "begins with ws://")
    one_line("a URL that is none", client("garbage"), "garbage: a WebSocket URI begins")
    one_line("a port that is none", client("ws://127.0.0.1:99999/"), "port")
    one_line("a fragment", client("ws://127.0.0.1/#top"), "fragment")
    one_line("no URL", client(), "no URL", 2)
    one_line("two URLs", client("ws://a/", "ws://b/"), "ws://b/", 2)
    one_line("an unknown option", client("--verbose"), "unknown option `--verbose`; see --help", 2)


def refusals():
    one_line("404", against(say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))[0], "404 Not Found")
    one_line("a redirect", against(say(b"HTTP/1.1 302 Found\r\nLocation: ws://elsewhere.example/\r\n\r\n"))[0], "elsewhere.example")
    one_line("a reason phrase with an escape sequence", against(say(b"HTTP/1.1 403 \x1b[31mno\r\n\r\n"))[0], "x1b")
    one_line("HTTP/1.0", against(say(ACCEPT.replace(b"/1.1", b"/1.0")))[0], "HTTP/1.0")
    one_line("a wrong Accept", against(say(ACCEPT.replace(b"%s", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")))[0], "Sec-WebSocket-Accept")
    one_line("an extension that was not offered", against(say(ACCEPT.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")))[0], "permessage-deflate")
    one_line("a subprotocol that was not offered", against(say(ACCEPT.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: chat\r\n\r\n")))[0], "chat")
    one_line("a server of another protocol", against(say(b"SSH-2.0-OpenSSH_9.2\r\n"))[0], "the handshake failed")
    one_line("a server that hangs up", against(say())[0], "without an answer")
    one_line("a head that breaks off", against(say(b"HTTP/1.1 101 Swi"))[0], "in the middle of its answer")
    one_line("a head without end", against(stay(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000))[0], "the handshake failed")
    (status, out, err), received = against(stay(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", ACCEPT + b"\x81\x02hi\x88\x02\x03\xe8"))
    check("after an interim response it opens, and frames behind the head are not lost", (status, out, close_frame(received)), lambda seen: seen[1:] == ("hi\n", 1000))


def violations():
    for name, frames, code in [
        ("a masked frame", b"\x81\x82\0\0\0\0hi", 1002),
        ("garbage", b"\xde\xad\xbe\xef" * 100, 1002),
        ("text that is not UTF-8", b"\x81\x02\xc0\x80", 1007),
        ("a frame of 2^40 bytes", b"\x82\x7f\0\0\1\0\0\0\0\0", 1009),
    ]:
        for manner, answer in [("and hangs up", say), ("and stays", stay)]:
            (status, out, err), received = against(answer(ACCEPT + b"\x81\x02ok" + frames))
            check("a server that sends %s %s ends the client with exit status 1" % (name, manner), (status, out), (1, "ok\n"))
            check("  in one line", err[1:], lambda lines: len(lines) == 1)
            print("note   " + " | ".join(err[1:]))
            check("  and is told %d" % code, close_frame(received), code)


command_line()
refusals()
violations()
finish()
