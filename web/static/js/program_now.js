/** Times of a running program at a frame: worked out from the snapshot's own frames, so that nothing is streamed. */

const FRAMES_PER_S = 48_000;
const given = (value) => value !== null && value !== undefined;

/** Seconds on the medicine clock; null before the dose, and where a program has none. */
export function medicineS(state, frame) {
  const program = state?.program;
  if (!program) return null;
  return given(program.t0_frame) && frame !== null ? (frame - program.t0_frame) / FRAMES_PER_S : (program.medicine_s ?? null);
}

/** Seconds since the program was started, which is what counts where there is no medicine clock. */
export function startedS(state, frame) {
  const started = state?.program?.started_frame;
  return given(started) && frame !== null ? Math.max(0, (frame - started) / FRAMES_PER_S) : 0;
}

/** Seconds left in the phase, below 0 when it is over its time; null where it has no end of its own. */
export function phaseLeftS(state, frame) {
  const program = state?.program;
  if (!program || !given(program.phase_left_s)) return null;
  return given(program.phase_end_frame) && frame !== null ? (program.phase_end_frame - frame) / FRAMES_PER_S : program.phase_left_s;
}

/** Seconds left of the minimum stay; null where none counts yet. */
export function stayLeftS(state, frame) {
  const stay = state?.program?.stay;
  if (!stay) return null;
  return given(stay.until_frame) && frame !== null ? (stay.until_frame - frame) / FRAMES_PER_S : (stay.left_s ?? null);
}

/** The minute of the picture that it is now: from T0, or from the program's start where there is no medicine clock. */
export function nowMin(state, frame, picture) {
  const program = state?.program;
  if (!program || frame === null) return picture?.now_min ?? null;
  if (given(program.t0_frame)) return (frame - program.t0_frame) / FRAMES_PER_S / 60;
  if (!given(program.started_frame)) return picture?.now_min ?? null;
  const minute = (picture?.from_min ?? 0) + (frame - program.started_frame) / FRAMES_PER_S / 60;
  return program.state === "arrival" ? Math.min(minute, 0) : minute;
}

/** Seconds until a prompt is due, below 0 afterwards; null while its anchor has not come. */
export function dueInS(prompt, frame) {
  return given(prompt.due_frame) && frame !== null ? (prompt.due_frame - frame) / FRAMES_PER_S : null;
}

/** The prompts that want an answer: the first that is overdue apart from the rest; and the next one that will. */
export function promptsNow(state) {
  const prompts = state?.program?.prompts ?? [];
  const open = prompts.filter(({ state: at }) => at === "due" || at === "overdue");
  const next = state?.program?.state === "ended" ? null : prompts.find(({ state: at, due_frame: due }) => at === "waiting" && given(due)) ?? null;
  const overdue = open.filter(({ state: at }) => at === "overdue");
  return { first: overdue.slice(0, 1), rest: [...overdue.slice(1), ...open.filter(({ state: at }) => at === "due")], next };
}
