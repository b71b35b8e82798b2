// What stands beside the messages: the rooms and the people; on a small screen, both slide in.

import { avatar, element } from "./timeline.js";

const CROSS = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18"/></svg>';
const PERSON = '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="8" r="4"/><path d="M4 20c1-4 4-6 8-6s7 2 8 6"/></svg>';
const $ = id => document.getElementById(id);

// Shows the rooms one is in, with what is unread in each, and those that there are besides.
export function showRooms(chat, current, unreadOf, { open, leave }) {
  const people = new Map(chat.directory);
  const focused = document.activeElement?.dataset?.room;
  const own = [...chat.rooms.keys()].map(name => {
    const item = roomItem(name, people.get(name), () => open(name));
    item.classList.toggle("current", name === current);
    if (name === current) item.firstChild.setAttribute("aria-current", "true");
    const unread = unreadOf(name);
    if (unread) {
      const badge = element("span", "badge", unread > 99 ? "99+" : unread);
      badge.title = `${unread} unread`;
      item.firstChild.append(badge);
    }
    if (chat.rooms.size > 1) {
      const button = element("button", "icon leave");
      button.type = "button";
      button.innerHTML = CROSS;
      button.setAttribute("aria-label", `Leave ${name}`);
      button.onclick = () => leave(name);
      item.append(button);
    }
    return item;
  });
  const others = chat.directory.filter(([name]) => !chat.rooms.has(name)).map(([name, count]) => roomItem(name, count, () => open(name)));
  $("own-rooms").replaceChildren(...own);
  $("other-rooms").replaceChildren(...others);
  $("other-rooms-title").hidden = others.length === 0;
  if (focused) document.querySelector(`[data-room="${CSS.escape(focused)}"]`)?.focus();

  const elsewhere = [...chat.rooms.keys()].filter(name => name !== current).reduce((sum, name) => sum + unreadOf(name), 0);
  $("unread-elsewhere").hidden = elsewhere === 0;
  $("unread-elsewhere").textContent = elsewhere > 99 ? "99+" : elsewhere;
}

function roomItem(name, people, open) {
  const item = element("li");
  const button = element("button");
  button.type = "button";
  button.dataset.room = name;
  button.onclick = open;
  button.append(element("span", "name", `# ${name}`));
  if (people) {
    const count = element("span", "people");
    count.innerHTML = PERSON;
    count.append(people);
    count.title = people === 1 ? "1 person is here" : `${people} people are here`;
    button.append(count);
  }
  item.append(button);
  return item;
}

export function showPeople(nicks, own) {
  $("people-list").replaceChildren(...nicks.map(nick => {
    const item = element("li");
    item.append(avatar(nick), element("span", "", nick === own ? `${nick} (you)` : nick));
    return item;
  }));
  $("count").textContent = nicks.length || "";
}

// The drawers of small screens.
export function prepareDrawers() {
  const drawers = [["open-rooms", "rooms"], ["open-people", "people"]].map(([button, drawer]) => ({ button: $(button), drawer: $(drawer) }));
  const close = () => {
    for (const { button, drawer } of drawers) {
      if (drawer.contains(document.activeElement) && drawer.classList.contains("drawn")) button.focus();
      drawer.classList.remove("drawn");
      button.setAttribute("aria-expanded", "false");
    }
    $("shade").hidden = true;
  };
  for (const { button, drawer } of drawers) {
    button.onclick = () => {
      close();
      drawer.classList.add("drawn");
      button.setAttribute("aria-expanded", "true");
      $("shade").hidden = false;
      drawer.querySelector("button")?.focus();
    };
  }
  $("shade").onclick = close;
  addEventListener("keydown", event => { if (event.key === "Escape") close(); });
  return close;
}
