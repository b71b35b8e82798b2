// ws: `server ADDRESS [PACKAGE]` or `client URL AGENT [PACKAGE]`, where the package is another version of it. Messages are echoed uncompressed or compressed as they came.
"use strict";

const LIMIT = 1 << 20;
const [role, where, ...more] = process.argv.slice(2);
const agent = role === "client" ? more.shift() : undefined;
const WebSocket = require(more[0] ?? "ws");

function echo(socket, heard = () => {}) {
  socket.on("error", () => {});
  // Before version 8 a text is a string, and there is no second argument.
  socket.on("message", (data, binary = typeof data !== "string") => {
    if (!binary) heard(data.toString());
    socket.send(data, { binary });
  });
}

function session(target) {
  return new Promise((resolve) => {
    let first;
    const socket = new WebSocket(where + target, {
      perMessageDeflate: { threshold: 0 }, maxPayload: LIMIT, handshakeTimeout: 5000,
    });
    echo(socket, (text) => { first ??= text; });
    socket.on("close", () => resolve(first));
  });
}

async function client() {
  const count = Number(await session("/getCaseCount"));
  for (let i = 1; i <= count; i++) await session(`/runCase?case=${i}&agent=${agent}`);
  await session(`/updateReports?agent=${agent}`);
}

if (role === "server") {
  const [host, port] = where.split(":");
  const server = new WebSocket.Server({ host, port: Number(port), perMessageDeflate: { threshold: 0 }, maxPayload: LIMIT });
  server.on("connection", (socket) => echo(socket));
} else {
  client();
}
