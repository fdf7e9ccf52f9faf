/** Calibrating: pink noise through one output, the dBA read at the client's head, and what both mean for the room. */

import { RoomElement, h, say, show } from "../dom.js";
import { command, refused } from "../commands.js";
import { icon } from "../icons.js";
import { roomClock } from "../room_clock.js";
import { dateTime, named, seconds } from "../words.js";
import "./hold_button.js";

const DRAW_EVERY_MS = 250;
const TONE_AS_MUSIC_DB = -18;

/** How much softer than -20 LUFS the noise may be asked for. */
const GAINS = [
  [0, "Full"],
  [-6, "−6 dB"],
  [-12, "−12 dB"],
  [-18, "−18 dB"],
];

const minus = (value) => String(value).replace("-", "−");

/** What music at its target gives at the client's head where the output starts: dBA, whole. */
export const usualDba = ({ dba, gain_db: gain, usual_db: usual }) => Math.round(dba - gain + usual);

/** "-18 dB", and once the room's output is calibrated "≈ 57 dBA": a tone at −18 dB is about as loud as music. */
export function toneWords(value, state) {
  const reading = state?.calibration?.outputs?.room;
  if (!reading) return `${Math.round(value)} dB`;
  return `≈ ${Math.round(reading.dba - reading.gain_db + reading.tone_db + value - TONE_AS_MUSIC_DB)} dBA`;
}

/** "61 dBA was read at −6 dB on 24 Nov 2026, 14:05." */
export function readingWords({ dba, gain_db: gain, at_utc_s: at }) {
  return `${Number(dba.toFixed(1))} dBA was read with the noise at ${minus(Number(gain.toFixed(1)))} dB, on ${dateTime(at)}.`;
}

/** A number as it is typed: with a point or a comma; null where it is none. */
export function typedDba(text) {
  const number = Number(text.trim().replace(",", "."));
  return text.trim() === "" || !Number.isFinite(number) ? null : number;
}

class CalibrationPage extends RoomElement {
  #state = null;
  #output = null;
  #gain = 0;

  build() {
    this.back = h("a", { class: "quiet back", href: "#devices" }, icon("left"), h("span", { text: "All devices" }));
    this.outputs = h("div", { class: "choice-options", role: "group", "aria-label": "Output" });
    this.gains = GAINS.map(([value, label]) => h("button", { type: "button", class: "option", dataset: { gain: String(value) }, text: label, on: { click: () => this.#softer(value) } }));
    this.play = h("rc-hold", {
      class: "play-noise",
      prop: { config: { label: "Play the noise", confirm: "Play", act: (control) => this.#play(control), enabled: (state) => this.#mayPlay(state) } },
    });
    this.end = h("button", { type: "button", class: "end-noise", dataset: { name: "End the noise" } }, icon("tone"), h("span", { text: "End the noise" }));
    this.end.addEventListener("click", () => command("POST", "/api/calibration/end", {}, { control: this.end }));
    this.playing = h("p", { class: "hint", role: "status" });
    this.why = h("p", { class: "hint" });
    this.dba = h("input", { type: "text", class: "field", id: "calibration-dba", inputmode: "decimal", autocomplete: "off", maxlength: 6 });
    this.keep = h("button", { type: "button", class: "primary", dataset: { name: "Reading" }, text: "Keep the reading" });
    this.keep.addEventListener("click", () => this.#keep());
    this.dba.addEventListener("keydown", (event) => event.key === "Enter" && this.#keep());
    this.kept = h("p", { class: "hint", role: "status" });
    this.rows = h("div", { class: "readings" });
    this.append(
      h("div", { class: "record-head" }, this.back, h("h2", { text: "Calibrate the sound level" })),
      h("div", { class: "calibration" }, this.#steps(), h("section", { class: "card" }, h("h2", { text: "In force" }), this.rows)),
    );
    setInterval(() => this.#drawPlaying(), DRAW_EVERY_MS);
  }

  #steps() {
    const step = (number, words, ...parts) => h("li", { class: "calibration-step" }, h("h3", { text: `${number}. ${words}` }), parts);
    return h(
      "ol",
      { class: "card calibration-steps" },
      step(1, "Choose the output. Hold a sound level meter, on A and slow, where the client's head will be; no client is in the room.", this.outputs),
      step(2, "How loud the noise may get. Begin softer where the amplifier is not known.", h("div", { class: "choice-options", role: "group", "aria-label": "Loudness of the noise" }, this.gains)),
      step(3, "Play it: it rises for some seconds and ends by itself after two minutes. STOP ends it too.", this.play, this.end, this.playing, this.why),
      step(4, "Enter what the meter shows once it is steady.", h("div", { class: "calibration-read" }, h("label", { class: "labelled", for: "calibration-dba" }, h("span", { text: "dBA at the client's head" }), this.dba), this.keep), this.kept),
    );
  }

  #softer(value) {
    this.#gain = value;
    this.render(this.#state);
  }

  #play(control) {
    say(this.kept, "");
    command("POST", "/api/calibration/noise", { output: this.#output, gain_db: this.#gain }, { control, what: "Calibration noise" });
  }

  async #keep() {
    const dba = typedDba(this.dba.value);
    if (dba === null) {
      refused(this.keep, "Reading", "enter the number that the meter shows, such as 61.5");
      return;
    }
    const answer = await command("PUT", `/api/calibration/${encodeURIComponent(this.#output)}`, { dba }, { control: this.keep });
    if (!answer.ok) return;
    this.dba.value = "";
    say(this.kept, `Kept. ${named(this.#output)} is in dBA from now on.`);
  }

  /** Why nothing may be played now; empty where it may. */
  #hindrance(state) {
    if (state === null) return "";
    if (state.stopped) return "The room is stopped: press RESUME first.";
    if (state.set.state !== "idle") return "A set is running: calibrate between sets.";
    if (state.program !== null && state.program.state !== "ended") return "A program is running: calibrate before or after it.";
    return "";
  }

  #mayPlay(state) {
    return state.calibration?.noise === null && this.#hindrance(state) === "";
  }

  render(state) {
    this.#state = state;
    const known = state?.calibration?.outputs ?? {};
    const names = Object.keys(known);
    const noise = state?.calibration?.noise ?? null;
    if (noise) this.#output = noise.output;
    else if (!names.includes(this.#output)) this.#output = names[0] ?? null;
    this.#drawOutputs(names, noise);
    for (const button of this.gains) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.gain) === this.#gain));
      button.disabled = state === null || noise !== null;
    }
    this.play.setState(state);
    show(this.play, noise === null);
    show(this.end, noise !== null);
    say(this.why, this.#hindrance(state));
    this.keep.disabled = this.dba.disabled = state === null || this.#output === null;
    this.#drawReadings(state, known);
    this.#drawPlaying();
  }

  #drawOutputs(names, noise) {
    if (this.outputs.dataset.names !== names.join()) {
      this.outputs.dataset.names = names.join();
      this.outputs.replaceChildren(...names.map((name) => h("button", { type: "button", class: "option", dataset: { output: name }, text: named(name), on: { click: () => this.#choose(name) } })));
    }
    for (const button of this.outputs.children) {
      button.setAttribute("aria-pressed", String(button.dataset.output === this.#output));
      button.disabled = noise !== null;
    }
  }

  #choose(name) {
    this.#output = name;
    say(this.kept, "");
    this.render(this.#state);
  }

  #drawPlaying() {
    const noise = this.#state?.calibration?.noise ?? null;
    const frame = noise === null ? null : roomClock.frameAt(performance.now());
    say(this.playing, frame === null ? "" : `Plays on ${noise.output} at ${minus(Number(noise.gain_db.toFixed(1)))} dB; ends by itself in ${seconds((noise.end_frame - frame) / 48000)}.`);
  }

  #drawReadings(state, known) {
    const cap = state?.music?.dba?.cap;
    const rows = Object.entries(known).map(([name, reading]) => {
      const now = state.music?.dba?.[name];
      const lines = reading
        ? [
            readingWords(reading),
            `Music at its target starts at about ${usualDba(reading)} dBA${typeof now === "number" ? `; at the present volume it is ${Math.round(now)} dBA` : ""}.`,
            `Never above ${Math.round(cap)} dBA.`,
          ]
        : ["Not calibrated: no dBA is known, and the cap in dBA cannot hold."];
      return [name, Boolean(reading), lines];
    });
    const key = JSON.stringify(rows);
    if (this.rows.dataset.key === key) return;
    this.rows.dataset.key = key;
    this.rows.replaceChildren(...rows.map(([name, done, lines]) => h("div", { class: "reading", dataset: done ? { done: "" } : {} }, h("h3", { text: named(name) }), lines.map((text) => h("p", { text })))));
  }
}

customElements.define("rc-calibration", CalibrationPage);
