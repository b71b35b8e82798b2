// ws: `server ADDRESS` or `client URL AGENT`. Messages are echoed uncompressed or compressed as they came.
"use strict";
const { WebSocket, WebSocketServer } = require("ws");

const LIMIT = 1 << 20;
const [role, where, agent] = process.argv.slice(2);

function echo(socket, heard = () => {}) {
  socket.on("error", () => {});
  socket.on("message", (data, binary) => {
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
  const server = new WebSocketServer({ host, port: Number(port), perMessageDeflate: { threshold: 0 }, maxPayload: LIMIT });
  server.on("connection", (socket) => echo(socket));
} else {
  client();
}
