/** The panel: one store, one socket, a header, the pages, and STOP below all of them. */

import { h, show } from "./dom.js";
import { applyDimmer, dimmerPercent } from "./palette.js";
import { roomClock } from "./room_clock.js";
import { RoomSocket } from "./socket.js";
import { store } from "./store.js";
import { keepAwake } from "./wake_lock.js";
import "./elements/banners.js";
import "./elements/header.js";
import "./elements/lock_screen.js";
import "./elements/resume_card.js";
import "./elements/stop_bar.js";
import "./pages/outside.js";
import "./pages/emdr.js";
import "./pages/dosing.js";
import "./pages/music.js";
import "./pages/devices.js";
import "./pages/records.js";

export const PAGES = [
  ["emdr", "EMDR", "rc-emdr"],
  ["dosing", "Dosing", "rc-dosing"],
  ["music", "Music", "rc-music"],
  ["devices", "Devices", "rc-devices"],
  ["records", "Records", "rc-records"],
];
const OUTSIDE = new Set(["unpaired", "expired", "unknown"]);
const WOKE_AFTER_MS = 3000;

class Panel {
  constructor() {
    this.header = h("rc-header", { role: "banner" });
    this.banners = h("rc-banners");
    this.resume = h("rc-resume");
    this.outside = h("rc-outside");
    this.lock = h("rc-lock", { role: "region", "aria-label": "Locked" });
    this.stop = h("rc-stop");
    this.pages = new Map(PAGES.map(([id, , tag]) => [id, h(tag, { hidden: true, id: `page-${id}` })]));
    this.main = h("main", { id: "main" }, [...this.pages.values()]);
    document.body.append(this.header, this.banners, this.resume, this.main, this.outside, this.lock, this.stop);
    this.socket = new RoomSocket(store, roomClock);
    this.stop.onPress = (key) => this.socket.stop(key);
    this.outside.onPaired = () => this.socket.open();
    this.header.onSession = () => this.#session();
    this.header.onLock = () => this.lock.lock();
    addEventListener("hashchange", () => this.#draw());
    store.watch(() => this.#draw());
    this.socket.begin();
    this.#noticeSleep();
    setInterval(() => this.#age(), 500);
    keepAwake((kept) => this.header.setAwake(kept));
  }

  get page() {
    const wanted = location.hash.slice(1).split("/")[0];
    return this.pages.has(wanted) ? wanted : store.state?.room?.mode === "dosing" ? "dosing" : "emdr";
  }

  #session() {
    if (this.page !== "emdr") location.hash = "emdr";
    this.#draw();
    this.pages.get("emdr").open("session");
  }

  #draw() {
    const view = store.view;
    const outside = OUTSIDE.has(store.link);
    document.documentElement.dataset.link = store.link;
    document.documentElement.toggleAttribute("data-stopped", Boolean(view?.stopped));
    show(this.outside, outside);
    show(this.header, !outside);
    show(this.main, !outside);
    this.outside.show(store.link, store.reason);
    this.main.inert = store.link !== "live" || this.lock.locked;
    for (const [id, page] of this.pages) {
      show(page, id === this.page);
      if (id === this.page) page.setState(view);
    }
    this.header.setPage(this.page);
    for (const part of [this.header, this.banners, this.resume, this.lock, this.stop]) part.setState(view);
    this.header.inert = this.lock.locked;
    show(this.resume, !outside && Boolean(view?.stopped) && !this.lock.locked);
  }

  #age() {
    if (store.link === "stale" || store.link === "away") this.#draw();
  }

  /** A tablet that slept knows nothing: forget, and ask for everything anew. */
  #noticeSleep() {
    let awakeAt = Date.now();
    const woke = () => {
      const sleptMs = Date.now() - awakeAt;
      awakeAt = Date.now();
      if (sleptMs < WOKE_AFTER_MS || store.link === "unpaired" || store.link === "expired") return;
      store.forget();
      this.socket.open();
    };
    setInterval(() => document.visibilityState === "visible" && woke(), 1000);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && woke());
  }
}

applyDimmer(dimmerPercent());
new Panel();
if (window.isSecureContext && "serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch((fault) => console.warn("no shell kept:", fault));
