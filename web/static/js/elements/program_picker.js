/** Before a program: which one, its arc, what is ready for it, and its beginning. */

import { RoomElement, h, say, show } from "../dom.js";
import { command, question } from "../commands.js";
import { icon } from "../icons.js";
import { named } from "../words.js";
import "./arc_picture.js";
import "./hold_button.js";

const KINDS = [
  ["dosing", "With a medicine"],
  ["integration", "The days after"],
];
const QUIET_DB = -50;
const RETRY_MS = 4000;

/** What should be so before a session: [{name, ok, text}]. The program's own list where it has one, and what the state says. */
export function preflight(state, program) {
  if (!state) return [];
  const lost = state.devices.filter(({ link }) => link !== "READY");
  const own = program?.preflight ?? [];
  const checks = own.map(({ name, ok, text }) => ({ name, ok, text }));
  checks.push({
    name: "Devices",
    ok: lost.length === 0,
    text: lost.length === 0 ? `${state.devices.length} ready` : lost.map(({ name, why }) => `${name}${why ? `: ${why}` : " is not ready"}`).join("; "),
  });
  const quiet = state.music.volume_db <= QUIET_DB;
  checks.push({ name: "Sound level", ok: !quiet, text: `${Math.round(state.music.volume_db)} dB${quiet ? ": nearly silent" : ""}` });
  const gaps = state.timing?.underruns ?? 0;
  checks.push({ name: "Sound card", ok: gaps === 0, text: gaps === 0 ? "no gaps" : `${gaps} gaps since the room began` });
  for (const notice of state.notices ?? []) if (notice.level === "warn") checks.push({ name: "Notice", ok: false, text: notice.text });
  return checks;
}

class ProgramPicker extends RoomElement {
  #programs = [];
  #chosen = null;
  #state = null;

  build() {
    this.list = h("div", { class: "program-list" });
    this.heading = h("h2");
    this.note = h("p", { class: "hint" });
    this.arc = h("rc-arc");
    this.key = h("p", { class: "arc-key" }, h("span", { class: "key-music", text: "music" }), h("span", { class: "key-light", text: "room light" }), h("span", { class: "key-prompt", text: "prompts" }));
    this.checks = h("ul", { class: "preflight" });
    const config = {
      label: "Begin arrival",
      sub: "hold; the dose comes later",
      confirm: "Tap to begin",
      enabled: (state) => this.#chosen !== null && !state.stopped && state.set.state === "idle",
      act: (control) => command("POST", "/api/program/start", { program: this.#chosen.id }, { control, rev: true, what: "Begin" }),
    };
    this.begin = h("rc-hold", { class: "begin", prop: { config } });
    this.one = h("div", { class: "program-one" }, this.heading, this.note, this.arc, this.key, h("div", { class: "program-foot" }, this.checks, this.begin));
    this.none = h("p", { class: "hint", role: "status" });
    this.append(this.list, this.one, this.none);
    this.#load();
  }

  async #load() {
    const answer = await question("/api/programs");
    const programs = Array.isArray(answer) ? answer : (answer?.programs ?? null);
    show(this.one, Boolean(programs?.length));
    say(this.none, programs ? (programs.length ? "" : "The room has no programs.") : "The room does not say which programs it has. Asking again.");
    if (!programs) {
      setTimeout(() => this.#load(), RETRY_MS);
      return;
    }
    this.#programs = programs;
    this.#drawList();
    if (!this.#chosen && programs.length) this.#choose(programs.find(({ id }) => id === localStorage.getItem("roomctl.program"))?.id ?? programs[0].id);
  }

  #drawList() {
    const sections = KINDS.map(([kind, title]) => {
      const own = this.#programs.filter((program) => (program.kind ?? "dosing") === kind);
      const buttons = own.map(({ id, title: name }) => h("button", { type: "button", class: "program", dataset: { program: id }, "aria-pressed": "false", text: name ?? named(id), on: { click: () => this.#choose(id) } }));
      return own.length ? h("section", {}, h("h2", { class: "small", text: title }), buttons) : null;
    });
    this.list.replaceChildren(...sections.filter(Boolean));
  }

  async #choose(id) {
    const program = await question(`/api/programs/${encodeURIComponent(id)}`);
    if (!program) return;
    this.#chosen = { ...program, id };
    localStorage.setItem("roomctl.program", id);
    for (const button of this.list.querySelectorAll(".program")) button.setAttribute("aria-pressed", String(button.dataset.program === id));
    say(this.heading, program.title ?? named(id));
    say(this.note, program.note ?? "");
    show(this.arc, Boolean(program.picture));
    if (program.picture) this.arc.setPicture(program.picture);
    this.setState(this.#state);
  }

  render(state) {
    this.#state = state;
    this.begin.setState(state);
    this.arc.setState(null);
    const checks = preflight(state, this.#chosen);
    const key = JSON.stringify(checks);
    if (key === this.checks.dataset.key) return;
    this.checks.dataset.key = key;
    this.checks.replaceChildren(...checks.map(({ name, ok, text }) => h("li", { dataset: { ok: String(ok) } }, icon(ok ? "check" : "warn"), h("strong", { text: name }), h("span", { text }))));
  }
}

customElements.define("rc-program-picker", ProgramPicker);
