// websocket (WebSocket-Node): `server ADDRESS` or `client URL AGENT`. It has no permessage-deflate.
"use strict";
const http = require("http");
const { client: Client, server: Server } = require("websocket");

const LIMIT = 1 << 20;
const limits = { maxReceivedFrameSize: LIMIT, maxReceivedMessageSize: LIMIT, keepalive: false };
const [role, where, agent] = process.argv.slice(2);

function echo(connection, heard = () => {}) {
  connection.on("error", () => {});
  connection.on("message", (message) => {
    if (message.type === "utf8") {
      heard(message.utf8Data);
      connection.sendUTF(message.utf8Data);
    } else {
      connection.sendBytes(message.binaryData);
    }
  });
}

function session(target) {
  return new Promise((resolve) => {
    let first;
    const client = new Client(limits);
    client.on("connectFailed", () => resolve(first));
    client.on("connect", (connection) => {
      echo(connection, (text) => { first ??= text; });
      connection.on("close", () => resolve(first));
    });
    client.connect(where + target);
  });
}

async function client() {
  const count = Number(await session("/getCaseCount"));
  for (let i = 1; i <= count; i++) await session(`/runCase?case=${i}&agent=${agent}`);
  await session(`/updateReports?agent=${agent}`);
}

if (role === "server") {
  const [host, port] = where.split(":");
  const httpServer = http.createServer((request, response) => { response.writeHead(426, { Upgrade: "websocket" }); response.end(); });
  new Server({ httpServer, autoAcceptConnections: true, ...limits }).on("connect", (connection) => echo(connection));
  httpServer.listen(Number(port), host);
} else {
  client();
}
