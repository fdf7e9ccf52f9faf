/**
 * A step that must be meant: louder, brighter. Held for 700 ms it steps, and goes on stepping; for those who cannot hold, a tap arms it
 * and every tap within the next seconds is one step.
 */

const HOLD_MS = 700;
const REPEAT_MS = 250;
const ARMED_MS = 4000;

/** Make `button` step by `step()` only when it is meant. */
export function guard(button, step) {
  const name = button.getAttribute("aria-label");
  let began = null;
  let repeat = null;
  let armed = null;
  let stepped = false;

  const fill = () => {
    const share = began === null ? 0 : Math.min(1, (performance.now() - began) / HOLD_MS);
    button.style.setProperty("--held", `${Math.round(share * 100)}%`);
    if (began === null) return;
    if (share < 1) {
      requestAnimationFrame(fill);
      return;
    }
    stepped = true;
    step();
    repeat = setInterval(() => (button.disabled ? letGo() : step()), REPEAT_MS);
  };
  const letGo = () => {
    began = null;
    clearInterval(repeat);
    fill();
  };
  const disarm = () => {
    delete button.dataset.armed;
    button.setAttribute("aria-label", name);
  };
  const arm = () => {
    clearTimeout(armed);
    armed = setTimeout(disarm, ARMED_MS);
    button.dataset.armed = "";
    button.setAttribute("aria-label", `${name}: press again`);
  };

  button.addEventListener("pointerdown", () => {
    if (button.disabled) return;
    began = performance.now();
    stepped = false;
    requestAnimationFrame(fill);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(end, letGo);
  button.addEventListener("click", (event) => {
    if (event.detail > 0 && stepped) return;
    if ("armed" in button.dataset) step();
    arm();
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

/** A slider whose way up counts only once the hand has been on it for 700 ms; down counts at once. */
export function guardSlider(slider, now, apply) {
  let downAt = null;
  let waiting = null;
  let keyed = false;
  const back = () => (slider.value = String(now()));
  slider.addEventListener("keydown", () => (keyed = true));
  slider.addEventListener("pointerdown", () => {
    downAt = performance.now();
    keyed = false;
  });
  const end = () => {
    if (waiting !== null) back();
    downAt = null;
    clearTimeout(waiting);
    waiting = null;
  };
  for (const gone of ["pointerup", "pointercancel"]) slider.addEventListener(gone, end);
  slider.addEventListener("input", () => {
    clearTimeout(waiting);
    const wanted = Number(slider.value);
    const heldMs = downAt === null ? 0 : performance.now() - downAt;
    waiting = null;
    if (wanted <= now() || keyed || heldMs >= HOLD_MS) apply(wanted);
    else if (downAt === null) back();
    else waiting = setTimeout(() => apply(Number(slider.value)), HOLD_MS - heldMs);
  });
}
