/** A program as a picture over its minutes: phases, the music's intensity, the room light, prompts, the stay, and now. */

import { RoomElement, s } from "../dom.js";
import { roomClock } from "../room_clock.js";
import { nowMin } from "../program_now.js";

const TICKS_MIN = [5, 10, 15, 30, 60];
const TICK_PX = 58;
const LABEL_PX = 8.7;
const SMALL_PX = 150;

/** "0:30" of minutes. */
function label(minutes) {
  const whole = Math.round(Math.abs(minutes));
  return `${minutes < 0 ? "−" : ""}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

class ArcPicture extends RoomElement {
  #picture = null;
  #state = null;
  #drawn = "";

  build() {
    this.chart = s("svg", { class: "arc", role: "img" });
    this.append(this.chart);
    new ResizeObserver(() => this.#draw(true)).observe(this);
    setInterval(() => this.#moveNow(), 1000);
  }

  /** The `picture` of a program, as GET /api/programs/{id} has it. */
  setPicture(picture) {
    this.ensureBuilt();
    this.#picture = picture;
    this.#draw(true);
  }

  render(state) {
    this.#state = state;
    this.#draw(false);
  }

  #draw(force) {
    const picture = this.#picture;
    const width = this.clientWidth;
    const height = this.clientHeight;
    if (!picture || width < 40 || height < 40) return;
    const key = JSON.stringify(this.#state?.program?.prompts?.map(({ id, state }) => [id, state]) ?? 0);
    if (!force && key === this.#drawn) return;
    this.#drawn = key;
    const to = picture.to_min;
    const from = picture.from_min;
    const small = height < SMALL_PX;
    const box = { left: 8, right: width - 8, top: small ? 30 : 40, bottom: height - (small ? 34 : 40) };
    this.x = (minute) => box.left + ((minute - from) / Math.max(1, to - from)) * (box.right - box.left);
    this.box = box;
    this.chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.chart.setAttribute("aria-label", this.#spoken(picture));
    this.now = s("g", { class: "arc-now", visibility: "hidden" }, s("line", { y1: 6, y2: height - 24 }), s("circle", { cy: 6, r: 5 }));
    this.chart.replaceChildren(...this.#phases(picture), ...this.#ticks(picture, height), ...this.#lines(picture), ...this.#prompts(picture), ...this.#stay(picture), this.now);
    this.#moveNow();
  }

  #spoken({ title, phases }) {
    return `${title}: ${phases.map((phase) => `${phase.title} from ${label(phase.start_min)}`).join(", ")}`;
  }

  #phases({ phases }) {
    const { top, bottom } = this.box;
    return phases.flatMap((phase, index) => {
      const left = this.x(phase.start_min);
      const wide = this.x(phase.end_min) - left;
      const words = [`${phase.title} · may be held`, phase.title].find((text, at) => (at === 1 || phase.hold) && wide > text.length * LABEL_PX + 8);
      return [
        s("rect", { class: `arc-phase${index % 2 ? " odd" : ""}`, x: left, y: top - 30, width: Math.max(0, wide - 2), height: bottom - top + 30, rx: 6 }),
        words ? s("text", { class: "arc-title", x: left + 8, y: top - 12 }, words) : null,
      ].filter(Boolean);
    });
  }

  #ticks({ from_min: from, to_min: to }, height) {
    const most = Math.max(2, (this.box.right - this.box.left) / TICK_PX);
    const every = TICKS_MIN.find((tick) => (to - from) / tick <= most) ?? 120;
    const ticks = [];
    for (let at = Math.ceil(from / every) * every; at <= to; at += every) ticks.push(s("text", { class: "arc-mark", x: this.x(at), y: height - 8, "text-anchor": "middle" }, label(at)));
    return ticks;
  }

  #lines({ intensity, light, max_intensity: most = 5 }) {
    const { top, bottom } = this.box;
    const tall = bottom - top;
    const place = (points, full) => points.map(([minute, value]) => `${this.x(minute).toFixed(1)},${(bottom - (value / full) * tall).toFixed(1)}`);
    const music = place(intensity, most);
    const area = `${this.x(intensity[0][0])},${bottom} ${music.join(" ")} ${this.x(intensity.at(-1)[0])},${bottom}`;
    return [s("polygon", { class: "arc-music-area", points: area }), s("polyline", { class: "arc-music", points: music.join(" ") }), s("polyline", { class: "arc-light", points: place(light, 100).join(" ") })];
  }

  #prompts({ prompts }) {
    const live = new Map((this.#state?.program?.prompts ?? []).map((prompt) => [prompt.id, prompt.state]));
    return prompts.map(({ id, at_min: at, state }) => {
      const now = live.get(id) ?? state;
      const x = this.x(at);
      const y = this.box.bottom + 10;
      if (now === "overdue") return s("path", { class: "arc-prompt overdue", d: `M${x} ${y - 9}l9 15h-18z` });
      return s("circle", { class: `arc-prompt ${now}`, cx: x, cy: y, r: now === "due" ? 6 : 4 });
    });
  }

  #stay({ stay_min: stay }) {
    if (stay === null || stay === undefined) return [];
    const x = this.x(stay);
    return [
      s("line", { class: "arc-stay", x1: x, x2: x, y1: this.box.top - 32, y2: this.box.bottom }),
      s("text", { class: "arc-mark", x: x - 6, y: this.box.bottom - 8, "text-anchor": "end" }, "minimum stay"),
    ];
  }

  #moveNow() {
    if (!this.now || !this.isConnected) return;
    const minute = this.#state?.program ? nowMin(this.#state, roomClock.frameAt(performance.now()), this.#picture) : null;
    this.now.setAttribute("visibility", minute === null ? "hidden" : "visible");
    if (minute === null) return;
    if (minute > this.#picture.to_min) this.dispatchEvent(new CustomEvent("outgrown"));
    this.now.setAttribute("transform", `translate(${this.x(Math.min(minute, this.#picture.to_min)).toFixed(1)} 0)`);
  }
}

customElements.define("rc-arc", ArcPicture);
