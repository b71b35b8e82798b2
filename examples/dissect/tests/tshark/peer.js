// The other side of each peer, on the library `ws`: `client URL`, or `server ADDRESS`, which also serves a page for browsers.
// Messages of each kind, length form and cut go both ways; a server says first how many sessions it wants, as Autobahn's does.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const https = require("https");
const { WebSocket, WebSocketServer } = require("ws");

const COMPRESSION = { threshold: 0 };
// With a certificate it is TLS, of one version and cipher suite if they are named; the server logs the keys.
const { CERT, CERT_KEY, KEYS, TLS_VERSION, TLS_CIPHERS } = process.env;
const TLS = { minVersion: TLS_VERSION, maxVersion: TLS_VERSION, ciphers: TLS_CIPHERS, rejectUnauthorized: false };
const PAGE = `<!doctype html><meta charset=utf-8><script>
const socket = new WebSocket(location.origin.replace("http", "ws") + "/runCase?case=1");
socket.binaryType = "arraybuffer";
socket.onmessage = (event) => socket.send(event.data);
socket.onclose = () => fetch("/done");
</script>`;

// Sends everything, and resolves when as many messages have come back.
function talk(socket) {
  const binary = Buffer.alloc(70_000, (n) => n);
  // Random bytes can't be compressed: their lengths are those of each form that a header has.
  const borders = [125, 126, 65_535, 65_536].map((length) => crypto.randomBytes(length));
  const messages = ["hello", "", "hello", "κόσμε 😀 ".repeat(300), "abcdefgh".repeat(20), binary.subarray(0, 300), binary, ...borders];
  return new Promise((resolve) => {
    let back = 0;
    const expected = messages.length + 1;
    const end = () => socket.close(1000, "enough");
    socket.on("error", () => {});
    socket.on("message", () => { if (++back === expected) end(); });
    socket.on("close", (code) => resolve(code));
    messages.forEach((message, n) => {
      socket.send(message);
      if (n === 2) socket.ping("are you there?");
    });
    socket.send("a message ", { fin: false });
    socket.ping("in between");
    socket.send("in three ", { fin: false });
    socket.send("fragments", { fin: true });
    setTimeout(end, 30_000).unref();
  });
}

const [role, where] = process.argv.slice(2);
if (role === "client") {
  const socket = new WebSocket(where, { perMessageDeflate: COMPRESSION, ...TLS });
  socket.on("open", () => talk(socket));
  socket.on("error", (error) => { console.error(String(error)); process.exit(1); });
  socket.on("close", () => process.exit(0));
} else {
  const [host, port] = where.split(":");
  const answer = (request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(PAGE);
    if (request.url === "/done") setTimeout(() => process.exit(0), 200);
  };
  const page = CERT
    ? https.createServer({ cert: fs.readFileSync(CERT), key: fs.readFileSync(CERT_KEY), ...TLS }, answer)
    : http.createServer(answer);
  if (KEYS) page.on("keylog", (line) => fs.appendFileSync(KEYS, line));
  const sockets = new WebSocketServer({ server: page, perMessageDeflate: COMPRESSION });
  sockets.on("connection", async (socket, request) => {
    socket.on("error", () => {});
    if (request.url.startsWith("/getCaseCount")) {
      socket.send("1");
      socket.close(1000);
    } else if (request.url.startsWith("/echo")) {
      socket.on("message", (data, binary) => socket.send(data, { binary }));
    } else if (request.url.startsWith("/updateReports")) {
      socket.close(1000);
      socket.on("close", () => setTimeout(() => process.exit(0), 100));
    } else {
      await talk(socket);
    }
  });
  page.listen(Number(port), host);
}
