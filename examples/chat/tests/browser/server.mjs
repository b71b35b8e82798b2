// The server as a process that can be killed and started again; or two of them behind one Redis, of which one can be killed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";

export class Server {
  #memory;
  #child;
  address = "127.0.0.1:0"; // of the first free port, and the same from then on

  constructor(program, ...memory) {
    this.program = program;
    this.#memory = memory;
  }

  // With its messages in a file, which is not there yet.
  static alone(program, history) {
    rmSync(history, { force: true });
    return new Server(program, "--history", history);
  }

  get addresses() {
    return [this.address];
  }

  async start() {
    const words = ["--listen", this.address, ...this.#memory, "--ping", "2", "--quiet"];
    this.#child = spawn(this.program, words, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(this.#child, "exit").then(([code]) => { throw new Error(`the server ended with ${code}`); });
    const [line] = await Promise.race([once(this.#child.stdout, "data"), ended]);
    ended.catch(() => {}); // later, it is expected
    this.address = /^listening on (\S+),/.exec(line)[1];
  }

  async kill() {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}

// Two servers. A flood finds one of them killed, and the other there.
export class Pair {
  #servers;
  #redis;
  #turn = 0;

  static async behind(program, redis) {
    const pair = new Pair();
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address();
    await new Promise((done) => probe.close(done));
    pair.#redis = spawn(redis, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"], { stdio: "ignore" });
    const broker = ["--broker", `redis://127.0.0.1:${port}/`, "--lease", "1"];
    pair.#servers = [new Server(program, ...broker), new Server(program, ...broker)];
    return pair;
  }

  get address() {
    return this.#servers[1].address;
  }

  // The first of these that answers is taken.
  get addresses() {
    return this.#servers.map(({ address }) => address);
  }

  async start() {
    for (const server of this.#servers) await within(10, () => server.start());
  }

  async kill() {
    for (const server of this.#servers) await server.kill();
  }

  // Kills one of the two, and the other the next time.
  async killOne() {
    await this.#servers[this.#turn].kill();
  }

  async startOne() {
    await this.#servers[this.#turn].start();
    this.#turn = 1 - this.#turn;
  }

  freeze() {
    this.#redis.kill("SIGSTOP");
  }

  thaw() {
    this.#redis.kill("SIGCONT");
  }

  end() {
    this.#redis.kill("SIGKILL");
  }
}

// A server ends at once where Redis does not answer yet.
async function within(turns, start) {
  for (let turn = 1; ; turn += 1) {
    try {
      return await start();
    } catch (error) {
      if (turn === turns) throw error;
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}
