/** Times of a running program at a frame: the snapshot's own numbers, carried on by the clock. */

const FRAMES_PER_S = 48_000;

/** Seconds of room time since the snapshot's own numbers were worked out. */
export function sinceS(state, frame) {
  const at = state?.program?.at_frame ?? state?.clock?.frame ?? null;
  return at === null || frame === null ? 0 : Math.max(0, (frame - at) / FRAMES_PER_S);
}

/** The medicine clock in seconds; null before the dose. */
export function medicineS(state, frame) {
  const medicine = state?.program?.medicine_s;
  return medicine === null || medicine === undefined ? null : medicine + sinceS(state, frame);
}

/** Seconds left in the phase; null where it waits for a person. It stands while held. */
export function phaseLeftS(state, frame) {
  const left = state?.program?.phase_left_s;
  if (left === null || left === undefined) return null;
  const stands = state.program.held || state.program.paused;
  return stands ? left : left - sinceS(state, frame);
}

/** Seconds spent in the phase. */
export function phaseElapsedS(state, frame) {
  return (state?.program?.phase_elapsed_s ?? 0) + sinceS(state, frame);
}
