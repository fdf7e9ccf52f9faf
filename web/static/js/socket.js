/** The one WebSocket: snapshot, deltas, heartbeats in; STOP, and a word after each heartbeat, out. Comes back by itself, and replays nothing but STOP. */

const STALE_AFTER_MS = 2000;
const GIVE_UP_AFTER_MS = 4000;
const QUICK_MS = 250;
const QUICK_FOR_MS = 3000;
const SLOWEST_MS = 5000;
const WATCH_MS = 200;

export class RoomSocket {
  #store;
  #clock;
  #socket = null;
  #lostAt = null;
  #delayMs = QUICK_MS;
  #timer = null;
  #heard = false;
  #openedAt = 0;

  /** Begin: at once where this tablet was paired before, else after asking whether it is. */
  async begin() {
    if (!localStorage.getItem("roomctl.paired")) await this.refresh();
    this.#reopen();
  }

  constructor(store, clock) {
    this.#store = store;
    this.#clock = clock;
    setInterval(() => this.#watch(), WATCH_MS);
  }

  /** Open, or open anew: after pairing, and when the tablet wakes. */
  open() {
    clearTimeout(this.#timer);
    this.#leave();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    this.#socket = socket;
    this.#heard = false;
    this.#openedAt = performance.now();
    socket.onmessage = (event) => this.#take(JSON.parse(event.data));
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  /** Say STOP on the socket too, where it is open; `key` is that of the same press by HTTP. */
  stop(key) {
    this.#say({ type: "stop", idempotency_key: key });
  }

  #say(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(message) {
    const now = performance.now();
    this.#heard = true;
    if (message.type === "engine") this.#engine(message);
    this.#lostAt = null;
    this.#delayMs = QUICK_MS;
    if (message.type === "snapshot") this.#snapshot(message.state ?? message, now);
    else if (message.type === "delta") this.#delta(message, now);
    else if (message.type === "heartbeat") this.#heartbeat(message, now);
  }

  /** The engine went, or is back; when it is back a snapshot follows. */
  #engine({ away, error = "" }) {
    if (away) this.#store.setLink("away", error);
  }

  #snapshot(state, now) {
    const { type: _type, ...rest } = state;
    this.#clock.hear(rest.clock, rest.boot_id, now);
    localStorage.setItem("roomctl.paired", "yes");
    this.#store.snapshot(rest);
  }

  #delta(message, now) {
    if (message.changed.clock) this.#clock.hear(message.changed.clock, message.boot_id, now);
    if (!this.#store.delta(message)) this.#say({ type: "snapshot" });
  }

  #heartbeat(message, now) {
    this.#clock.hear(message.clock, this.#store.state?.boot_id, now);
    this.#store.heartbeat();
    this.#say({ type: "here" });
  }

  /** Ask why there is no socket: the browser does not say. */
  async refresh() {
    try {
      const answer = await fetch("/api/state", { signal: AbortSignal.timeout(2000) });
      if (answer.status === 401) this.#signedOut();
      else if (answer.status === 503) this.#store.setLink("away", (await answer.json()).error ?? "");
    } catch {
      this.#store.setLink(this.#store.state === null ? "unknown" : "stale", "the room's computer does not answer");
    }
  }

  #signedOut() {
    this.#store.forget();
    this.#store.setLink(localStorage.getItem("roomctl.paired") ? "expired" : "unpaired");
    clearTimeout(this.#timer);
    this.#leave();
  }

  #lost() {
    this.#socket = null;
    const now = performance.now();
    this.#lostAt ??= now;
    if (!this.#heard) this.refresh();
    if (now - this.#lostAt > QUICK_FOR_MS) this.#delayMs = Math.min(SLOWEST_MS, this.#delayMs * 2) * (0.8 + 0.4 * Math.random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#reopen(), this.#delayMs);
  }

  #reopen() {
    if (this.#store.link !== "unpaired" && this.#store.link !== "expired") this.open();
  }

  #watch() {
    const silentMs = performance.now() - Math.max(this.#store.heardAt, 0);
    if (silentMs > STALE_AFTER_MS && this.#store.link === "live") this.#store.setLink("stale");
    const open = this.#socket?.readyState === WebSocket.OPEN || this.#socket?.readyState === WebSocket.CONNECTING;
    const quietMs = Math.min(silentMs, performance.now() - this.#openedAt);
    if (open && quietMs > GIVE_UP_AFTER_MS) {
      this.#leave();
      this.#lost();
    }
  }

  #leave() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }
}
