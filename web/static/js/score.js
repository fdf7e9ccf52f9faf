/**
 * The beat score, evaluated in the browser exactly as the room evaluates it: pure functions of the snapshot's `score`, the
 * settings `bls` and a session frame (48,000 a second, fractions allowed). Python's answers to the same questions stand in
 * tests/vectors/score.json, and both must agree to 1e-9.
 */

export const FRAME_RATE_HZ = 48000;
export const FADE_IN_FRAMES = 0.2 * FRAME_RATE_HZ;
export const FADE_OUT_FRAMES = 0.25 * FRAME_RATE_HZ;
export const SWITCH_OFF_FRAMES = 0.06 * FRAME_RATE_HZ;
const EIGHT_HEIGHT = 0.5;
const STRAIGHT = { horizontal: [1, 0], vertical: [0, 1], "diagonal-up": [1, 1], "diagonal-down": [1, -1] };

const present = (value) => value !== null && value !== undefined;

/** Whole frames of a latency offset; a half goes to the even neighbour, as in Python. */
export function framesOfMs(ms) {
  const exact = (ms * FRAME_RATE_HZ) / 1000;
  const low = Math.floor(exact);
  if (exact - low !== 0.5) return Math.round(exact);
  return low % 2 === 0 ? low : low + 1;
}

/** "idle", "running" or "finishing". */
export function stateAt(score, frame) {
  if (!score || frame < score.start_frame || (present(score.end_frame) && frame >= score.end_frame)) return "idle";
  return present(score.finish_frame) && frame >= score.finish_frame ? "finishing" : "running";
}

function segmentAt(score, frame) {
  for (let i = score.segments.length - 1; i >= 0; i--) {
    if (frame >= score.segments[i].start_frame) return score.segments[i];
  }
  return score.segments[0];
}

function phaseIn(segment, frame) {
  const elapsedS = (frame - segment.start_frame) / FRAME_RATE_HZ;
  return segment.phase + (segment.rate_hz + 0.5 * segment.slope_hz_per_s * elapsedS) * elapsedS;
}

/** Phase in cycles: 0 before the start, the resting phase after the end. Beat k falls at (2k + 1) / 4. */
export function phaseAt(score, frame) {
  if (!score || frame <= score.start_frame) return 0;
  const held = present(score.end_frame) && frame > score.end_frame ? score.end_frame : frame;
  return phaseIn(segmentAt(score, held), held);
}

/** Rate in Hz, 0 at rest. */
export function rateAt(score, frame) {
  if (stateAt(score, frame) === "idle") return 0;
  const segment = segmentAt(score, frame);
  return segment.rate_hz + (segment.slope_hz_per_s * (frame - segment.start_frame)) / FRAME_RATE_HZ;
}

/** The frame, between whole ones, at which `phase` is reached; Infinity where it never is. */
export function frameAtPhase(score, phase) {
  if (present(score.cycles_total) && phase > score.cycles_total) return Infinity;
  let chosen = score.segments[0];
  for (const segment of score.segments) if (segment.phase <= phase) chosen = segment;
  const frame = chosen.start_frame + secondsTo(chosen, phase) * FRAME_RATE_HZ;
  return present(score.end_frame) && frame > score.end_frame + 1e-6 ? Infinity : frame;
}

function secondsTo(segment, phase) {
  const distance = phase - segment.phase;
  const discriminant = segment.rate_hz * segment.rate_hz + 2 * segment.slope_hz_per_s * distance;
  if (discriminant < -1e-12) return Infinity;
  const divisor = segment.rate_hz + Math.sqrt(Math.max(discriminant, 0));
  return divisor > 0 ? (2 * distance) / divisor : Infinity;
}

/** Whole cycles done by `frame`: a cycle is done when the dot is back at the centre. */
export function cyclesDone(score, frame) {
  return Math.floor(phaseAt(score, frame) + 1e-6);
}

/** Seconds since the set's start, up to its end; 0 before it. */
export function elapsedS(score, frame) {
  if (!score) return 0;
  const last = present(score.end_frame) ? Math.min(frame, score.end_frame) : frame;
  return Math.max(0, last - score.start_frame) / FRAME_RATE_HZ;
}

/** Seconds until the set is at rest; null while it is open. */
export function leftS(score, frame) {
  if (!score) return 0;
  if (!present(score.end_frame)) return null;
  return Math.max(0, score.end_frame - Math.max(frame, score.start_frame)) / FRAME_RATE_HZ;
}

/** The first beat after `frame`, {index, side, frame}; null where the set has none left. */
export function nextBeat(score, frame) {
  if (!score) return null;
  let index = Math.max(0, Math.floor(2 * phaseAt(score, frame) - 0.5) - 1);
  for (;;) {
    const at = frameAtPhase(score, (2 * index + 1) / 4);
    if (!Number.isFinite(at)) return null;
    if (at > frame) return { index, side: index % 2 === 0 ? "left" : "right", frame: at };
    index += 1;
  }
}

/** Where a travel stands at `phase`: -1 left, 0 centre, 1 right. */
export function positionOfPhase(phase, travel, saccade) {
  if (saccade) {
    if (phase < 0.25) return 0;
    return Math.floor(2 * (phase - 0.25)) % 2 === 0 ? -1 : 1;
  }
  if (travel === "sine") return -Math.sin(2 * Math.PI * phase);
  const turned = phase - 0.25;
  const triangle = 1 - Math.abs(4 * (turned - Math.floor(turned)) - 2);
  if (travel === "linear") return triangle;
  return (triangle * (15 + triangle * triangle * (3 * triangle * triangle - 10))) / 8;
}

/** The one coordinate a bar shows: a straight path's own, and x for circle and eight. */
function alongPath(phase, light) {
  return positionOfPhase(phase, light.path in STRAIGHT ? light.travel : "sine", light.saccade);
}

function restsAtCentre(score, shown) {
  return present(score.end_frame) && !present(score.cut_frame) && shown >= score.end_frame;
}

/** The dot on a bar, -1..1, its width and latency offset applied. */
export function positionAt(score, bls, frame) {
  if (!score) return 0;
  const light = bls.light;
  const shown = frame - framesOfMs(light.offset_ms);
  if (light.saccade && restsAtCentre(score, shown)) return 0;
  return alongPath(phaseAt(score, shown), light) * light.width_frac;
}

/** The dot on a screen, {x, y} in -1..1 with y up, its width and latency offset applied. */
export function pointAt(score, bls, frame) {
  if (!score) return { x: 0, y: 0 };
  const light = bls.light;
  const shown = frame - framesOfMs(light.offset_ms);
  if (light.saccade && restsAtCentre(score, shown)) return { x: 0, y: 0 };
  const phase = phaseAt(score, shown);
  const pos = alongPath(phase, light);
  const scaled = (x, y) => ({ x: x * light.width_frac, y: y * light.width_frac });
  const straight = STRAIGHT[light.path];
  if (straight) return scaled(straight[0] * pos, straight[1] * pos);
  if (light.saccade) return scaled(pos, 0);
  if (light.path === "circle") return scaled(pos, Math.cos(2 * Math.PI * phase));
  return scaled(pos, EIGHT_HEIGHT * Math.sin(4 * Math.PI * phase));
}

function rise(part) {
  return 0.5 - 0.5 * Math.cos(Math.PI * Math.min(Math.max(part, 0), 1));
}

/** 0 to 1: up in the fade-in when the light is switched on, down in a short fade when it is switched off. */
export function switchLevelAt(score, frame) {
  let level = 0;
  for (const [begin, until] of score.lit) {
    if (present(begin) && frame < begin) continue;
    const up = present(begin) ? rise((frame - begin) / FADE_IN_FRAMES) : 1;
    const down = present(until) ? rise((frame - until) / SWITCH_OFF_FRAMES) : 0;
    level = Math.max(level, up * (1 - down));
  }
  return level;
}

/** How lit the dot is, 0 to 1 of its brightness: the set's calm rise and fall, its switches, and 0 from a hard stop on. */
export function envelopeAt(score, bls, frame) {
  if (!score || (present(score.cut_frame) && frame >= score.cut_frame)) return 0;
  const shown = frame - framesOfMs(bls.light.offset_ms);
  if (shown <= score.start_frame) return 0;
  let level = rise((shown - score.start_frame) / FADE_IN_FRAMES);
  if (present(score.end_frame) && !present(score.cut_frame)) level *= 1 - rise((shown - score.end_frame) / FADE_OUT_FRAMES);
  return level > 0 ? level * switchLevelAt(score, frame) : 0;
}

/** The dot's level, 0 to 1 of full light, before the room's limits. */
export function levelAt(score, bls, frame) {
  return score ? envelopeAt(score, bls, frame) * bls.light.brightness_frac : 0;
}
