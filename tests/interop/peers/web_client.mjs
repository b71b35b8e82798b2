// The WebSocket of browsers and of Node, as client of echo_server: web_client.mjs built-in|undici URL URL_WITH_SUBPROTOCOLS URL_WITH_MAX_1000
import { createRequire } from "node:module";
import { randomBytes } from "node:crypto";
import { check, finish, guard, note } from "./report.mjs";

const [from, url, urlSubprotocol, urlSmall] = process.argv.slice(2);
const require = createRequire(process.env.INTEROP_HOME + "/");
const WebSocket = from === "undici" ? require("undici").WebSocket : globalThis.WebSocket;
const version = from === "undici" ? require("undici/package.json").version : process.versions.undici;
if (!WebSocket) {
  console.log(`skip node ${process.version} has no WebSocket of its own`);
  process.exit(0);
}
note(`WebSocket of ${from}, undici ${version}, node ${process.version}`);
guard(120);

const next = (socket, type) => new Promise(resolve => socket.addEventListener(type, resolve, { once: true }));

async function open(url, protocols = []) {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  await Promise.race([next(socket, "open"), next(socket, "error").then(event => { throw event.error ?? event.message; })]);
  return socket;
}

async function echoed(socket, data) {
  const answer = next(socket, "message");
  socket.send(data);
  const { data: back } = await answer;
  return typeof back === "string" ? back : Buffer.from(back);
}

async function closed(socket) {
  const { code, reason, wasClean } = await next(socket, "close");
  return { code, reason, wasClean };
}

const socket = await open(url);
check("permessage-deflate is declined", socket.extensions, "");
for (const length of [0, 125, 126, 65535, 65536, 16 << 20]) {
  const text = "ö".repeat(length / 2).padEnd(Math.ceil(length / 2), "x");
  check(`text of ${Buffer.byteLength(text)} bytes comes back`, (await echoed(socket, text)) === text, true);
  const bytes = randomBytes(length);
  check(`binary of ${length} bytes comes back`, bytes.equals(await echoed(socket, bytes)), true);
}
const count = 5000;
let echoes = 0, ordered = true;
const all = new Promise(resolve => {
  socket.addEventListener("message", ({ data }) => {
    ordered &&= data === "message " + echoes;
    if (++echoes === count) resolve();
  });
});
for (let i = 0; i < count; i++) socket.send("message " + i);
await all;
check(`${count} small messages come back in their order`, ordered, true);

let gone = closed(socket);
socket.close(1000, "done");
check("Close 1000 is clean", await gone, { code: 1000, reason: "", wasClean: true });

const spoken = await open(urlSubprotocol, ["unknown", "chat.v1"]);
check("the subprotocol is agreed", spoken.protocol, "chat.v1");
gone = closed(spoken);
spoken.close();
check("a Close without a code is clean", await gone, { code: 1005, reason: "", wasClean: true });

const small = await open(urlSmall);
gone = closed(small);
small.send("x".repeat(1001));
check("with --max-message 1000, 1001 bytes get 1009", (await gone).code, 1009);
finish();
