/** One of a few, as buttons side by side; and a switch that is on or off. Neither moves before the room says so. */

import { RoomElement, h, say } from "../dom.js";
import { command } from "../commands.js";
import { icon } from "../icons.js";

class Choice extends RoomElement {
  /**
   * {name, options: [{value, label, swatch?}], read: (state) => value, send: (value) => [method, path, body],
   *  enabled?: (state, value) => boolean, showName?: boolean}
   */
  config = null;

  build() {
    const { name, options, showName = true } = this.config;
    this.buttons = options.map((option) => this.#button(option));
    const group = h("div", { class: "choice-options", role: "group", "aria-label": name }, this.buttons);
    this.append(...(showName ? [h("span", { class: "level-name", text: name })] : []), group);
  }

  #button({ value, label, swatch }) {
    const button = h("button", { type: "button", class: "option", "aria-pressed": "false", dataset: { value: String(value), name: this.config.name } });
    if (swatch) {
      const dot = h("span", { class: "swatch" });
      dot.style.setProperty("--swatch", swatch);
      button.append(dot, h("span", { class: "sr-only", text: label }));
      button.title = label;
    } else button.append(h("span", { text: label }));
    button.addEventListener("click", () => {
      const [method, path, body] = this.config.send(value);
      command(method, path, body, { control: button, what: `${this.config.name}: ${label}` });
    });
    return button;
  }

  render(state) {
    const now = state === null ? null : this.config.read(state);
    this.config.options.forEach(({ value }, index) => {
      const button = this.buttons[index];
      button.disabled = state === null || !(this.config.enabled?.(state, value) ?? true);
      button.setAttribute("aria-pressed", String(state !== null && value === now));
    });
  }
}

class Toggle extends RoomElement {
  /** {name, icon, read: (state) => boolean, send: (wanted) => [method, path, body], enabled?: (state) => boolean, note?: (state) => text} */
  config = null;
  #on = false;

  build() {
    const { name } = this.config;
    this.note = h("span", { class: "toggle-note", "aria-hidden": "true" });
    this.word = h("span", { class: "toggle-word", "aria-hidden": "true" });
    this.button = h(
      "button",
      { type: "button", class: "toggle", "aria-pressed": "false", dataset: { name } },
      this.config.icon ? icon(this.config.icon) : null,
      h("span", { class: "toggle-words" }, h("span", { class: "toggle-name", text: name }), this.note),
      this.word,
    );
    this.button.addEventListener("click", () => {
      const [method, path, body] = this.config.send(!this.#on);
      command(method, path, body, { control: this.button, what: name });
    });
    this.append(this.button);
  }

  render(state) {
    this.#on = state !== null && Boolean(this.config.read(state));
    this.button.disabled = state === null || !(this.config.enabled?.(state) ?? true);
    this.button.setAttribute("aria-pressed", String(this.#on));
    say(this.word, state === null ? "–" : this.#on ? "on" : "off");
    say(this.note, state === null ? "" : this.config.note?.(state) ?? "");
  }
}

customElements.define("rc-choice", Choice);
customElements.define("rc-toggle", Toggle);
