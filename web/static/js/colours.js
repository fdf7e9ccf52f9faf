/** The named colours of the dot, in sRGB, as `stimuli.colours` has them. */

export const COLOURS = {
  "blue-green": "#00d5b4",
  green: "#2fd35a",
  lime: "#a6dd3c",
  cyan: "#2fcbe8",
  sky: "#5aa9ff",
  blue: "#2f6bff",
  violet: "#8f6bff",
  lavender: "#c3a6ff",
  pink: "#ff8fc0",
  coral: "#ff9a7a",
  amber: "#ffb52e",
  yellow: "#ffdf5a",
  "warm-white": "#ffd9ae",
  white: "#f2f5ff",
};

/** The sRGB of a colour's name or `#rrggbb`. */
export function hexOfColour(colour) {
  return COLOURS[colour] ?? (/^#[0-9a-f]{6}$/i.test(colour) ? colour : COLOURS["blue-green"]);
}
