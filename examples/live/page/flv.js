// FLV by mpegts.js, fed from a WebSocket that is there already.

/* global mpegts */

export class FlvScreen {
  #player;

  constructor(video) {
    // The player asks for a loader, and gets one that hands on what `push` is given.
    const feed = this;
    class Loader extends mpegts.BaseLoader {
      constructor() { super("websocket"); this._needStash = true; }
      open() { this._status = mpegts.LoaderStatus.kBuffering; feed.loader = this; feed.flush(); }
      abort() { this._status = mpegts.LoaderStatus.kComplete; }
    }
    this.waiting = [];
    this.length = 0;
    this.#player = mpegts.createPlayer({ type: "flv", isLive: true, url: "fed" }, {
      customLoader: Loader, enableWorker: false, enableStashBuffer: false,
      liveBufferLatencyChasing: true, liveBufferLatencyMaxLatency: 1.5, liveBufferLatencyMinRemain: 0.3,
      autoCleanupSourceBuffer: true, autoCleanupMaxBackwardDuration: 20, autoCleanupMinBackwardDuration: 10,
    });
    this.#player.attachMediaElement(video);
    this.#player.load();
    video.play().catch(() => {}); // a visitor who wants sound presses the button
  }

  push(bytes) {
    this.waiting.push(bytes);
    this.flush();
  }

  flush() {
    while (this.loader?._onDataArrival && this.waiting.length > 0) {
      const bytes = this.waiting.shift();
      this.length += bytes.byteLength;
      this.loader._status = mpegts.LoaderStatus.kBuffering;
      this.loader._onDataArrival(bytes, this.length - bytes.byteLength, this.length);
    }
  }

  close() {
    this.#player.destroy();
  }
}
