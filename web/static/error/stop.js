/** STOP on a page that is not the panel: on the press itself, and asked again until the room has answered. */

const AGAIN_MS = 250;
const button = document.getElementById("stop");
const word = button.querySelector(".stop-word");
const says = document.getElementById("stop-says");
let press = 0;

function show(look, title, words) {
  button.dataset.look = look;
  word.textContent = title;
  says.textContent = words;
}

/** Asked again with the same key: one press is one STOP, however often it is said. */
async function once(key) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const options = { method: "POST", headers, body: "{}", keepalive: true };
  return fetch("/api/stop", { ...options, signal: AbortSignal.timeout(2000) }).catch(() => null);
}

async function stop() {
  const mine = (press += 1);
  const key = crypto.randomUUID?.() ?? `stop-${Date.now()}-${Math.random()}`;
  show("asked", "STOP asked", "waiting for the room to confirm");
  while (mine === press) {
    const answer = await once(key);
    if (mine !== press) return;
    if (answer?.ok) return show("latched", "STOPPED", "press again: everything off");
    if (answer?.status === 401 || answer?.status === 403) {
      return show("failed", "STOP was not accepted", "this device is not signed in: use the room's own switch");
    }
    show("failed", "STOP not confirmed", "the room does not answer: use the room's own switch; still trying");
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}

button.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  stop();
});
button.addEventListener("click", (event) => event.detail === 0 && stop());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.repeat) stop();
});
