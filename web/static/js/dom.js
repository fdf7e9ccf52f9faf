/** Building elements: `h` for HTML, `s` for SVG, and the root of every element of the panel. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Keys of `props`: `on` (listeners by event), `class`, `text`, `dataset`, `prop` (properties to assign); every other
 * key is an attribute, left out where it is null or false.
 */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (key === "text") node.textContent = value;
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (key === "prop") Object.assign(node, value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Set a text only where it differs, so that a screen reader is not told the same again. */
export function say(node, text) {
  const wanted = String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Show or hide. */
export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown;
}

/** The root of every element: builds itself once, and takes the state, or null where nothing is known. */
export class RoomElement extends HTMLElement {
  #built = false;

  connectedCallback() {
    this.ensureBuilt();
  }

  ensureBuilt() {
    if (this.#built) return;
    this.#built = true;
    this.build();
  }

  /** Make the children; called once. */
  build() {}

  /** Show `state`; null greys everything out. */
  setState(state) {
    this.ensureBuilt();
    this.toggleAttribute("data-unknown", state === null);
    this.render(state);
  }

  /** What a subclass draws. */
  render(_state) {}
}
