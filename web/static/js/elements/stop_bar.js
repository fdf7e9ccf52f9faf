/**
 * STOP: on every page at the same place, on the press itself, with no precondition, by HTTP and by socket, and asked again until
 * the room has said that it stopped. The second press is everything off. It latches; RESUME is elsewhere.
 */

import { RoomElement, h, say } from "../dom.js";
import { store } from "../store.js";

const AGAIN_MS = 250;

class StopBar extends RoomElement {
  /** Called on each press with its key: the socket's way out. */
  onPress = () => {};
  #stopped = false;
  #waiting = 0;

  build() {
    this.word = h("span", { class: "stop-word", text: "STOP" });
    this.sub = h("span", { class: "stop-sub", text: "light, sound and touch end at once" });
    this.button = h("button", { type: "button", class: "stop", id: "stop", "aria-describedby": "stop-says" }, this.word, this.sub);
    this.live = h("span", { class: "sr-only", id: "stop-says", role: "status" });
    this.append(this.button, this.live);
    this.button.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.press();
    });
    this.button.addEventListener("click", (event) => event.detail === 0 && this.press());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.repeat) return;
      event.preventDefault();
      this.press();
    }, { capture: true });
  }

  /** One press: say it both ways, and go on saying it until it is answered. */
  press() {
    const key = crypto.randomUUID?.() ?? `stop-${Date.now()}-${Math.random()}`;
    this.onPress(key);
    this.#show("asked", "STOP asked", "waiting for the room to confirm");
    const press = (this.#waiting += 1);
    this.#post(press, key);
  }

  async #post(press, key) {
    while (press === this.#waiting) {
      const answer = await this.#once(key);
      if (press !== this.#waiting) return;
      if (answer?.ok) {
        this.#waiting = 0;
        this.#stopped = true;
        this.#settle();
        return;
      }
      if (answer?.status === 401 || answer?.status === 403) {
        this.#waiting = 0;
        this.#show("failed", "STOP was not accepted", "this tablet is not signed in: use the room's own switch");
        return;
      }
      this.#show("failed", "STOP not confirmed", "the room does not answer: use the room's own switch; still trying");
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }

  #once(key) {
    return fetch("/api/stop", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: "{}",
      keepalive: true,
      signal: AbortSignal.timeout(2000),
    }).catch(() => null);
  }

  render(state) {
    if (state === null || this.#waiting > 0) return;
    this.#stopped = Boolean(state.stopped);
    this.#settle();
  }

  #settle() {
    if (store.state !== null && store.link === "live") this.#stopped = this.#stopped || Boolean(store.state.stopped);
    if (this.#stopped) this.#show("latched", "STOPPED", "press again: everything off");
    else this.#show("ready", "STOP", "light, sound and touch end at once");
  }

  #show(look, word, sub) {
    this.button.dataset.look = look;
    say(this.word, word);
    say(this.sub, sub);
    say(this.live, look === "ready" ? "" : `${word}. ${sub}`);
  }
}

customElements.define("rc-stop", StopBar);
