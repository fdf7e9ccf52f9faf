/** Reminders, silent: what is due with its values and its answers; overdue ones stand elsewhere and look otherwise. */

import { RoomElement, h, say, show } from "../dom.js";
import { command } from "../commands.js";
import { icon } from "../icons.js";
import { roomClock } from "../room_clock.js";
import { dueInS, promptsNow } from "../program_now.js";
import { seconds } from "../words.js";

const FIELDS = {
  bp: { name: "Blood pressure", hint: "120/80", mode: "text" },
  hr: { name: "Heart rate", hint: "72", mode: "numeric" },
  spo2: { name: "SpO₂ %", hint: "98", mode: "numeric" },
  text: { name: "Remark", hint: "", mode: "text" },
};

/** What was typed as the API takes it: {bp: "120/80", hr: 72}; null where nothing was. */
export function valueOf(asks, typed) {
  const value = {};
  for (const ask of asks) {
    const text = (typed[ask] ?? "").trim();
    if (text) value[ask] = ask === "hr" || ask === "spo2" ? Number(text.replace(",", ".")) : text;
  }
  return Object.keys(value).length ? value : null;
}

class Prompts extends RoomElement {
  /** Show the first overdue one only, or all others and the next. */
  overdue = false;
  #cards = new Map();
  #next = null;

  build() {
    this.list = h("div", { class: "prompt-list", role: "status" });
    this.nextLine = h("p", { class: "prompt-next" });
    this.append(this.list, this.nextLine);
    setInterval(() => this.#tick(), 1000);
  }

  render(state) {
    const { first, rest, next } = promptsNow(state);
    const shown = this.overdue ? first : rest;
    for (const id of this.#cards.keys()) if (!shown.some((prompt) => prompt.id === id)) this.#cards.delete(id);
    const cards = shown.map((prompt) => this.#card(prompt));
    if (cards.length !== this.list.children.length || cards.some((card, index) => card !== this.list.children[index])) this.list.replaceChildren(...cards);
    this.#next = this.overdue ? null : next;
    show(this, !this.overdue || shown.length > 0);
    this.#tick();
  }

  #card(prompt) {
    const known = this.#cards.get(prompt.id);
    if (known) {
      known.dataset.state = prompt.state;
      return known;
    }
    const { id, text, asks = [], needs = [], state } = prompt;
    const fields = asks.map((ask) => {
      const { name, hint, mode } = FIELDS[ask] ?? { name: ask, hint: "", mode: "text" };
      const input = h("input", { type: "text", class: "field", id: `${id}-${ask}`, inputmode: mode, placeholder: hint || name, "aria-label": needs.includes(ask) ? `${name}, needed` : name, autocomplete: "off", dataset: { ask } });
      return h("label", { class: "labelled", for: `${id}-${ask}` }, h("span", { text: needs.includes(ask) ? `${name}, needed` : name }), input);
    });
    const done = h("button", { type: "button", class: "primary", text: "Done", dataset: { name: text } });
    const snooze = h("button", { type: "button", class: "quiet", text: "In 2 min", dataset: { name: text } });
    const card = h("article", { class: "prompt", dataset: { state, prompt: id } }, h("p", { class: "prompt-text" }, icon(state === "overdue" ? "warn" : "clock"), h("span", { text })), fields.length ? h("div", { class: "prompt-fields" }, fields) : null, h("div", { class: "row" }, done, snooze));
    done.addEventListener("click", () => {
      const typed = Object.fromEntries([...card.querySelectorAll("input")].map((input) => [input.dataset.ask, input.value]));
      const value = valueOf(asks, typed);
      command("POST", `/api/prompts/${encodeURIComponent(id)}/done`, value === null ? {} : { value }, { control: done });
    });
    snooze.addEventListener("click", () => command("POST", `/api/prompts/${encodeURIComponent(id)}/snooze`, {}, { control: snooze }));
    this.#cards.set(id, card);
    return card;
  }

  #tick() {
    const next = this.#next;
    if (!next) {
      say(this.nextLine, "");
      return;
    }
    const inS = dueInS(next, roomClock.frameAt(performance.now()));
    say(this.nextLine, inS === null ? "" : `Next in ${seconds(inS)}: ${next.text}`);
  }
}

customElements.define("rc-prompts", Prompts);
