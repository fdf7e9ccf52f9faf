/** After 60 s untouched in a running session: clock, phase, time left; STOP stays below. A hold of 1 s unlocks. */

import { RoomElement, h, say, show } from "../dom.js";
import { roomClock } from "../room_clock.js";
import { store } from "../store.js";
import { clockTime, medicineTime, named, seconds } from "../words.js";
import { phaseLeftS, medicineS } from "../program_now.js";
import * as score from "../score.js";
import "./hold_button.js";

const UNTOUCHED_MS = 60_000;
const UNLOCK_MS = 1000;

class LockScreen extends RoomElement {
  locked = false;
  #touchedAt = performance.now();
  #state = null;

  build() {
    this.clock = h("div", { class: "lock-clock" });
    this.phase = h("div", { class: "lock-phase" });
    this.left = h("div", { class: "lock-left" });
    const config = { label: "Unlock", sub: "hold for a second", confirm: "Unlock", holdMs: () => UNLOCK_MS, act: () => this.unlock() };
    this.button = h("rc-hold", { class: "unlock", prop: { config } });
    this.append(this.clock, this.phase, this.left, this.button);
    this.hidden = true;
    for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, () => (this.#touchedAt = performance.now()), { capture: true, passive: true });
    setInterval(() => this.#tick(), 250);
  }

  lock() {
    this.ensureBuilt();
    this.locked = true;
    this.#changed();
  }

  unlock() {
    this.locked = false;
    this.#touchedAt = performance.now();
    this.#changed();
  }

  #changed() {
    show(this, this.locked);
    document.documentElement.toggleAttribute("data-locked", this.locked);
    this.#tick();
    dispatchEvent(new HashChangeEvent("hashchange"));
  }

  render(state) {
    this.#state = state;
    this.button.setState({});
    this.#tick();
  }

  #inSession() {
    const state = this.#state;
    return state !== null && (state.set.state !== "idle" || Boolean(state.session) || Boolean(state.program));
  }

  #tick() {
    if (!this.locked) {
      if (this.#inSession() && !this.#state.stopped && performance.now() - this.#touchedAt > UNTOUCHED_MS) this.lock();
      return;
    }
    say(this.clock, clockTime(Date.now() / 1000));
    const state = this.#state;
    if (state === null) {
      say(this.phase, "No word from the room");
      say(this.left, "");
    } else if (state.program) this.#program(state);
    else this.#set(state);
    if (store.link !== "live" && state !== null) say(this.left, `as it was ${seconds(store.ageS)} ago`);
  }

  #program(state) {
    const frame = roomClock.frameAt(performance.now());
    const medicine = medicineS(state, frame);
    const left = phaseLeftS(state, frame);
    say(this.phase, `${named(state.program.phase ?? "")}${medicine === null ? "" : ` · ${medicineTime(medicine)}`}`);
    say(this.left, state.program.held ? "held" : left === null ? "" : `${seconds(left)} left`);
  }

  #set(state) {
    const frame = roomClock.frameAt(performance.now());
    const running = state.set.state !== "idle" && state.score && frame !== null;
    say(this.phase, running ? `Set ${state.set.state}` : state.stopped ? "Stopped" : "Between sets");
    const left = running && !state.bls.open ? score.leftS(state.score, frame) : null;
    say(this.left, left === null ? "" : `${seconds(left)} left`);
  }
}

customElements.define("rc-lock", LockScreen);
