// Serves WebSockets by Node's sockets and the WebAssembly module of lib.rs: node serve.mjs MODULE.wasm HOST:PORT
//
// It prints where it listens, and the status code that each connection ended with.
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";

const OPEN = 0, HALF_CLOSE = 2, DRAIN = 3, CLOSE = 4;
const words = process.argv.slice(2);
const [, host, port] = /^(.+):(\d{1,5})$/.exec(words[1] ?? "") ?? [];
if (words.length !== 2 || !port) fail(2, `expected MODULE.wasm HOST:PORT, found \`${words.join(" ")}\``);

const module = await readFile(words[0]).then(WebAssembly.compile).catch(error => fail(1, `${words[0]}: ${error.message}`));
const server = createServer({ allowHalfOpen: true, noDelay: true }, serve);
server.on("error", error => fail(1, error.message));
server.listen({ host, port }, () => console.log(`listening on ${host}:${server.address().port}`));

function fail(status, message) {
  console.error(`serve.mjs: ${message}`);
  process.exit(status);
}

function serve(socket) {
  const engine = new WebAssembly.Instance(module).exports;
  let writing = false, timer;

  function read(chunk) {
    while (chunk.length) {
      // Asked for first: the memory may grow, and its buffer with it.
      const at = engine.room(), n = Math.min(engine.room_len(), chunk.length);
      new Uint8Array(engine.memory.buffer, at, n).set(chunk.subarray(0, n));
      engine.filled(n);
      chunk = chunk.subarray(n);
    }
  }

  function write() {
    const at = engine.output(), n = Math.min(engine.output_len(), 64 * 1024);
    if (n === 0 || writing) return;
    writing = true;
    // A copy, since the socket keeps it until it is written.
    socket.write(new Uint8Array(engine.memory.buffer, at, n).slice(), error => {
      writing = false;
      if (!error) turn(() => engine.written(n));
    });
  }

  /** Does something, and then whatever the engine asks for. */
  function turn(act) {
    try {
      act();
      clearTimeout(timer);
      const now = performance.now(), deadline = engine.tick(now);
      if (deadline < Infinity) timer = setTimeout(turn, Math.max(1, deadline - now), () => {});
      write();
      const status = engine.status();
      if (status === HALF_CLOSE) socket.end(() => turn(() => engine.half_closed()));
      if (status === CLOSE) socket.destroy();
      if (status === OPEN || status === DRAIN) socket.resume();
      else socket.pause();
    } catch (error) {
      socket.destroy(error);
    }
  }

  socket.on("data", chunk => turn(() => read(chunk)));
  socket.on("end", () => turn(() => engine.filled(0)));
  socket.on("error", error => console.log(error.message));
  socket.on("close", () => {
    clearTimeout(timer);
    console.log(`ended with ${engine.end()}`);
  });
  turn(() => {});
}
