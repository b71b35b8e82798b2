// Fragmented MP4 by what browsers have: MediaSource.

const BEHIND = 1.5; // seconds
const KEPT = 20;

export class Mp4Screen {
  #video;
  #source = new MediaSource();
  #buffer = null;
  #waiting = [];

  constructor(video, codecs) {
    this.#video = video;
    video.src = URL.createObjectURL(this.#source);
    this.#source.onsourceopen = () => {
      URL.revokeObjectURL(video.src);
      this.#buffer = this.#source.addSourceBuffer(`video/mp4; codecs="${codecs}"`);
      this.#buffer.mode = "segments";
      this.#buffer.onupdateend = () => { this.#chase(); this.#next(); };
      this.#next();
    };
    video.play().catch(() => {}); // a visitor who wants sound presses the button
  }

  push(bytes) {
    this.#waiting.push(bytes);
    this.#next();
  }

  #next() {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source.readyState !== "open") return;
    const { buffered, currentTime } = this.#video;
    if (buffered.length > 0 && currentTime - buffered.start(0) > KEPT) buffer.remove(0, currentTime - KEPT / 2);
    else if (this.#waiting.length > 0) buffer.appendBuffer(this.#waiting.shift());
  }

  // A late viewer begins in the middle, and one that was held up goes to the front.
  #chase() {
    const { buffered } = this.#video;
    if (buffered.length === 0) return;
    const [start, end] = [buffered.start(buffered.length - 1), buffered.end(buffered.length - 1)];
    if (this.#video.currentTime < start || end - this.#video.currentTime > 2 * BEHIND) this.#video.currentTime = Math.max(start, end - BEHIND);
    if (this.#video.paused) this.#video.play().catch(() => {});
  }

  close() {
    this.#buffer = null;
    this.#video.removeAttribute("src");
    this.#video.load();
  }
}
