/**
 * A button that acts after a hold, with a ring that fills; for those who cannot hold, a short tap brings up a second button beside it
 * that confirms. Where `holdMs()` is 0 one touch acts.
 */

import { RoomElement, h, s, say, show } from "../dom.js";

const RING = 2 * Math.PI * 20;
const CONFIRM_FOR_MS = 5000;

class HoldButton extends RoomElement {
  /** {label, sub, holdMs: () => number, act: (control) => void, enabled: (state) => boolean, confirm: words} */
  config = null;
  #began = null;
  #armed = null;
  #pressedConfirm = false;

  build() {
    const { label, confirm = "Confirm" } = this.config;
    this.ring = s("circle", { cx: 24, cy: 24, r: 20, "stroke-dasharray": RING, "stroke-dashoffset": RING, class: "ring" });
    this.labelled = h("span", { class: "hold-label", text: label });
    this.sub = h("span", { class: "hold-sub" });
    this.main = h(
      "button",
      { type: "button", class: "hold-main", dataset: { name: label } },
      s("svg", { class: "hold-ring", viewBox: "0 0 48 48", "aria-hidden": "true" }, s("circle", { cx: 24, cy: 24, r: 20, class: "track" }), this.ring),
      h("span", { class: "hold-words" }, this.labelled, this.sub),
    );
    this.confirm = h("button", { type: "button", class: "hold-confirm", text: confirm, hidden: true });
    this.confirm.addEventListener("pointerdown", () => (this.#pressedConfirm = true));
    this.confirm.addEventListener("click", (event) => this.#confirmed(event));
    this.append(this.main, this.confirm);
    this.main.addEventListener("pointerdown", (event) => this.#press(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) this.main.addEventListener(end, () => this.#letGo());
    this.main.addEventListener("click", (event) => event.detail === 0 && this.#arm());
    this.main.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  #holdMs() {
    return this.config.holdMs?.() ?? 700;
  }

  #press(event) {
    if (this.main.disabled || event.button > 0) return;
    if (this.#holdMs() === 0) {
      this.config.act(this.main);
      return;
    }
    this.#began = performance.now();
    requestAnimationFrame(() => this.#fill());
  }

  #fill() {
    if (this.#began === null) return;
    const share = Math.min(1, (performance.now() - this.#began) / this.#holdMs());
    this.ring.setAttribute("stroke-dashoffset", String(RING * (1 - share)));
    if (share < 1) {
      requestAnimationFrame(() => this.#fill());
      return;
    }
    this.#began = null;
    this.#disarm();
    this.config.act(this.main);
    setTimeout(() => this.#empty(), 200);
  }

  #letGo() {
    if (this.#began === null) return;
    this.#began = null;
    this.#empty();
    this.#arm();
  }

  #empty() {
    this.ring.setAttribute("stroke-dashoffset", String(RING));
  }

  /** A tap, or a key: offer the second button, or act where no hold is asked. */
  #arm() {
    if (this.main.disabled) return;
    if (this.#holdMs() === 0) {
      this.config.act(this.main);
      return;
    }
    this.#pressedConfirm = false;
    show(this.confirm, true);
    if (document.activeElement === this.main) this.confirm.focus();
    clearTimeout(this.#armed);
    this.#armed = setTimeout(() => this.#disarm(), CONFIRM_FOR_MS);
  }

  #disarm() {
    clearTimeout(this.#armed);
    const focused = document.activeElement === this.confirm;
    show(this.confirm, false);
    if (focused) this.main.focus();
  }

  /** Only a press that began on the second button counts: the click of the tap that brought it up may fall on it. */
  #confirmed(event) {
    if (event.detail > 0 && !this.#pressedConfirm) return;
    this.#disarm();
    this.config.act(this.main);
  }

  render(state) {
    const enabled = state !== null && (this.config.enabled?.(state) ?? true);
    this.main.disabled = !enabled;
    if (!enabled) {
      this.#began = null;
      this.#empty();
      this.#disarm();
    }
    this.main.dataset.hold = this.#holdMs() > 0 ? "hold" : "touch";
    const words = typeof this.config.sub === "function" ? this.config.sub(state) : this.config.sub;
    say(this.sub, words ?? (this.#holdMs() > 0 ? "hold" : ""));
    if (this.config.labelOf && state !== null) say(this.labelled, this.config.labelOf(state));
  }
}

customElements.define("rc-hold", HoldButton);
