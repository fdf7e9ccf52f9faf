/** The protocol presets: those of the current group one touch away, and all of them, grouped, one level down. */

import { RoomElement, h, say, show } from "../dom.js";
import { command } from "../commands.js";

export const GROUPS = [
  ["preparation", "Preparation"],
  ["desensitise", "Desensitise"],
  ["install-close", "Install and close"],
  ["art", "ART"],
  ["other", "Other"],
];
const NEAR = 5;
const ORDER = "emdr-test safe-place desensitise desensitise-long desensitise-fast emdr-2 installation body-scan closure art-scene art-sensation art-replace flash child low-load seizure-safe group".split(" ");

/** In the order of the protocols; a clinic's own after the built-in ones. */
export function inOrder(presets) {
  const place = ({ id }) => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);
  return [...presets].sort((one, other) => place(one) - place(other) || one.title.localeCompare(other.title));
}

/** After scene comes sensation and after sensation scene; replace when the scene plays calm. */
const ART_NEXT = { "art-scene": "art-sensation", "art-sensation": "art-scene" };

/** The preset that the protocol suggests after `last`, or null. */
export function suggestedAfter(last) {
  return ART_NEXT[last] ?? null;
}

class Presets extends RoomElement {
  presets = [];
  onAll = () => {};
  #shown = "";

  build() {
    this.list = h("div", { class: "preset-near", role: "group", "aria-label": "Presets" });
    this.append(this.list);
  }

  /** Take what GET /api/presets answered. */
  setPresets(presets) {
    this.presets = presets;
    this.#shown = "";
  }

  render(state) {
    const now = state?.preset ?? null;
    const group = now?.group ?? this.presets.find(({ id }) => id === now?.id)?.group ?? "desensitise";
    const near = this.presets.filter((preset) => preset.group === group);
    const kept = near.slice(0, NEAR);
    if (now && near.length > NEAR && !kept.some(({ id }) => id === now.id)) kept[NEAR - 1] = near.find(({ id }) => id === now.id);
    this.#draw(kept.filter(Boolean));
    const last = state?.session?.sets?.at(-1)?.preset ?? null;
    markPresets(this.list, state, state?.set?.state === "idle" ? suggestedAfter(last) : null);
  }

  #draw(near) {
    const key = near.map(({ id }) => id).join(" ");
    if (key === this.#shown && this.list.childElementCount > 0) return;
    this.#shown = key;
    const all = h("button", { type: "button", class: "preset preset-all", on: { click: () => this.onAll() } }, h("span", { class: "preset-title", text: "All presets" }));
    this.list.replaceChildren(...near.map(presetButton), all);
  }
}

/** One preset as a big button. */
export function presetButton(preset) {
  const button = h(
    "button",
    { type: "button", class: "preset", "aria-pressed": "false", dataset: { preset: preset.id, name: preset.title } },
    h("span", { class: "preset-title", text: preset.title }),
    h("span", { class: "preset-hint", hidden: true }),
  );
  button.addEventListener("click", () => command("POST", "/api/bls/preset", { preset: preset.id }, { control: button, what: preset.title }));
  return button;
}

/** Show which preset is on, and which one the protocol would take next. */
export function markPresets(root, state, suggested) {
  for (const button of root.querySelectorAll("[data-preset]")) {
    const on = state?.preset?.id === button.dataset.preset;
    button.disabled = state === null || state.set.state !== "idle";
    button.setAttribute("aria-pressed", String(on));
    const hint = button.querySelector(".preset-hint");
    const next = button.dataset.preset === suggested;
    button.toggleAttribute("data-suggested", next);
    say(hint, next ? "next" : "");
    show(hint, next);
  }
}

class PresetSheet extends RoomElement {
  onClose = () => {};

  build() {
    this.columns = h("div", { class: "preset-columns" });
    this.append(this.columns);
  }

  setPresets(presets) {
    this.ensureBuilt();
    const known = new Set(GROUPS.map(([id]) => id));
    const columns = GROUPS.map(([id, title]) => {
      const own = presets.filter((preset) => (known.has(preset.group) ? preset.group : "other") === id);
      const buttons = own.map((preset) => {
        const button = presetButton(preset);
        button.append(h("span", { class: "preset-note", text: preset.note ?? "" }));
        button.addEventListener("click", () => this.onClose());
        return button;
      });
      return h("section", { class: "preset-column" }, h("h2", { class: "small", text: title }), buttons);
    });
    this.columns.replaceChildren(...columns);
  }

  render(state) {
    markPresets(this, state, null);
  }
}

customElements.define("rc-presets", Presets);
customElements.define("rc-preset-sheet", PresetSheet);
