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
const ASKED = new Set(["Music", "Files", "Disk"]);
const ASK_EVERY_MS = 15000;
const RETRY_MS = 4000;

/** What should be so before a session: [{name, ok, text}]. What the room found when it was asked, and what the state says now. */
export function preflight(state, found) {
  if (!state) return [];
  const lost = state.devices.filter(({ link }) => link !== "READY");
  const checks = (found?.checks ?? []).filter(({ name }) => ASKED.has(name));
  checks.push({
    name: "Devices",
    ok: lost.length === 0,
    text: lost.length === 0 ? `${state.devices.length} ready` : lost.map(({ name, why }) => `${name}${why ? `: ${why}` : " is not ready"}`).join("; "),
  });
  const quiet = state.music.volume_db <= QUIET_DB;
  const dba = state.music.dba ?? {};
  const known = typeof dba.room === "number";
  const level = known ? `about ${Math.round(dba.room)} dBA, at most ${Math.round(dba.cap)}` : `${Math.round(state.music.volume_db)} dB; not calibrated`;
  checks.push({ name: "Sound level", ok: !quiet, text: `${level}${quiet ? ": nearly silent" : ""}` });
  const gaps = state.timing?.underruns ?? 0;
  checks.push({ name: "Sound card", ok: gaps === 0, text: gaps === 0 ? "no gaps" : `${gaps} gaps since the room began` });
  for (const notice of state.notices ?? []) if (notice.level === "warn") checks.push({ name: "Notice", ok: false, text: notice.text });
  return checks;
}

/** "Peak 25 min: 1.2 h of music", for each phase; the pad where there is none. */
export function phaseMusic({ title, needs_min: needs, music_min: music, tracks }) {
  const length = needs === null ? title : `${title}, ${Math.round(needs)} min`;
  const there = music >= 60 ? `${(music / 60).toFixed(1)} h` : `${Math.round(music)} min`;
  return `${length}: ${tracks === 0 ? "pad" : there}`;
}

class ProgramPicker extends RoomElement {
  #programs = [];
  #found = null;
  #retry = null;
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
    this.phases = h("ul", { class: "phase-music", "aria-label": "Music for each phase" });
    this.one = h("div", { class: "program-one" }, this.heading, this.note, this.arc, this.key, this.phases, h("div", { class: "program-foot" }, this.checks, this.begin));
    this.none = h("p", { class: "hint", role: "status" });
    this.append(this.list, this.one, this.none);
    this.#load();
    setInterval(() => this.#ask(), ASK_EVERY_MS);
  }

  async #load() {
    const answer = await question("/api/programs");
    const programs = Array.isArray(answer) ? answer : (answer?.programs ?? null);
    show(this.one, Boolean(programs?.length));
    const unsaid = this.#state === null ? "" : "The room does not say which programs it has. Asking again.";
    say(this.none, programs ? (programs.length ? "" : "The room has no programs.") : unsaid);
    if (!programs) {
      this.#retry = setTimeout(() => this.#load(), RETRY_MS);
      return;
    }
    this.#retry = null;
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

  /** Ask the room how ready it is for the chosen program. */
  async #ask() {
    const id = this.#chosen?.id;
    if (!id || this.hidden || this.offsetParent === null) return;
    const found = await question(`/api/preflight?program=${encodeURIComponent(id)}`);
    if (this.#chosen?.id !== id) return;
    this.#found = found;
    this.phases.replaceChildren(...(found?.phases ?? []).map((phase) => h("li", { text: phaseMusic(phase), dataset: { pad: String(phase.tracks === 0) } })));
    this.setState(this.#state);
  }

  async #choose(id) {
    const program = await question(`/api/programs/${encodeURIComponent(id)}`);
    if (!program) return;
    this.#chosen = { ...program, id };
    this.#found = null;
    this.#ask();
    localStorage.setItem("roomctl.program", id);
    for (const button of this.list.querySelectorAll(".program")) button.setAttribute("aria-pressed", String(button.dataset.program === id));
    say(this.heading, program.title ?? named(id));
    say(this.note, program.note ?? "");
    show(this.arc, Boolean(program.picture));
    if (program.picture) this.arc.setPicture(program.picture);
    this.setState(this.#state);
  }

  render(state) {
    if (this.#state === null && state !== null && this.#retry !== null) {
      clearTimeout(this.#retry);
      this.#load();
    }
    this.#state = state;
    this.begin.setState(state);
    this.arc.setState(null);
    const checks = preflight(state, this.#found);
    const key = JSON.stringify(checks);
    if (key === this.checks.dataset.key) return;
    this.checks.dataset.key = key;
    this.checks.replaceChildren(...checks.map(({ name, ok, text }) => h("li", { dataset: { ok: String(ok) } }, icon(ok ? "check" : "warn"), h("strong", { text: name }), h("span", { text }))));
  }
}

customElements.define("rc-program-picker", ProgramPicker);
