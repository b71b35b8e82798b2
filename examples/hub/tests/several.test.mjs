// Several hubs behind one broker: genuine clients of socket.io, hubs that are killed, and a broker that goes away.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";
import { Redis } from "./redis.mjs";
import { sleep, startHub, until } from "./server.mjs";

const LEASE = 2000;
let redis;
const sockets = [];
const hubs = [];
before(async () => {
  redis = await Redis.start();
});
after(() => {
  for (const socket of sockets) socket.close();
  for (const hub of hubs) hub.stop();
  redis.end();
});

async function hub(prefix, ...options) {
  const started = await startHub("--broker", redis.url, "--broker-prefix", `${prefix}:`, "--lease", `${LEASE}ms`, ...options);
  hubs.push(started);
  return started;
}

// A peer that joins by itself whenever it is connected, and goes to another address when told so. What it hears comes without the place
// that follows each event.
async function peer(id, at, options = {}) {
  const socket = io(at.url, { forceNew: true, transports: ["websocket"], reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
  sockets.push(socket);
  const heard = [];
  const peer = { id, socket, heard, places: [], joined: 0 };
  socket.onAny((...event) => {
    if (typeof event.at(-1) === "string" && /^\d+-\d+$/.test(event.at(-1))) peer.places.push(event.pop());
    heard.push(event);
  });
  socket.on("connect", async () => {
    const answer = await socket.timeout(10_000).emitWithAck("join", { id }).catch(() => ({ ok: false }));
    if (answer.ok) peer.joined += 1;
    peer.answer = answer;
  });
  peer.moveTo = (other) => (socket.io.uri = other.url);
  peer.ask = (...event) => socket.timeout(5000).emitWithAck(...event).catch((error) => ({ ok: false, reason: error.message }));
  await until(`${id} to join`, () => peer.answer !== undefined);
  return peer;
}

const hears = (peer, ...event) => until(`${peer.id} to hear ${event}`, () => peer.heard.some((heard) => JSON.stringify(heard) === JSON.stringify(event)));
const messages = (peer) => peer.heard.filter(([name]) => name === "message").map(([, what]) => what);

describe("two hubs", () => {
  let one, two;
  before(async () => {
    [one, two] = [await hub("two"), await hub("two")];
  });

  it("peers meet, are linked, talk and part across hubs", async () => {
    const [ann, bob] = [await peer("ann", one), await peer("bob", two)];
    await Promise.all([hears(ann, "peer_connect", "bob"), hears(bob, "peer_connect", "ann")]);
    assert.deepEqual(await ann.ask("connect_to_peer", "bob"), { ok: true });
    assert.deepEqual(await bob.ask("message", { answer: [1, "€", null] }), { ok: true });
    await hears(ann, "message", { answer: [1, "€", null] }, "bob");
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 251));
    assert.deepEqual(await ann.ask("message", [bytes, { more: Buffer.from([0, 255]) }]), { ok: true });
    await until("the bytes", () => messages(bob).length === 1);
    const [[first, { more }]] = messages(bob);
    assert.ok(Buffer.from(first).equals(bytes) && Buffer.from(more).equals(Buffer.from([0, 255])));
    for (const peer of [ann, bob]) assert.deepEqual(await peer.ask("enter", "kitchen"), { ok: true });
    await ann.ask("say", "kitchen", "soup");
    await hears(bob, "said", "kitchen", "soup", "ann");
    bob.socket.close();
    await hears(ann, "peer_disconnect", "bob");
    ann.socket.close();
  });

  it("what is asked for in one go takes effect in its order, without waiting for answers", async () => {
    const ann = await peer("order ann", one);
    const socket = io(two.url, { forceNew: true, transports: ["websocket"] });
    sockets.push(socket);
    socket.on("connect", () => {
      socket.emit("join", { id: "order bob" });
      socket.emit("connect_to_peer", "order ann");
      for (let n = 0; n < 100; n += 1) socket.emit("message", n);
      socket.emit("disconnect_from_peer", "order ann");
      socket.emit("message", "nobody hears this");
    });
    await until("all of it", () => messages(ann).length === 100);
    await sleep(200);
    assert.deepEqual(messages(ann), Array.from({ length: 100 }, (_, n) => n));
    socket.close();
    ann.socket.close();
  });

  it("an id is one peer's at all hubs, and of many that want it at once one gets it", async () => {
    const rivals = await Promise.all(Array.from({ length: 20 }, (_, n) => peer("rival", n % 2 ? one : two)));
    const answers = rivals.map((rival) => rival.answer);
    assert.equal(answers.filter(({ ok }) => ok).length, 1, JSON.stringify(answers));
    assert.ok(answers.every(({ ok, reason }) => ok || reason === "this id is taken"));
    const winner = rivals.find(({ answer }) => answer.ok);
    for (const rival of rivals) if (rival !== winner) rival.socket.close();
    const late = await peer("late", winner.socket.io.uri === one.url ? two : one);
    assert.equal((await late.ask("join", { id: "rival" })).reason, "this connection has joined as late already");
    winner.socket.close();
    await until("the id to be free", async () => (await peer("rival", one)).answer.ok);
  });

  it("a key that was never given opens nothing, and messages of others are not handed out by it", async () => {
    const [ann, bob] = [await peer("key ann", one), await peer("key bob", two)];
    await ann.ask("connect_to_peer", "key bob");
    await ann.ask("message", "for bob alone");
    await hears(bob, "message", "for bob alone", "key ann");
    bob.socket.io.engine.close();
    bob.socket.close();
    await hears(ann, "peer_disconnect", "key bob");
    const thief = await peer("key bob", one, { auth: { pid: "guessed", offset: "0-0" } });
    assert.deepEqual([thief.answer, thief.socket.recovered], [{ ok: true }, false]);
    await sleep(200);
    assert.deepEqual(messages(thief), []);
    // Another's name is not to be had by one's own key.
    assert.equal((await thief.ask("join", { id: "key ann" })).reason, "this connection has joined as key bob already");
    for (const peer of [ann, thief]) peer.socket.close();
  });

  it("a third hub that comes later knows who is there", async () => {
    const [ann, bob] = [await peer("third ann", one), await peer("third bob", two)];
    const three = await hub("two");
    const carl = await peer("third carl", three);
    await Promise.all([hears(carl, "peer_connect", "third ann"), hears(carl, "peer_connect", "third bob")]);
    assert.equal((await peer("third ann", three)).answer.reason, "this id is taken");
    await carl.ask("connect_to_peer", "third ann");
    await ann.ask("message", "welcome");
    await hears(carl, "message", "welcome", "third ann");
    for (const peer of [ann, bob, carl]) peer.socket.close();
  });
});

it("a hub that is killed: its peers are announced as gone after the lease, and not before", async () => {
  const [one, two] = [await hub("gone"), await hub("gone")];
  const [ann, bob] = [await peer("ann", one), await peer("bob", two, { reconnection: false })];
  await hears(ann, "peer_connect", "bob");
  const killed = Date.now();
  two.kill();
  await hears(ann, "peer_disconnect", "bob");
  const missed = Date.now() - killed;
  // The lease was renewed within its last third before, and is looked at as often.
  assert.ok(missed >= LEASE * 0.6 && missed < LEASE * 1.4 + 3000, `missed after ${missed} ms`);
  assert.ok(one.told.includes("bob is gone with its hub"));
  assert.equal((await peer("bob", one)).answer.ok, true, "the id is free again");
});

for (const [when, wait] of [["before anyone has missed them", 0], ["after they were announced as gone", LEASE * 2]]) {
  it(`a hub that is killed in a flood: its peers come back at another ${when}, and nothing that was acknowledged is lost or comes twice`, async () => {
    const prefix = `flood${wait}`;
    // Where nobody is to be missed, the lease is longer than a busy machine may take.
    const options = wait ? [] : ["--lease", "20s"];
    const [one, two] = [await hub(prefix, ...options), await hub(prefix, ...options)];
    const speakers = await Promise.all(Array.from({ length: 4 }, (_, n) => peer(`speaker ${n}`, n % 2 ? one : two)));
    const listeners = await Promise.all(Array.from({ length: 4 }, (_, n) => peer(`listener ${n}`, n % 2 ? one : two)));
    const all = [...speakers, ...listeners];
    for (const speaker of speakers) for (const listener of listeners) assert.deepEqual(await speaker.ask("connect_to_peer", listener.id), { ok: true });

    // Each speaker says a number once the one before is acknowledged; a number that is not is never said again.
    const acknowledged = new Map(speakers.map(({ id }) => [id, []]));
    let talks = true;
    const talk = speakers.map(async (speaker) => {
      for (let n = 0; talks; n += 1) {
        if (!speaker.socket.connected) {
          await sleep(10);
          continue;
        }
        const { ok } = await speaker.socket.timeout(1000).emitWithAck("message", n).catch(() => ({ ok: false }));
        if (ok) acknowledged.get(speaker.id).push(n);
      }
    });
    await sleep(700);
    for (const peer of all) {
      peer.moveTo(one);
      if (wait) peer.socket.io.reconnectionDelay(wait).reconnectionDelayMax(wait).randomizationFactor(0);
    }
    const moved = all.filter((_, n) => n % 2 === 0);
    two.kill();
    const atKill = new Map(speakers.map(({ id }) => [id, acknowledged.get(id).at(-1)]));
    await until("all to have moved", () => moved.every(({ joined }) => joined === 2));
    await sleep(500);
    talks = false;
    await Promise.all(talk);

    const told = [...acknowledged.values()].map(({ length }) => length);
    await sleep(300);
    for (const listener of listeners) {
      for (const speaker of speakers) {
        const heard = listener.heard.filter(([name, , from]) => name === "message" && from === speaker.id).map(([, n]) => n);
        assert.equal(new Set(heard).size, heard.length, `${listener.id} heard ${speaker.id} twice`);
        assert.ok(heard.every((n, at) => at === 0 || n > heard[at - 1]), `${listener.id} heard ${speaker.id} out of order`);
        // A link ends when one of the two is announced as gone, which ends what has to arrive; before, nothing is lost.
        const owed = acknowledged.get(speaker.id).filter((n) => !wait || n <= heard.at(-1));
        assert.deepEqual(owed.filter((n) => !heard.includes(n)), [], `${listener.id} misses something of ${speaker.id}`);
        // What was said while its hub was dead and not yet missed is there, too.
        if (!moved.includes(speaker)) assert.ok(heard.at(-1) > atKill.get(speaker.id) + 20, `${listener.id}: ${heard.at(-1)}`);
      }
      assert.equal(listener.socket.recovered, moved.includes(listener), `${listener.id} was known again`);
      assert.ok(!listener.heard.some(([name]) => name === "missed"));
    }
    const gone = one.told.filter((line) => line.endsWith("is gone with its hub")).length;
    assert.equal(gone, wait ? 4 : 0);
    console.log(`# acknowledged by speaker: ${told}; announced as gone: ${gone}`);
    if (wait) {
      // There were more messages than a snapshot stands for: a hub that comes now begins with one, and knows who is there.
      const three = await hub(prefix);
      const late = await peer("late", three);
      await Promise.all(all.map(({ id }) => hears(late, "peer_connect", id)));
      for (const { id } of listeners) assert.equal((await peer(id, three)).answer.reason, "this id is taken");
    }
    for (const { socket } of all) socket.close();
  });
}

it("a client that loses its connection gets what it missed when it comes back, once and in order", async () => {
  const [one, two] = [await hub("back"), await hub("back")];
  const [ann, bob] = [await peer("ann", one), await peer("bob", two)];
  await ann.ask("connect_to_peer", "bob");
  for (let n = 0; n < 5; n += 1) await ann.ask("message", n);
  await until("the first five", () => messages(bob).length === 5);
  // The line is cut, and nobody has noticed: what is said now goes nowhere.
  bob.socket.io.engine.transport.ws._socket.pause();
  for (let n = 5; n < 10; n += 1) assert.deepEqual(await ann.ask("message", n), { ok: true });
  bob.moveTo(one);
  bob.socket.io.engine.close();
  await until("the rest", () => messages(bob).length >= 10);
  await sleep(200);
  assert.deepEqual(messages(bob), Array.from({ length: 10 }, (_, n) => n));
  assert.equal(bob.socket.recovered, true);
});

for (const way of ["stops", "dies and comes back with its memory", "dies and comes back without memory"]) {
  it(`a broker that ${way}: a clear line, peers of one hub go on, and it goes on with all afterwards`, async () => {
    const prefix = way.replaceAll(" ", "");
    const [one, two] = [await hub(prefix), await hub(prefix)];
    const [ann, abe, bob] = [await peer("ann", one), await peer("abe", one), await peer("bob", two)];
    await ann.ask("connect_to_peer", "abe");
    await ann.ask("message", "before");
    await hears(abe, "message", "before", "ann");

    if (way === "stops") redis.freeze();
    else await redis.kill(way.endsWith("its memory"));
    await until("the hubs to notice", () => [one, two].every((hub) => hub.errors.some((line) => /the broker at .* is away/.test(line))));
    for (let n = 0; n < 3; n += 1) assert.deepEqual(await ann.ask("message", `meanwhile ${n}`), { ok: true });
    await hears(abe, "message", "meanwhile 2", "ann");
    assert.equal((await ann.ask("connect_to_peer", "bob")).reason, "the broker is away: try again later");
    const stranger = await peer("stranger", one, { reconnection: false });
    assert.equal(stranger.answer.reason, "the broker is away: try again later");
    stranger.socket.close();
    await sleep(LEASE * 1.5); // longer than every lease
    const lines = one.errors.length;
    assert.ok(lines <= 2, `${lines} lines, not one for each attempt`);

    if (way === "stops") redis.thaw();
    else await redis.restart(way.endsWith("its memory"));
    await until("the broker to be back", () => [one, two].every((hub) => hub.errors.some((line) => line.endsWith("is back"))));
    if (way.endsWith("without memory")) await until("all to join again", () => [ann, abe, bob].every(({ joined }) => joined === 2));
    await until("the two to be linked", async () => (await ann.ask("connect_to_peer", "bob")).ok);
    assert.deepEqual(await bob.ask("message", "after"), { ok: true });
    await hears(ann, "message", "after", "bob");
    await sleep(LEASE * 1.5);
    const again = way.endsWith("without memory") ? 2 : 1;
    assert.deepEqual([ann, abe, bob].map(({ joined }) => joined), [again, again, again], "nobody was taken for gone");
    for (const { socket } of [ann, abe, bob]) socket.close();
  });
}

it("without a broker where one is named, a hub says so and ends", async () => {
  await assert.rejects(startHub("--broker", "redis://127.0.0.1:1/"), /ended with 1/);
});
