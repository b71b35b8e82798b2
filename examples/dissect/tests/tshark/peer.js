// The other side of each peer, on the library `ws`: `client URL`, or `server ADDRESS`, which also serves a page for browsers.
// Messages of each kind, length form and cut go both ways; a server says first how many sessions it wants, as Autobahn's does.
"use strict";
const http = require("http");
const { WebSocket, WebSocketServer } = require("ws");

const COMPRESSION = { threshold: 0 };
const PAGE = `<!doctype html><meta charset=utf-8><script>
const socket = new WebSocket("ws://" + location.host + "/runCase?case=1");
socket.binaryType = "arraybuffer";
socket.onmessage = (event) => socket.send(event.data);
socket.onclose = () => fetch("/done");
</script>`;

// Sends everything, and resolves when as many messages have come back.
function talk(socket) {
  const binary = Buffer.alloc(70_000, (n) => n);
  const messages = ["hello", "", "hello", "κόσμε 😀 ".repeat(300), "abcdefgh".repeat(20), binary.subarray(0, 300), binary];
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
    setTimeout(end, 8000).unref();
  });
}

const [role, where] = process.argv.slice(2);
if (role === "client") {
  const socket = new WebSocket(where, { perMessageDeflate: COMPRESSION });
  socket.on("open", () => talk(socket));
  socket.on("error", (error) => { console.error(String(error)); process.exit(1); });
  socket.on("close", () => process.exit(0));
} else {
  const [host, port] = where.split(":");
  const page = http.createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(PAGE);
    if (request.url === "/done") setTimeout(() => process.exit(0), 200);
  });
  const sockets = new WebSocketServer({ server: page, perMessageDeflate: COMPRESSION });
  sockets.on("connection", async (socket, request) => {
    socket.on("error", () => {});
    if (request.url.startsWith("/getCaseCount")) {
      socket.send("1");
      socket.close(1000);
    } else if (request.url.startsWith("/updateReports")) {
      socket.close(1000);
      socket.on("close", () => setTimeout(() => process.exit(0), 100));
    } else {
      await talk(socket);
    }
  });
  page.listen(Number(port), host);
}
