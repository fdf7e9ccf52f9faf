/**
 * The room, live: the bar with its dot, a hand on either side, the tone's level. Drawn at every display frame from the score and the
 * clock alone. It is a picture of the stimulus, so it moves even where motion is to be reduced.
 */

import { RoomElement, h } from "../dom.js";
import { colourOf, hexOf } from "../palette.js";
import { roomClock } from "../room_clock.js";
import * as score from "../score.js";
import { colourAt } from "../tasks.js";
import { isGroup, tappersOf } from "./tappers.js";

const LEDS = 61;
const TAP_ALIGN_PHASE = { edge: 0.25, centre: 0 };

/** How lit each hand is, 0 to 1, for events `lengthMs` long that decay softly. */
export function pulseAt(beats, align, ownRateHz, frame, lengthMs) {
  const none = { left: 0, right: 0 };
  if (!beats || score.stateAt(beats, frame) === "idle") return none;
  const own = align === "own";
  const phase = own ? ((frame - beats.start_frame) / score.FRAME_RATE_HZ) * ownRateHz : score.phaseAt(beats, frame);
  const first = own ? 0.25 : (TAP_ALIGN_PHASE[align] ?? 0.25);
  const index = Math.floor(2 * (phase - first));
  if (index < 0) return none;
  const rate = own ? ownRateHz : Math.max(score.rateAt(beats, frame), 0.02);
  const sinceMs = ((phase - first - index / 2) / rate) * 1000;
  const level = sinceMs < lengthMs ? 1 : Math.max(0, 1 - (sinceMs - lengthMs) / 120);
  return index % 2 === 0 ? { left: level, right: 0 } : { left: 0, right: level };
}

/** Whose hands are drawn: one pair for the room, or for a group a pair each; `felt` is the share of a tap that reaches them. */
export function handsOf(state) {
  if (state === null || !isGroup(state)) return [{ name: "", felt: 1 }];
  return tappersOf(state).map(({ name, on, link, strength_frac: strength = 1 }) => ({ name, felt: on === false || link !== "READY" ? 0 : strength }));
}

class RoomPicture extends RoomElement {
  #state = null;
  #running = false;
  #colours = {};

  build() {
    this.canvas = h("canvas", { class: "picture", role: "img", "aria-label": "The room: light bar, hands and tone" });
    this.append(this.canvas);
    this.pen = this.canvas.getContext("2d");
    new ResizeObserver(() => this.#fit()).observe(this);
    document.addEventListener("palette", () => this.#recolour());
    this.#recolour();
  }

  #recolour() {
    for (const token of ["bg", "hair", "line", "muted", "text", "blue", "orange", "raised"]) this.#colours[token] = colourOf(token);
    this.#paint();
  }

  #fit() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.canvas.width = Math.max(1, Math.round(this.clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(this.clientHeight * ratio));
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#paint();
  }

  render(state) {
    this.#state = state;
    if (!this.#running) this.#paint();
    if (state?.score && !this.#running) this.#run();
  }

  #run() {
    this.#running = true;
    const step = () => {
      const moving = this.isConnected && this.#paint();
      if (moving) requestAnimationFrame(step);
      else this.#running = false;
    };
    requestAnimationFrame(step);
  }

  /** Draw one picture; whether there is more to come. */
  #paint() {
    const width = this.clientWidth;
    const height = this.clientHeight;
    if (!width || !height) return false;
    this.pen.clearRect(0, 0, width, height);
    const state = this.#state;
    const frame = state === null ? null : roomClock.frameAt(performance.now());
    const beats = state?.score ?? null;
    const known = state !== null && frame !== null;
    const level = known ? score.envelopeAt(beats, state.bls, frame) : 0;
    const point = known && beats ? score.pointAt(beats, state.bls, frame) : { x: 0, y: 0 };
    const box = this.#box(width, height);
    this.dot = known ? hexOf(colourAt(beats, state.bls, frame)) : this.#colours.line;
    const flat = !known || ["horizontal"].includes(state.bls.light.path);
    if (flat) this.#bar(box, point.x, level);
    else this.#field(box, point, level);
    this.#hands(box, known ? this.#tap(frame) : { left: 0, right: 0 }, known ? this.#tone(frame) : { left: 0, right: 0 });
    return known && beats !== null && (score.stateAt(beats, frame) !== "idle" || frame < beats.start_frame || level > 0);
  }

  #box(width, height) {
    const side = Math.min(96, width * 0.14);
    return { left: side, right: width - side, middle: height / 2, width, height, side };
  }

  #bar({ left, right, middle }, at, level) {
    const pen = this.pen;
    const gap = (right - left) / (LEDS - 1);
    const radius = Math.min(5, gap * 0.32);
    const centre = ((at + 1) / 2) * (LEDS - 1);
    const size = Math.min(15, this.#state?.bls.light.size ?? 3) / 60 * LEDS;
    for (let led = 0; led < LEDS; led++) {
      const near = Math.max(0, Math.min(1, (size + 1) / 2 - Math.abs(led - centre)));
      this.#spot(left + led * gap, middle, radius, this.#colours.hair, 1);
      if (near * level > 0.01) this.#spot(left + led * gap, middle, radius * (1 + 0.9 * near * level), this.dot, near * level);
    }
    pen.globalAlpha = 1;
  }

  #field({ left, right, middle, height }, { x, y }, level) {
    const pen = this.pen;
    const half = Math.max(4, Math.min(height / 2 - 12, (right - left) / 2));
    const centre = (left + right) / 2;
    const across = Math.min((right - left) / 2, half * 2.4);
    pen.globalAlpha = 1;
    pen.strokeStyle = this.#colours.hair;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.roundRect(centre - across - 10, middle - half - 8, across * 2 + 20, half * 2 + 16, 10);
    pen.stroke();
    this.#spot(centre, middle, 2.5, this.#colours.hair, 1);
    this.#spot(centre + x * across, middle - y * half, 9, this.dot, level);
    pen.globalAlpha = 1;
  }

  #spot(x, y, radius, colour, alpha) {
    const pen = this.pen;
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.fill();
  }

  #tap(frame) {
    const { score: beats, bls } = this.#state;
    if (!bls.tap.on) return { left: 0, right: 0 };
    return pulseAt(beats, bls.tap.align, bls.tap.own_rate_hz, frame - score.framesOfMs(bls.tap.offset_ms), bls.tap.ms);
  }

  #tone(frame) {
    const { score: beats, bls } = this.#state;
    if (!bls.tone.on) return { left: 0, right: 0 };
    const [align, own] = bls.tone.align === "tap" ? [bls.tap.align, bls.tap.own_rate_hz] : [bls.tone.align, bls.tone.own_rate_hz];
    const pulse = pulseAt(beats, align, own, frame - score.framesOfMs(bls.tone.offset_ms), bls.tone.ms);
    const far = 0.5 - 0.5 * bls.tone.pan_frac;
    const loud = 1 + bls.tone.volume_db / 60;
    return { left: (pulse.left + far * pulse.right) * loud, right: (pulse.right + far * pulse.left) * loud };
  }

  #hands({ width, height, middle, side }, tap, tone) {
    const tall = Math.max(2, Math.min(52, height - 4));
    const pairs = handsOf(this.#state);
    const share = (height - 4) / pairs.length;
    const radius = Math.max(2, Math.min(19, side * 0.3, share / 2 - (pairs.length > 1 ? 2 : 0)));
    pairs.forEach(({ felt }, index) => {
      const y = middle + (index - (pairs.length - 1) / 2) * Math.min(share, 2 * radius + 8);
      this.#hand(side * 0.4, y, radius, tap.left * felt, felt > 0, "L");
      this.#hand(width - side * 0.4, y, radius, tap.right * felt, felt > 0, "R");
    });
    this.#meter(side * 0.8, middle, tall, tone.left);
    this.#meter(width - side * 0.8, middle, tall, tone.right);
    this.pen.globalAlpha = 1;
  }

  /** One hand: a ring that fills with the pulse; a dark ring without a letter where the tapper is off or away. */
  #hand(x, y, radius, level, there, letter) {
    const pen = this.pen;
    pen.globalAlpha = 1;
    pen.strokeStyle = there ? this.#colours.line : this.#colours.hair;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    pen.stroke();
    if (level > 0) this.#spot(x, y, radius * (0.5 + 0.4 * level), this.#colours.orange, level);
    pen.globalAlpha = 1;
    if (!there || radius < 9) return;
    pen.fillStyle = level > 0.5 ? this.#colours.bg : this.#colours.muted;
    pen.font = "600 14px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(letter, x, y + 0.5);
  }

  #meter(x, y, tall, level) {
    const pen = this.pen;
    pen.globalAlpha = 1;
    pen.fillStyle = this.#colours.hair;
    pen.beginPath();
    pen.roundRect(x - 3, y - tall / 2, 6, tall, 3);
    pen.fill();
    const up = Math.min(1, level) * tall;
    if (up < 1) return;
    pen.fillStyle = this.#colours.blue;
    pen.beginPath();
    pen.roundRect(x - 3, y + tall / 2 - up, 6, up, 3);
    pen.fill();
  }
}

customElements.define("rc-room-picture", RoomPicture);
