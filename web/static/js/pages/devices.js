/** The devices: how each is reached, since when and why, a test for each hand, the sound level, and the room's own timing. */

import { RoomElement, h, say, show } from "../dom.js";
import { command, question } from "../commands.js";
import { icon } from "../icons.js";
import { LINKS, lasting } from "../words.js";
import { isGroup, tapperStrength, tapperSwitch } from "../elements/tappers.js";
import "../elements/calibration.js";

const KINDS = { soundcard: "Sound", lightbar: "Light bar", tapper: "Tapper", roomlight: "Room light", input: "Input" };
const TESTED = new Set(["soundcard", "lightbar", "tapper", "roomlight"]);
const ASK_EVERY_MS = 2000;

/** The figures of timing that a person reads, each with what it should reach: [key, name, unit, target]. */
const FIGURES = [
  ["onset_sd_ms", "Tone onsets, spread", "ms", 0.1],
  ["light_skew_ms", "Light against tone", "ms", 0.5],
  ["tap_skew_ms", "Tap against tone", "ms", 0.5],
  ["loop_p99_ms", "Sound loop, 99 of 100", "ms", 1],
  ["underruns", "Gaps in the sound", "", 0],
];

/** What is known of loudness at the client's head, and what to do where nothing is. */
export function levelWords(state) {
  const { room = null, headphones = null, cap = null } = state?.music?.dba ?? {};
  const told = [[room, "room"], [headphones, "headphones"]].filter(([dba]) => dba !== null).map(([dba, name]) => `${name} ${Math.round(dba)} dBA`);
  if (told.length === 0) return "Not calibrated: no dBA is known, and the cap in dBA cannot hold. Calibrate with a sound level meter where the client's head will be.";
  return `Music at its target, at the present volume: ${told.join(", ")}; never above ${Math.round(cap)} dBA.`;
}

class DevicesPage extends RoomElement {
  #state = null;
  #cards = new Map();

  build() {
    this.list = h("div", { class: "device-list" });
    this.figures = FIGURES.map(([key, name]) => {
      const value = h("span", { class: "figure-value" });
      const bar = h("span", { class: "figure-bar" }, h("span", { class: "figure-fill" }), h("span", { class: "figure-target" }));
      return { key, value, bar, row: h("div", { class: "figure" }, h("span", { class: "figure-name", text: name }), value, bar) };
    });
    const timing = h("section", { class: "card timing" }, h("h2", { text: "Timing" }), this.figures.map(({ row }) => row), h("p", { class: "hint", text: "Measured by the room itself. The mark on each line is where it should stay below." }));
    this.panels = h("ul", { class: "panels" });
    this.level = h("p", { class: "hint" });
    const level = h("section", { class: "card sound-level" }, h("h2", { text: "Sound level" }), this.level, h("a", { class: "quiet calibrate", href: "#devices/calibrate" }, icon("tone"), h("span", { text: "Calibrate" })));
    this.calibration = h("rc-calibration", { hidden: true });
    const open = h("section", { class: "card" }, h("h2", { text: "Open panels" }), this.panels);
    this.overview = h("div", { class: "devices" }, this.list, h("div", { class: "devices-side" }, level, timing, open));
    this.append(h("h1", { class: "sr-only", text: "Devices" }), this.overview, this.calibration);
    setInterval(() => this.#ask(), ASK_EVERY_MS);
  }

  async #ask() {
    if (this.hidden || this.#state === null) return;
    const state = await question("/api/state");
    if (!state) return;
    this.#drawTiming(state.timing);
    this.#drawPanels(state.panels);
  }

  render(state) {
    this.#state = state;
    const calibrating = location.hash === "#devices/calibrate";
    show(this.overview, !calibrating);
    show(this.calibration, calibrating);
    if (calibrating) this.calibration.setState(state);
    const devices = state?.devices ?? [];
    const wanted = devices.map((device) => this.#card(device));
    if (wanted.length !== this.list.children.length || wanted.some((card, index) => card.node !== this.list.children[index])) this.list.replaceChildren(...wanted.map(({ node }) => node));
    devices.forEach((device, index) => this.#drawDevice(wanted[index], device, state));
    this.#drawTiming(state?.timing ?? null);
    this.#drawPanels(state?.panels ?? []);
    say(this.level, state ? levelWords(state) : "");
  }

  #card({ name, kind, driver }) {
    const known = this.#cards.get(name);
    if (known) return known;
    const link = h("span", { class: "link-state" });
    const why = h("p", { class: "device-why" });
    const tests = TESTED.has(kind)
      ? (kind === "roomlight" ? ["left"] : ["left", "right"]).map((side) => {
          const button = h("button", { type: "button", class: "test", dataset: { name: `${name}, ${side}` } }, icon(kind === "roomlight" ? "light" : side), h("span", { text: kind === "roomlight" ? "Test" : `Test ${side}` }));
          button.addEventListener("click", () => command("POST", `/api/devices/${encodeURIComponent(name)}/test`, { side }, { control: button }));
          return button;
        })
      : [];
    const unverified = h("span", { class: "chip", text: "unverified", hidden: true });
    const head = h("div", { class: "device-head" }, h("h2", { text: name }), h("span", { class: "device-kind", text: `${KINDS[kind] ?? kind} · ${driver}` }), unverified, link);
    const own = kind === "tapper" ? [tapperSwitch(name), tapperStrength(name)] : [];
    const ownRow = own.length > 0 ? h("div", { class: "tapper-row" }, own) : null;
    const card = { node: h("article", { class: "card device" }, head, why, ownRow, h("div", { class: "row" }, tests)), link, why, tests, unverified, own, ownRow };
    this.#cards.set(name, card);
    return card;
  }

  #drawDevice(card, device, state) {
    const at = LINKS[device.link] ?? device.link;
    card.node.dataset.link = device.link;
    say(card.link, `${at}${lasting(device.since)}`);
    say(card.why, device.why ?? "");
    card.unverified.hidden = device.verified !== false;
    for (const test of card.tests) test.disabled = state === null || state.set.state !== "idle" || state.stopped || device.link !== "READY" || device.on === false;
    if (card.ownRow) show(card.ownRow, isGroup(state));
    for (const control of card.own) control.setState(state);
  }

  #drawTiming(timing) {
    FIGURES.forEach(([key, , unit, target], index) => {
      const { value, bar } = this.figures[index];
      const figure = timing?.[key];
      const known = typeof figure === "number";
      say(value, known ? `${unit ? figure.toFixed(2) : figure} ${unit}`.trim() : "not measured yet");
      const over = known && figure > target;
      bar.toggleAttribute("data-over", over);
      bar.hidden = target === 0;
      bar.style.setProperty("--share", `${known && target > 0 ? Math.min(100, (figure / target) * 60) : 0}%`);
    });
  }

  #drawPanels(panels) {
    const lines = panels.map(({ id, name, role, seen_s: seen }) => `${name ?? id}: ${role}${typeof seen === "number" && seen > 5 ? `, last heard ${Math.round(seen)} s ago` : ""}`);
    if (this.panels.dataset.key === lines.join("\n")) return;
    this.panels.dataset.key = lines.join("\n");
    this.panels.replaceChildren(...lines.map((text) => h("li", { text })));
  }
}

customElements.define("rc-devices", DevicesPage);
