// Compressed messages with context takeover, both ways: deflate.mjs ECHO_SERVER ECHO_CLIENT [CHROMIUM]; the examples are built with it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { check, finish, guard, note } from "./report.mjs";

const require = createRequire(process.env.INTEROP_HOME + "/");
const WebSocket = require("ws");
note(`ws ${require("ws/package.json").version}, node ${process.version}`);
guard(120);

const [echoServer, echoClient, chromium] = process.argv.slice(2);
const messages = Array.from({ length: 200 }, (_, i) =>
  JSON.stringify({ id: i, user: "user" + (i * 7919) % 100, text: "the same words in every message, and ünïcödé", at: 1700000000 + i }));
const total = messages.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const kept = extensions => extensions.includes("permessage-deflate") && !extensions.includes("no_context_takeover");

const server = spawn(echoServer, ["--listen", "127.0.0.1:0", "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
const [line] = await once(createInterface(server.stdout), "line");
const address = line.match(/listening on ([^,]+)/)[1];

// ws as client, echo_server as server.
const socket = new WebSocket(`ws://${address}/`, { perMessageDeflate: { threshold: 0 } });
await once(socket, "open");
check("ws: compression with context takeover is agreed on", kept(socket.extensions), true);
let intact = 0;
const before = [socket._socket.bytesRead, socket._socket.bytesWritten];
for (const text of messages) {
  const answer = once(socket, "message");
  socket.send(text);
  intact += (await answer)[0].toString() === text;
}
check("ws: every message comes back", intact, messages.length);
const wire = [socket._socket.bytesRead - before[0], socket._socket.bytesWritten - before[1]];
check("ws: what came was compressed", wire[0] < total / 2, true);
check("ws: what went was compressed", wire[1] < total / 2, true);
note(`${total} bytes of text took ${wire[0]} bytes down and ${wire[1]} up`);
socket.close(1000);
check("ws: closed cleanly", (await once(socket, "close"))[0], 1000);

// ws as server, echo_client as client.
const listener = new WebSocket.WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: { threshold: 0 } });
await once(listener, "listening");
const client = spawn(echoClient, [`ws://127.0.0.1:${listener.address().port}/`], { stdio: ["pipe", "pipe", "ignore"] });
const [peer] = await once(listener, "connection");
check("echo_client: compression with context takeover is agreed on", kept(peer.extensions), true);
const start = [peer._socket.bytesRead, peer._socket.bytesWritten];
peer.on("message", data => peer.send(data.toString()));
const replies = createInterface(client.stdout)[Symbol.asyncIterator]();
intact = 0;
for (const text of messages) {
  client.stdin.write(text + "\n");
  intact += (await replies.next()).value === text;
}
check("echo_client: every message comes back", intact, messages.length);
check("echo_client: what it sent was compressed", peer._socket.bytesRead - start[0] < total / 2, true);
check("echo_client: what it was sent was compressed", peer._socket.bytesWritten - start[1] < total / 2, true);
client.stdin.end();
check("echo_client: leaves with status 0", (await once(client, "exit"))[0], 0);
listener.close();

// Chromium as client, echo_server as server.
if (chromium) {
  const { chromium: driver } = require("playwright-core");
  const browser = await driver.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage();
  await page.goto(`http://${address}/`);
  const seen = await page.evaluate(async ({ url, messages }) => {
    const socket = new WebSocket(url);
    await new Promise(resolve => (socket.onopen = resolve));
    let intact = 0;
    for (const text of messages) {
      const answer = new Promise(resolve => (socket.onmessage = event => resolve(event.data)));
      socket.send(text);
      intact += (await answer) === text;
    }
    const closed = new Promise(resolve => (socket.onclose = event => resolve([event.code, event.wasClean])));
    socket.close(1000);
    return { extensions: socket.extensions, intact, closed: await closed };
  }, { url: `ws://${address}/`, messages });
  check("Chromium: compression with context takeover is agreed on", kept(seen.extensions), true);
  check("Chromium: every message comes back", seen.intact, messages.length);
  check("Chromium: closed cleanly", seen.closed, [1000, true]);
  await browser.close();
} else {
  note("there is no Chromium");
}
server.kill();
finish();
