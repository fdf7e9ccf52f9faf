/** The moves of a running program: dose, hold, next, longer, back; a booster with its effect before it is confirmed; the end. */

import { RoomElement, h, say, show } from "../dom.js";
import { command, question, throttled } from "../commands.js";
import { roomClock } from "../room_clock.js";
import { stayLeftS } from "../program_now.js";
import { medicineTime, seconds } from "../words.js";
import "./hold_button.js";

const move = (name, body, control, what) => command("POST", `/api/program/${name}`, body, { control, rev: true, what });
const may = (state, verb) => Boolean(state?.program?.possible?.includes(verb));

/** What a booster would do to the program that runs, in words. */
export function boosterEffect(program, mg) {
  const parts = [];
  if (program.booster === "ascent") parts.push("Goes back to the ascent; what is left is laid out anew from now.");
  else if (program.booster === "longer-peak") parts.push("The peak lasts longer; the later phases move back by as much.");
  else parts.push("Phases stay as they are.");
  if (program.total_mg !== null && program.total_mg !== undefined && mg > 0) parts.push(`${program.total_mg} mg so far, ${program.total_mg + mg} mg with it.`);
  parts.push("The minimum stay is counted anew and never gets shorter. Music and light go on from where they are.");
  return parts.join(" ");
}

/** Where the phases to come would begin and when the minimum stay would be over, from a preview's program. */
export function previewWords(now, then) {
  const at = (minutes) => medicineTime(minutes * 60);
  const coming = then.phases.filter(({ state, start_min: start }) => state !== "past" && typeof start === "number").map(({ title, start_min: start }) => `${title} ${at(start)}`);
  const stay = then.stay ? `Minimum stay until ${at(then.stay.minimum_s / 60)}${now.stay ? `, now ${at(now.stay.minimum_s / 60)}` : ""}.` : "";
  return `${coming.join(", ")}. ${stay}`;
}

class ProgramMoves extends RoomElement {
  #state = null;

  build() {
    this.buttons = [];
    this.dose = this.#dose();
    this.main = h(
      "div",
      { class: "moves" },
      this.#button("hold", "HOLD", "wide", () => ["hold", {}]),
      this.#button("release", "RELEASE", "wide held", () => ["release", {}]),
      this.#button("next", "NEXT", "wide", () => ["next", {}]),
      this.#button("extend", "+5 min", "", () => ["extend", { minutes: 5 }]),
      this.#button("extend", "+10 min", "", () => ["extend", { minutes: 10 }]),
      this.#button("previous", "Previous", "", () => ["previous", {}]),
      this.#button("skip", "To return", "", () => ["skip", { phase: "return" }]),
      this.#button("pause", "Pause", "", () => ["pause", {}]),
      this.#button("resume", "Go on", "go-on", () => ["resume", {}]),
      this.#sheetButton("booster", "Booster"),
      this.#sheetButton("end", "End"),
      (this.anchors = h("div", { class: "anchors" })),
    );
    this.booster = this.#boosterSheet();
    this.end = this.#endSheet();
    this.append(this.dose, this.main, this.booster, this.end);
  }

  #button(verb, label, look, of) {
    const button = h("button", { type: "button", class: `move ${look}`, text: label, dataset: { verb, name: label } });
    button.addEventListener("click", () => move(...of(), button, label));
    this.buttons.push(button);
    return button;
  }

  #sheetButton(verb, label) {
    const button = h("button", { type: "button", class: "move", text: `${label}…`, dataset: { verb, name: label } });
    button.addEventListener("click", () => this.#open(verb));
    this.buttons.push(button);
    return button;
  }

  #open(verb) {
    show(this.booster, verb === "booster");
    show(this.end, verb === "end");
    show(this.main, verb === null);
    this.setState(this.#state);
    if (verb === "booster") this.#askPreview();
    else this.dispatchEvent(new CustomEvent("preview", { detail: null }));
    if (verb !== null) (verb === "booster" ? this.booster : this.end).querySelector("input, button").focus();
  }

  #mgField(id) {
    const input = h("input", { type: "text", class: "field", id, inputmode: "decimal", autocomplete: "off", placeholder: "not noted" });
    return [h("label", { class: "labelled", for: id }, h("span", { text: "Milligrams, if you want them counted" }), input), () => Number(input.value.replace(",", ".")) || 0];
  }

  #dose() {
    const [field, mg] = this.#mgField("dose-mg");
    const config = {
      label: "DOSE GIVEN",
      sub: "hold: the medicine clock starts",
      confirm: "Tap: dose given",
      enabled: (state) => may(state, "dose"),
      act: (control) => move("dose", mg() > 0 ? { mg: mg() } : {}, control, "Dose given"),
    };
    this.doseButton = h("rc-hold", { class: "dose-given", prop: { config } });
    return h("div", { class: "dose" }, h("p", { class: "hint", text: "Arrival waits for you." }), field, this.doseButton);
  }

  #boosterSheet() {
    const [field, mg] = this.#mgField("booster-mg");
    this.effect = h("p", { class: "effect" });
    this.times = h("p", { class: "effect-times" });
    const preview = throttled(() => this.#askPreview(), 3);
    field.addEventListener("input", () => {
      if (this.#state?.program) say(this.effect, boosterEffect(this.#state.program, mg()));
      preview();
    });
    this.boosterMg = mg;
    const act = async (control) => {
      const answer = await move("booster", mg() > 0 ? { mg: mg() } : {}, control, "Booster");
      if (answer.ok) this.#open(null);
    };
    this.boosterButton = h("rc-hold", { prop: { config: { label: "Booster given", sub: "hold", confirm: "Tap: booster given", enabled: (state) => may(state, "booster"), act } } });
    return h("div", { class: "move-sheet booster", hidden: true }, h("h2", { class: "sr-only", text: "What a booster does here" }), h("div", { class: "sheet-words" }, this.effect, this.times), field, h("div", { class: "row" }, this.boosterButton, this.#back()));
  }

  /** Ask the room itself what a booster now would do, and show its arc in place of the present one. */
  async #askPreview() {
    const mg = this.boosterMg();
    const found = await question("/api/program/preview", { move: "booster", ...(mg > 0 ? { mg } : {}) });
    if (this.booster.hidden || !this.#state?.program) return;
    say(this.times, found ? previewWords(this.#state.program, found.program) : "");
    if (found) this.dispatchEvent(new CustomEvent("preview", { detail: found.picture }));
  }

  #endSheet() {
    this.stay = h("p", { class: "effect" });
    this.reason = h("input", { type: "text", class: "field", id: "end-reason", maxlength: 400, autocomplete: "off" });
    this.reasonField = h("label", { class: "labelled", for: "end-reason" }, h("span", { text: "Why before the minimum stay? It is kept in the record." }), this.reason);
    this.reason.addEventListener("input", () => this.endButton.setState(this.#state));
    const act = async (control) => {
      const reason = this.reason.value.trim();
      const answer = await move("end", this.#stayMet() ? {} : { override_reason: reason }, control, "End");
      if (answer.ok) this.#open(null);
    };
    const enabled = (state) => may(state, "end") && (this.#stayMet() || this.reason.value.trim() !== "");
    this.endButton = h("rc-hold", { prop: { config: { label: "End the program", sub: "hold", confirm: "Tap to end", enabled, act } } });
    return h("div", { class: "move-sheet", hidden: true }, h("h2", { class: "small", text: "End" }), this.stay, this.reasonField, h("div", { class: "row" }, this.endButton, this.#back()));
  }

  /** The program is over: what a sheet asks has no answer any more. */
  #leaveSheets() {
    if (this.booster.hidden && this.end.hidden) return;
    show(this.booster, false);
    show(this.end, false);
    this.dispatchEvent(new CustomEvent("preview", { detail: null }));
  }

  #back() {
    return h("button", { type: "button", class: "quiet", text: "Back", on: { click: () => this.#open(null) } });
  }

  #stayMet() {
    const stay = this.#state?.program?.stay ?? null;
    if (stay === null) return true;
    const left = stayLeftS(this.#state, roomClock.frameAt(performance.now()));
    return left === null ? Boolean(stay.met) : left <= 0;
  }

  render(state) {
    this.#state = state;
    const program = state?.program ?? null;
    const waiting = may(state, "dose");
    if (program?.state === "ended") this.#leaveSheets();
    const asking = !this.booster.hidden || !this.end.hidden;
    show(this.dose, waiting && !asking);
    show(this.main, !asking);
    this.main.toggleAttribute("data-waiting", waiting);
    for (const button of this.buttons) button.disabled = !may(state, button.dataset.verb);
    const returns = Boolean(program?.phases.some(({ id }) => id === "return"));
    for (const button of this.buttons) if (button.dataset.verb === "skip") show(button, returns);
    const held = may(state, "release");
    const away = may(state, "resume");
    for (const button of this.buttons) {
      if (button.dataset.verb === "hold") show(button, !held);
      if (button.dataset.verb === "release") show(button, held);
      if (button.dataset.verb === "pause") show(button, !away);
      if (button.dataset.verb === "resume") show(button, away);
    }
    this.#drawAnchors(state, program);
    for (const part of [this.doseButton, this.boosterButton, this.endButton]) part.setState(state);
    if (program && !this.booster.hidden) say(this.effect, boosterEffect(program, this.boosterMg()));
    if (program && !this.end.hidden) this.#drawEnd();
  }

  #drawAnchors(state, program) {
    const open = (program?.anchors ?? []).filter(({ marked_min: marked }) => marked === null);
    const key = open.map(({ name }) => name).join(" ");
    if (this.anchors.dataset.key !== key) {
      this.anchors.dataset.key = key;
      this.anchors.replaceChildren(
        ...open.map(({ name, title }) => {
          const button = h("button", { type: "button", class: "move", text: title, dataset: { name: title } });
          button.addEventListener("click", () => move("anchor", { name }, button, title));
          return button;
        }),
      );
    }
    show(this.anchors, open.length > 0);
    for (const button of this.anchors.children) button.disabled = !may(state, "anchor");
  }

  #drawEnd() {
    const met = this.#stayMet();
    const left = stayLeftS(this.#state, roomClock.frameAt(performance.now()));
    say(this.stay, met ? "The minimum stay is over. Music fades in 45 s, the light stays." : left === null ? "The minimum stay has not begun." : `${seconds(left)} of the minimum stay are left.`);
    show(this.reasonField, !met);
  }
}

customElements.define("rc-program-moves", ProgramMoves);
