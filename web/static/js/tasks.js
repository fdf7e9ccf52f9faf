/**
 * The events of a colour-change task, evaluated in the browser exactly as the room evaluates them (stimuli/tasks.py): pure functions
 * of the snapshot's `score`, the settings `bls` and a session frame. Shared vectors prove both equal.
 */

import { COLOURS, hexOfColour } from "./colours.js";
import { linear, luminance } from "./palette.js";
import { FRAME_RATE_HZ, framesOfMs, stateAt } from "./score.js";

const EVENT_EVERY_S = 5;
const EVENT_SPREAD_S = 3;
const COLOUR_CHANGE_MS = 800;
const LATEST_MS = 1800;
const EVENT_SALT = 0xe7e7n;
const COLOUR_SALT = 0xc010n;
const DISTINCT = 0.3;
const MASK = (1n << 64n) - 1n;

/** A number in [0, 1) that depends on `seed` (a BigInt) and `index` alone (SplitMix64). */
export function unitRandom(seed, index) {
  let z = (seed * 0xd1342543de82ef95n + BigInt(index + 1) * 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
}

const setSeed = (score, bls) => BigInt(bls.seed) * 1_000_003n + BigInt(score.start_frame);

/** When event `index` falls, whether or not the set lasts so long. */
export function eventFrame(score, bls, index) {
  const earlyS = (EVENT_EVERY_S - EVENT_SPREAD_S) / 2;
  const atS = index * EVENT_EVERY_S + earlyS + EVENT_SPREAD_S * unitRandom(setSeed(score, bls) ^ EVENT_SALT, index);
  return score.start_frame + framesOfMs(atS * 1000);
}

function inTime(score, frame) {
  const end = score.end_frame;
  return end === null || end === undefined || frame + framesOfMs(LATEST_MS) <= end;
}

/** The number of the event whose colour is shown at `frame`; null where none is. */
function shownEvent(score, bls, frame) {
  const last = Math.floor((frame - score.start_frame) / (EVENT_EVERY_S * FRAME_RATE_HZ));
  for (const index of [last - 1, last]) {
    if (index < 0) continue;
    const at = eventFrame(score, bls, index);
    if (at <= frame && frame < at + framesOfMs(COLOUR_CHANGE_MS) && inTime(score, at)) return index;
  }
  return null;
}

const sum = (colour) => Math.max(colour[0] + colour[1] + colour[2], 1e-6);
const distance = (one, other) => Math.max(...one.map((value, at) => Math.abs(value / sum(one) - other[at] / sum(other))));
const bright = (colour) => Math.max(luminance(colour), 1e-6);

/** The linear colour that event `index` brings: clearly another than the dot's, and as bright where the lamp can. */
function changedColour(base, seed, index) {
  const others = Object.values(COLOURS).map(linear).filter((colour) => distance(base, colour) >= DISTINCT);
  const chosen = others[Math.floor(unitRandom(seed ^ COLOUR_SALT, index) * others.length)];
  const scale = Math.min(bright(base) / bright(chosen), 1 / Math.max(...chosen));
  return chosen.map((value) => value * scale);
}

/** The dot's linear colour at `frame`, a colour-change task's events in it. */
export function colourAt(score, bls, frame) {
  const base = linear(hexOfColour(bls.light.colour));
  if (!score || !bls.tasks?.on || bls.tasks.kind !== "colour-change" || stateAt(score, frame) === "idle") return base;
  const event = shownEvent(score, bls, Math.floor(frame));
  return event === null ? base : changedColour(base, setSeed(score, bls), event);
}
