/** What lies one level below each output: every key of the bilateral settings. */

import { RoomElement, h, show } from "../dom.js";
import { COLOURS } from "../colours.js";
import { toneWords } from "./calibration.js";
import "./choice.js";
import "./level.js";
import "./tappers.js";

const put = (body) => ["PUT", "/api/bls", body];
const percent = (value) => `${Math.round(value * 100)} %`;
const ms = (value) => `${Math.round(value)} ms`;
const signedMs = (value) => `${value > 0 ? "+" : ""}${Math.round(value)} ms`;
const db = (value) => `${Math.round(value)} dB`;
const hz = (value) => `${value.toFixed(2)} Hz`;
const words = (value) => value.replaceAll("-", " ").replace(/^./, (first) => first.toUpperCase());

function choice(output, key, name, values, enabled) {
  const config = {
    name,
    options: values.map((value) => (Array.isArray(value) ? { value: value[0], label: value[1] } : { value, label: words(value) })),
    read: (state) => state.bls[output][key],
    send: (value) => put({ [output]: { [key]: value } }),
    enabled,
  };
  return h("rc-choice", { prop: { config } });
}

const LOUDER_OR_BRIGHTER = new Set(["brightness_frac", "volume_db", "strength_frac"]);

function level(output, key, name, min, max, step, format, enabled) {
  const config = { guarded: LOUDER_OR_BRIGHTER.has(key), name, min, max, step, format, enabled, read: (state) => state.bls[output][key], send: (value) => put({ [output]: { [key]: value } }) };
  return h("rc-level", { prop: { config } });
}

function swatches() {
  const config = {
    name: "Colour",
    options: Object.entries(COLOURS).map(([value, swatch]) => ({ value, swatch, label: words(value) })),
    read: (state) => state.bls.light.colour,
    send: (value) => put({ light: { colour: value } }),
  };
  return h("rc-choice", { class: "swatches", prop: { config } });
}

/** How the dot travels; a saccade is one more way, though the settings keep it apart. */
function movement() {
  const config = {
    name: "Movement",
    options: [
      { value: "sine", label: "Sine" },
      { value: "linear", label: "Linear" },
      { value: "eased", label: "Eased" },
      { value: "saccade", label: "Jumps" },
    ],
    read: ({ bls }) => (bls.light.saccade ? "saccade" : bls.light.travel),
    send: (value) => put({ light: value === "saccade" ? { saccade: true } : { saccade: false, travel: value } }),
  };
  return h("rc-choice", { prop: { config } });
}

/** What only a light bar on a screen shows; elsewhere it is left out. */
function dotShape() {
  const dot = choice("light", "dot", "Dot on a screen", ["disc", "ring", "square", "star", "butterfly"]);
  dot.dataset.driver = "screen";
  return dot;
}

const LIGHT = () => [
  level("light", "brightness_frac", "Brightness", 0.01, 1, 0.01, percent),
  level("light", "size", "Size", 1, 15, 1, (value) => (value > 15 ? `${Math.round(value)} px` : `${Math.round(value)} LEDs`)),
  level("light", "width_frac", "Width", 0.2, 1, 0.05, percent),
  swatches(),
  choice("light", "path", "Path", ["horizontal", "vertical", ["diagonal-up", "Rising"], ["diagonal-down", "Falling"], "circle", "eight"]),
  movement(),
  level("light", "offset_ms", "Later by", -300, 300, 5, signedMs),
  dotShape(),
];

const TONE = () => [
  choice("tone", "timbre", "Timbre", ["sine", "triangle", ["soft-drum", "Drum"], ["woodblock", "Wood"], "chime", "click", "tick", ["heartbeat", "Heart"], "noise"]),
  choice("tone", "align", "Falls", [["edge", "At the edge"], ["centre", "Centre"], ["tap", "With tap"], ["random", "Random"], ["own", "Own rate"]]),
  level("tone", "own_rate_hz", "Own rate", 0.05, 2, 0.05, hz, (state) => state.bls.tone.align === "own"),
  level("tone", "hz", "Pitch", 150, 900, 10, (value) => `${Math.round(value)} Hz`),
  level("tone", "ms", "Length", 20, 400, 10, ms),
  level("tone", "pan_frac", "Left to right", 0, 1, 0.05, percent),
  level("tone", "volume_db", "Volume", -60, 0, 1, toneWords),
  level("tone", "offset_ms", "Later by", -300, 300, 5, signedMs),
];

const TAP = () => [
  h("rc-tappers"),
  level("tap", "ms", "Length", 30, 1000, 10, ms),
  level("tap", "strength_frac", "Strength", 0, 1, 0.05, percent),
  choice("tap", "align", "Falls", [["edge", "At the edge"], ["centre", "Centre"], ["own", "Own rate"]]),
  level("tap", "own_rate_hz", "Own rate", 0.05, 2, 0.05, hz, (state) => state.bls.tap.align === "own"),
  level("tap", "offset_ms", "Later by", -300, 300, 5, signedMs),
];

const CONTINUOUS = () => [
  choice("continuous", "source", "Sound", [["pad", "Built-in pad"], ["music", "The clinic's music"]]),
  level("continuous", "volume_db", "Volume", -60, 0, 1, db),
];

const TASKS = () => [
  choice("tasks", "kind", "Kind of task", [["prompts", "Spoken prompts"], ["colour-change", "Colour changes"], ["random-beep", "Random beeps"]]),
];

const BY_OUTPUT = { light: LIGHT, tone: TONE, tap: TAP, continuous: CONTINUOUS, tasks: TASKS };

class OutputSettings extends RoomElement {
  /** "light", "tone", "tap", "continuous" or "tasks". */
  output = "light";

  build() {
    this.controls = BY_OUTPUT[this.output]();
    this.append(h("div", { class: "settings-grid" }, this.controls));
  }

  render(state) {
    for (const control of this.controls) {
      if (control.dataset.driver) show(control, Boolean(state?.devices.some(({ driver }) => driver === control.dataset.driver)));
      control.setState(state);
    }
  }
}

customElements.define("rc-output-settings", OutputSettings);
