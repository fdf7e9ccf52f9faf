/** Pages outside the room: not paired, sign-in expired, not yet heard. STOP stays below each of them. */

import { RoomElement, h, say, show } from "../dom.js";

const TEXTS = {
  unpaired: ["Pair this tablet", "Type the eight digits that the room shows, or scan its picture with the camera."],
  expired: ["This tablet is signed out", "Its sign-in was ended or is too old. Pair it again with a new code; the room goes on meanwhile."],
  unknown: ["Looking for the room", "The room's state is not known yet. If it stays so: is this tablet on the room's network, and is its computer on?"],
};

/** "1234 5678" -> "12345678". */
export const digitsOf = (typed) => typed.replace(/\D/g, "").slice(0, 8);

class Outside extends RoomElement {
  onPaired = () => {};
  #tried = false;

  build() {
    this.heading = h("h1");
    this.text = h("p", { class: "outside-text" });
    this.why = h("p", { class: "outside-why", role: "status" });
    this.code = h("input", { type: "text", id: "pair-code", class: "field code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 9, placeholder: "0000 0000" });
    this.name = h("input", { type: "text", id: "pair-name", class: "field", maxlength: 60, autocomplete: "off" });
    this.name.value = localStorage.getItem("roomctl.name") ?? "Tablet";
    this.button = h("button", { type: "submit", class: "primary", text: "Pair" });
    this.form = h(
      "form",
      { class: "pair" },
      h("label", { class: "labelled", for: "pair-code" }, h("span", { text: "Code" }), this.code),
      h("label", { class: "labelled", for: "pair-name" }, h("span", { text: "This tablet's name, as others see it" }), this.name),
      this.button,
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#pair(digitsOf(this.code.value));
    });
    this.code.addEventListener("input", () => this.#space());
    this.append(h("div", { class: "outside-card" }, this.heading, this.text, this.form, this.why));
  }

  #space() {
    const digits = digitsOf(this.code.value);
    this.code.value = digits.length > 4 ? `${digits.slice(0, 4)} ${digits.slice(4)}` : digits;
  }

  /** Show the page for `link`. */
  show(link, reason) {
    this.ensureBuilt();
    const [title, text] = TEXTS[link] ?? TEXTS.unknown;
    say(this.heading, title);
    say(this.text, text);
    show(this.form, link === "unpaired" || link === "expired");
    if (link === "unknown") say(this.why, reason);
    if (link === "unpaired" || link === "expired") this.#fromAddress();
  }

  /** The code that the QR picture put in the address: used once, and taken out of it. */
  #fromAddress() {
    const code = digitsOf(new URLSearchParams(location.search).get("code") ?? "");
    if (this.#tried || code.length !== 8) return;
    this.#tried = true;
    this.code.value = code;
    this.#space();
    history.replaceState(null, "", location.pathname + location.hash);
    this.#pair(code);
  }

  async #pair(code) {
    if (code.length !== 8) {
      say(this.why, `A code has eight digits; this has ${code.length}.`);
      return;
    }
    this.button.disabled = true;
    say(this.why, "Pairing…");
    const name = this.name.value.trim() || "Tablet";
    try {
      const answer = await fetch("/api/pair", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ code, name }),
        signal: AbortSignal.timeout(5000),
      });
      await this.#answered(answer, name);
    } catch {
      say(this.why, "The room's computer did not answer. Is this tablet on the room's network?");
    }
    this.button.disabled = false;
  }

  async #answered(answer, name) {
    if (answer.ok) {
      localStorage.setItem("roomctl.paired", "yes");
      localStorage.setItem("roomctl.name", name);
      this.code.value = "";
      say(this.why, "");
      this.onPaired();
      return;
    }
    const body = await answer.json().catch(() => ({}));
    say(this.why, body.error ?? `Not paired (${answer.status}).`);
  }
}

customElements.define("rc-outside", Outside);
