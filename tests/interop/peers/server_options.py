"""echo_server's command line, and its end: server_options.py ECHO_SERVER"""
import base64
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

from report import check, finish

SERVER = sys.argv[1]
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n"


def start(*words, **more):
    server = subprocess.Popen([SERVER, "--listen", "127.0.0.1:0", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    return server, int(server.stdout.readline().split()[2].rstrip(",").rpartition(":")[2])


def refused(name, *words, text, status=2):
    done = subprocess.run([SERVER, *words], capture_output=True, text=True, timeout=10, check=False)
    lines = done.stderr.splitlines()
    check(name, (done.returncode, done.stdout, lines), lambda seen: seen[:2] == (status, "") and len(lines) == 1 and text in lines[0])
    print("note   " + " | ".join(lines))


def connect(port):
    peer = socket.create_connection(("127.0.0.1", port), 10)
    peer.sendall(REQUEST % base64.b64encode(os.urandom(16)))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        some = peer.recv(1)
        if not some:
            raise ConnectionError("no handshake")
        head += some
    return peer


def echo(peer, text):
    peer.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)  # masked with a key of zeros
    seen = b""
    while len(seen) < len(text) + 2:
        some = peer.recv(len(text) + 2 - len(seen))
        if not some:
            break
        seen += some
    return seen[2:]


def close(peer):
    peer.sendall(b"\x88\x82" + bytes(4) + b"\x03\xe8")
    seen = b""
    while some := peer.recv(100):
        seen += some
    peer.close()
    return seen


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def stays_away(port):
    """Whether the port refuses connections, within a second."""
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        if not connects(port):
            return True
        time.sleep(0.05)
    return False


def command_line():
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = "127.0.0.1:%d" % other.getsockname()[1]
        refused("an address in use", "--listen", address, text=address, status=1)
    refused("an address of another machine", "--listen", "192.0.2.1:9002", text="192.0.2.1", status=1)
    refused("an address that is none", "--listen", "nonsense", text="nonsense")
    refused("a number that is none", "--max-message", "lots", text="lots")
    refused("a missing value", "--subprotocol", text="--subprotocol")
    refused("a subprotocol that is no token", "--subprotocol", "a b", text="a b")
    refused("an unknown option", "--verbose", text="--verbose")
    for word, text in [("-h", "--allow-stop"), ("--help", "--allow-stop"), ("-V", "echo_server "), ("--version", "echo_server ")]:
        done = subprocess.run([SERVER, word], capture_output=True, text=True, timeout=10, check=False)
        check("%s is answered" % word, (done.returncode, done.stderr, text in done.stdout), (0, "", True))


def stopping():
    server, port = start()
    peer = connect(port)
    check("without --allow-stop the text is only echoed", echo(peer, b"stop-listening"), b"stop-listening")
    close(peer)
    check("and the server goes on", (connects(port), server.poll()), (True, None))
    server.kill()

    server, port = start("--allow-stop")
    other, asking = connect(port), connect(port)
    check("stop-listening is echoed", echo(asking, b"stop-listening"), b"stop-listening")
    check("no more connections are accepted, while the asking one is open", stays_away(port), True)
    check("open sessions go on", (echo(other, b"still here"), echo(asking, b"and here")), (b"still here", b"and here"))
    check("the asking one closes cleanly", close(asking), b"\x88\x02\x03\xe8")
    check("the server waits for the other", server.poll(), None)
    close(other)
    check("then it exits with status 0", (server.wait(5), server.stderr.read()), (0, ""))

    server, port = start("--allow-stop")
    peer = connect(port)
    echo(peer, b"stop-listening")
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    check("a client that asks and resets is obeyed, too", server.wait(5), 0)


def scarcity():
    server, port = start("--quiet", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30)))
    crowd = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(60)]
    time.sleep(1)
    for peer in crowd:
        peer.close()
    check("out of descriptors, it serves again when there are some", close(connect(port)), b"\x88\x02\x03\xe8")
    server.kill()
    check("and has not said so a thousand times", len(server.stderr.read().splitlines()), lambda count: 0 < count < 50)

    server, port = start()
    server.stdout.close()
    check("with nobody to read its output it serves", [close(connect(port)) for _ in range(3)], [b"\x88\x02\x03\xe8"] * 3)
    server.kill()
    check("and says nothing about it", server.stderr.read(), "")


def signals():
    for number in (signal.SIGTERM, signal.SIGINT):
        server, port = start()
        peers = [connect(port) for _ in range(20)]
        silent = socket.create_connection(("127.0.0.1", port), 10)
        check("before %s all is well" % number.name, echo(peers[0], b"hi"), b"hi")
        begin = time.monotonic()
        server.send_signal(number)
        closes = []
        for peer in peers:
            closes.append(peer.recv(100))
            peer.sendall(b"\x88\x82" + bytes(4) + b"\x03\xe9")
        check("%s tells everyone 1001" % number.name, set(closes), {b"\x88\x12\x03\xe9the server stops"})
        check("  and ends the program with status 0", (server.wait(10), server.stderr.read()), (0, ""))
        check("  as soon as all have answered", time.monotonic() - begin, lambda span: span < 3)
        silent.close()

    server, port = start()
    mute = connect(port)
    server.send_signal(signal.SIGTERM)
    mute.recv(100)
    check("a client that does not answer is waited for", (stays_away(port), server.poll()), (True, None))
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    check("a second signal does not wait", (server.wait(5), time.monotonic() - begin < 1), (0, True))

    server, port = start()
    mute = connect(port)
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    check("nor does the server wait for ever", (server.wait(15), 4 < time.monotonic() - begin < 8), (0, True))
    mute.close()


def deaf_clients():
    server, port = start("--write-timeout", "1s")
    deaf = connect(port)
    deaf.settimeout(0.5)
    try:
        while True:
            deaf.sendall(b"\x82\xfe\xff\xff" + bytes(4 + 65535))
    except OSError:
        begin = time.monotonic()
    line = server.stderr.readline()
    check("a client that reads nothing is given up after the write time-out", (line.strip().partition("peer ")[2], time.monotonic() - begin), lambda seen: seen[0] == "has read nothing for 1s" and seen[1] < 1.5)
    deaf.close()
    server.kill()


def targets_and_origins():
    server, port = start("--quiet", "--origin", "https://friend.example")

    def status(request):
        peer = socket.create_connection(("127.0.0.1", port), 10)
        peer.sendall(request)
        line = peer.recv(4096).split(b"\r\n")[0]
        peer.close()
        return line

    for target in (b"/", b"/?x", b"http://localhost/", b"http://localhost", b"http://localhost?x"):
        check("the page is at %s" % target.decode(), status(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"), b"HTTP/1.1 200 OK")
    check("and not elsewhere", status(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"), b"HTTP/1.1 404 Not Found")
    for host in (b"", b"Host: a\r\nHost: a\r\n", b"Host: a b\r\n", b"Host: a%zz\r\n"):
        check("a page needs one good Host, not %r" % host, status(b"GET / HTTP/1.1\r\n" + host + b"\r\n"), b"HTTP/1.1 400 Bad Request")
    request = (REQUEST % base64.b64encode(os.urandom(16))).replace(b"Host: a", b"Host: localhost:9002\r\nOrigin: %s")
    for origin, wanted in [(b"http://localhost:9002", b"101"), (b"https://friend.example", b"101"), (b"http://localhost", b"403"), (b"null", b"403"), (b"http://evil.example", b"403")]:
        check("a page of %s gets %s" % (origin.decode(), wanted.decode()), status(request % origin)[9:12], wanted)
    server.kill()


command_line()
stopping()
signals()
deaf_clients()
targets_and_origins()
scarcity()
finish()
