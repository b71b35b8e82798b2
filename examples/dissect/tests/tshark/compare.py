"""What tshark and dissect say of a capture, in the same form."""

import json
import subprocess
import xml.etree.ElementTree as ElementTree


def by_tshark(capture, *options):
    """Frames by direction, (from, to) as addresses with ports; each a dictionary."""
    command = ["tshark", "-r", capture, "-o", "tcp.reassemble_out_of_order:TRUE", *options, "-Y", "websocket", "-T", "pdml"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    frames = {}
    for packet in ElementTree.fromstring(done.stdout).iter("packet"):
        protocols = list(packet)
        field = lambda name: next((f.get("show") for f in packet.iter("field") if f.get("name") == name), None)
        address = lambda end: "[%s]" % field("ipv6." + end) if field("ip." + end) is None else field("ip." + end)
        way = tuple("%s:%s" % (address(end), field("tcp.%sport" % end)) for end in ("src", "dst"))
        for protocol in protocols:
            if protocol.get("name") == "websocket":
                frames.setdefault(way, []).append(frame_of(protocol))
    return frames


def frame_of(protocol):
    value = {f.get("name"): f for f in protocol.iter("field")}
    number = lambda name: int(value[name].get("show"), 0)
    length = number("websocket.payload_length")
    for wider in ("websocket.payload_length_ext_16", "websocket.payload_length_ext_64"):
        if wider in value:
            length = number(wider)
    # RSV1 has a field of its own where compression was agreed on, or in none of them.
    rsv = number("websocket.rsv") if "websocket.rsv" in value else 0
    if "websocket.pmc" in value:
        rsv |= 4 * number("websocket.pmc")
    frame = {
        "fin": number("websocket.fin") == 1, "rsv": rsv, "opcode": number("websocket.opcode"), "length": length,
        "key": value["websocket.masking_key"].get("value") if "websocket.masking_key" in value else None,
    }
    shown = [value[name] for name in value if name.startswith("websocket.payload.")]
    if "websocket.payload.text" in value:
        frame["text"] = value["websocket.payload.text"].get("value")
    elif "websocket.payload.ping" in value or "websocket.payload.pong" in value:
        frame["control"] = shown[0].get("value")
    elif "websocket.payload.close.status_code" in value:
        frame["control"] = "".join(f.get("value") for f in shown if f.get("name") != "websocket.payload.close")
    return frame


def by_dissect(dissect, capture, *options):
    """Frames by direction, in the same form; and all events."""
    done = subprocess.run([dissect, "--json", *options, capture], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    ends, frames = {}, {}
    bits = {"RSV1": 4, "RSV2": 2, "RSV3": 1}
    for event in events:
        if event["event"] == "began":
            ends[event["stream"]] = event["client"], event["server"]
        elif event["event"] == "frame" and event["payload_is_whole"]:
            client, server = ends[event["stream"]]
            way = (client, server) if event["from"] == "client" else (server, client)
            frames.setdefault(way, []).append({
                "fin": event["fin"], "rsv": sum(bits[bit] for bit in event["rsv"]), "opcode": event["opcode"],
                "length": event["length"], "key": event["masking_key"], "payload": event["payload"],
            })
        elif event["event"] == "message" and event["frames"] == 1:
            client, server = ends[event["stream"]]
            way = (client, server) if event["from"] == "client" else (server, client)
            frames[way][-1]["message"] = event["payload"]
    return frames, events, done.stderr.strip()


def differences(theirs, ours):
    """One line for each frame about which the two do not say the same; and how many frames and payloads were compared."""
    lines, compared, payloads = [], 0, 0
    for way in sorted(set(theirs) | set(ours)):
        one, other = theirs.get(way, []), ours.get(way, [])
        if len(one) != len(other):
            lines.append("%s → %s: tshark has %d frames, dissect %d" % (*way, len(one), len(other)))
        for n, (a, b) in enumerate(zip(one, other)):
            compared += 1
            for name in ("fin", "rsv", "opcode", "length", "key"):
                if a[name] != b[name]:
                    lines.append("%s → %s: frame %d: %s is %r to tshark, %r to dissect" % (*way, n, name, a[name], b[name]))
            # Of a message in one frame tshark has the text, decompressed; of one in more it has it with the last.
            if "text" in a and b["fin"] and b["opcode"] == 1:
                payloads += 1
                # RFC 7692 §7.2.3.6: an empty message is a byte or two when compressed; tshark shows these.
                empty = a["text"] == b["payload"] and b["rsv"] == 4 and b.get("message") == ""
                if a["text"] != b.get("message") and not empty:
                    lines.append("%s → %s: frame %d: text differs: %.60s, %.60s" % (*way, n, a["text"], b.get("message")))
            if "control" in a:
                payloads += 1
                if a["control"] != b["payload"]:
                    lines.append("%s → %s: frame %d: payload differs: %s, %s" % (*way, n, a["control"], b["payload"]))
    return lines, compared, payloads
