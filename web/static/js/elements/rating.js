/** Between sets: the rating card with targets for a whole hand, and the curve of what was rated over the sets. */

import { RoomElement, h, s, say } from "../dom.js";
import { command } from "../commands.js";

export const SCALES = {
  sud: { name: "SUD", from: 0, to: 10, question: "How disturbing is it now?", low: "none", high: "worst" },
  voc: { name: "VoC", from: 1, to: 7, question: "How true do the words feel?", low: "false", high: "true" },
  art: { name: "0–10", from: 0, to: 10, question: "How strong is it now?", low: "calm", high: "strongest" },
};

/** Five faces for 0, 2.5 ... 10, as strokes: mouths from a smile to its reverse. */
const MOUTHS = ["M7 14q5 5 10 0", "M8 14.5q4 2.5 8 0", "M8 15.5h8", "M8 16.5q4-2.5 8 0", "M7 17.5q5-5 10 0"];

function face(index) {
  return s(
    "svg",
    { class: "face", viewBox: "0 0 24 24", "aria-hidden": "true" },
    s("circle", { cx: 12, cy: 12, r: 10 }),
    s("path", { d: "M9 9v.5M15 9v.5" }),
    s("path", { d: MOUTHS[index] }),
  );
}

/** The values a card offers: every whole one, or five pictures for a child. */
function targets(scale, pictures) {
  if (pictures && scale === "sud") return [0, 2, 5, 8, 10].map((value, index) => ({ value, picture: index }));
  const { from, to } = SCALES[scale];
  return Array.from({ length: to - from + 1 }, (_, index) => ({ value: from + index }));
}

class RatingCard extends RoomElement {
  scale = null;
  onDone = () => {};
  #drawn = "";

  build() {
    this.head = h("div", { class: "rating-head" });
    this.targets = h("div", { class: "rating-targets", role: "group" });
    this.append(this.head, this.targets);
  }

  render(state) {
    const pictures = Boolean(state?.preset?.picture_scale);
    const key = `${this.scale}${pictures}`;
    if (this.scale !== null && key !== this.#drawn) this.#draw(key, pictures);
    for (const button of this.targets.querySelectorAll(".rating")) button.disabled = state === null || !state.session;
  }

  #draw(key, pictures) {
    this.#drawn = key;
    const { name, question, low, high } = SCALES[this.scale];
    this.head.replaceChildren(
      h("strong", { text: name }),
      h("span", { class: "rating-question", text: question }),
    );
    this.targets.setAttribute("aria-label", `${name}: ${question}`);
    const all = targets(this.scale, pictures);
    this.targets.replaceChildren(
      ...all.map(({ value, picture }, index) => {
        const edge = index === 0 ? low : index === all.length - 1 ? high : "";
        const button = h(
          "button",
          { type: "button", class: "rating", dataset: { value: String(value), name: `${name} ${value}` } },
          h("span", { class: "sr-only", text: `${name} ` }),
          picture === undefined ? null : face(picture),
          h("span", { class: "rating-value", text: value }),
          h("span", { class: "rating-edge", text: edge }),
        );
        button.addEventListener("click", () => this.#rate(button, value));
        return button;
      }),
      h("button", { type: "button", class: "quiet not-now", text: "Not now", on: { click: () => this.onDone() } }),
    );
  }

  async #rate(button, value) {
    const answer = await command("POST", "/api/rating", { scale: this.scale, value }, { control: button });
    if (answer.ok) this.onDone();
  }
}

/** The set number that a rating came after, counted from 1; 0 before the first. */
export function setNumberOf(rating, sets) {
  const found = sets.find(({ id, number }) => rating.after_set === id || rating.after_set === number);
  return found?.number ?? (typeof rating.after_set === "number" ? rating.after_set : 0);
}

class RatingCurve extends RoomElement {
  #drawn = null;

  build() {
    this.chart = s("svg", { class: "curve", role: "img", viewBox: "0 0 200 120", preserveAspectRatio: "xMidYMid meet" });
    this.append(this.chart);
  }

  render(state) {
    const session = state?.session ?? null;
    const key = JSON.stringify([session?.ratings, session?.sets?.length]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.toggleAttribute("data-empty", !session?.ratings?.length);
    this.chart.replaceChildren(...(session ? curves(session) : []));
    this.chart.setAttribute("aria-label", session ? spoken(session) : "no session");
  }
}

function spoken({ ratings }) {
  if (!ratings.length) return "No ratings yet";
  return `Ratings: ${ratings.map(({ scale, value }) => `${SCALES[scale]?.name ?? scale} ${value}`).join(", ")}`;
}

function curves({ ratings, sets }) {
  const box = { left: 24, right: 146, top: 14, bottom: 96 };
  const last = Math.max(1, sets.length, ...ratings.map((rating) => setNumberOf(rating, sets)));
  const x = (number) => box.left + ((box.right - box.left) * number) / last;
  const y = (value) => box.bottom - ((box.bottom - box.top) * value) / 10;
  const grid = [0, 5, 10].flatMap((value) => [
    s("line", { class: "curve-grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
    s("text", { class: "curve-mark", x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
  ]);
  const caption = s("text", { class: "curve-mark", x: box.right, y: 114, "text-anchor": "end" }, last === 1 ? "set 1" : `sets 1–${last}`);
  const lines = ["sud", "art", "voc"].flatMap((scale) => curve(scale, ratings, sets, x, y));
  return [...grid, caption, ...lines];
}

function curve(scale, ratings, sets, x, y) {
  const own = ratings.filter((rating) => rating.scale === scale);
  if (own.length === 0) return [];
  const points = own.map((rating) => [x(setNumberOf(rating, sets)), y(rating.value)]);
  const line = s("polyline", { class: `curve-line ${scale}`, points: points.map((point) => point.join(",")).join(" ") });
  const marks = points.map(([cx, cy]) => (scale === "voc" ? s("rect", { class: `curve-dot ${scale}`, x: cx - 4, y: cy - 4, width: 8, height: 8 }) : s("circle", { class: `curve-dot ${scale}`, cx, cy, r: 4.5 })));
  const [endX, endY] = points.at(-1);
  const label = s("text", { class: `curve-now ${scale}`, x: endX + 9, y: endY + 4 }, `${SCALES[scale].name} ${own.at(-1).value}`);
  return [line, ...marks, label];
}

/** The scale to ask for now, or null: the preset's, after each set that was not rated or put off. */
export function dueScale(state, putOff) {
  const { preset, session, set } = state;
  if (!session || !preset || set.state !== "idle" || preset.scale_when !== "every" || preset.scale === "none") return null;
  const last = session.sets.at(-1);
  if (!last || last.preset !== preset.id || last.why_stopped === null || putOff.has(last.id)) return null;
  const done = new Set(session.ratings.filter(({ after_set: after }) => after === last.id || after === last.number).map(({ scale }) => scale));
  return (preset.scales ?? [preset.scale]).find((scale) => !done.has(scale)) ?? null;
}

customElements.define("rc-rating", RatingCard);
customElements.define("rc-curve", RatingCurve);
