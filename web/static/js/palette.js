/**
 * The colours, and what the dimmer does to them.
 *
 * An overlay would dim text and ground alike and lose the contrast. So surfaces go down with the dimmer as far as asked, and
 * what is read or touched only as far as its contrast allows: 4.5:1 for text, 3:1 for edges (WCAG 2.2, 1.4.3 and 1.4.11).
 */

export const DIMMER_STEPS = [100, 70, 50, 35, 25, 15, 10, 5];

const SURFACES = {
  bg: "#06080b",
  surface: "#0a0e12",
  raised: "#0f141a",
  hair: "#1d262f",
  "blue-fill": "#092840",
  "orange-fill": "#341e09",
  stop: "#440a0a",
  "stop-latched": "#2c0808",
};

/** Colour, the surfaces it stands on, and the contrast it keeps there. */
const INKS = {
  text: ["#98a4af", ["bg", "surface", "raised"], 4.6],
  muted: ["#798693", ["bg", "surface", "raised"], 4.6],
  line: ["#566676", ["bg", "surface", "raised"], 3.1],
  blue: ["#5590c0", ["bg", "surface", "raised"], 4.6],
  orange: ["#b8824c", ["bg", "surface", "raised"], 4.6],
  "on-blue": ["#98a9b7", ["blue-fill"], 4.6],
  "on-orange": ["#b09977", ["orange-fill"], 4.6],
  "on-stop": ["#b08680", ["stop", "stop-latched"], 4.6],
  "stop-line": ["#b0534c", ["bg", "stop-latched"], 3.1],
};

/** sRGB hexadecimal to linear light, three numbers 0 to 1. */
export function linear(hex) {
  return [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

/** Linear light, three numbers 0 to 1, to sRGB hexadecimal. */
export function hexOf(light) {
  const parts = light.map((value) => {
    const coded = value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(Math.min(1, Math.max(0, coded)) * 255).toString(16).padStart(2, "0");
  });
  return `#${parts.join("")}`;
}

/** Relative luminance of linear light (WCAG 2.2). */
export function luminance([r, g, b]) {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours, 1 to 21. */
export function contrast(one, other) {
  const [low, high] = [luminance(linear(one)), luminance(linear(other))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The palette at a dimmer of `percent`, by token. */
export function paletteAt(percent) {
  const share = Math.min(100, Math.max(5, percent)) / 100;
  const palette = {};
  for (const [name, hex] of Object.entries(SURFACES)) palette[name] = hexOf(linear(hex).map((value) => value * share));
  for (const [name, [hex, grounds, least]] of Object.entries(INKS)) {
    palette[name] = ink(hex, share, grounds.map((ground) => palette[ground]), least);
  }
  return palette;
}

/** `hex` taken down to `share`, and brought up again until it keeps `least` against every ground. */
function ink(hex, share, grounds, least) {
  const light = linear(hex);
  for (let scale = share; scale <= 1; scale += 0.01) {
    const colour = hexOf(light.map((value) => value * scale));
    if (grounds.every((ground) => contrast(colour, ground) >= least)) return colour;
  }
  return hex;
}

const KEPT_AS = "roomctl.dimmer";

/** The dimmer's place, remembered on this tablet. */
export function dimmerPercent() {
  const kept = Number(localStorage.getItem(KEPT_AS));
  return DIMMER_STEPS.includes(kept) ? kept : 100;
}

/** Put the palette of `percent` on the page. */
export function applyDimmer(percent) {
  localStorage.setItem(KEPT_AS, String(percent));
  const root = document.documentElement;
  for (const [name, colour] of Object.entries(paletteAt(percent))) root.style.setProperty(`--${name}`, colour);
  root.dataset.dimmer = String(percent);
  document.body.setAttribute("bgcolor", paletteAt(percent).bg);
  document.dispatchEvent(new CustomEvent("palette"));
}

/** One token's colour just now, for a canvas. */
export function colourOf(token) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
}
