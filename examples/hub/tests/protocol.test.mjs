// Engine.IO 4 and Socket.IO 5 packet by packet, as their documents have it, errors included.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, it } from "node:test";
import WebSocket from "ws";
import { sleep, startHub, until } from "./server.mjs";

const [INTERVAL, TIMEOUT] = [600, 1500];
let hub;
let address;
before(async () => {
  hub = await startHub("--ping-interval", `${INTERVAL}ms`, "--ping-timeout", `${TIMEOUT}ms`, "--max-payload", "5000", "--connect-timeout", "2s", "--quiet");
  address = `${hub.url}/socket.io/?EIO=4&transport=`;
});
after(() => hub.stop());

// What a request is answered with: status, text, fields.
function ask(url, { method = "GET", body, headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
const post = (session, body) => ask(session, { method: "POST", body });

async function open() {
  const { text } = await ask(`${address}polling`);
  const sid = JSON.parse(text.slice(1)).sid;
  return { sid, url: `${address}polling&sid=${sid}`, socket: `${address}websocket&sid=${sid}`.replace("http", "ws") };
}

// A WebSocket whose messages wait to be taken, text and binary; null is its end. Pings of the heartbeat are answered if asked for. That
// clients of other tests come and go is told if asked for.
function dial(url, { beats = true, peers = false } = {}) {
  const socket = new WebSocket(url);
  const [waiting, takers] = [[], []];
  const give = (message) => (takers.length ? takers.shift()(message) : waiting.push(message));
  socket.on("message", (data, binary) => {
    const message = binary ? [...data] : data.toString();
    if (beats && message === "2") socket.send("3");
    else if (peers || !/^42\["peer_/.test(message)) give(message);
  });
  socket.on("close", () => give(null));
  socket.on("error", () => {});
  return { socket, next: () => (waiting.length ? waiting.shift() : new Promise((resolve) => takers.push(resolve))) };
}

async function connected(options) {
  const line = dial(`${address}websocket`.replace("http", "ws"), options);
  await line.next();
  line.socket.send("40");
  await line.next();
  return line;
}

// That of two polls the second sees no session. A heartbeat may come first.
const isGone = async (session) => (await ask(session.url)).status === 400;

it("the first answer opens a session and says what holds for it", async () => {
  const { status, text, headers } = await ask(`${address}polling`);
  assert.equal(status, 200);
  assert.match(headers["content-type"], /^text\/plain; charset=UTF-8$/i);
  const { sid, ...rest } = JSON.parse(text.slice(1));
  assert.equal(text[0], "0");
  assert.match(sid, /^[\w-]{20}$/);
  assert.deepEqual(rest, { upgrades: ["websocket"], pingInterval: INTERVAL, pingTimeout: TIMEOUT, maxPayload: 5000 });
});

it("by WebSocket there is nothing to upgrade to", async () => {
  const line = dial(`${address}websocket`.replace("http", "ws"));
  const first = await line.next();
  assert.deepEqual([first[0], JSON.parse(first.slice(1)).upgrades], ["0", []]);
  line.socket.close();
});

it("what a request lacks is named, with the codes of the reference", async () => {
  const cases = [
    ["/socket.io/?transport=polling", "GET", 5],
    ["/socket.io/?EIO=abc&transport=polling", "GET", 5],
    ["/socket.io/?EIO=4", "GET", 0],
    ["/socket.io/?EIO=4&transport=abc", "GET", 0],
    ["/socket.io/?EIO=4&transport=polling&sid=unknown", "GET", 1],
    ["/socket.io/?EIO=4&transport=polling", "POST", 2],
    ["/socket.io/?EIO=4&transport=polling", "PUT", 2],
    ["/socket.io/?EIO=4&transport=polling", "DELETE", 2],
  ];
  for (const [path, method, code] of cases) {
    const { status, text } = await ask(hub.url + path, { method });
    assert.deepEqual([status, JSON.parse(text).code], [400, code], `${method} ${path}`);
  }
  assert.equal((await ask(`${hub.url}/elsewhere`)).status, 404);
  const queries = ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc", "EIO=4&transport=websocket&sid=unknown"];
  for (const query of queries) {
    assert.equal(await dial(`${hub.url.replace("http", "ws")}/socket.io/?${query}`).next(), null, query);
  }
});

it("a page of another origin is refused, and one of its own is not", async () => {
  for (const [origin, status] of [["http://evil.example", 403], ["null", 403], [hub.url, 200]]) {
    assert.equal((await ask(`${address}polling`, { headers: { origin } })).status, status, origin);
  }
  const open = await startHub("--origin", "https://app.example", "--quiet");
  const headers = { origin: "https://app.example" };
  const allowed = await ask(`${open.url}/socket.io/?EIO=4&transport=polling`, { headers });
  assert.deepEqual([allowed.status, allowed.headers["access-control-allow-origin"]], [200, "https://app.example"]);
  const preflight = await ask(`${open.url}/socket.io/?EIO=4&transport=polling`, { method: "OPTIONS", headers });
  assert.deepEqual([preflight.status, preflight.headers["access-control-allow-methods"]], [204, "GET, POST"]);
  open.stop();
});

it("several packets go in one body, both ways", async () => {
  const session = await open();
  assert.deepEqual(await post(session.url, "40\x1e420[\"join\",{\"id\":\"body\"}]\x1e421[\"enter\",\"x\"]").then((r) => [r.status, r.text]), [200, "ok"]);
  const packets = (await ask(session.url)).text.split("\x1e");
  assert.match(packets[0], /^40\{"sid":"[\w-]{20}"\}$/);
  assert.deepEqual(packets.slice(1), ['430[{"ok":true}]', '431[{"ok":true}]']);
});

it("a body that is no packet ends the session", async () => {
  for (const body of ["abc", "", "40\x1e", "7", "b!"]) {
    const session = await open();
    assert.equal((await post(session.url, body)).status, 400, JSON.stringify(body));
    assert.ok(await isGone(session));
  }
});

it("a body that is too long is refused, and ends the session", async () => {
  const session = await open();
  assert.equal((await post(session.url, "4".repeat(5001))).status, 413);
  assert.ok(await isGone(session));
});

it("of two requests that wait the second is refused, and the session ends", async () => {
  const session = await open();
  const first = ask(session.url);
  await sleep(20);
  assert.equal((await ask(session.url)).status, 400);
  assert.equal((await first).text, "1");
  assert.ok(await isGone(session));
});

it("a client that closes ends its request that waits", async () => {
  const session = await open();
  const waits = ask(session.url);
  await sleep(20);
  assert.equal((await post(session.url, "1")).status, 200);
  assert.equal((await waits).text, "6");
  assert.ok(await isGone(session));
});

it("a client that closes by WebSocket is gone at once, and so is its WebSocket", async () => {
  const line = await connected();
  line.socket.send('421["join",{"id":"closer"}]');
  assert.equal(await line.next(), '431[{"ok":true}]');
  const closed = Date.now();
  line.socket.send("1");
  while ((await line.next()) !== null);
  assert.ok(Date.now() - closed < INTERVAL, "and not for want of a Pong");
  const other = await connected();
  other.socket.send('421["join",{"id":"closer"}]');
  assert.equal(await other.next(), '431[{"ok":true}]', "the id is free");
  other.socket.close();
});

it("a session by WebSocket has no requests", async () => {
  const line = dial(`${address}websocket`.replace("http", "ws"));
  const { sid } = JSON.parse((await line.next()).slice(1));
  const url = `${address}polling&sid=${sid}`;
  assert.equal((await ask(url)).status, 400);
  assert.equal((await post(url, "40")).status, 400);
  assert.equal(await dial(`${address}websocket&sid=${sid}`.replace("http", "ws")).next(), null);
  line.socket.send("40");
  assert.match(await line.next(), /^40\{/, "it goes on");
  line.socket.close();
});

it("a client that gives its request up is gone", async () => {
  const opened = Date.now();
  const session = await open();
  const given = request(session.url).on("error", () => {});
  given.end();
  await sleep(50);
  given.destroy();
  await until("the session to end", () => isGone(session));
  assert.ok(Date.now() - opened < INTERVAL + TIMEOUT - 50, "and not only for want of a Pong");
});

it("of two requests at once that bring packets the second is refused, and the session ends", async () => {
  const session = await open();
  const slow = request(session.url, { method: "POST", headers: { "content-length": 3 } });
  const answer = new Promise((resolve) => slow.on("response", resolve).on("error", () => resolve(undefined)));
  slow.write("4");
  await sleep(300);
  assert.equal((await post(session.url, "40")).status, 400);
  slow.end("0x");
  await answer;
  assert.ok(await isGone(session));
});

it("one request after the other is fine, however many", async () => {
  const session = await open();
  for (const body of ["40", '421["join",{"id":"busy"}]', '422["enter","x"]', "6"]) assert.equal((await post(session.url, body)).text, "ok");
  const packets = (await ask(session.url)).text.split("\x1e");
  assert.deepEqual(packets.slice(1).filter((packet) => !packet.includes("peer_")), ['431[{"ok":true}]', '432[{"ok":true}]']);
  await post(session.url, "1");
});

it("bytes go as base64 in a body, and come so", async () => {
  const [one, two] = [await open(), await open()];
  await post(one.url, '40\x1e421["join",{"id":"b1"}]');
  await post(two.url, '40\x1e421["join",{"id":"b2"}]');
  await post(one.url, '422["connect_to_peer","b2"]');
  const data = '["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  await post(one.url, `452-3${data}\x1ebAQIDBA==\x1eb`);
  const told = (await ask(two.url)).text;
  assert.ok(told.endsWith('452-["message",{"_placeholder":true,"num":0},"b1"]\x1ebAQIDBA==\x1eb'), told);
  for (const session of [one, two]) await post(session.url, "1");
});

it("the longest message that is allowed comes through, by both ways", async () => {
  const [line, session] = [await connected(), await open()];
  const event = (length) => `421["${"x".repeat(length - 7)}"]`;
  line.socket.send(event(5000));
  assert.match(await line.next(), /^431\[\{"event":"x{4993}"/);
  await post(session.url, "40");
  assert.equal((await post(session.url, event(5000))).status, 200);
  await until("the answer", async () => (await ask(session.url)).text.includes("431["));
  line.socket.close();
});

it("Pings come by polling, and are answered there", async () => {
  const session = await open();
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal((await ask(session.url)).text, "2");
    assert.equal((await post(session.url, "3")).status, 200);
  }
});

it("Pings come by WebSocket, each once after the answer to the one before", async () => {
  const line = dial(`${address}websocket`.replace("http", "ws"), { beats: false });
  await line.next();
  line.socket.send("40");
  await line.next();
  for (let turn = 0; turn < 4; turn += 1) {
    const begun = Date.now();
    assert.equal(await line.next(), "2");
    assert.ok(turn === 0 || Date.now() - begun >= INTERVAL - 100, "not before the interval");
    line.socket.send("3");
  }
  line.socket.close();
});

it("without an answer the session ends", async () => {
  const session = await open();
  await sleep(INTERVAL + TIMEOUT + 100);
  assert.ok(await isGone(session));
  const line = dial(`${address}websocket`.replace("http", "ws"), { beats: false });
  await line.next();
  const begun = Date.now();
  assert.equal(await line.next(), "2");
  while ((await line.next()) !== null);
  assert.ok(Date.now() - begun < INTERVAL + TIMEOUT + 700);
});

it("the upgrade: probe, end of the request that waits, and on by WebSocket alone", async () => {
  const session = await open();
  const waits = ask(session.url);
  const line = dial(session.socket);
  await new Promise((resolve) => line.socket.once("open", resolve));
  line.socket.send("2probe");
  assert.equal(await line.next(), "3probe");
  assert.equal((await waits).text, "6");
  line.socket.send("5");
  line.socket.send("40");
  assert.match(await line.next(), /^40\{/);
  assert.equal((await ask(session.url)).status, 400, "no more by HTTP");
  assert.equal(await dial(session.socket).next(), null, "no second WebSocket");
  line.socket.send('429["join",{"id":"upgraded"}]');
  assert.equal(await line.next(), '439[{"ok":true}]', "the first one goes on");
  line.socket.close();
});

it("while a probe is under way, each request is answered at once", async () => {
  const session = await open();
  const line = dial(session.socket);
  await new Promise((resolve) => line.socket.once("open", resolve));
  line.socket.send("2probe");
  assert.equal(await line.next(), "3probe");
  for (let turn = 0; turn < 2; turn += 1) assert.equal((await ask(session.url)).text, "6");
  // Given up, it leaves the session by HTTP.
  line.socket.close();
  await post(session.url, "40");
  assert.match((await ask(session.url)).text, /^40\{/);
  await post(session.url, "1");
});

it("what waits at the time of an upgrade comes by WebSocket, in order", async () => {
  const session = await open();
  const line = dial(session.socket);
  await new Promise((resolve) => line.socket.once("open", resolve));
  line.socket.send("2probe");
  assert.equal(await line.next(), "3probe");
  await post(session.url, '40\x1e421["join",{"id":"moving"}]\x1e422["enter","x"]');
  line.socket.send("5");
  assert.match(await line.next(), /^40\{/);
  assert.deepEqual([await line.next(), await line.next()], ['431[{"ok":true}]', '432[{"ok":true}]']);
  line.socket.close();
});

it("a probe that fails leaves the session where it was", async () => {
  for (const bad of ["4hello", "2other", "x"]) {
    const session = await open();
    const line = dial(session.socket);
    await new Promise((resolve) => line.socket.once("open", resolve));
    line.socket.send(bad);
    assert.equal(await line.next(), null);
    await post(session.url, "40");
    assert.match((await ask(session.url)).text, /^40\{/);
  }
});

it("connecting: the main namespace, with a payload or without; others are refused", async () => {
  for (const packet of ["40", '40{"token":"1"}', "40/,"]) {
    const line = dial(`${address}websocket`.replace("http", "ws"));
    await line.next();
    line.socket.send(packet);
    assert.match(await line.next(), /^40\{"sid":"[\w-]{20}"\}$/, packet);
    line.socket.close();
  }
  const line = dial(`${address}websocket`.replace("http", "ws"));
  await line.next();
  for (const packet of ["40/admin,", "40/admin", "40/admin?token=1,"]) {
    line.socket.send(packet);
    assert.equal(await line.next(), '44/admin,{"message":"Invalid namespace"}', packet);
  }
  line.socket.close();
});

it("a refused namespace costs the session nothing", async () => {
  const line = dial(`${address}websocket`.replace("http", "ws"));
  await line.next();
  line.socket.send('40/admin,{"token":"1"}');
  assert.equal(await line.next(), '44/admin,{"message":"Invalid namespace"}');
  line.socket.send("40");
  assert.match(await line.next(), /^40\{/);
  line.socket.close();
});

it("leaving the only namespace leaves the session, which may connect again, for a while", async () => {
  const line = await connected();
  line.socket.send('421["join",{"id":"leaver"}]');
  assert.equal(await line.next(), '431[{"ok":true}]');
  line.socket.send("41");
  line.socket.send("40");
  assert.match(await line.next(), /^40\{/);
  line.socket.send('422["join",{"id":"leaver"}]');
  assert.equal(await line.next(), '432[{"ok":true}]', "the id was free");
  line.socket.send("41");
  const left = Date.now();
  assert.equal(await line.next(), null);
  const took = Date.now() - left;
  assert.ok(took > 1900 && took < 4000, `ended after ${took} ms`);
});

it("a session without a namespace ends in time, though it answers Pings", async () => {
  for (const packets of [[], ["40/admin,"]]) {
    const line = dial(`${address}websocket`.replace("http", "ws"));
    await line.next();
    for (const packet of packets) line.socket.send(packet), await line.next();
    const begun = Date.now();
    assert.equal(await line.next(), null);
    assert.ok(Date.now() - begun < 4000);
  }
});

it("what is for a namespace that was not connected to is ignored, and so is an acknowledgement of nothing", async () => {
  const line = await connected();
  for (const packet of ['42/admin,1["join",{"id":"elsewhere"}]', "41/admin,", "43/admin,7[]", "439[1]"]) line.socket.send(packet);
  line.socket.send('461-9[{"_placeholder":true,"num":0}]');
  line.socket.send(Buffer.from([1]));
  line.socket.send('421["join",{"id":"here"}]');
  assert.equal(await line.next(), '431[{"ok":true}]');
  line.socket.close();
});

it("an event is acknowledged by its number, and only if it has one", async () => {
  const line = await connected();
  line.socket.send('42["join",{"id":"numbers"}]');
  line.socket.send('429007199254740991["enter","room"]');
  assert.equal(await line.next(), '439007199254740991[{"ok":true}]');
  line.socket.send('42["nonsense"]');
  assert.equal(await line.next(), '42["refused",{"event":"nonsense","ok":false,"reason":"no such event"}]');
  line.socket.close();
});

it("attachments follow their packet, and reach the other peer after it", async () => {
  const [one, two] = [await connected(), await connected()];
  one.socket.send('421["join",{"id":"a1"}]');
  await one.next();
  two.socket.send('421["join",{"id":"a2"}]');
  while ((await two.next()) !== '431[{"ok":true}]');
  one.socket.send('422["connect_to_peer","a2"]');
  while ((await one.next()) !== '432[{"ok":true}]');
  const placeholders = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
  one.socket.send(`452-3["message",[${placeholders}]]`);
  one.socket.send(Buffer.from([1, 2, 3]));
  one.socket.send(Buffer.from([]));
  assert.equal(await one.next(), '433[{"ok":true}]');
  assert.equal(await two.next(), `452-["message",[${placeholders}],"a1"]`);
  assert.deepEqual([await two.next(), await two.next()], [[1, 2, 3], []]);
  one.socket.close();
  two.socket.close();
});

it("what breaks the protocol ends the session", async () => {
  const sequences = [
    ["4abc"],
    ['42{"a":1}'],
    ["42[1]"],
    ["47"],
    ["40"],
    ['44{"message":"x"}'],
    ['41{"a":1}'],
    ["43[1]"],
    ["431{}"],
    ["46-9[]"],
    ['46[{"_placeholder":true,"num":0}]'],
    ['461-[{"_placeholder":true,"num":0}]'],
    ["42"],
    ["42[]"],
    ['42["message"'],
    ['4/admin["message"]'],
    ['40["token"]'],
    ['42abc["join"]'],
    ['429007199254740992["join"]'],
    ['45x-["message"]'],
    ['451-["message",{"_placeholder":true,"num":1}]', Buffer.from([1])],
    ["2"],
    ["7"],
    [""],
    ["0{}"],
    ["4"],
    [Buffer.from([1])],
    ['451-["message",{"_placeholder":true,"num":0}]', '42["message","x"]'],
    ['45101-["message"]'],
    ["x"],
  ];
  for (const sequence of sequences) {
    const line = await connected();
    for (const packet of sequence) line.socket.send(packet);
    assert.equal(await line.next(), null, JSON.stringify(sequence));
  }
  const early = dial(`${address}websocket`.replace("http", "ws"));
  await early.next();
  early.socket.send('42["join",{"id":"early"}]');
  assert.equal(await early.next(), null, "an event before the connection");
});

it("a message that is too long ends the connection", async () => {
  const line = await connected();
  line.socket.send(`42["message","${"x".repeat(5000)}"]`);
  assert.equal(await line.next(), null);
});

it("a flood ends the session of the client that sends it, and no other", async () => {
  const [one, two] = [await connected(), await connected()];
  two.socket.send('421["join",{"id":"calm"}]');
  await two.next();
  for (let n = 0; n < 4000; n += 1) one.socket.send('42["message",1]');
  let last;
  do last = await one.next();
  while (last !== null);
  two.socket.send('422["enter","room"]');
  assert.equal(await two.next(), '432[{"ok":true}]');
  two.socket.close();
});

it("a client that reads nothing is given up, and costs the others nothing", async () => {
  const [slow, fast] = [await connected(), await connected({ peers: true })];
  slow.socket.send('421["join",{"id":"slow"}]');
  await slow.next();
  fast.socket.send('421["join",{"id":"fast"}]');
  while ((await fast.next()) !== '431[{"ok":true}]');
  fast.socket.send('422["connect_to_peer","slow"]');
  while ((await fast.next()) !== '432[{"ok":true}]');
  slow.socket.pause();
  let left = false;
  const watch = (async () => {
    for (;;) {
      const message = await fast.next();
      if (message === null || message.includes("peer_disconnect")) return (left = message !== null);
    }
  })();
  const text = "x".repeat(4800);
  await until("the slow one to be given up", async () => {
    for (let n = 0; n < 10 && !left; n += 1) fast.socket.send(`42["message","${text}"]`);
    return left;
  });
  await watch;
  slow.socket.terminate();
  fast.socket.close();
});
