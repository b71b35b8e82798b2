// npm `ws` as the client of echo_server: ws_client.mjs URL URL_WITH_SUBPROTOCOLS URL_WITH_MAX_1000
import { createRequire } from "node:module";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { check, finish, guard, note } from "./report.mjs";

const require = createRequire(process.env.INTEROP_HOME + "/");
const WebSocket = require("ws");
note(`ws ${require("ws/package.json").version}, node ${process.version}`);
guard(120);

const [url, urlSubprotocol, urlSmall] = process.argv.slice(2);

async function open(url, ...rest) {
  const socket = new WebSocket(url, ...rest);
  await once(socket, "open");
  return socket;
}

async function echoed(socket, data, options) {
  const answer = once(socket, "message");
  socket.send(data, options);
  const [bytes, isBinary] = await answer;
  return isBinary ? bytes : bytes.toString();
}

async function closed(socket) {
  const [code, reason] = await once(socket, "close");
  return [code, reason.toString()];
}

const socket = await open(url);
check("permessage-deflate is offered and declined", socket.extensions, "");
for (const length of [0, 1, 125, 126, 65535, 65536, 16 << 20]) {
  const text = "x".repeat(length % 10) + "é€𝄞a".repeat(length / 10);
  check(`text of ${Buffer.byteLength(text)} bytes comes back`, (await echoed(socket, text)) === text, true);
  const bytes = randomBytes(length);
  check(`binary of ${length} bytes comes back`, bytes.equals(await echoed(socket, bytes)), true);
}

const many = Array.from({ length: 20000 }, (_, i) => "message " + i);
const back = [];
const all = new Promise(resolve => socket.on("message", data => back.push(data.toString()) === many.length && resolve()));
for (const text of many) socket.send(text);
await all;
socket.removeAllListeners("message");
check("20,000 small messages come back in their order", back.every((text, i) => text === many[i]), true);

for (const payload of ["", "ping", "x".repeat(125)]) {
  const pong = once(socket, "pong");
  socket.ping(payload);
  check(`a Ping of ${payload.length} bytes gets its Pong`, (await pong)[0].toString(), payload);
}

const order = [];
socket.on("pong", data => order.push("pong " + data));
const whole = once(socket, "message");
const euro = Buffer.from("a€b");
socket.send(euro.subarray(0, 2), { fin: false, binary: false });
socket.ping("between");
socket.send("", { fin: false });
socket.send(euro.subarray(2), { fin: true });
order.push("message " + (await whole)[0]);
check("fragments that cut a code point come back whole, a Ping between is answered first", order, ["pong between", "message a€b"]);

let gone = closed(socket);
socket.close(4001, "gründlich");
check("Close 4001 with a reason is answered with 4001", await gone, [4001, ""]);

const plain = await open(url);
gone = closed(plain);
plain.close();
check("a Close without a code is answered without one", await gone, [1005, ""]);

const spoken = await open(urlSubprotocol, ["unknown", "chat.v2", "chat.v1"]);
check("the first offered subprotocol that the server has is chosen", spoken.protocol, "chat.v2");
spoken.close(1000);
const refused = new WebSocket(urlSubprotocol, ["unknown"]);
const [error] = await once(refused, "error");
check("a server that chose none is noticed by ws", error.message, "Server sent no subprotocol");

const small = await open(urlSmall);
const thousand = "x".repeat(1000);
check("with --max-message 1000, 1000 bytes pass", (await echoed(small, thousand)) === thousand, true);
gone = closed(small);
small.send(thousand + "x");
check("with --max-message 1000, 1001 bytes get 1009", await gone, [1009, ""]);

const parts = await open(urlSmall);
gone = closed(parts);
parts.send("x".repeat(600), { fin: false });
parts.send("x".repeat(401), { fin: true });
check("with --max-message 1000, two fragments of 1001 bytes get 1009", (await gone)[0], 1009);

const big = await open(url);
gone = closed(big);
big.on("error", () => {});
big.send(Buffer.alloc((16 << 20) + 1));
check("16 MiB and one byte get 1009", (await gone)[0], 1009);

const crowd = await Promise.all(Array.from({ length: 200 }, () => open(url)));
const answers = await Promise.all(crowd.map((socket, i) => echoed(socket, "from " + i)));
check("200 connections at once each get their own echo", answers.every((text, i) => text === "from " + i), true);
const codes = await Promise.all(crowd.map(socket => { const end = closed(socket); socket.close(1000); return end; }));
check("and each is closed with 1000", codes.every(([code]) => code === 1000), true);
finish();
