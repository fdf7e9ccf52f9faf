/** A session: open one, write notes, go through the assessment in its order, close it. */

import { RoomElement, h, say, show } from "../dom.js";
import { command } from "../commands.js";
import { clockTime, named } from "../words.js";
import "./hold_button.js";

const KINDS = [
  ["emdr", "EMDR"],
  ["art", "ART"],
  ["dosing", "Dosing"],
];

/** What EMDR asks at assessment, in its order. */
const ASSESSMENT = [
  ["image", "Image", "text"],
  ["negative-cognition", "Negative cognition", "text"],
  ["positive-cognition", "Positive cognition", "text"],
  ["voc", "VoC 1–7", "voc"],
  ["emotion", "Emotion", "text"],
  ["sud", "SUD 0–10", "sud"],
  ["body", "Body location", "text"],
];

class SessionSheet extends RoomElement {
  onClose = () => {};
  #kind = "emdr";
  #state = null;

  build() {
    this.opening = this.#opening();
    this.current = this.#current();
    this.append(this.opening, this.current);
  }

  #opening() {
    this.code = h("input", { type: "text", maxlength: 40, autocomplete: "off", autocapitalize: "off", spellcheck: "false", class: "field", id: "client-code" });
    this.kinds = KINDS.map(([kind, label]) =>
      h("button", { type: "button", class: "option", dataset: { kind }, "aria-pressed": "false", text: label, on: { click: () => this.#choose(kind) } }),
    );
    this.openButton = h("button", { type: "button", class: "primary", text: "Open session", dataset: { name: "Open session" } });
    this.openButton.addEventListener("click", () => this.#open());
    return h(
      "div",
      { class: "session-open" },
      h("div", { class: "choice-options", role: "group", "aria-label": "Kind of session" }, this.kinds),
      h("label", { class: "labelled", for: "client-code" }, h("span", { text: "Client code, if you use one: never a name" }), this.code),
      h("p", { class: "hint", text: "With a code, that client's last settings come back. Sets, ratings and notes are kept with the session." }),
      this.openButton,
    );
  }

  #choose(kind) {
    this.#kind = kind;
    for (const button of this.kinds) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  }

  async #open() {
    const code = this.code.value.trim();
    const answer = await command("POST", "/api/sessions", { kind: this.#kind, ...(code ? { client_code: code } : {}) }, { control: this.openButton });
    if (answer.ok) this.onClose();
  }

  #current() {
    this.heading = h("p", { class: "session-title" });
    this.closeButton = h("rc-hold", {
      class: "session-close",
      prop: {
        config: {
          label: "Close session",
          sub: "hold",
          enabled: (state) => state.session !== null && state.set.state === "idle",
          act: (control) => this.#close(control),
        },
      },
    });
    this.note = h("textarea", { class: "field", rows: 3, maxlength: 10000, id: "note", placeholder: "In your own words" });
    this.keep = h("button", { type: "button", class: "primary", text: "Keep note", dataset: { name: "Note" } });
    this.keep.addEventListener("click", () => this.#keepNote());
    this.kept = h("p", { class: "hint", role: "status" });
    const left = h("div", { class: "session-now" }, this.heading, h("label", { class: "labelled", for: "note" }, h("span", { text: "Note" }), this.note), h("div", { class: "row" }, this.keep, this.closeButton), this.kept);
    this.assessment = h("ol", { class: "assessment", "aria-label": "Assessment" }, ASSESSMENT.map((item) => this.#item(item)));
    return h("div", { class: "session-current" }, left, this.assessment);
  }

  async #close(control) {
    const answer = await command("POST", `/api/sessions/${encodeURIComponent(this.#state.session.id)}/close`, {}, { control });
    if (answer.ok) this.onClose();
  }

  async #keepNote() {
    const text = this.note.value.trim();
    if (!text) return;
    const answer = await command("POST", "/api/notes", { text }, { control: this.keep });
    if (!answer.ok) return;
    this.note.value = "";
    say(this.kept, "Kept.");
  }

  #item([id, label, kind]) {
    const field =
      kind === "text"
        ? h("input", { type: "text", class: "field", id: `assess-${id}`, maxlength: 400, autocomplete: "off" })
        : h("input", { type: "number", class: "field short", id: `assess-${id}`, inputmode: "numeric", min: kind === "voc" ? 1 : 0, max: kind === "voc" ? 7 : 10 });
    const keep = h("button", { type: "button", class: "keep", "aria-label": `Keep ${label}`, dataset: { name: label }, text: "Keep" });
    const item = h("li", {}, h("label", { for: `assess-${id}`, text: label }), field, keep);
    keep.addEventListener("click", () => this.#assess(item, keep, field, label, kind));
    return item;
  }

  async #assess(item, keep, field, label, kind) {
    const value = field.value.trim();
    if (!value) return;
    const answer =
      kind === "text"
        ? await command("POST", "/api/notes", { text: `${label}: ${value}` }, { control: keep })
        : await command("POST", "/api/rating", { scale: kind, value: Number(value) }, { control: keep });
    if (!answer.ok) return;
    item.dataset.kept = "";
    say(keep, "Kept");
  }

  render(state) {
    this.#state = state;
    const session = state?.session ?? null;
    show(this.opening, session === null);
    show(this.current, session !== null);
    show(this.assessment, session?.kind === "emdr");
    this.#choose(this.#kind);
    this.openButton.disabled = state === null;
    this.closeButton.setState(state);
    if (!session) return;
    const since = session.opened_utc_s ? `, open since ${clockTime(session.opened_utc_s)}` : "";
    say(this.heading, `${named(session.kind).replace("Emdr", "EMDR").replace("Art", "ART")} session${session.client_code ? `, client ${session.client_code}` : ""}${since}. ${session.sets?.length ?? 0} sets.`);
  }
}

customElements.define("rc-session-sheet", SessionSheet);
