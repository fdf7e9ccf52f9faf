/** What a person must know now, silently: the link, lost devices, the room's notices, what was just refused. */

import { RoomElement, h } from "../dom.js";
import { icon } from "../icons.js";
import { store } from "../store.js";
import { ago } from "../words.js";

const REFUSED_FOR_MS = 6000;
const SWITCH = "STOP still tries; the room's own switch always works.";

/** The banners of a state and a link, most pressing first: {key, level, text}. */
export function bannersOf(state, link, ageS, reason) {
  const found = [];
  if (link === "stale") found.push({ key: "stale", level: "warn", text: `No word from the room for ${Math.floor(ageS)} s; what you see is that old. The room goes on by itself. ${SWITCH}` });
  if (link === "away") found.push({ key: "away", level: "warn", text: `The room's engine does not answer${reason ? `: ${reason}` : ""}. It restarts by itself. ${SWITCH}` });
  for (const device of state?.devices ?? []) {
    if (["ABSENT", "STALE", "FAULT"].includes(device.link)) {
      const why = device.why ? `: ${device.why}` : "";
      found.push({ key: `device ${device.name}`, level: "warn", text: `${device.name} is ${device.link === "ABSENT" ? "not there" : "lost"}${why} (${ago(device.since)})` });
    }
  }
  for (const notice of state?.notices ?? []) found.push({ key: `notice ${notice.id}`, level: notice.level, text: notice.text });
  return found;
}

class Banners extends RoomElement {
  #refusals = [];

  build() {
    this.list = h("div", { class: "banner-list", role: "status" });
    this.append(this.list);
    document.addEventListener("refused", ({ detail }) => this.#refuse(detail));
  }

  #refuse({ what, why }) {
    const refusal = { key: `refused ${performance.now()}`, level: "refused", text: `${what}: not done. ${why}` };
    this.#refusals = [...this.#refusals.slice(-1), refusal];
    setTimeout(() => {
      this.#refusals = this.#refusals.filter((kept) => kept !== refusal);
      this.render(store.view);
    }, REFUSED_FOR_MS);
    this.render(store.view);
  }

  render(state) {
    const wanted = [...this.#refusals, ...bannersOf(state, store.link, store.ageS, store.reason)].slice(0, 4);
    const kept = new Map([...this.list.children].map((node) => [node.dataset.key, node]));
    const nodes = wanted.map(({ key, level, text }) => {
      const node = kept.get(key) ?? h("div", { class: "banner", dataset: { key } }, icon(level === "info" ? "check" : "warn"), h("span"));
      node.dataset.level = level;
      if (node.lastChild.textContent !== text) node.lastChild.textContent = text;
      return node;
    });
    if (nodes.length !== this.list.children.length || nodes.some((node, index) => node !== this.list.children[index])) this.list.replaceChildren(...nodes);
  }
}

customElements.define("rc-banners", Banners);
