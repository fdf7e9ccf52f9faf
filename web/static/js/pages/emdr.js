/** The EMDR page: the main view. START, FINISH, rate and outputs never move; what is one level down opens below them. */

import { RoomElement, h, show } from "../dom.js";
import { command, question, refused } from "../commands.js";
import { icon } from "../icons.js";
import { store } from "../store.js";
import "../elements/hold_button.js";
import "../elements/level.js";
import "../elements/choice.js";
import { toneWords } from "../elements/calibration.js";
import { inOrder } from "../elements/presets.js";
import "../elements/output_settings.js";
import { groupWords } from "../elements/tappers.js";
import "../elements/stage.js";
import "../elements/session_sheet.js";

const HOLD_MS = 700;
const BETWEEN_STARTS_MS = 500;
const OUTPUTS = [
  ["light", "Light", "light"],
  ["tone", "Tone", "tone"],
  ["tap", "Tap", "tap"],
  ["continuous", "Continuous", "continuous"],
];
const put = (body) => ["PUT", "/api/bls", body];

/** One touch is enough where the last set of this session was made with the preset that is chosen now. */
export function startIsOneTouch(state) {
  const last = state?.session?.sets?.at(-1) ?? null;
  return last !== null && last.preset === (state.preset?.id ?? null);
}

class EmdrPage extends RoomElement {
  #sheet = null;
  #startedAt = -Infinity;
  #state = null;

  build() {
    this.stage = h("rc-stage");
    this.acts = h("div", { class: "acts" }, this.#start(), this.#finish(), this.#discomfort(), this.#rate());
    this.presets = h("rc-presets");
    this.presets.onAll = () => this.open("presets");
    this.below = h("div", { class: "below" }, this.presets, this.#length(), this.#outputs());
    this.sheet = h("section", { class: "sheet", hidden: true });
    this.append(h("h1", { class: "sr-only", text: "EMDR" }), this.stage, this.acts, this.below, this.sheet);
    this.parts = [this.stage, this.startButton, this.finishButton, this.rate, this.presets, ...this.lengths, ...this.toggles];
    this.#loadPresets();
  }

  async #loadPresets() {
    const answer = await question("/api/presets");
    const presets = Array.isArray(answer) ? answer : answer?.presets;
    if (!presets) {
      setTimeout(() => this.#loadPresets(), 1500);
      return;
    }
    this.allPresets = inOrder(presets);
    this.presets.setPresets(this.allPresets);
    this.setState(store.view);
  }

  #start() {
    const config = {
      label: "START",
      confirm: "Tap to start",
      holdMs: () => (startIsOneTouch(this.#state) ? 0 : HOLD_MS),
      enabled: (state) => state.set.state === "idle" && !state.stopped && state.room?.mode !== "dosing",
      sub: (state) => this.#startWords(state),
      act: (control) => this.#begin(control),
    };
    this.startButton = h("rc-hold", { class: "start", prop: { config } });
    return this.startButton;
  }

  #startWords(state) {
    if (state === null) return "";
    if (state.stopped) return "stopped: resume first";
    if (state.room?.mode === "dosing") return "a program is running";
    if (state.set.state !== "idle") return state.set.state;
    return startIsOneTouch(state) ? "next set: one touch" : "hold, or tap and confirm";
  }

  #begin(control) {
    const now = performance.now();
    if (now - this.#startedAt < BETWEEN_STARTS_MS) {
      refused(control, "START", "a set was started a moment ago");
      return;
    }
    this.#startedAt = now;
    command("POST", "/api/set/start", {}, { control, rev: true, what: "START" });
  }

  #finish() {
    this.finishButton = h("rc-hold", {
      class: "finish",
      prop: {
        config: {
          label: "FINISH",
          holdMs: () => 0,
          enabled: (state) => state.set.state === "running",
          sub: (state) => (state?.set.state === "finishing" ? "slowing to the centre" : state?.bls.finish === "hard" ? "at once" : "softly, at the centre"),
          act: (control) => command("POST", "/api/set/finish", {}, { control, what: "FINISH" }),
        },
      },
    });
    return this.finishButton;
  }

  #discomfort() {
    const button = h("button", { type: "button", class: "discomfort", dataset: { name: "Eye pain or dizziness" } }, icon("eye"), h("span", { text: "Eye pain or dizzy: light off" }));
    button.addEventListener("click", () => this.#lightOff(button));
    this.discomfort = button;
    return button;
  }

  async #lightOff(button) {
    const { bls, session } = this.#state;
    const change = { light: { on: false } };
    if (!bls.tap.on && !bls.tone.on) change.tap = { on: true };
    const answer = await command("PUT", "/api/bls", change, { control: button });
    if (answer.ok && session) command("POST", "/api/notes", { text: "Client reported eye pain or dizziness: light off." }, { control: button });
  }

  #rate() {
    const config = {
      name: "Rate",
      min: 0.1,
      max: 2,
      step: 0.05,
      format: (value) => `${value.toFixed(2)} Hz`,
      read: (state) => state.bls.rate_hz,
      send: (value) => put({ rate_hz: value }),
    };
    this.rate = h("rc-level", { class: "rate", prop: { config } });
    return this.rate;
  }

  #length() {
    const free = (state) => !state.preset?.fixed;
    const kind = h("rc-choice", {
      prop: {
        config: {
          name: "A set ends after",
          showName: false,
          options: [
            { value: "cycles", label: "Cycles" },
            { value: "seconds", label: "Seconds" },
            { value: "open", label: "Open" },
          ],
          read: ({ bls }) => (bls.open ? "open" : bls.set_s !== null ? "seconds" : "cycles"),
          send: (value) => put(value === "cycles" ? { set_cycles: 24 } : value === "seconds" ? { set_s: 30 } : { open: true }),
          enabled: free,
        },
      },
    });
    const step = h("rc-level", {
      class: "length",
      prop: {
        config: {
          name: "Set length",
          min: 1,
          max: 300,
          step: 1,
          slider: false,
          format: (value, state) => (state?.bls.open ? "open" : state?.bls.set_s !== null && state ? `${Math.round(value)} s` : `${value} cycles`),
          read: ({ bls }) => (bls.open ? 0 : (bls.set_s ?? bls.set_cycles)),
          enabled: (state) => free(state) && !state.bls.open,
          send: (value) => put(this.#state?.bls.set_s === null ? { set_cycles: Math.min(200, Math.round(value)) } : { set_s: Math.max(5, value) }),
        },
      },
    });
    const finish = h("rc-choice", {
      prop: {
        config: {
          name: "Finish",
          showName: false,
          options: [
            { value: "soft", label: "Finish softly" },
            { value: "hard", label: "At once" },
          ],
          read: (state) => state.bls.finish,
          send: (value) => put({ finish: value }),
        },
      },
    });
    const tasks = this.#toggle("tasks", "Tasks", "check");
    this.lengths = [kind, step, finish];
    return h("div", { class: "lengths" }, kind, step, finish, tasks);
  }

  #toggle(output, name, iconName) {
    const config = {
      name,
      icon: iconName,
      read: (state) => state.bls[output].on,
      send: (on) => put({ [output]: { on } }),
      enabled: (state) => !(output === "light" && state.preset?.light_locked),
      note: (state) => this.#noteOf(output, state),
    };
    const toggle = h("rc-toggle", { prop: { config } });
    const more = h("button", { type: "button", class: "more", "aria-label": `${name}: settings`, on: { click: () => this.open(output) } }, icon("settings"));
    (this.toggles ??= []).push(toggle);
    return h("div", { class: "output" }, toggle, more);
  }

  #noteOf(output, state) {
    const { bls, preset } = state;
    if (output === "light") return preset?.light_locked ? "locked off" : `${Math.round(bls.light.brightness_frac * 100)} % · ${bls.light.path}`;
    if (output === "tone") return `${bls.tone.timbre} · ${toneWords(bls.tone.volume_db, state)}`;
    if (output === "tap") return `${Math.round(bls.tap.strength_frac * 100)} % · ${groupWords(state) || `${Math.round(bls.tap.ms)} ms`}`;
    if (output === "tasks") return bls.tasks.kind.replaceAll("-", " ");
    return bls.continuous.source;
  }

  #outputs() {
    return h("div", { class: "outputs" }, OUTPUTS.map(([output, name, iconName]) => this.#toggle(output, name, iconName)));
  }

  /** Open what is one level down: "presets", "session", or an output's settings. */
  open(what) {
    const [title, body] = this.#sheetOf(what);
    this.#sheet = body;
    const close = h("button", { type: "button", class: "sheet-close", "aria-label": `Close ${title}`, on: { click: () => this.close() } }, icon("close"), h("span", { text: title }));
    this.sheet.setAttribute("aria-label", title);
    this.sheet.dataset.sheet = what;
    this.sheet.replaceChildren(close, body);
    show(this.sheet, true);
    show(this.below, false);
    body.setState(this.#state);
    close.focus({ preventScroll: true });
  }

  close() {
    this.#sheet = null;
    show(this.sheet, false);
    show(this.below, true);
    this.sheet.replaceChildren();
  }

  #sheetOf(what) {
    if (what === "presets") {
      const sheet = h("rc-preset-sheet");
      sheet.setPresets(this.allPresets ?? []);
      sheet.onClose = () => this.close();
      return ["Presets", sheet];
    }
    if (what === "session") {
      const sheet = h("rc-session-sheet");
      sheet.onClose = () => this.close();
      return ["Session", sheet];
    }
    const name = OUTPUTS.find(([output]) => output === what)?.[1] ?? "Tasks";
    return [name, h("rc-output-settings", { prop: { output: what } })];
  }

  render(state) {
    this.#state = state;
    for (const part of this.parts) part.setState(state);
    this.discomfort.disabled = state === null || !state.bls.light.on;
    this.#sheet?.setState(state);
  }
}

customElements.define("rc-emdr", EmdrPage);
