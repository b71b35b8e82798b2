// npm ws as client of one of our servers: node ws_client.mjs ws://127.0.0.1:PORT/chat
import { createRequire } from 'node:module';
import { once } from 'node:events';
import assert from 'node:assert/strict';

const { WebSocket } = createRequire(process.env.INTEROP_HOME + '/')('ws');

const socket = new WebSocket(process.argv[2], ['superchat', 'chat'], { perMessageDeflate: { threshold: 0 } });
await once(socket, 'open');
assert.equal(socket.protocol, 'chat');
assert.match(socket.extensions, /^permessage-deflate/);
for (const message of ['Grüße', Buffer.alloc(300_000, 7), 'all work and no play '.repeat(5000), '']) {
  socket.send(message);
  const [data, binary] = await once(socket, 'message');
  assert.equal(binary, typeof message !== 'string');
  assert.ok(data.equals(Buffer.from(message)));
}
socket.ping('still there?');
assert.equal((await once(socket, 'pong'))[0].toString(), 'still there?');
socket.close(1000, 'done');
const [code] = await once(socket, 'close');
assert.equal(code, 1000);
