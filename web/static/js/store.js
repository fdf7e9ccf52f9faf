/**
 * The one store: the room's last snapshot, and how good the link to it is.
 *
 * link: `unknown` (nothing heard yet, or just woken), `live`, `stale` (more than 2 s without a heartbeat), `away` (the engine does
 * not answer the web process), `unpaired`, `expired`.
 */

export class Store {
  state = null;
  link = "unknown";
  heardAt = -Infinity;
  reason = "";
  #watchers = new Set();

  /** Call `watcher(store)` after every change; returns how to end it. */
  watch(watcher) {
    this.#watchers.add(watcher);
    watcher(this);
    return () => this.#watchers.delete(watcher);
  }

  /** What elements may show: the snapshot, or null where nothing is known. */
  get view() {
    return this.link === "live" || this.link === "stale" || this.link === "away" ? this.state : null;
  }

  snapshot(state) {
    this.state = Object.freeze({ ...state });
    this.#heard();
    this.setLink("live");
    this.#tell();
  }

  /** Take a delta; false where one in between is missing, and a snapshot is needed. */
  delta({ boot_id: bootId, rev, changed }) {
    this.#heard();
    if (this.state === null || bootId !== this.state.boot_id || rev > this.state.rev + 1) return false;
    if (rev < this.state.rev) return true;
    this.state = Object.freeze({ ...this.state, ...changed, boot_id: bootId, rev });
    if (this.link === "stale") this.link = "live";
    this.#tell();
    return true;
  }

  heartbeat() {
    this.#heard();
    if (this.link === "stale") this.setLink("live");
  }

  /** Forget what was known: after a wake, until the next snapshot. */
  forget() {
    this.state = null;
    this.setLink("unknown");
    this.#tell();
  }

  setLink(link, reason = "") {
    if (this.link === link && this.reason === reason) return;
    this.link = link;
    this.reason = reason;
    this.#tell();
  }

  /** Seconds since the room was last heard. */
  get ageS() {
    return (performance.now() - this.heardAt) / 1000;
  }

  #heard() {
    this.heardAt = performance.now();
  }

  #tell() {
    for (const watcher of this.#watchers) watcher(this);
  }
}

export const store = new Store();
