// Node's HTTP/2 as a client, with the frames of npm ws: node_client.mjs HOME CERTIFICATE URL
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { createRequire } from "node:module";
import { once } from "node:events";

const [home, certificate, url] = process.argv.slice(2);
const require = createRequire(home + "/");
const WebSocket = require("ws");
const PerMessageDeflate = require(home + "/node_modules/ws/lib/permessage-deflate.js");
setTimeout(() => { console.log("it takes too long"); process.exit(1); }, 60_000).unref();

const session = connect(url, url.startsWith("https") ? { ca: readFileSync(certificate) } : {});
const [settings] = await once(session, "remoteSettings");
assert.equal(settings.enableConnectProtocol, true);

const open = async () => {
  const stream = session.request({
    ":method": "CONNECT", ":protocol": "websocket", ":path": "/", ":scheme": new URL(url).protocol.slice(0, -1),
    ":authority": new URL(url).host, origin: url, "sec-websocket-version": "13", "sec-websocket-protocol": "nothing, chat",
    "sec-websocket-extensions": "permessage-deflate",
  });
  const [headers] = await once(stream, "response");
  assert.equal(headers[":status"], 200);
  assert.equal(headers["sec-websocket-protocol"], "chat");
  assert.equal(headers["sec-websocket-extensions"], "permessage-deflate");
  const deflate = new PerMessageDeflate({ threshold: 0, isServer: false, maxPayload: 64 << 20 });
  deflate.accept([{}]);
  // What ws does itself once it has a socket.
  const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 30_000 });
  socket._isServer = false;
  socket._extensions = { "permessage-deflate": deflate };
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 64 << 20, skipUTF8Validation: false });
  return socket;
};

const sockets = await Promise.all(Array.from({ length: 20 }, open));
await Promise.all(sockets.map(async (socket, number) => {
  for (const message of [`Hello ${number}`, "", "grün".repeat(10_000), Buffer.alloc(200_000, number)]) {
    socket.send(message, { compress: true });
    const [data, binary] = await once(socket, "message");
    assert.equal(binary, Buffer.isBuffer(message));
    assert.ok(Buffer.from(message).equals(data));
  }
  socket.ping("are you there");
  assert.equal(String((await once(socket, "pong"))[0]), "are you there");
  socket.close(4001, "enough");
  assert.deepEqual((await once(socket, "close")).map(String), ["4001", ""]);
}));

// A stream of another protocol, and one that breaks a rule.
for (const [change, status] of [[{ ":protocol": "connect-udp" }, 501], [{ "sec-websocket-version": "8" }, 400], [{ origin: "https://evil.example" }, 403]]) {
  const stream = session.request({
    ":method": "CONNECT", ":protocol": "websocket", ":path": "/", ":scheme": new URL(url).protocol.slice(0, -1),
    ":authority": new URL(url).host, "sec-websocket-version": "13", ...change,
  });
  assert.equal((await once(stream, "response"))[0][":status"], status, JSON.stringify(change));
  stream.close();
}
session.close();
console.log(`${sockets.length} WebSockets of ws ${require("ws/package.json").version} on one connection of Node ${process.version}: ok`);
