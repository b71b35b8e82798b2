// The channels that there are.

const list = document.getElementById("channels");
async function show() {
  const channels = await (await fetch("/channels")).json().catch(() => []);
  list.replaceChildren(...channels.map(({ name, live, viewers }) => {
    const link = Object.assign(document.createElement("a"), { href: `/watch/${name}`, textContent: name });
    const item = document.createElement("li");
    item.append(link, ` ${live ? "live" : "nothing on"}, ${viewers} watching`);
    return item;
  }));
  document.getElementById("none").hidden = channels.length > 0;
}
await show();
setInterval(() => document.hidden || show(), 3000);
