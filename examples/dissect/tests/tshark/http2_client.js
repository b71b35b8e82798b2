// A WebSocket client on Node's HTTP/2 (RFC 8441): two texts, each when the one before has come back, and a Close.
"use strict";
const fs = require("fs");
const http2 = require("http2");

const origin = process.argv[2].replace(/\/$/, "");
const session = http2.connect(origin, { rejectUnauthorized: false });
if (process.env.KEYS) session.socket.on("keylog", (line) => fs.appendFileSync(process.env.KEYS, line));
const texts = ["hello", "hello again, hello again"];
const frame = (first, data) => Buffer.concat([Buffer.from([first, 0x80 | data.length, 1, 2, 3, 4]), data.map((byte, n) => byte ^ [1, 2, 3, 4][n % 4])]);
session.on("error", (error) => { console.error(String(error)); process.exit(1); });
session.once("remoteSettings", () => {
  const stream = session.request({
    ":method": "CONNECT", ":protocol": "websocket", ":path": "/echo", ":scheme": origin.split(":")[0],
    ":authority": origin.split("/")[2], "sec-websocket-version": "13",
  }, { endStream: false });
  const next = () => stream.write(frame(0x81, Buffer.from(texts.shift())));
  stream.on("response", next);
  stream.on("data", (data) => {
    if (data[0] === 0x88) { stream.end(); session.close(); } else if (texts.length) next(); else stream.write(frame(0x88, Buffer.from([3, 232])));
  });
  stream.on("close", () => session.close());
});
