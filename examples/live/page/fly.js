// Comments that fly over the picture, each on the lane that is free first.

const SECONDS = 8;
const lanes = [0, 0, 0, 0, 0]; // when the tail of the last one has come in

export function fly(stage, text) {
  const now = performance.now();
  const lane = lanes.reduce((best, free, index) => free < lanes[best] ? index : best, 0);
  const start = Math.max(now, lanes[lane]);
  if (start - now > 3000) return; // too many: it is in the list
  const words = Object.assign(document.createElement("span"), { textContent: text });
  stage.append(words);
  words.style.top = `${lane * 100 / lanes.length}%`;
  const way = stage.clientWidth + words.offsetWidth;
  lanes[lane] = start + SECONDS * 1000 * (words.offsetWidth + 24) / way;
  const flight = words.animate([{ transform: "none" }, { transform: `translateX(${-way}px)` }],
    { duration: SECONDS * 1000, delay: start - now });
  flight.onfinish = () => words.remove();
}
