// What a camera would be: ffmpeg, with a clock in the picture that a program can read.

import { spawn } from "node:child_process";
import { once } from "node:events";

export const BITS = 14; // of tenths of seconds
const SIZE = 40; // pixels

// A row of squares, each a bit of the time.
const clock = [
  `drawbox=x=0:y=320:w=${BITS * SIZE}:h=${SIZE}:color=black:t=fill`,
  ...Array.from({ length: BITS }, (_, bit) =>
    `drawbox=x=${bit * SIZE}:y=320:w=${SIZE}:h=${SIZE}:color=white:t=fill:enable='gte(mod(floor(t*10/${2 ** bit}),2),1)'`),
].join(",");

export class Source {
  seconds = 0; // how much was sent

  constructor(url, format) {
    const container = format === "mp4" ? ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"] : ["-f", "flv"];
    this.child = spawn("ffmpeg", [
      "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100",
      "-vf", clock, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-profile:v", "baseline", "-g", "25", "-c:a", "aac",
      "-progress", "pipe:1", "-stats_period", "0.1", ...container, "-method", "POST", url,
    ], { stdio: ["ignore", "pipe", "inherit"] });
    this.child.stdout.setEncoding("utf8").on("data", text => {
      for (const [, time] of text.matchAll(/out_time_us=(\d+)/g)) this.seconds = time / 1e6;
    });
  }

  async stop() {
    this.child.kill("SIGTERM");
    await once(this.child, "exit");
  }
}

// Runs in the page: the time that the picture shows, in seconds.
export function read([bits, size]) {
  const video = document.getElementById("video");
  if (!video.videoWidth) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0);
  let tenths = 0;
  for (let bit = 0; bit < bits; bit++) tenths += (context.getImageData(bit * size + size / 2, 320 + size / 2, 1, 1).data[1] > 127) << bit;
  return tenths / 10;
}
read.words = [BITS, SIZE];
