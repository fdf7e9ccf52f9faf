/** The dosing page: choosing a program, and then the program that runs, with its now-line, its moves and its prompts. */

import { RoomElement, h, say, show } from "../dom.js";
import { command, question } from "../commands.js";
import { roomClock } from "../room_clock.js";
import { medicineS, phaseLeftS, startedS } from "../program_now.js";
import { medicineTime, named, seconds } from "../words.js";
import "../elements/arc_picture.js";
import "../elements/breath.js";
import "../elements/level.js";
import "../elements/program_moves.js";
import "../elements/program_picker.js";
import "../elements/prompts.js";
import "../elements/values_plot.js";

/** What a track is called, however it is given. */
export function trackName(track) {
  if (!track) return null;
  if (typeof track === "string") return track;
  const name = track.title ?? track.name ?? track.file ?? "";
  return track.artist ? `${name}, ${track.artist}` : name;
}

/** "-12 dB", and once the room is calibrated "-12 dB, 58 dBA": what music at its target gives at the client's head. */
export function volumeWords(state, value) {
  const dba = state?.music?.dba?.room;
  const words = `${Math.round(value)} dB`;
  return typeof dba === "number" ? `${words} · ${Math.round(dba + value - state.music.volume_db)} dBA` : words;
}

class DosingPage extends RoomElement {
  #state = null;
  #pictureKey = "";
  #choosing = null;

  build() {
    this.picker = h("rc-program-picker");
    this.running = this.#running();
    this.moves.addEventListener("preview", ({ detail }) => this.#preview(detail));
    this.append(h("h1", { class: "sr-only", text: "Dosing" }), this.picker, this.running);
    setInterval(() => this.#tick(), 500);
  }

  #running() {
    this.overdue = h("rc-prompts", { class: "overdue", prop: { overdue: true } });
    this.arc = h("rc-arc");
    this.arc.addEventListener("outgrown", () => this.#loadPicture());
    this.values = h("rc-values", { hidden: true });
    this.swap = h("button", { type: "button", class: "quiet swap", text: "Values" });
    this.swap.addEventListener("click", () => this.#swap());
    this.phase = h("div", { class: "now-phase" });
    this.left = h("div", { class: "now-left" });
    this.medicine = h("div", { class: "now-medicine" });
    this.playing = h("div", { class: "now-playing" });
    this.status = h("div", { class: "now" }, this.medicine, h("div", {}, this.phase, this.left), this.playing, this.swap);
    this.breath = h("rc-breath", { hidden: true });
    this.prompts = h("rc-prompts");
    this.moves = h("rc-program-moves");
    this.another = h("button", { type: "button", class: "primary another", text: "Choose another program", hidden: true });
    this.another.addEventListener("click", () => this.#chooseAnother());
    return h("div", { class: "running", hidden: true }, this.overdue, this.another, h("div", { class: "timeline" }, this.arc, this.values), this.status, this.breath, h("div", { class: "dosing-below" }, this.moves, this.prompts, this.#room()));
  }

  #swap() {
    const values = this.values.hidden;
    show(this.values, values);
    show(this.arc, !values);
    say(this.swap, values ? "Arc" : "Values");
  }

  /** Calm, attention and light; the levels of music and light; the music's own moves. */
  #room() {
    const act = (label, path, look, verb) => {
      const button = h("button", { type: "button", class: `move ${look}`, text: label, dataset: { name: label, verb: verb ?? "" } });
      button.addEventListener("click", () => command("POST", path, {}, { control: button, rev: Boolean(verb) }));
      return button;
    };
    this.acts = [act("CALM", "/api/program/calm", "calm", "calm"), act("ATTENTION", "/api/program/attention", "attention", "attention"), act("Check light", "/api/program/check-light", "", "check-light")];
    this.skip = act("Next track", "/api/music/next", "");
    this.duck = h("button", { type: "button", class: "move", text: "Duck", "aria-pressed": "false", dataset: { name: "Duck" } });
    this.duck.addEventListener("click", () => command("POST", this.#state?.music?.ducked ? "/api/music/unduck" : "/api/music/duck", {}, { control: this.duck }));
    this.announce = h("button", { type: "button", class: "move", text: "Announce…", dataset: { name: "Announce" } });
    this.announce.addEventListener("click", () => this.#announcements());
    this.files = h("div", { class: "announcements", hidden: true });
    this.levels = [
      { name: "Volume", guarded: true, min: -60, max: 0, step: 1, format: (value) => volumeWords(this.#state, value), read: (state) => state.music?.volume_db, send: (value) => ["PUT", "/api/music", { volume_db: value }] },
      { name: "Room light", guarded: true, min: 0, max: 100, step: 1, format: (value) => `L* ${Math.round(value)}`, read: (state) => state.lights?.target_l ?? state.lights?.level_l, send: (value) => ["PUT", "/api/lights", { level_l: value }] },
    ].map((config) => h("rc-level", { prop: { config } }));
    this.headphones = h("rc-level", { hidden: true, prop: { config: { name: "Headphones", guarded: true, min: -60, max: 0, step: 1, format: (value) => `${Math.round(value)} dB`, read: (state) => state.music?.headphones_db, send: (value) => ["PUT", "/api/music", { headphones_db: value }] } } });
    return h("div", { class: "room-moves" }, h("div", { class: "moves three" }, this.acts), this.levels[0], this.headphones, this.levels[1], h("div", { class: "moves three" }, this.skip, this.duck, this.announce), this.files);
  }

  #announcements() {
    if (!this.files.hidden) {
      show(this.files, false);
      return;
    }
    const files = this.#state?.music?.announcements ?? [];
    this.files.replaceChildren(
      ...files.map((name) => {
        const button = h("button", { type: "button", class: "move", text: name, dataset: { name } });
        button.addEventListener("click", () => command("POST", "/api/music/announce", { file: name }, { control: button }));
        return button;
      }),
      ...(files.length ? [] : [h("p", { class: "hint", text: "None yet: sound files in the folder announcements of the room's data folder are listed here." })]),
    );
    show(this.files, true);
  }

  /** The arc as it would be, while a booster is thought about; null: as it is. */
  #preview(picture) {
    this.previewed = picture !== null;
    this.arc.toggleAttribute("data-preview", this.previewed);
    if (picture) this.arc.setPicture(picture);
    else this.#loadPicture();
  }

  #chooseAnother() {
    this.#choosing = this.#state?.program?.started_frame ?? null;
    this.setState(this.#state);
  }

  async #loadPicture() {
    const id = this.#state?.program?.id;
    if (!id) return;
    const program = await question(`/api/programs/${encodeURIComponent(id)}`);
    const picture = (this.#state?.program?.state === "arrival" ? null : program?.running) ?? program?.picture ?? null;
    if (picture && !this.previewed) this.arc.setPicture(picture);
  }

  render(state) {
    this.#state = state;
    const known = state?.program ?? null;
    const over = known?.state === "ended";
    const program = over && this.#choosing === known.started_frame ? null : known;
    show(this.picker, program === null);
    show(this.running, program !== null);
    show(this.another, over);
    show(this.headphones, Boolean(state?.room?.headphones));
    if (program === null) {
      this.picker.setState(state);
      return;
    }
    const key = JSON.stringify([program.id, program.t0_frame, program.phases]);
    if (key !== this.#pictureKey) {
      this.#pictureKey = key;
      this.#loadPicture();
    }
    for (const part of [this.overdue, this.arc, this.values, this.prompts, this.moves, this.headphones, this.breath, ...this.levels]) part.setState(state);
    for (const button of this.acts) button.disabled = !program.possible?.includes(button.dataset.verb);
    this.duck.setAttribute("aria-pressed", String(Boolean(state.music?.ducked)));
    this.#tick();
  }

  #tick() {
    const state = this.#state;
    if (!state?.program || this.hidden || this.running.hidden) return;
    const frame = roomClock.frameAt(performance.now());
    const medicine = medicineS(state, frame);
    const left = phaseLeftS(state, frame);
    const before = state.program.kind === "dosing" ? "before the dose" : seconds(startedS(state, frame));
    say(this.medicine, medicine === null ? before : medicineTime(medicine));
    say(this.phase, state.program.phases.find(({ id }) => id === state.program.phase)?.title ?? named(state.program.phase));
    say(this.left, this.#leftWords(state.program, left));
    const now = trackName(state.music?.now) ?? "built-in pad";
    const next = trackName(state.music?.next);
    say(this.playing, next ? `${now} · then ${next}` : now);
  }

  #leftWords(program, left) {
    const states = { held: "held", paused: "paused", calm: "calm", attention: "attention", stopped: "stopped", "awaiting-resume": "the room restarted: go on?", ended: "ended", arrival: "waits for the dose" };
    if (states[program.state]) return states[program.state] + (program.state === "held" && left !== null ? ` · ${seconds(left)} left` : "");
    if (left === null) return program.overrun ? "goes on until you end it" : "no end of its own";
    return `${seconds(left)} left${program.over_max ? " · longer than planned" : ""}`;
  }
}

customElements.define("rc-dosing", DosingPage);
