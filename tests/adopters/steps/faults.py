"""Faults in a copy of the engine: which of the adopters' tests notice them."""
from collections import namedtuple

from steps.exchange import FAULT
from steps import suites

# In `broken`, FAULT is true when the fault shows. `must`: a package of which some test has to notice it.
Fault = namedtuple("Fault", "name says file sound broken must", defaults=[None])
FAULTS = [
    Fault("empty-pong", "a Pong without the Ping's payload", "connection/control.rs",
          "self.control.pong = Some(self.control.received)",
          "self.control.pong = if FAULT { ControlPayload::new(&[]).ok() } else { Some(self.control.received) }", must="axum@0.8.9"),
    Fault("no-pong", "no Pong at all", "connection/control.rs",
          "ControlOpcode::Ping if self.answers_pings() =>", "ControlOpcode::Ping if self.answers_pings() && !FAULT =>"),
    Fault("close-unanswered", "no answer to a Close", "connection/control.rs", "if echo {", "if echo && !FAULT {"),
    Fault("limit-ignored", "the limit on messages ignored", "frame/reader.rs",
          "if message_len > self.max_message_len {", "if message_len > self.max_message_len && !FAULT {", must="tungstenite@0.30.0"),
    Fault("reserved-bits", "reserved bits accepted", "frame/reader.rs", "if rsv != Rsv::NONE {", "if rsv != Rsv::NONE && !FAULT {"),
    Fault("unmasked", "a client's unmasked frame accepted", "frame/reader.rs",
          "(Masking::Required, true) |", "(Masking::Required, false) if FAULT => Ok(()),\n            (Masking::Required, true) |"),
    Fault("any-version", "any Sec-WebSocket-Version accepted", "handshake/received.rs",
          'b"13" => Ok(()),', 'b"13" => Ok(()),\n            _ if FAULT => Ok(()),'),
    Fault("any-accept", "any Sec-WebSocket-Accept accepted", "handshake/client.rs",
          "if value == accept.as_bytes() {", "if value == accept.as_bytes() || FAULT {"),
    Fault("wrong-accept", "a wrong Sec-WebSocket-Accept sent", "handshake/key.rs",
          "guid.copy_from_slice(GUID);", "guid.copy_from_slice(GUID);\n        if FAULT {\n            guid.reverse();\n        }"),
]


def run(place, packages):
    """{fault: [package: test]} of those that fail with it, and pass without."""
    sound, broken = suites.run(place, packages)
    for package in broken:
        print(broken[package])
        raise SystemExit("%s does not build" % package)
    noticed = {}
    for fault in FAULTS:
        results, _ = suites.run(place, packages, {FAULT: fault.name})
        noticed[fault] = [
            "%s %s" % (package, test)
            for package in packages
            for test in suites.failed(results[package])
            if sound[package].get(test) == "ok"
        ]
    return noticed
