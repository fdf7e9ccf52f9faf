/** A tapper each: where several people hold one, every tapper has a switch and a strength of its own. */

import { RoomElement, h, show } from "../dom.js";
import { LINKS } from "../words.js";
import "./choice.js";
import "./level.js";

/** The room's tappers, as the state lists them. */
export const tappersOf = (state) => (state?.devices ?? []).filter(({ kind }) => kind === "tapper");

/** Whether people hold tappers of their own: there is more than one, or the group's preset is chosen. */
export const isGroup = (state) => tappersOf(state).length > 1 || (state?.preset?.id === "group" && tappersOf(state).length > 0);

/** "2 of 3 on" for a group; nothing otherwise. */
export function groupWords(state) {
  const tappers = tappersOf(state);
  return isGroup(state) ? `${tappers.filter(({ on }) => on !== false).length} of ${tappers.length} on` : "";
}

const own = (name) => (state) => tappersOf(state).find((tapper) => tapper.name === name);

/** A switch that bears the tapper's name and its link. */
export function tapperSwitch(name) {
  const config = {
    name,
    icon: "tap",
    read: (state) => own(name)(state)?.on,
    send: (on) => ["PUT", `/api/devices/${encodeURIComponent(name)}`, { on }],
    enabled: (state) => typeof own(name)(state)?.on === "boolean",
    note: (state) => LINKS[own(name)(state)?.link] ?? "",
  };
  return h("rc-toggle", { prop: { config } });
}

/** Its strength; stronger must be meant. */
export function tapperStrength(name) {
  const config = {
    name: `${name}: strength`,
    label: "Own strength",
    min: 0,
    max: 1,
    step: 0.05,
    guarded: true,
    format: (value) => `${Math.round(value * 100)} %`,
    read: (state) => own(name)(state)?.strength_frac ?? null,
    send: (value) => ["PUT", `/api/devices/${encodeURIComponent(name)}`, { strength_frac: value }],
  };
  return h("rc-level", { prop: { config } });
}

class Tappers extends RoomElement {
  #rows = new Map();

  build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "A tapper each");
  }

  render(state) {
    const names = isGroup(state) ? tappersOf(state).map(({ name }) => name) : [];
    show(this, names.length > 0);
    const wanted = names.map((name) => this.#row(name));
    if (wanted.length !== this.children.length || wanted.some(({ node }, index) => node !== this.children[index])) this.replaceChildren(...wanted.map(({ node }) => node));
    names.forEach((name, index) => {
      wanted[index].node.dataset.link = own(name)(state).link;
      for (const control of wanted[index].controls) control.setState(state);
    });
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const controls = [tapperSwitch(name), tapperStrength(name)];
      this.#rows.set(name, { node: h("div", { class: "tapper-row", dataset: { tapper: name } }, controls), controls });
    }
    return this.#rows.get(name);
  }
}

customElements.define("rc-tappers", Tappers);
