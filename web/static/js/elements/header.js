/** The head of every page: the room, the pages, the session, who changed what, dimmer and lock. */

import { RoomElement, h, say, show } from "../dom.js";
import { DIMMER_STEPS, applyDimmer, dimmerPercent } from "../palette.js";
import { icon } from "../icons.js";
import { store } from "../store.js";
import { ago, clockTime, seconds } from "../words.js";

const TABS = [
  ["emdr", "EMDR"],
  ["dosing", "Dosing"],
  ["music", "Music"],
  ["devices", "Devices"],
  ["records", "Records"],
];

class Header extends RoomElement {
  onSession = () => {};
  onLock = () => {};
  #awake = true;

  build() {
    this.room = h("div", { class: "room-name" });
    this.said = h("div", { class: "room-said" });
    this.tabs = TABS.map(([id, label]) => h("a", { class: "tab", href: `#${id}`, text: label, dataset: { page: id } }));
    this.session = h("button", { type: "button", class: "session-chip", on: { click: () => this.onSession() } }, icon("session"), h("span", { class: "chip-words" }));
    this.dim = h("button", { type: "button", class: "square", "aria-expanded": "false" }, icon("dim"), h("span", { class: "sr-only", text: "Dimmer " }), h("span", { class: "square-word" }));
    this.dim.addEventListener("click", () => this.#toggleDimmer());
    this.lock = h("button", { type: "button", class: "square", "aria-label": "Lock this tablet", on: { click: () => this.onLock() } }, icon("lock"), h("span", { class: "square-word", text: "Lock" }));
    this.clock = h("div", { class: "wall-clock" });
    this.dimmer = this.#dimmer();
    this.append(
      h("div", { class: "room" }, this.room, this.said),
      h("nav", { "aria-label": "Pages" }, this.tabs),
      this.session,
      this.clock,
      h("div", { class: "squares" }, this.dim, this.lock),
      this.dimmer,
    );
    setInterval(() => this.#tick(), 1000);
    this.#showDimmer(dimmerPercent());
  }

  #dimmer() {
    const steps = DIMMER_STEPS.map((percent) =>
      h("button", { type: "button", class: "option", dataset: { percent: String(percent) }, text: `${percent} %`, on: { click: () => this.#dimTo(percent) } }),
    );
    return h("div", { class: "dimmer", role: "group", "aria-label": "Dimmer", hidden: true }, steps);
  }

  #toggleDimmer() {
    show(this.dimmer, this.dimmer.hidden);
    this.dim.setAttribute("aria-expanded", String(!this.dimmer.hidden));
  }

  #dimTo(percent) {
    applyDimmer(percent);
    this.#showDimmer(percent);
    this.#toggleDimmer();
    this.dim.focus();
  }

  #showDimmer(percent) {
    say(this.dim.querySelector(".square-word"), `${percent} %`);
    for (const step of this.dimmer.children) step.setAttribute("aria-pressed", String(Number(step.dataset.percent) === percent));
  }

  /** Which page is open. */
  setPage(page) {
    this.ensureBuilt();
    for (const tab of this.tabs) {
      if (tab.dataset.page === page) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  }

  /** Whether the screen is kept on. */
  setAwake(awake) {
    this.#awake = awake;
    this.#tick();
  }

  render(state) {
    say(this.room, state === null ? "–" : state.room?.name ?? "Room");
    this.session.disabled = state === null;
    this.session.toggleAttribute("data-open", Boolean(state?.session));
    say(this.session.querySelector(".chip-words"), state?.session ? (state.session.client_code ?? "Session open") : "No session");
    this.#tick();
  }

  #tick() {
    const state = store.view;
    say(this.clock, clockTime(Date.now() / 1000));
    const change = state?.last_change;
    const words = [];
    if (state?.room?.demo) words.push("demo room");
    if (state?.room?.speed && state.room.speed !== 1) words.push(`${state.room.speed}× speed`);
    if (change) words.push(`${change.by}: ${change.what}, ${ago(change.at_utc_s)}`);
    else if (!this.#awake) words.push("the screen may go to sleep");
    if (store.link === "stale") words.splice(0, 9, `values ${seconds(store.ageS)} old`);
    say(this.said, words.join(" · "));
  }
}

customElements.define("rc-header", Header);
