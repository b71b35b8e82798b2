"""Examines wsproto and websockets in process: run_in_python.py cases.json [-v]"""
import json, sys
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import CLIENT, SERVER, OPEN, Protocol
from wsproto import Connection, ConnectionType, events as e, extensions


class WsProto:
    def __init__(self, role, deflate):
        extension = extensions.PerMessageDeflate()
        (extension.accept if role == "server" else extension.finalize)("permessage-deflate")
        self.c = Connection(ConnectionType[role.upper()], extensions=[extension] if deflate else [])
        self.heard, self.code, self.ended, self.part = [], None, False, b""

    def feed(self, data):
        try:
            self.c.receive_data(data or None)
            for event in self.c.events():
                if isinstance(event, e.Message):
                    text = isinstance(event, e.TextMessage)
                    self.part += event.data.encode() if text else bytes(event.data)
                    if event.message_finished:
                        self.heard.append(("text" if text else "binary", self.part))
                        self.part = b""
                elif isinstance(event, e.Ping):
                    self.heard.append(("ping", bytes(event.payload)))
                elif isinstance(event, e.CloseConnection):
                    self.code, self.ended = event.code, True
        except Exception as error:
            self.code, self.ended = repr(error), True


class Websockets:
    def __init__(self, role, deflate):
        self.c = Protocol({"server": SERVER, "client": CLIENT}[role], state=OPEN, max_size=None)
        self.c.extensions = [PerMessageDeflate(False, False, 15, 15)] if deflate else []
        self.heard, self.code, self.ended, self.part, self.kind = [], None, False, b"", None

    def feed(self, data):
        self.c.receive_data(data) if data else self.c.receive_eof()
        for frame in self.c.events_received():
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self.kind = {Opcode.TEXT: "text", Opcode.BINARY: "binary"}.get(frame.opcode, self.kind)
                self.part += frame.data
                if frame.fin:
                    try:  # UTF-8 is left to the caller
                        self.heard.append((self.kind, self.part.decode().encode() if self.kind == "text" else self.part))
                    except UnicodeDecodeError:
                        self.c.fail(1007)
                    self.part = b""
            elif frame.opcode == Opcode.PING:
                self.heard.append(("ping", bytes(frame.data)))
        self.code = self.c.close_sent and self.c.close_sent.code
        self.ended = self.c.close_sent is not None or self.c.close_expected()


def expand(runs):
    return b"".join(bytes.fromhex(text) * times for text, times in runs)


def fits(subject, outcome):
    heard = [(kind, expand(runs)) for kind, runs in outcome["heard"] if kind != "pong"]
    code = outcome["end"] != "fail" or outcome["code"] in (None, subject.code)
    return subject.heard == heard and code and subject.ended == (outcome["end"] != "open")


vectors = [v for v in json.load(open(sys.argv[1]))["vectors"] if v["level"] in ("MUST", "MUST NOT")]
for make in WsProto, Websockets:
    failed = []
    for vector, size in [(vector, size) for vector in vectors for size in (1, 1 << 30)]:
        subject = make(vector["role"], vector["deflate"])
        for data in [expand(step.get("send", [])) for step in vector["steps"] if "look" not in step]:
            step = size if len(data) < 4096 else len(data)
            for at in range(0, max(1, len(data)), step):
                subject.ended or subject.feed(data[at:at + step])
        if not any(fits(subject, outcome) for outcome in vector["outcomes"]):
            failed.append(f"  {vector['id']} {vector['role']} {'by bytes' if size == 1 else 'whole'}: {subject.heard!r:.60} {subject.code}")
    print(f"{make.__name__}: {2 * len(vectors) - len(failed)} of {2 * len(vectors)}")
    "-v" in sys.argv and print(*failed, sep="\n")
