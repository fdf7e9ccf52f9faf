/** The upper part of the EMDR page: the live room, the count, words to speak; between sets the rating card and the curve. */

import { RoomElement, h, say, show } from "../dom.js";
import { command } from "../commands.js";
import { roomClock } from "../room_clock.js";
import { seconds } from "../words.js";
import * as score from "../score.js";
import { SCALES, dueScale } from "./rating.js";
import "./room_picture.js";

const COUNT_MS = 100;
const CUE_SHOWN_S = 2.5;
export const WHY = {
  done: "counted to its end",
  finish: "finished by hand",
  stop: "stopped",
  device: "ended: a device was lost",
  max: "ended at the room's longest set",
  "panel-lost": "ended: the panel was lost",
  engine: "ended: the room restarted",
};

/** The cue's text just after a crossing of the centre inside the set, else when the next one comes. */
export function cueAt(beats, text, frame) {
  if (!beats || score.stateAt(beats, frame) === "idle") return null;
  const phase = score.phaseAt(beats, frame);
  const last = (beats.cycles_total ?? Infinity) - 0.5;
  const crossing = Math.floor(phase * 2) / 2;
  if (crossing >= 0.5 && crossing <= last) {
    const sinceS = (frame - score.frameAtPhase(beats, crossing)) / score.FRAME_RATE_HZ;
    if (sinceS < CUE_SHOWN_S) return { now: true, text, number: crossing * 2 };
  }
  const next = crossing + 0.5;
  if (next > last) return { now: false, text: "", inS: null };
  return { now: false, text: "", inS: (score.frameAtPhase(beats, next) - frame) / score.FRAME_RATE_HZ };
}

class Stage extends RoomElement {
  #state = null;
  #putOff = new Set();
  #asked = null;
  #lastSet = null;

  build() {
    this.picture = h("rc-room-picture");
    this.count = h("div", { class: "stage-count" });
    this.time = h("div", { class: "stage-time" });
    this.pass = h("div", { class: "stage-pass", text: "1 pass = 1 cycle = left–right–left = 2 beats" });
    this.prompt = h("div", { class: "stage-prompt", role: "status" });
    this.react = h("button", { type: "button", class: "react", text: "Client reacted", hidden: true });
    this.react.addEventListener("click", () => command("POST", "/api/react", {}, { control: this.react, what: "Reaction" }));
    this.asks = h("div", { class: "stage-asks" });
    this.live = h("div", { class: "stage-live" }, this.picture);
    this.foot = h("div", { class: "stage-foot" }, this.count, this.time, this.prompt, this.pass, this.react, this.asks);
    this.card = h("rc-rating", { hidden: true });
    this.card.onDone = () => this.#ratingDone();
    this.curve = h("rc-curve");
    this.append(h("div", { class: "stage-main" }, this.live, this.foot, this.card), this.curve);
    setInterval(() => this.#tick(), COUNT_MS);
  }

  #ratingDone() {
    const last = this.#state?.session?.sets?.at(-1);
    if (last && this.#asked === null) this.#putOff.add(last.id);
    this.#asked = null;
    this.setState(this.#state);
  }

  render(state) {
    this.#state = state;
    const running = state !== null && state.set.state !== "idle";
    if (running) this.#asked = null;
    const due = state === null || running ? null : (this.#asked ?? dueScale(state, this.#putOff));
    if (due !== null && this.card.hidden) this.scrollIntoView({ block: "nearest" });
    this.card.scale = due ?? this.card.scale;
    show(this.card, due !== null);
    show(this.live, due === null);
    show(this.foot, due === null);
    this.card.setState(state);
    this.curve.setState(state);
    show(this.curve, Boolean(state?.session?.ratings?.length));
    this.picture.setState(state);
    this.toggleAttribute("data-running", running);
    this.#drawAsks(state, running);
    show(this.react, running && Boolean(state.bls.tasks.on) && state.bls.tasks.kind !== "prompts");
    this.#tick();
  }

  #drawAsks(state, running) {
    const scales = !state?.session || running ? [] : state.preset?.scales?.length ? state.preset.scales : state.session.kind === "art" ? ["art"] : ["sud", "voc"];
    const key = scales.join(" ");
    if (this.asks.dataset.key === key) return;
    this.asks.dataset.key = key;
    this.asks.replaceChildren(
      ...scales.map((scale) =>
        h("button", { type: "button", class: "quiet", text: `Rate ${SCALES[scale].name}`, on: { click: () => this.#ask(scale) } }),
      ),
    );
  }

  #ask(scale) {
    this.#asked = scale;
    this.setState(this.#state);
  }

  #tick() {
    const state = this.#state;
    if (state === null || this.hidden || !this.isConnected) {
      if (state === null) for (const node of [this.count, this.time, this.prompt]) say(node, node === this.count ? "–" : "");
      return;
    }
    const frame = roomClock.frameAt(performance.now());
    const running = state.set.state !== "idle" && state.score !== null && frame !== null;
    if (running) this.#running(state, frame);
    else this.#resting(state);
  }

  #running(state, frame) {
    const beats = state.score;
    const done = Math.max(0, score.cyclesDone(beats, frame));
    const label = state.preset?.labels?.length ? ` · ${state.preset.labels.join(", ")}` : "";
    say(this.count, state.bls.open ? `${done} cycles` : `${done} of ${beats.cycles_total ?? state.set.cycles_total} cycles${label}`);
    const left = state.bls.open ? null : score.leftS(beats, frame);
    say(this.time, `${seconds(score.elapsedS(beats, frame))}${left === null ? "" : ` · ${seconds(left)} left`}${state.set.state === "finishing" ? " · finishing" : ""}`);
    const cue = state.preset?.cue ? cueAt(beats, state.preset.cue.text, frame) : null;
    if (cue !== null) {
      this.prompt.toggleAttribute("data-cue", cue.now);
      say(this.prompt, cue.now ? cue.text : cue.inS === null ? "last cue given" : `next cue in ${Math.ceil(cue.inS)} s`);
    } else {
      this.prompt.removeAttribute("data-cue");
      say(this.prompt, state.tasks?.text ?? "");
    }
  }

  #resting(state) {
    const last = state.session?.sets?.at(-1) ?? null;
    this.prompt.removeAttribute("data-cue");
    say(this.prompt, state.tasks?.text ?? "");
    if (last?.delivered) {
      say(this.count, `Set ${last.number}: ${last.delivered.cycles} ${last.delivered.cycles === 1 ? "cycle" : "cycles"}`);
      say(this.time, `${seconds(last.delivered.elapsed_s)}${last.why_stopped ? ` · ${WHY[last.why_stopped] ?? last.why_stopped}` : ""}`);
    } else {
      say(this.count, state.set.cycles ? `${state.set.cycles} cycles done` : "Ready");
      say(this.time, state.session ? "" : "No session is open: sets run, but ratings need one");
    }
  }
}

customElements.define("rc-stage", Stage);
