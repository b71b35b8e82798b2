// An echoing client by the interface of the web, which says what is closed when. A connection that stays without an end is left after a while.
"use strict";

module.exports = async function walk(WebSocket, url, agent) {
  const session = (target) => new Promise((resolve) => {
    let first;
    const socket = new WebSocket(url + target);
    socket.binaryType = "arraybuffer";
    const late = setTimeout(() => socket.close(), 10_000);
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") first ??= data;
      socket.send(data);
    };
    socket.onclose = () => { clearTimeout(late); resolve(first); };
    socket.onerror = () => {};
  });
  const count = Number(await session("/getCaseCount"));
  for (let i = 1; i <= count; i++) await session(`/runCase?case=${i}&agent=${agent}`);
  await session(`/updateReports?agent=${agent}`);
};
