// The server as a process that can be killed and started again.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";

export class Server {
  #history;
  #child;
  address = "127.0.0.1:0"; // of the first free port, and the same from then on

  constructor(program, history) {
    this.program = program;
    this.#history = history;
    rmSync(history, { force: true });
  }

  async start() {
    const words = ["--listen", this.address, "--history", this.#history, "--ping", "2", "--quiet"];
    this.#child = spawn(this.program, words, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(this.#child.stdout, "data");
    this.address = /^listening on (\S+),/.exec(line)[1];
  }

  async kill() {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
