/**
 * A number one can step and slide. While held it shows what the hand asks for, outlined, and sends at most 15 values a second;
 * within 300 ms of letting go it is back on the server's value.
 */

import { RoomElement, h, say } from "../dom.js";
import { command, look, throttled } from "../commands.js";
import { icon } from "../icons.js";
import { guard, guardSlider } from "./guarded_step.js";

const SETTLE_MS = 300;

class Level extends RoomElement {
  /**
   * {name, label?: what is shown of the name, min, max, step, slideStep?, format: (value) => text, read: (state) => number | null, enabled?: (state) => boolean,
   *  send: (value) => [method, path, body], slider?: boolean, guarded?: boolean: up must be held or confirmed}
   */
  config = null;
  #echo = null;
  #settling = null;
  #confirmed = null;
  #state = null;
  #unanswered = 0;

  build() {
    const { name, min, max, step, slideStep = step, slider = true, guarded = false } = this.config;
    this.less = h("button", { type: "button", class: "step", "aria-label": `${name}: less`, on: { click: () => this.#nudge(-1) } }, icon("minus"));
    this.more = h("button", { type: "button", class: "step", "aria-label": `${name}: more` }, icon("plus"));
    if (guarded) guard(this.more, () => this.#nudge(1));
    else this.more.addEventListener("click", () => this.#nudge(1));
    this.words = h("output", { class: "level-value", "aria-label": name });
    this.slider = slider ? h("input", { type: "range", class: "slider", min, max, step: slideStep, "aria-label": name }) : null;
    if (this.slider && guarded) guardSlider(this.slider, () => this.#confirmed ?? -Infinity, (value) => this.#slide(value));
    else this.slider?.addEventListener("input", () => this.#slide(Number(this.slider.value)));
    this.slider?.addEventListener("change", () => this.#settle());
    const label = h("span", { class: "level-name", text: this.config.label ?? name });
    const middle = h("div", { class: "level-middle" }, h("div", { class: "level-head" }, label, this.words), this.slider);
    this.append(this.less, middle, this.more);
    this.dataset.name = name;
    this.put = throttled((value) => this.#send(value));
  }

  #send(value) {
    const [method, path, body] = this.config.send(value);
    this.#unanswered += 1;
    command(method, path, body, { control: this, what: this.config.name }).then(() => {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) this.#settle();
    });
  }

  #nudge(way) {
    const { min, max, step } = this.config;
    const from = this.#echo ?? this.#confirmed;
    if (from === null) return;
    const grid = Math.round((from + way * step) / step) * step;
    this.#slide(Math.min(max, Math.max(min, Number(grid.toFixed(6)))));
    this.#settle();
  }

  #slide(value) {
    this.#echo = value;
    clearTimeout(this.#settling);
    look(this, "asked");
    this.#draw();
    this.put(value);
  }

  #settle() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      if (this.#unanswered > 0) return;
      this.#echo = null;
      look(this, null, "asked");
      this.#draw();
    }, SETTLE_MS);
  }

  render(state) {
    this.#state = state;
    this.#confirmed = state === null ? null : this.config.read(state);
    const enabled = this.#confirmed !== null && this.#confirmed !== undefined && (this.config.enabled?.(state) ?? true);
    for (const control of [this.less, this.more, this.slider]) if (control) control.disabled = !enabled;
    this.#draw();
  }

  #draw() {
    const value = this.#echo ?? this.#confirmed;
    const known = value !== null && value !== undefined;
    say(this.words, known ? this.config.format(value, this.#state) : "–");
    if (this.slider && known && Number(this.slider.value) !== value) this.slider.value = String(value);
    if (this.slider && known) {
      const share = (value - this.config.min) / (this.config.max - this.config.min);
      this.slider.style.setProperty("--share", `${Math.round(share * 1000) / 10}%`);
      this.slider.setAttribute("aria-valuetext", this.config.format(value, this.#state));
    }
  }
}

customElements.define("rc-level", Level);
