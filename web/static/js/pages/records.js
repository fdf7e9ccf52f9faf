/** The records: sessions, newest first; one whole with its sets and the curve; and its export. */

import { RoomElement, h, say, show } from "../dom.js";
import { question } from "../commands.js";
import { icon } from "../icons.js";
import { clockTime, dateTime, named, seconds } from "../words.js";
import "../elements/rating.js";
import { WHY } from "../elements/stage.js";

const FORMATS = ["pdf", "csv", "json"];

/** What a set was asked to be: "1.00 Hz, 24 cycles, light tone tap". */
export function askedOf(asked) {
  if (!asked) return "";
  const length = asked.open ? "open" : asked.set_s ? `${asked.set_s} s` : `${asked.set_cycles} cycles`;
  const outputs = ["light", "tone", "tap"].filter((output) => asked[output]?.on).join(" + ");
  return [`${Number(asked.rate_hz).toFixed(2)} Hz`, length, outputs].filter(Boolean).join(" · ");
}

class RecordsPage extends RoomElement {
  #shown = null;
  #revOfList = null;
  #titles = new Map();

  build() {
    this.list = h("div", { class: "record-list" });
    this.none = h("p", { class: "hint", text: "No sessions are kept yet. Open one on the EMDR page." });
    this.back = h("a", { class: "quiet back", href: "#records" }, icon("left"), h("span", { text: "All sessions" }));
    this.heading = h("h2");
    this.curve = h("rc-curve");
    this.sets = h("div", { class: "record-sets" });
    this.notes = h("ul", { class: "record-notes" });
    this.exports = h("div", { class: "row" });
    this.one = h("div", { class: "record", hidden: true }, h("div", { class: "record-head" }, this.back, this.heading, this.exports), h("div", { class: "record-body" }, this.sets, h("div", {}, this.curve, this.notes)));
    this.append(h("h1", { class: "sr-only", text: "Records" }), this.none, this.list, this.one);
    addEventListener("hashchange", () => this.#route());
  }

  #route() {
    const [page, id] = location.hash.slice(1).split("/");
    if (page !== "records") return;
    if (id) this.#open(decodeURIComponent(id));
    else this.#loadList();
  }

  async #loadList() {
    this.#shown = null;
    show(this.one, false);
    show(this.list, true);
    const answer = await question("/api/sessions");
    const sessions = Array.isArray(answer) ? answer : (answer?.sessions ?? []);
    show(this.none, sessions.length === 0);
    this.list.replaceChildren(...sessions.map((session) => this.#row(session)));
  }

  #row({ id, kind, client_code: code, opened_utc_s: opened, closed_utc_s: closed, sets, ratings }) {
    const count = (value, one, many) => (value === undefined || value === null ? "" : `${Array.isArray(value) ? value.length : value} ${(Array.isArray(value) ? value.length : value) === 1 ? one : many}`);
    return h(
      "a",
      { class: "record-row", href: `#records/${encodeURIComponent(id)}` },
      h("span", { class: "record-when", text: opened ? dateTime(opened) : id }),
      h("span", { class: "record-kind", text: { emdr: "EMDR", art: "ART" }[kind] ?? named(kind) }),
      h("span", { class: "record-code", text: code ?? "no code" }),
      h("span", { class: "record-count", text: [count(sets, "set", "sets"), count(ratings, "rating", "ratings"), closed ? "" : "open"].filter(Boolean).join(" · ") }),
      icon("right"),
    );
  }

  async #open(id) {
    this.#shown = id;
    show(this.list, false);
    show(this.none, false);
    show(this.one, true);
    const [session, presets] = await Promise.all([question(`/api/sessions/${encodeURIComponent(id)}`), this.#titles.size ? null : question("/api/presets")]);
    for (const { id: preset, title } of presets ?? []) this.#titles.set(preset, title);
    if (this.#shown !== id) return;
    if (!session) {
      say(this.heading, "This session could not be read");
      return;
    }
    say(this.heading, `${{ emdr: "EMDR", art: "ART" }[session.kind] ?? named(session.kind)} · ${session.client_code ?? "no code"} · ${session.opened_utc_s ? dateTime(session.opened_utc_s) : ""}`);
    this.exports.replaceChildren(...FORMATS.map((format) => h("a", { class: "quiet", href: `/api/sessions/${encodeURIComponent(id)}/export?format=${format}`, download: "", text: format.toUpperCase(), "aria-label": `Export as ${format.toUpperCase()}` })));
    this.curve.setState({ session: { ratings: session.ratings ?? [], sets: session.sets ?? [] } });
    this.sets.replaceChildren(this.#table(session.sets ?? [], session.ratings ?? []));
    this.notes.replaceChildren(...(session.notes ?? []).map(({ text, at_utc_s: at }) => h("li", {}, h("span", { class: "note-when", text: at ? clockTime(at) : "" }), text)));
  }

  #table(sets, ratings) {
    const head = h("tr", {}, ["Set", "Preset", "Asked", "Delivered", "Ended", "Rated"].map((text) => h("th", { scope: "col", text })));
    const rows = sets.map((set) => {
      const rated = ratings.filter(({ after_set: after }) => after === set.number || after === set.id);
      const cells = [
        set.number,
        this.#titles.get(set.preset) ?? named(set.preset ?? "own settings"),
        askedOf(set.asked),
        set.delivered ? `${set.delivered.cycles} cycles · ${seconds(set.delivered.elapsed_s ?? 0)}` : "",
        set.why_stopped ? (WHY[set.why_stopped] ?? set.why_stopped) : "running",
        rated.map(({ scale, value }) => `${scale.toUpperCase()} ${value}`).join(", "),
      ];
      return h("tr", {}, cells.map((text) => h("td", { text: String(text) })));
    });
    return h("table", {}, h("caption", { class: "sr-only", text: "Sets" }), h("thead", {}, head), h("tbody", {}, rows));
  }

  render(state) {
    const key = state === null ? null : `${state.session?.id}${location.hash}`;
    if (key === null || key === this.#revOfList) return;
    this.#revOfList = key;
    this.#route();
  }
}

customElements.define("rc-records", RecordsPage);
