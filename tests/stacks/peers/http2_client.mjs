// Node's HTTP/2 (nghttp2) as client of our server on h2, with the frames of npm ws: node http2_client.mjs 127.0.0.1:PORT
import { createRequire } from 'node:module';
import { once } from 'node:events';
import http2 from 'node:http2';
import assert from 'node:assert/strict';

const { PerMessageDeflate, Receiver, Sender, extension } = createRequire(process.env.INTEROP_HOME + '/')('ws');

const session = http2.connect('http://' + process.argv[2]);
const [settings] = await once(session, 'remoteSettings');
assert.equal(settings.enableConnectProtocol, true);

const connect = {
  ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/chat', 'sec-websocket-version': '13',
  'sec-websocket-protocol': 'superchat, chat', 'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
};

async function request(fields, end) {
  const stream = session.request(fields, { endStream: end });
  const [headers] = await once(stream, 'response');
  return [stream, headers];
}

async function refused(fields) {
  const [stream, headers] = await request(fields, false);
  let body = '';
  for await (const data of stream.setEncoding('utf8')) body += data;
  assert.notEqual(body, '');
  return headers;
}

{ // A page beside.
  const [stream, headers] = await request({ ':path': '/' }, true);
  assert.equal(headers[':status'], 200);
  let body = '';
  for await (const data of stream.setEncoding('utf8')) body += data;
  assert.match(body, /^<!doctype html>/);
}
{ // RFC 6455 §4.4 without an Upgrade: 400, and the version that would do.
  const headers = await refused({ ...connect, 'sec-websocket-version': '12' });
  assert.deepEqual([headers[':status'], headers['sec-websocket-version']], [400, '13']);
}
assert.equal((await refused({ ...connect, ':protocol': 'connect-udp' }))[':status'], 501);

{ // Echoes, compressed; a clean end.
  const stream = session.request(connect, { endStream: false });
  const deflate = new PerMessageDeflate({ threshold: 0 });
  const sender = new Sender(stream, { 'permessage-deflate': deflate });
  const [headers] = await once(stream, 'response');
  assert.equal(headers[':status'], 200);
  assert.equal(headers['sec-websocket-protocol'], 'chat');
  const agreed = extension.parse(headers['sec-websocket-extensions']);
  deflate.accept(agreed['permessage-deflate']);
  const receiver = new Receiver({ isServer: false, extensions: { 'permessage-deflate': deflate } });
  stream.pipe(receiver);
  const send = (data, options) => sender.send(data, { fin: true, mask: true, compress: true, binary: false, ...options });
  for (const message of ['Grüße', Buffer.alloc(300_000, 7), 'all work and no play '.repeat(5000), '']) {
    const binary = typeof message !== 'string';
    send(message, { binary });
    const [data, isBinary] = await once(receiver, 'message');
    assert.equal(isBinary, binary);
    assert.ok(data.equals(Buffer.from(message)));
  }
  sender.ping('still there?', true);
  assert.equal((await once(receiver, 'pong'))[0].toString(), 'still there?');
  const ended = once(stream, 'end');
  sender.close(1000, 'done', true);
  const [code] = await once(receiver, 'conclude');
  assert.equal(code, 1000);
  await ended; // END_STREAM, not a reset (RFC 8441 §5)
  stream.end();
  await once(stream, 'close');
  assert.equal(stream.rstCode, 0);
}
session.close();
