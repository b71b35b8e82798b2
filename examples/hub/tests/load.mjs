// Many genuine clients in pairs that send each other messages: how long each round trip takes, and what the hub needs for it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { io } from "socket.io-client";
import { startHub, until } from "./server.mjs";

const count = Number(process.env.PEERS ?? 1000);
const seconds = Number(process.env.SECONDS ?? 10);
const hub = await startHub("--quiet", ...(process.env.BROKER ? ["--broker", process.env.BROKER] : []));
const status = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${hub.pid}/status`, "utf8"))[1]) / 1024;
const ticks = Number(execFileSync("getconf", ["CLK_TCK"]));
const cpu = () => readFileSync(`/proc/${hub.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((sum, n) => sum + Number(n), 0) / ticks;

const empty = status("VmRSS");
const begun = Date.now();
let met = 0;
const sockets = [];
for (let n = 0; n < count; n += 1) {
  const socket = io(hub.url, { forceNew: true, transports: ["websocket"], reconnection: false });
  socket.on("peer_connect", () => (met += 1));
  sockets.push(socket);
  if (n % 50 === 49) await Promise.all(sockets.slice(-50).map((socket, at) => socket.emitWithAck("join", { id: `peer ${n - 49 + at}` })));
}
await until("all to have met", () => met === count * (count - 1));
const joined = (Date.now() - begun) / 1000;
console.log(`${count} peers joined in ${joined.toFixed(1)} s, ${met} times peer_connect; resident memory ${empty.toFixed(1)} MiB before, ${status("VmRSS").toFixed(1)} MiB now`);

for (let n = 0; n < count; n += 2) await sockets[n].emitWithAck("connect_to_peer", `peer ${n + 1}`);
const trips = [];
let stops = false;
for (let n = 0; n < count; n += 2) {
  const [one, other] = [sockets[n], sockets[n + 1]];
  other.on("message", (sent) => other.emit("message", sent));
  const send = () => !stops && one.emit("message", { sent: performance.now(), text: "x".repeat(100) });
  one.on("message", ({ sent }) => {
    trips.push(performance.now() - sent);
    setTimeout(send, 500); // as fast as people are not
  });
  setTimeout(send, Math.random() * 500);
}
const [from, used] = [performance.now(), cpu()];
await new Promise((done) => setTimeout(done, seconds * 1000));
const spent = (performance.now() - from) / 1000;
const busy = cpu() - used;
stops = true;
trips.sort((a, b) => a - b);
const at = (part) => trips[Math.floor((trips.length - 1) * part)].toFixed(2);
const perMessage = ((busy / (2 * trips.length)) * 1e6).toFixed(1);
console.log(`${trips.length} round trips in ${spent.toFixed(1)} s (${Math.round((2 * trips.length) / spent)} messages in a second), ms: median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`);
console.log(`hub: ${((100 * busy) / spent).toFixed(1)} % of a core, ${perMessage} µs for each message; resident memory ${status("VmRSS").toFixed(1)} MiB, at most ${status("VmHWM").toFixed(1)} MiB`);
for (const socket of sockets) socket.close();
hub.stop();
process.exit(0);
