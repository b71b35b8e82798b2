// The genuine client of socket.io, in each of its transport modes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";
import { sleep, startHub, startRelay, until } from "./server.mjs";

let hub;
const sockets = [];
before(async () => {
  hub = await startHub();
});
after(() => {
  for (const socket of sockets) socket.close();
  hub.stop();
});

// A peer, and what it hears.
async function peer(id, options = {}, url = hub.url) {
  const socket = io(url, { forceNew: true, reconnection: false, ...options });
  sockets.push(socket);
  const heard = [];
  socket.onAny((...event) => heard.push(event));
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  const joined = id === undefined ? undefined : await socket.emitWithAck("join", { id });
  return { socket, heard, joined };
}

const MODES = {
  "by default, polling first": undefined,
  "by polling alone": ["polling"],
  "by WebSocket alone": ["websocket"],
  "by WebSocket, then polling": ["websocket", "polling"],
};

for (const [mode, transports] of Object.entries(MODES)) {
  describe(mode, () => {
    const options = transports ? { transports } : {};
    const name = (role) => `${role}, ${mode}`;

    it(`peers meet, are linked, talk and part: ${mode}`, async () => {
      const one = await peer(name("one"), options);
      const two = await peer(name("two"), options);
      assert.deepEqual([one.joined, two.joined], [{ ok: true }, { ok: true }]);
      await until("the meeting", () => one.heard.length > 0 && two.heard.length > 0);
      assert.deepEqual(one.heard.at(-1), ["peer_connect", name("two")]);
      assert.ok(two.heard.some((event) => event[0] === "peer_connect" && event[1] === name("one")));

      // Two clients' requests come in any order, so the link is waited for.
      await one.socket.emitWithAck("connect_to_peer", name("two"));
      one.socket.emit("message", "hello");
      two.socket.emit("message", { answer: [1, "€", null] });
      await until("both messages", () => one.heard.length > 1 && two.heard.some((event) => event[0] === "message"));
      assert.deepEqual(two.heard.at(-1), ["message", "hello", name("one")]);
      assert.deepEqual(one.heard.at(-1), ["message", { answer: [1, "€", null] }, name("two")]);

      two.socket.close();
      await until("the parting", () => one.heard.at(-1)[0] === "peer_disconnect");
      assert.deepEqual(one.heard.at(-1), ["peer_disconnect", name("two")]);
      one.socket.close();
      await until("the last one to leave", () => hub.told.some((line) => line.startsWith(`${name("one")} has left`)));
    });

    it(`bytes go with a message, and come as they were: ${mode}`, async () => {
      const [one, two] = [await peer(name("from"), options), await peer(name("to"), options)];
      await one.socket.emitWithAck("connect_to_peer", name("to"));
      const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 251));
      one.socket.emit("message", { first: bytes, nested: [Buffer.from([1, 2, 3])] });
      await until("the bytes", () => two.heard.some((event) => event[0] === "message"));
      const [, found] = two.heard.find((event) => event[0] === "message");
      assert.ok(Buffer.from(found.first).equals(bytes));
      assert.deepEqual([...new Uint8Array(found.nested[0])], [1, 2, 3]);
      one.socket.close();
      two.socket.close();
      await until("both to leave", () => hub.told.some((line) => line.startsWith(`${name("to")} has left`)));
    });
  });
}

it("the default mode ends up on WebSocket, and the order of messages is kept", async () => {
  const [one, two] = [await peer("order one"), await peer("order two")];
  await one.socket.emitWithAck("connect_to_peer", "order two");
  for (let n = 0; n < 300; n += 1) {
    one.socket.emit("message", n);
    if (n % 50 === 0) await sleep(5);
  }
  const numbers = () => two.heard.filter((event) => event[0] === "message").map((event) => event[1]);
  await until("all messages", () => numbers().length === 300);
  assert.deepEqual(numbers(), Array.from({ length: 300 }, (_, n) => n));
  await until("the upgrade", () => one.socket.io.engine.transport.name === "websocket");
  one.socket.close();
  two.socket.close();
});

describe("identities", () => {
  it("an id is one peer's until it has left", async () => {
    const one = await peer("ada");
    const two = await peer();
    assert.deepEqual(await two.socket.emitWithAck("join", { id: "ada" }), {
      ok: false,
      event: "join",
      reason: "this id is taken",
    });
    one.socket.close();
    await until("the id to be free", async () => (await two.socket.emitWithAck("join", { id: "ada" })).ok);
    two.socket.close();
  });

  it("a connection has one id, and says nothing without", async () => {
    const one = await peer();
    for (const event of ["message", "connect_to_peer", "enter", "say"]) {
      assert.equal((await one.socket.emitWithAck(event, "x", "y")).reason, "join first");
    }
    assert.deepEqual(await one.socket.emitWithAck("join", { id: "eve" }), { ok: true });
    assert.equal((await one.socket.emitWithAck("join", { id: "mallory" })).reason, "this connection has joined as eve already");
    for (const id of ["", "x".repeat(65), "a\nb"]) {
      const other = await peer();
      assert.match((await other.socket.emitWithAck("join", { id })).reason, /expected a name of 1 to 64 characters/);
      other.socket.close();
    }
    one.socket.close();
  });

  it("a message goes to linked peers alone, and an unknown peer can't be linked", async () => {
    const [one, two, three] = [await peer("l1"), await peer("l2"), await peer("l3")];
    assert.equal((await one.socket.emitWithAck("connect_to_peer", "nobody")).reason, "no such peer");
    assert.equal((await one.socket.emitWithAck("connect_to_peer", "l1")).reason, "expected another peer, found this one");
    await one.socket.emitWithAck("connect_to_peer", "l2");
    await one.socket.emitWithAck("message", "for two");
    await until("the message", () => two.heard.some((event) => event[0] === "message"));
    await three.socket.emitWithAck("message", "for nobody");
    await one.socket.emitWithAck("disconnect_from_peer", "l2");
    await one.socket.emitWithAck("message", "for nobody");
    const all = [one, two, three].flatMap((peer) => peer.heard).filter((event) => event[0] === "message");
    assert.deepEqual(all, [["message", "for two", "l1"]]);
    for (const peer of [one, two, three]) peer.socket.close();
  });

  it("with tokens, an id is had by its token alone", async () => {
    const { writeFileSync } = await import("node:fs");
    writeFileSync("tokens", "ada s3cret\n");
    const guarded = await startHub("--tokens", "tokens");
    for (const auth of [{}, { token: "wrong" }]) {
      const one = await peer(undefined, { auth }, guarded.url);
      assert.equal((await one.socket.emitWithAck("join", { id: "ada" })).reason, "this id is not yours");
      one.socket.close();
    }
    const one = await peer(undefined, { auth: { token: "s3cret" } }, guarded.url);
    assert.deepEqual(await one.socket.emitWithAck("join", { id: "ada" }), { ok: true });
    one.socket.close();
    guarded.stop();
  });
});

it("rooms: what is said is heard by the others inside", async () => {
  const [one, two, three] = [await peer("r1"), await peer("r2"), await peer("r3")];
  for (const peer of [one, two]) await peer.socket.emitWithAck("enter", "kitchen");
  assert.equal((await three.socket.emitWithAck("say", "kitchen", "x")).reason, "you are not in this room");
  await one.socket.emitWithAck("say", "kitchen", { soup: 1 });
  await until("the word", () => two.heard.some((event) => event[0] === "said"));
  assert.deepEqual(two.heard.at(-1), ["said", "kitchen", { soup: 1 }, "r1"]);
  await two.socket.emitWithAck("leave", "kitchen");
  await one.socket.emitWithAck("say", "kitchen", "alone");
  assert.ok(![one, two, three].some((peer) => peer.heard.some((event) => event[2] === "alone")));
  for (const peer of [one, two, three]) peer.socket.close();
});

it("another namespace is refused", async () => {
  await assert.rejects(peer(undefined, {}, `${hub.url}/admin`), /Invalid namespace/);
});

describe("a peer that dies is missed within pingInterval + pingTimeout", () => {
  const LIMIT = 4000;
  let fast;
  let watcher;
  before(async () => {
    fast = await startHub("--ping-interval", "2s", "--ping-timeout", "2s");
    watcher = await peer("watcher", {}, fast.url);
  });
  after(() => fast.stop());

  // The milliseconds from `end` to when the watcher hears of it.
  async function missed(id, end) {
    const heard = (event) => watcher.heard.some(([name, who]) => name === event && who === id);
    await until("the victim", () => heard("peer_connect"));
    const ended = Date.now();
    end();
    await until("its end", () => heard("peer_disconnect"));
    const took = Date.now() - ended;
    // A busy machine may need a while to say it.
    assert.ok(took < LIMIT + 1000, `missed after ${took} ms`);
    return took;
  }

  function startVictim(id, transports) {
    const program = `
      const { io } = await import("socket.io-client");
      const socket = io(process.argv[1], { transports: [process.argv[3]] });
      socket.emit("join", { id: process.argv[2] });
      setInterval(() => {}, 1000);`;
    return spawn(process.execPath, ["--input-type=module", "-e", program, fast.url, id, transports], { stdio: "inherit" });
  }

  for (const transport of ["websocket", "polling"]) {
    // The system closes what it had open; between two requests of a polling client that is nothing.
    it(`killed (SIGKILL), by ${transport}`, async () => {
      const id = `killed, ${transport}`;
      const child = startVictim(id, transport);
      await missed(id, () => child.kill("SIGKILL"));
      const left = fast.told.find((line) => line.startsWith(`${id} has left: `));
      assert.match(left, transport === "websocket" ? /the transport is gone$/ : /the transport is gone$|no answer to a Ping$/);
    });

    // Its sockets stay open and the system acknowledges what comes, but nothing is said.
    it(`stopped (SIGSTOP), by ${transport}`, async () => {
      const id = `stopped, ${transport}`;
      const child = startVictim(id, transport);
      const took = await missed(id, () => child.kill("SIGSTOP"));
      child.kill("SIGKILL");
      assert.ok(took >= 1500, `missed after ${took} ms`);
      assert.ok(fast.told.includes(`${id} has left: no answer to a Ping`));
    });

    // Between the two nothing passes any more, no FIN either, and neither end is told.
    it(`cut off without a FIN, by ${transport}`, async () => {
      const id = `cut off, ${transport}`;
      const road = await startRelay(fast.url);
      await peer(id, { transports: [transport] }, road.url);
      const took = await missed(id, road.cut);
      road.stop();
      assert.ok(took >= 1500, `missed after ${took} ms`);
      assert.ok(fast.told.includes(`${id} has left: no answer to a Ping`));
    });
  }
});
