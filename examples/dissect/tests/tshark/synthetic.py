"""Captures made packet by packet: what peers do seldom, and what links, files and networks can look like."""

import base64
import hashlib
import os
import struct
import zlib

import compare

KEY = bytes.fromhex("37fa213d")
CLIENT, SERVER = 0, 1
SYN, FIN, ACK = 2, 1, 16
# Link types: how a packet begins, by whether it is IPv6.
LINKS = {
    "ethernet": (1, lambda v6: bytes(12) + (b"\x86\xdd" if v6 else b"\x08\x00")),
    "vlan": (1, lambda v6: bytes(12) + b"\x81\x00\x00\x07" + (b"\x86\xdd" if v6 else b"\x08\x00")),
    "two-vlans": (1, lambda v6: bytes(12) + b"\x88\xa8\x00\x07\x81\x00\x00\x08" + (b"\x86\xdd" if v6 else b"\x08\x00")),
    "linux-sll": (113, lambda v6: b"\x00\x00\x03\x04\x00\x06" + bytes(8) + (b"\x86\xdd" if v6 else b"\x08\x00")),
    "linux-sll2": (276, lambda v6: (b"\x86\xdd" if v6 else b"\x08\x00") + b"\x00\x00\x00\x00\x00\x01\x03\x04\x00\x06" + bytes(8)),
    "null": (0, lambda v6: struct.pack("<I", 30 if v6 else 2)),
    "raw": (101, lambda v6: b""),
}


class Capture:
    """A pcap or pcapng file of one connection."""

    def __init__(self, link="ethernet", v6=False, order="<", nano=False, ng=False, syn=True):
        self.link, self.front, self.v6, self.order, self.ng = LINKS[link][0], LINKS[link][1], v6, order, ng
        self.sequence, self.time, self.units = [0xFFFFFF00, 7000], 1_700_000_000 * 10**9, 1 if nano else 1000
        if ng:
            self.bytes = self.block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
            self.bytes += self.block(1, struct.pack(order + "HHI", self.link, 0, 0))
        else:
            magic = 0xA1B23C4D if nano else 0xA1B2C3D4
            self.bytes = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, self.link)
        if syn:
            for way, flags in ((CLIENT, SYN), (SERVER, SYN | ACK)):
                self.packet(way, self.sequence[way], b"", flags)
                self.sequence[way] += 1

    def block(self, kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack(self.order + "II", kind, len(body) + 12) + body + struct.pack(self.order + "I", len(body) + 12)

    def packet(self, way, sequence, data, flags=ACK | 8):
        ports = (40000, 9123) if way == CLIENT else (9123, 40000)
        tcp = struct.pack("!HHIIBBHHH", *ports, sequence & 0xFFFFFFFF, self.sequence[1 - way] & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0) + data
        host = lambda n: bytes(15) + bytes([n]) if self.v6 else bytes([10, 0, 0, n])
        ends = host(1 + way) + host(2 - way)
        if self.v6:
            ip = struct.pack("!IHBB", 6 << 28, len(tcp), 6, 64) + ends
        else:
            ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ends
        whole = self.front(self.v6) + ip + tcp
        self.time += 10**6
        if self.ng:
            units = self.time // 1000
            self.bytes += self.block(6, struct.pack(self.order + "IIIII", 0, units >> 32, units & 0xFFFFFFFF, len(whole), len(whole)) + whole)
        else:
            seconds, rest = divmod(self.time, 10**9)
            self.bytes += struct.pack(self.order + "IIII", seconds, rest // self.units, len(whole), len(whole)) + whole

    def send(self, way, data, size=1400):
        for at in range(0, len(data), size):
            piece = data[at:at + size]
            self.packet(way, self.sequence[way], piece)
            self.sequence[way] += len(piece)

    def open(self, deflate="", first=b""):
        key = base64.b64encode(b"0123456789abcdef")
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        extension = b"Sec-WebSocket-Extensions: " + deflate.encode() + b"\r\n" if deflate else b""
        self.send(CLIENT, b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                  b"Sec-WebSocket-Key: " + key + b"\r\n" + extension + b"\r\n")
        self.send(SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Accept: " + accept + b"\r\n" + extension + b"\r\n" + first)
        return self

    def end(self):
        for way in (CLIENT, SERVER):
            self.packet(way, self.sequence[way], b"", FIN | ACK)
            self.sequence[way] += 1
        return self.bytes


def frame(opcode, data, fin=1, rsv=0, key=KEY, form=None, length=None):
    length = len(data) if length is None else length
    form = form or (7 if length < 126 else 16 if length < 65536 else 64)
    mask = 0x80 if key else 0
    head = bytes([fin << 7 | rsv << 4 | opcode])
    head += {7: lambda: bytes([mask | length]), 16: lambda: struct.pack("!BH", mask | 126, length),
             64: lambda: struct.pack("!BQ", mask | 127, length)}[form]()
    if key:
        head += key
        data = bytes(byte ^ key[n % 4] for n, byte in enumerate(data))
    return head + data


def deflated(compressor, data):
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


def fresh():
    return zlib.compressobj(9, zlib.DEFLATED, -15)


def captures():
    """Name, bytes, what dissect has to say beyond frames (messages as text; sections of violations), and where tshark is known to err."""
    one = frame(1, b"one") + frame(1, b"two") + frame(9, b"p") + frame(1, b"three")
    texts = ["one", "two", "three"]
    for link in LINKS:
        for v6 in (False, True):
            made = Capture(link, v6).open(first=frame(1, b"early", key=None))
            made.send(CLIENT, one)
            yield "%s-%s" % (link, "v6" if v6 else "v4"), made.end(), ["early"] + texts, [], ""
    for name, options in (("big-endian", {"order": ">"}), ("nanoseconds", {"nano": True}), ("pcapng", {"ng": True}),
                          ("pcapng-big-endian", {"ng": True, "order": ">"})):
        made = Capture(**options).open()
        made.send(CLIENT, one)
        yield name, made.end(), texts, [], ""

    made = Capture().open()
    made.send(CLIENT, one + frame(2, b"x" * 300) + frame(1, b"y" * 70000), 1 if os.environ.get("SLOW") else 7)
    yield "seven-bytes-a-segment", made.end(), texts + ["y" * 70000], [], ""

    made = Capture().open()
    made.send(CLIENT, b"".join(frame(1, b"z" * 65000) for _ in range(4)), 65483)
    yield "packets-of-64-KiB", made.end(), ["z" * 65000] * 4, [], ""

    made, start = Capture().open(), None
    start = made.sequence[CLIENT]
    for begin, end in ((20, len(one)), (0, 9), (0, 25), (9, 20), (5, len(one))):
        made.packet(CLIENT, start + begin, one[begin:end])
    made.sequence[CLIENT] += len(one)
    yield "out-of-order-and-overlapping", made.end(), texts, [], ""

    made = Capture()
    made.send(CLIENT, b"GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
    made.send(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    made.open().send(CLIENT, one)
    yield "after-a-page", made.end(), texts, [], ""

    made, shared = Capture().open("permessage-deflate"), fresh()
    for text in (b"hello hello WebSocket", b"hello hello WebSocket"):
        made.send(CLIENT, frame(1, deflated(shared, text), rsv=4))
    made.send(CLIENT, frame(1, b"plain"))
    made.send(CLIENT, frame(1, deflated(shared, b"hello hello WebSocket"), rsv=4))
    yield "takeover", made.end(), ["hello hello WebSocket"] * 2 + ["plain", "hello hello WebSocket"], [], ""

    # RFC 7692 §7.2.3.6: an empty message; tshark shows its byte.
    made = Capture().open("permessage-deflate")
    made.send(CLIENT, frame(1, b"\x00", rsv=4) + frame(1, deflated(fresh(), b"after it"), rsv=4))
    yield "empty-compressed", made.end(), ["", "after it"], [], ""

    made = Capture().open("permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10")
    for key, way in ((KEY, CLIENT), (None, SERVER)):
        for _ in range(2):
            made.send(way, frame(1, deflated(zlib.compressobj(9, 8, -10), b"hello hello"), rsv=4, key=key))
    yield "no-takeover", made.end(), ["hello hello"] * 4, [], ""

    made, shared = Capture().open("permessage-deflate"), fresh()
    data = deflated(shared, b"a fragmented compressed message, a fragmented compressed message")
    made.send(CLIENT, frame(1, data[:10], fin=0, rsv=4) + frame(0, data[10:20], fin=0) + frame(9, b"ping") + frame(0, data[20:]))
    made.send(CLIENT, frame(1, deflated(shared, b"a fragmented compressed message"), rsv=4))
    yield ("compressed-fragments", made.end(), ["a fragmented compressed message, a fragmented compressed message", "a fragmented compressed message"],
           [], "text")

    # RFC 7692 §7.2.3.4: a block with BFINAL, after which a further message goes on.
    made, last = Capture().open("permessage-deflate"), fresh()
    made.send(CLIENT, frame(1, last.compress(b"final block") + last.flush(zlib.Z_FINISH) + b"\x00", rsv=4))
    made.send(CLIENT, frame(1, deflated(fresh(), b"after final"), rsv=4))
    yield "bfinal", made.end(), ["final block", "after final"], [], "text"

    made = Capture().open()
    made.send(CLIENT, frame(1, b"one ", fin=0) + frame(9, b"mid") + frame(0, b"two ", fin=0))
    made.send(SERVER, frame(10, b"mid", key=None))
    made.send(CLIENT, frame(0, b"three"))
    yield "control-between-fragments", made.end(), ["one two three"], [], ""

    made = Capture().open()
    made.send(CLIENT, frame(8, struct.pack("!H", 1000) + "fertig ✓".encode()))
    made.send(SERVER, frame(8, b"", key=None) + frame(1, b"after close", key=None))
    yield "after-close", made.end(), ["after close"], ["RFC 6455 §5.5.1"], ""

    made = Capture().open()
    made.send(CLIENT, frame(1, b"unmasked", key=None))
    made.send(SERVER, frame(1, b"masked"))
    yield "wrong-masking", made.end(), ["unmasked", "masked"], ["RFC 6455 §5.1"] * 2, ""

    made = Capture().open()
    made.send(CLIENT, frame(1, b"16 for 7", form=16) + frame(1, b"64 for 7", form=64) + frame(1, b"after"))
    yield "not-minimal", made.end(), ["16 for 7", "64 for 7", "after"], ["RFC 6455 §5.2"] * 2, ""

    made = Capture().open()
    made.send(CLIENT, frame(2, b"abc", form=64, length=1 << 63 | 3) + frame(1, b"after"))
    yield "63-bits", made.end(), ["after"], ["RFC 6455 §5.2"], "length"

    made = Capture().open()
    for data in (frame(1, b"rsv2", rsv=2), frame(1, b"rsv1", rsv=4), frame(3, b"op3"), frame(0, b"alone"), frame(9, b"p" * 126), frame(9, b"p", fin=0)):
        made.send(CLIENT, data)
    yield "reserved", made.end(), ["rsv2", "rsv1"], ["RFC 6455 §5.2"] * 3 + ["RFC 6455 §5.4"] + ["RFC 6455 §5.5"] * 2, ""

    made = Capture().open()
    accent = "é".encode()
    made.send(CLIENT, frame(1, b"ok\xc3") + frame(1, "κόσμε 😀".encode()) + frame(1, accent[:1], fin=0) + frame(0, accent[1:]))
    yield "utf-8", made.end(), [None, "κόσμε 😀", "é"], ["RFC 6455 §8.1"], ""

    made = Capture().open()
    made.send(CLIENT, frame(8, b"\x03"))
    yield "close-of-one-byte", made.end(), [], ["RFC 6455 §5.5.1"], ""

    made = Capture(syn=False)
    made.send(CLIENT, one)
    made.send(SERVER, frame(1, b"hi", key=None))
    yield "no-handshake", made.end(), texts + ["hi"], [], "port"

    # A frame that the capture lacks, in a segment of its own: what comes after it is guessed at, and said to be.
    made = Capture().open()
    made.send(CLIENT, frame(1, b"one"))
    made.sequence[CLIENT] += len(frame(2, b"z" * 40))
    made.send(CLIENT, frame(1, b"after"))
    yield "lost-segment", made.end(), ["one", "after"], [], "gap"


def run(dissect, folder):
    """Writes and compares them; returns how many fail."""
    failed = count = 0
    for name, data, texts, sections, errs in captures():
        file = str(folder / ("synthetic-%s.pcap" % name))
        with open(file, "wb") as out:
            out.write(data)
        ours, events, complaint = compare.by_dissect(dissect, file, *(["--port", "9123"] if errs == "port" else []))
        theirs = compare.by_tshark(file, *(["-d", "tcp.port==9123,websocket"] if errs == "port" else []))
        lines, frames, payloads = compare.differences(theirs, ours)
        if errs in ("text", "length", "gap"):
            # That it errs is seen, and that it errs about nothing else.
            word = {"text": "text differs", "length": "length is", "gap": "tshark has"}[errs]
            # Of fragments it has no text at all.
            if not any(word in line for line in lines) and name != "compressed-fragments":
                lines = ["expected tshark to err about %s, found no difference" % errs]
            else:
                lines = [line for line in lines if word not in line]
        shown = [event["text"] for event in events if event["event"] == "message" and event["kind"] == "text"]
        found = [v["section"] for event in events if isinstance(event.get("violations"), list) for v in event["violations"]]
        gaps = [event["length"] for event in events if event["event"] == "gap"]
        if sorted(shown, key=repr) != sorted(texts, key=repr):
            lines.append("expected %.200r, found %.200r" % (texts, shown))
        if sorted(found) != sorted(sections):
            lines.append("expected violations of %r, found %r" % (sections, found))
        if gaps != ([46] if errs == "gap" else []) or complaint:
            lines.append("expected no gap and no complaint, found %r %s" % (gaps, complaint))
        failed += bool(lines)
        count += 1
        if lines:
            print("synthetic %s: FAIL" % name)
            for line in lines[:10]:
                print("    " + line)
    print("synthetic: %d captures, %d fail" % (count, failed), flush=True)
    return failed
