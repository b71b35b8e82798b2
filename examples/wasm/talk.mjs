// Tries serve.mjs: node talk.mjs MODULE.wasm. The peers are Node's own WebSocket, and bytes written by hand.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [module] = process.argv.slice(2);
const program = join(dirname(fileURLToPath(import.meta.url)), "serve.mjs");
const give_up = setTimeout(() => { console.error("it takes too long"); process.exit(1); }, 120_000);

const REQUEST = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
const HELLO = Buffer.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455, 5.7
const HELLO_BACK = Buffer.from("\x81\x05Hello", "latin1");

/** Runs serve.mjs to its end. */
async function ends(...words) {
  const child = spawn(process.execPath, [program, ...words], { stdio: ["ignore", "ignore", "pipe"] });
  let error = "";
  child.stderr.setEncoding("utf8").on("data", text => { error += text; });
  const [status] = await once(child, "close");
  return { status, error };
}

const child = spawn(process.execPath, [program, module, "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => child.kill());
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
const line = async () => (await lines.next()).value;
const address = (await line()).replace("listening on ", "");
const port = Number(address.split(":")[1]);

/** Sends bytes, then perhaps the end of input, and returns all that comes until the end. */
async function raw(bytes, { half = false, bytewise = false } = {}) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const found = [];
  socket.on("data", chunk => found.push(chunk));
  for (const piece of bytewise ? [...bytes].map(byte => Buffer.from([byte])) : [bytes]) {
    socket.write(piece);
    if (bytewise) await new Promise(setImmediate);
  }
  if (half) socket.end();
  await once(socket, "end");
  socket.destroy();
  return Buffer.concat(found);
}

const close = code => Buffer.from([0x88, 0x02, code >> 8, code & 0xff]);
const masked = (...bytes) => Buffer.from(bytes);

// A client of another make.
const socket = new WebSocket(`ws://${address}/`);
socket.binaryType = "arraybuffer";
await once(socket, "open");
for (const message of ["Hello", "", "gr\u00fcn \u{1f600}", Buffer.alloc(10 << 20, "0123456789abc")]) {
  socket.send(message);
  const [{ data }] = await once(socket, "message");
  const back = typeof data === "string" ? data : Buffer.from(data);
  assert.ok(typeof message === "string" ? back === message : message.equals(back), `not the same ${message.length}`);
}
socket.close(4000, "done");
const [{ code, wasClean }] = await once(socket, "close");
assert.deepEqual([code, wasClean, await line()], [4000, true, "ended with 4000"]);

// By hand: in one segment, in segments of one byte, a Ping, violations, no Close, bad requests.
const hello = Buffer.concat([Buffer.from(REQUEST), HELLO]);
const ping = masked(0x89, 0x81, 0, 0, 0, 0, 0x3f), goodbye = masked(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8);
for (const bytewise of [false, true]) {
  const answer = await raw(Buffer.concat([hello, ping, goodbye]), { bytewise });
  assert.match(answer.toString("latin1"), /^HTTP\/1\.1 101 [^]*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
  const frames = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
  // The Pong may overtake data that waits.
  for (const frame of [HELLO_BACK, Buffer.from("\x8a\x01?", "latin1"), close(1000)]) assert.ok(frames.includes(frame), frames.toString("hex"));
  assert.equal(await line(), "ended with 1000");
}
for (const [bad, code] of [[HELLO_BACK, 1002], [masked(0x81, 0x81, 0, 0, 0, 0, 0xff), 1007], [masked(0x83, 0x80, 0, 0, 0, 0), 1002]]) {
  const answer = await raw(Buffer.concat([hello, bad]));
  assert.ok(answer.subarray(answer.indexOf("\r\n\r\n") + 4).equals(Buffer.concat([HELLO_BACK, close(code)])), answer.toString("latin1"));
  assert.equal(await line(), "ended with 1006");
}
const left = await raw(hello, { half: true });
assert.ok(left.subarray(-HELLO_BACK.length).equals(HELLO_BACK));
assert.equal(await line(), "ended with 1006");
for (const [request, status] of [["GET / HTTP/1.1\r\nHost: a\r\n\r\n", 426], ["\x16\x03\x01\x00\xa5", 400]]) {
  assert.match((await raw(Buffer.from(request, "latin1"))).toString("latin1"), new RegExp(`^HTTP/1.1 ${status} `));
  assert.equal(await line(), "ended with 1006");
}

// The command line.
const taken = createServer().listen(0, "127.0.0.1");
await once(taken, "listening");
for (const [words, status, found] of [
  [["--bogus"], 2, "--bogus"],
  [[], 2, "MODULE.wasm"],
  [["/no/such.wasm", "127.0.0.1:0"], 1, "/no/such.wasm"],
  [[program, "127.0.0.1:0"], 1, program],
  [[module, `127.0.0.1:${taken.address().port}`], 1, String(taken.address().port)],
]) {
  const ended = await ends(...words);
  assert.deepEqual([ended.status, ended.error.trimEnd().split("\n").length], [status, 1], ended.error);
  assert.ok(ended.error.includes(found), ended.error);
}
taken.close();
clearTimeout(give_up);
child.kill();
console.log("serve.mjs: all as it should be");
