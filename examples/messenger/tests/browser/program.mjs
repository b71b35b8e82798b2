// The program, its lines, and its end.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const { MESSENGER, ADDRESS } = process.env;

export class Program {
  lines = [];
  #changed = new Set();

  constructor(...words) {
    this.child = spawn(MESSENGER, words, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.child.stdout }).on("line", line => { this.lines.push(line); for (const look of this.#changed) look(); });
  }

  write(line) { this.child.stdin.write(`${line}\n`); }
  end() { this.child.kill("SIGKILL"); }

  // The first line with these words.
  expect(words, seconds = 40) {
    return new Promise((done, failed) => {
      const look = () => {
        const line = this.lines.find(line => line.includes(words));
        if (line !== undefined) { this.#changed.delete(look); clearTimeout(timer); done(line); }
      };
      const timer = setTimeout(() => failed(new Error(`expected a line with "${words}", found ${JSON.stringify(this.lines, null, 1)}`)), seconds * 1000);
      this.#changed.add(look);
      look();
    });
  }
}

// A hub and a folder for people, which are gone with the test.
export async function place(test) {
  const folder = mkdtempSync(join(tmpdir(), "messenger-")), hub = new Program("hub", "--listen", "0.0.0.0:0", "--quiet");
  test.after(() => { hub.end(); rmSync(folder, { recursive: true, force: true }); });
  const port = /:(\d+),/.exec(await hub.expect("listening on"))[1];
  const peer = (me, friend) => {
    const program = new Program("peer", "--hub", `ws://127.0.0.1:${port}/hub`, "--name", me, "--friend", friend, "--folder", join(folder, me), "--local", ADDRESS, "--stay");
    test.after(() => program.end());
    return program;
  };
  return { folder, port, peer };
}
