/** How the breath is led in a breathing program: breaths a minute, the way in to the way out, and a tap at each turn. */

import { RoomElement, h, show } from "../dom.js";
import "./choice.js";
import "./level.js";

const may = (state) => Boolean(state?.program?.possible?.includes("breath"));
const ratioKey = (ratio) => ratio.join(" ");

/** In, pause, out, pause; each way out at most three times as long as the way in. */
const RATIOS = [
  { value: "4 0 6 0", label: "In 4, out 6" },
  { value: "1 0 1 0", label: "Even" },
  { value: "1 0 2 0", label: "Out twice as long" },
];

class BreathPace extends RoomElement {
  build() {
    const per = { name: "Breaths a minute", min: 5, max: 7, step: 0.5, format: (value) => `${Math.round(value * 10) / 10}`, enabled: may, read: (state) => state.program?.breath?.per_min, send: (value) => ["POST", "/api/program/breath", { per_min: value }] };
    const ratio = { name: "In and out", options: RATIOS, showName: false, enabled: may, read: (state) => (state.program?.breath ? ratioKey(state.program.breath.ratio) : null), send: (value) => ["POST", "/api/program/breath", { ratio: value.split(" ").map(Number) }] };
    const taps = { name: "Tap at each turn", enabled: may, read: (state) => state.bls?.tap?.on, send: (on) => ["PUT", "/api/bls", { tap: { on } }] };
    this.parts = [h("rc-level", { prop: { config: per } }), h("rc-choice", { prop: { config: ratio } }), h("rc-toggle", { prop: { config: taps } })];
    this.append(...this.parts);
  }

  render(state) {
    show(this, Boolean(state?.program?.breath) && state.program.state !== "ended");
    for (const part of this.parts) part.setState(state);
  }
}

customElements.define("rc-breath", BreathPace);
