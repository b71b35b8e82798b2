// Node's HTTP/2 as a server that echoes, with the frames of npm ws: node_server.mjs HOME CERTIFICATE KEY
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createRequire } from "node:module";

const [home, certificate, key] = process.argv.slice(2);
const WebSocket = createRequire(home + "/")("ws");

const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key), settings: { enableConnectProtocol: true } });
server.on("stream", (stream, headers) => {
  if (headers[":method"] !== "CONNECT" || headers[":protocol"] !== "websocket") {
    stream.respond({ ":status": 501 }, { endStream: true });
    return;
  }
  stream.on("error", () => {});
  stream.respond({ ":status": 200, "sec-websocket-protocol": headers["sec-websocket-protocol"].split(",")[0] });
  // What ws does itself once it has a socket.
  const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 30_000 });
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 64 << 20, skipUTF8Validation: false });
  socket.on("message", (data, binary) => socket.send(data, { binary }));
});
server.listen(0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
process.on("SIGTERM", () => process.exit(0));
