/** The panel's own icons: strokes on a 24 x 24 grid. */

import { s } from "./dom.js";

const PATHS = {
  light: ["M3 12h3M18 12h3M12 7a5 5 0 1 0 0 10a5 5 0 0 0 0-10z"],
  tone: ["M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4"],
  tap: ["M9 20V8a2 2 0 0 1 4 0v6l4 1a3 3 0 0 1 2 3v2", "M5 8a6 6 0 0 1 12 0"],
  continuous: ["M2 12c2.5-6 5-6 7.5 0s5 6 7.5 0 3.5-6 5-3"],
  settings: ["M4 7h9M17 7h3M4 17h3M11 17h9", "M15 5v4M9 15v4"],
  lock: ["M6 11h12v9H6z", "M9 11V8a3 3 0 0 1 6 0v3"],
  dim: ["M12 3a9 9 0 1 0 9 9a7 7 0 0 1-9-9z"],
  warn: ["M12 4l9 16H3z", "M12 10v5M12 17.5v.5"],
  check: ["M5 12.5l4.5 4.5L19 7"],
  close: ["M6 6l12 12M18 6L6 18"],
  plus: ["M12 5v14M5 12h14"],
  minus: ["M5 12h14"],
  eye: ["M2 12c4-7 16-7 20 0c-4 7-16 7-20 0z", "M4 20L20 4"],
  session: ["M6 4h12v16H6z", "M9 9h6M9 13h6"],
  left: ["M14 6l-6 6 6 6"],
  right: ["M10 6l6 6-6 6"],
  link: ["M3 9a13 13 0 0 1 18 0M6.5 13a8 8 0 0 1 11 0M12 18v.5"],
  pause: ["M8 5v14M16 5v14"],
  music: ["M9 18V6l10-2v12", "M9 18a3 3 0 1 1-3-3h3M19 16a3 3 0 1 1-3-3h3"],
  clock: ["M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z", "M12 7v5l3 3"],
};

/** An icon, for sighted people only: its control says its own name. */
export function icon(name) {
  return s(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    (PATHS[name] ?? []).map((d) => s("path", { d })),
  );
}
