// Node's HTTP/2 (nghttp2) as an echo server, with the frames of npm ws: prints its address, serves one stream, and says how that ended.
import { createRequire } from 'node:module';
import { once } from 'node:events';
import http2 from 'node:http2';
import assert from 'node:assert/strict';

const { PerMessageDeflate, Receiver, Sender, extension } = createRequire(process.env.INTEROP_HOME + '/')('ws');

const server = http2.createServer({ settings: { enableConnectProtocol: true } });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`listening on 127.0.0.1:${server.address().port}`);
const [stream, headers] = await once(server, 'stream');
assert.deepEqual(
  [':method', ':protocol', ':scheme', ':path', 'sec-websocket-version', 'sec-websocket-protocol'].map((name) => headers[name]),
  ['CONNECT', 'websocket', 'http', '/chat', '13', 'chat'],
);
const deflate = new PerMessageDeflate({ threshold: 0, isServer: true });
deflate.accept(extension.parse(headers['sec-websocket-extensions'])['permessage-deflate']);
const agreed = extension.format({ 'permessage-deflate': deflate.params });
stream.respond({ ':status': 200, 'sec-websocket-protocol': 'chat', 'sec-websocket-extensions': agreed });
const extensions = { 'permessage-deflate': deflate };
const [sender, receiver] = [new Sender(stream, extensions), new Receiver({ isServer: true, extensions })];
receiver.on('message', (data, binary) => sender.send(data, { fin: true, mask: false, compress: true, binary }));
receiver.on('ping', (data) => sender.pong(data, false));
stream.pipe(receiver);
const [code] = await once(receiver, 'conclude');
assert.equal(code, 1000);
sender.close(1000, '', false, () => stream.end());
await once(stream, 'close');
assert.equal(stream.rstCode, 0);
server.close();
stream.session?.destroy();
