// Starts a hub on a free port, and ends it; and a relay before it.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";

export async function startHub(...options) {
  const child = spawn(process.env.HUB, ["--listen", "127.0.0.1:0", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const [told, errors] = [[], []];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  const address = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}: ${errors}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      told.push(line);
      const found = /^listening on (\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
  });
  return { url: `http://${address}`, told, errors, pid: child.pid, stop: () => child.kill(), kill: () => child.kill("SIGKILL") };
}

// A relay of connections to the hub at `url`. After `cut` it reads nothing and closes nothing.
export async function startRelay(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  let isCut = false;
  const relay = createServer((near) => {
    const far = connect(port, hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.on("error", () => {});
      if (!isCut) from.pipe(to);
    }
  });
  await new Promise((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${relay.address().port}`,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Waits until something holds, a minute at most: a busy machine is slow.
export async function until(what, holds) {
  for (let turn = 0; turn < 3000; turn += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  throw new Error(`expected ${what} within a minute`);
}
