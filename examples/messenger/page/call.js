// A line to the hub and a call to the friend, as src/peer.rs does: heartbeats, ICE restarts, new calls with growing delays. A browser has
// the roads that its RTCPeerConnection finds; the hub carries datagrams for programs alone.

const PING = 1000, TROUBLE = 2000, GIVEN_UP = 4500, OPENING = 15000, FIRST = 500, LONGEST = 30000;
const growing = () => { let next = FIRST; return { reset: () => next = FIRST, delay: () => { const d = next * (0.5 + Math.random() / 2); next = Math.min(next * 2, LONGEST); return d; } }; };
export const fingerprintOf = sdp => {
  const all = new Set([...sdp.matchAll(/^a=fingerprint:(.*?)\s*$/gm)].map(match => match[1]));
  if (all.size !== 1) throw new Error(`expected one fingerprint, found ${all.size}`);
  return [...all][0];
};

export class Call extends EventTarget {
  #url; #me; #key; #friend; #certificate; #expected; #talk; #socket; #servers = []; #pc; #channel; #call = 0; #isHere = false;
  #heardAt = 0; #hasRestarted = false; #openBy = 0; #retryAt = 0; #retry = growing(); #hubRetry = growing(); #early = []; #turn = Promise.resolve();

  constructor({ url, me, key, friend, certificate, expected, talk }) {
    super();
    [this.#url, this.#me, this.#key, this.#friend, this.#certificate, this.#expected, this.#talk] = [url, me, key, friend, certificate, expected, talk];
    this.#call = crypto.getRandomValues(new Uint32Array(1))[0];
    this.#connect();
    setInterval(() => this.#lookAfter(), 250);
  }

  get #isCaller() { return this.#me < this.#friend; }
  get #isOpen() { return this.#channel?.readyState === "open"; }

  #connect() {
    const socket = this.#socket = new WebSocket(this.#url);
    socket.onopen = () => this.#say({ do: "enter", name: this.#me, key: this.#key });
    // One message after the other: what they ask for takes time.
    socket.onmessage = event => typeof event.data === "string" && (this.#turn = this.#turn.then(() => this.#hub(JSON.parse(event.data))).catch(error => this.#gone(error.message)));
    socket.onclose = () => {
      this.#isHere = false;
      this.#tell("hub", { state: "lost" });
      setTimeout(() => this.#connect(), this.#hubRetry.delay());
    };
  }

  async #hub(message) {
    switch (message.is) {
      case "entered":
        this.#hubRetry.reset();
        this.#servers = [];
        if (message.servers.stun) this.#servers.push({ urls: `stun:${message.servers.stun}` });
        if (message.servers.turn) {
          const { address, user, password } = message.servers.turn;
          this.#servers.push({ urls: [`turn:${address}`, `turn:${address}?transport=tcp`], username: user, credential: password });
        }
        this.#tell("hub", { state: "open" });
        this.#isHere = message.here.includes(this.#friend);
        if (this.#isHere && !this.#pc) await (this.#isCaller ? this.#begin() : this.#ask());
        break;
      case "came": if (message.name === this.#friend) { this.#isHere = true; if (this.#isCaller && !this.#pc) await this.#begin(); } break;
      case "left": if (message.name === this.#friend) this.#isHere = false; break;
      case "signal": if (message.from === this.#friend) { this.#isHere = true; await this.#signal(message.signal); } break;
      case "refused": this.#tell("note", { text: message.why });
    }
  }

  async #signal(signal) {
    if (signal.kind === "call") {
      const isFresh = this.#pc && !this.#isOpen && Date.now() < this.#openBy - OPENING + 1000;
      if (this.#isCaller && !isFresh) await this.#begin();
    } else if (signal.kind === "offer" && !this.#isCaller) {
      if (!this.#isExpected(fingerprintOf(signal.sdp))) return;
      if (!this.#pc || signal.call !== this.#call) { this.#renew(signal.call); }
      await this.#pc.setRemoteDescription({ type: "offer", sdp: signal.sdp });
      await this.#pc.setLocalDescription();
      this.#signalTo({ kind: "answer", call: this.#call, sdp: this.#pc.localDescription.sdp });
      await this.#late();
    } else if (this.#pc && signal.call === this.#call && signal.kind === "answer") {
      if (!this.#isExpected(fingerprintOf(signal.sdp))) return;
      if (this.#pc.signalingState === "have-local-offer") await this.#pc.setRemoteDescription({ type: "answer", sdp: signal.sdp });
      await this.#late();
    } else if (this.#pc && signal.call === this.#call && signal.kind === "candidate") {
      this.#early.push(signal.candidate.replace(/^a=/, ""));
      await this.#late();
    }
  }

  // Candidates that came before the description that they belong to.
  async #late() {
    if (this.#pc.remoteDescription) for (const candidate of this.#early.splice(0)) await this.#pc.addIceCandidate({ candidate, sdpMLineIndex: 0 });
  }

  #renew(call) {
    this.#end();
    this.#call = call;
    const pc = this.#pc = new RTCPeerConnection({ iceServers: this.#servers, certificates: [this.#certificate] });
    [this.#openBy, this.#hasRestarted, this.#retryAt] = [Date.now() + OPENING, false, 0];
    pc.onicecandidate = ({ candidate }) => candidate?.candidate && pc === this.#pc && this.#signalTo({ kind: "candidate", call, candidate: candidate.candidate });
    pc.ondatachannel = ({ channel }) => channel.label === "messenger" && this.#take(pc, channel);
  }

  async #begin() {
    this.#renew((this.#call + 1) >>> 0);
    this.#take(this.#pc, this.#pc.createDataChannel("messenger"));
    await this.#offer();
  }

  async #offer() {
    const pc = this.#pc;
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: this.#isOpen }));
    this.#signalTo({ kind: "offer", call: this.#call, sdp: pc.localDescription.sdp });
  }

  #ask() {
    this.#signalTo({ kind: "call" });
    this.#retryAt = Date.now() + Math.max(2000, this.#retry.delay());
  }

  #take(pc, channel) {
    channel.binaryType = "arraybuffer";
    let turn = Promise.resolve();
    channel.onopen = () => {
      if (pc !== this.#pc) return;
      const fingerprint = fingerprintOf(pc.remoteDescription.sdp);
      if (!this.#isExpected(fingerprint)) return;
      this.#expected = fingerprint;
      [this.#channel, this.#heardAt] = [channel, Date.now()];
      this.#retry.reset();
      this.#tell("open", { fingerprint });
      this.#talk.opened(channel);
    };
    channel.onmessage = ({ data }) => {
      if (pc !== this.#pc) return;
      [this.#heardAt, this.#hasRestarted] = [Date.now(), false];
      turn = turn.then(() => this.#talk.receive(data)).catch(error => this.#gone(`the friend sent what it must not: ${error.message}`));
    };
    channel.onclose = () => pc === this.#pc && this.#gone("the channel was closed");
  }

  #isExpected(found) {
    if (!this.#expected || this.#expected === found) return true;
    this.#end();
    this.#tell("refused", { expected: this.#expected, found });
    return false;
  }

  async #lookAfter() {
    const now = Date.now(), isOnline = this.#socket.readyState === 1 && this.#isHere;
    if (this.#retryAt && this.#retryAt <= now) {
      this.#retryAt = 0;
      if (isOnline) await (this.#isCaller ? this.#begin() : this.#ask());
    }
    if (!this.#pc) return;
    if (!this.#isOpen) { if (this.#openBy <= now) this.#gone("expected the call to open, found no answer in time"); return; }
    const silent = now - this.#heardAt;
    if (silent >= GIVEN_UP) return this.#gone(`nothing was heard for ${silent / 1000} s`);
    if (silent >= TROUBLE && !this.#hasRestarted && this.#isCaller && isOnline) { this.#hasRestarted = true; await this.#offer(); }
    if (now % PING < 250) { this.#talk.ping(); await this.#road(); }
  }

  async #road() {
    const stats = await this.#pc.getStats();
    for (const pair of stats.values()) {
      if (pair.type !== "candidate-pair" || !pair.nominated || pair.state !== "succeeded") continue;
      const [local, remote] = [stats.get(pair.localCandidateId)?.candidateType, stats.get(pair.remoteCandidateId)?.candidateType];
      if (local && remote) this.#tell("road", { road: local === "relay" || remote === "relay" ? "relayed" : "direct", pair: `${local}/${remote}` });
    }
  }

  #gone(why) {
    this.#end();
    this.#tell("gone", { why });
    this.#retryAt = Date.now() + this.#retry.delay();
  }

  #end() {
    const pc = this.#pc;
    [this.#pc, this.#channel, this.#early] = [null, null, []];
    if (pc) { pc.close(); this.#talk.closed(); }
  }

  #signalTo(signal) { this.#say({ do: "signal", to: this.#friend, signal }); }
  #say(message) { if (this.#socket.readyState === 1) this.#socket.send(JSON.stringify(message)); }
  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}
