/** Values noted at prompts, against their baseline. */

import { RoomElement, h, s } from "../dom.js";

const LINES = [
  ["sys", "systolic"],
  ["dia", "diastolic"],
  ["hr", "heart rate"],
  ["spo2", "SpO₂"],
];
const NEAR_SHARE = 0.1;

/** {sys: [[min, value, isBaseline], ..], ..} of the prompts that were answered with values. */
export function valuesOf(prompts) {
  const found = Object.fromEntries(LINES.map(([name]) => [name, []]));
  for (const { value, answered_min: at, baseline } of prompts) {
    if (!value || at === null) continue;
    const flat = { sys: value.bp?.sys, dia: value.bp?.dia, hr: value.hr, spo2: value.spo2 };
    for (const [name] of LINES) if (Number.isFinite(flat[name])) found[name].push([at, flat[name], Boolean(baseline)]);
  }
  for (const points of Object.values(found)) points.sort((one, other) => one[0] - other[0]);
  return found;
}

/** The baseline of one line's points: what was noted as such, else nothing. */
export function baselineOf(points) {
  return points.find(([, , isBaseline]) => isBaseline)?.[1] ?? null;
}

/** Whether the newest value is within a tenth of the baseline; null where one is missing. */
export function isBack(points) {
  const baseline = baselineOf(points);
  const last = points.at(-1);
  if (baseline === null || !last || last[2]) return null;
  return Math.abs(last[1] - baseline) <= baseline * NEAR_SHARE;
}

class ValuesPlot extends RoomElement {
  #drawn = "";

  build() {
    this.none = h("p", { class: "hint", text: "No values are noted yet. They are asked with the prompts." });
    this.plots = h("div", { class: "values" });
    this.append(this.none, this.plots);
  }

  render(state) {
    const values = valuesOf(state?.program?.prompts ?? []);
    const key = JSON.stringify(values);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const shown = LINES.filter(([name]) => values[name].length > 0);
    this.none.hidden = shown.length > 0;
    this.plots.replaceChildren(...shown.map(([name, title]) => plot(title, values[name])));
  }
}

function plot(title, points) {
  const baseline = baselineOf(points);
  const numbers = points.map(([, value]) => value);
  const low = Math.min(...numbers, baseline ?? Infinity) - 5;
  const high = Math.max(...numbers, baseline ?? -Infinity) + 5;
  const [from, to] = [points[0][0], Math.max(points.at(-1)[0], points[0][0] + 1)];
  const x = (minute) => 8 + ((minute - from) / (to - from)) * 224;
  const y = (value) => 92 - ((value - low) / (high - low)) * 80;
  const back = isBack(points);
  const words = `${points.at(-1)[1]}${baseline === null ? "" : `, baseline ${baseline}`}${back === true ? ": back to baseline" : ""}`;
  const chart = s(
    "svg",
    { class: "value-chart", viewBox: "0 0 240 100", role: "img", "aria-label": `${title}: ${numbers.join(", ")}` },
    baseline === null ? null : s("line", { class: "value-base", x1: 8, x2: 232, y1: y(baseline), y2: y(baseline) }),
    s("polyline", { class: "value-line", points: points.map(([minute, value]) => `${x(minute)},${y(value)}`).join(" ") }),
    points.map(([minute, value]) => s("circle", { class: "value-dot", cx: x(minute), cy: y(value), r: 4 })),
  );
  return h("figure", { class: "value", dataset: { back: String(back) } }, h("figcaption", {}, h("span", { text: title }), h("strong", { text: words })), chart);
}

customElements.define("rc-values", ValuesPlot);
