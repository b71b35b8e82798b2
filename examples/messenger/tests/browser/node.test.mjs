// Another implementation of WebRTC, werift, as the program's friend: signals and frames written by hand, as the README lists them.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RTCPeerConnection } from "werift";
import WebSocket from "ws";
import { place } from "./program.mjs";

test("a peer in Node (werift) talks to the program", async test => {
  const { port, peer, folder } = await place(test), program = peer("bob", "ann");
  const socket = new WebSocket(`ws://127.0.0.1:${port}/hub`), connection = new RTCPeerConnection({ iceServers: [] });
  test.after(() => { socket.close(); return connection.close(); });
  const channel = connection.createDataChannel("messenger"), heard = [], call = 7;
  const put = frame => channel.send(JSON.stringify(frame)), say = message => socket.send(JSON.stringify(message));
  const file = { id: "0123456789abcdef", name: "from-node.bin", data: randomBytes(300_000) };

  const pieces = from => {
    for (let at = from; at < file.data.length; at += 16384) {
      const offset = Buffer.alloc(8);
      offset.writeBigUInt64BE(BigInt(at));
      channel.send(Buffer.concat([Buffer.from(file.id), offset, file.data.subarray(at, at + 16384)]));
    }
  };
  channel.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data));
    heard.push(frame);
    if (frame.t === "say") put({ t: "heard", n: frame.n });
    if (frame.t === "want") pieces(frame.from);
  };
  channel.onopen = () => {
    put({ t: "hello", stream: "00000000000000aa" });
    put({ t: "say", n: 1, text: "from Node" });
    put({ t: "file", id: file.id, name: file.name, size: file.data.length, sha256: createHash("sha256").update(file.data).digest("hex") });
    setInterval(() => put({ t: "ping" }), 1000).unref();
  };
  const offer = async () => {
    await connection.setLocalDescription(await connection.createOffer());
    await new Promise(done => connection.iceGatheringState === "complete" ? done() : connection.iceGatheringStateChange.subscribe(state => state === "complete" && done()));
    say({ do: "signal", to: "bob", signal: { kind: "offer", call, sdp: connection.localDescription.sdp } });
  };
  let hasOffered = false;
  socket.on("open", () => say({ do: "enter", name: "ann", key: "0123456789abcdef" }));
  socket.on("message", async (data, isBinary) => {
    const message = isBinary ? {} : JSON.parse(String(data));
    const isThere = message.is === "entered" ? message.here.includes("bob") : message.is === "came";
    if (isThere && !hasOffered) { hasOffered = true; await offer(); }
    if (message.signal?.kind === "answer") await connection.setRemoteDescription({ type: "answer", sdp: message.signal.sdp });
  });

  await program.expect("ann: from Node");
  await program.expect("* road: direct");
  program.write("from the program");
  await program.expect("(300000 bytes, digest right)");
  assert.ok(readFileSync(join(folder, "bob", "inbox", file.name)).equals(file.data));
  await program.expect("* delivered: 1");
  assert.ok(heard.some(frame => frame.t === "say" && frame.text === "from the program"));
  const isDone = () => heard.some(frame => frame.t === "done" && frame.id === file.id);
  for (const end = Date.now() + 10_000; !isDone() && Date.now() < end;) await new Promise(next => setTimeout(next, 50));
  assert.ok(isDone());
});
