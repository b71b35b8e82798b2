// faye-websocket, with permessage-deflate where that package is there: `server ADDRESS` or `client URL AGENT`.
"use strict";
const http = require("http");
const WebSocket = require("faye-websocket");

const options = { maxLength: 1 << 20 };
const [role, where, agent] = process.argv.slice(2);

function echo(socket, heard = () => {}) {
  socket.on("error", () => {});
  socket.on("message", ({ data }) => {
    if (typeof data === "string") heard(data);
    socket.send(data);
  });
}

function session(target) {
  return new Promise((resolve) => {
    let first;
    const socket = new WebSocket.Client(where + target, [], options);
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
  const server = http.createServer((request, response) => { response.writeHead(426, { Upgrade: "websocket" }); response.end(); });
  server.on("upgrade", (request, socket, head) => echo(new WebSocket(request, socket, head, [], options)));
  server.listen(Number(port), host);
} else {
  client();
}
