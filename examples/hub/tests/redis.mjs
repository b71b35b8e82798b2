// Debian's Redis as a broker that can be stopped, killed and started again.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Redis {
  #child;
  #folder = mkdtempSync(join(tmpdir(), "hub-redis-"));
  #port;

  static async start() {
    const redis = new Redis();
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    redis.#port = probe.address().port;
    await new Promise((done) => probe.close(done));
    await redis.restart(true);
    return redis;
  }

  get url() {
    return `redis://127.0.0.1:${this.#port}/`;
  }

  // With what it had when it was killed, or without.
  async restart(remembers) {
    if (!remembers) {
      rmSync(this.#folder, { recursive: true });
      this.#folder = mkdtempSync(join(tmpdir(), "hub-redis-"));
    }
    const words = ["--port", this.#port, "--bind", "127.0.0.1", "--dir", this.#folder, "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];
    this.#child = spawn("redis-server", words, { stdio: ["ignore", "ignore", "inherit"] });
    for (let turn = 0; turn < 500; turn += 1) {
      const there = await new Promise((done) => {
        const socket = connect(this.#port, "127.0.0.1", () => socket.write("PING\r\n"));
        socket.on("data", (data) => (done(data.toString().startsWith("+PONG")), socket.destroy()));
        socket.on("error", () => done(false));
      });
      if (there) return;
      await new Promise((done) => setTimeout(done, 20));
    }
    throw new Error("expected redis-server to answer within ten seconds");
  }

  freeze() {
    this.#child.kill("SIGSTOP");
  }

  thaw() {
    this.#child.kill("SIGCONT");
  }

  async kill() {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }

  end() {
    this.#child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
