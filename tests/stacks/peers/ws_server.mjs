// npm ws as an echo server that compresses: prints its address, serves one connection, and says how that ended.
import { createRequire } from 'node:module';
import { once } from 'node:events';
import assert from 'node:assert/strict';

const { WebSocketServer } = createRequire(process.env.INTEROP_HOME + '/')('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } });
await once(server, 'listening');
console.log(`listening on 127.0.0.1:${server.address().port}`);
const [socket] = await once(server, 'connection');
assert.equal(socket.protocol, 'chat');
assert.match(socket.extensions, /^permessage-deflate/);
socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
const [code] = await once(socket, 'close');
assert.equal(code, 1000);
server.close();
