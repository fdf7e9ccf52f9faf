/**
 * Commands to the room, each with an idempotency key, and what the person sees of them: asked (outline), then confirmed by the
 * state, or refused (icon on the control, words in the line of refusals). Nothing is queued and nothing is sent twice.
 */

import { store } from "./store.js";

const TIMEOUT_MS = 4000;
const SETTLE_MS = 300;
const REFUSED_FOR_MS = 6000;

/** The last command of each control: only its answer ends the asked look. */
const lastAsked = new WeakMap();
let asked = 0;

const newKey = () => crypto.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

/**
 * Send one command. `control` is the element that asked, `rev` sends the revision that the person saw (START and moves).
 * Returns {ok, status, body}; never throws.
 */
export async function command(method, path, body = {}, { control = null, rev = false, what = "" } = {}) {
  look(control, "asked");
  const mine = (asked += 1);
  if (control) lastAsked.set(control, mine);
  const answer = await send(method, path, rev ? { ...body, rev: store.state?.rev } : body);
  if (answer.ok) setTimeout(() => lastAsked.get(control) === mine && look(control, null, "asked"), SETTLE_MS);
  else refused(control, what || control?.dataset.name || "The room", answer.body?.error ?? answer.body?.detail ?? "no answer");
  return answer;
}

async function send(method, path, body) {
  try {
    const answer = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "Idempotency-Key": newKey() },
      body: method === "GET" ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (answer.status === 401) store.setLink(localStorage.getItem("roomctl.paired") ? "expired" : "unpaired");
    return { ok: answer.ok, status: answer.status, body: parsed(text) };
  } catch {
    return { ok: false, status: 0, body: { error: "the room did not answer; nothing was changed as far as this tablet knows" } };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text.slice(0, 200) };
  }
}

/** A question, with a body where it has more to say than its address; null where there is no answer. */
export async function question(path, body = null) {
  const asked = body === null ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { ...asked, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

/** Put a control's look; with `only`, just where it has that one now. */
export function look(control, wanted, only = null) {
  if (!control || (only !== null && control.dataset.look !== only)) return;
  if (wanted === null) delete control.dataset.look;
  else control.dataset.look = wanted;
}

/** Show that `what` was refused and why. */
export function refused(control, what, why) {
  look(control, "failed");
  setTimeout(() => look(control, null, "failed"), REFUSED_FOR_MS);
  const words = typeof why === "string" ? why : JSON.stringify(why);
  document.dispatchEvent(new CustomEvent("refused", { detail: { what, why: words } }));
}

/** At most `perSecond` calls of `send`, the last one always. */
export function throttled(send, perSecond = 15) {
  const gapMs = 1000 / perSecond;
  let last = -Infinity;
  let timer = null;
  return (...args) => {
    clearTimeout(timer);
    const waitMs = last + gapMs - performance.now();
    const go = () => {
      last = performance.now();
      send(...args);
    };
    if (waitMs <= 0) go();
    else timer = setTimeout(go, waitMs);
  };
}
