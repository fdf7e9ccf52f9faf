/** After STOP: who, when, what did not confirm; and RESUME, an act of its own, away from STOP, held. */

import { RoomElement, h, say } from "../dom.js";
import { command } from "../commands.js";
import { clockTime } from "../words.js";
import "./hold_button.js";

class ResumeCard extends RoomElement {
  build() {
    this.words = h("p", { class: "resume-words" });
    this.detail = h("p", { class: "resume-detail" });
    this.button = h("rc-hold", {
      class: "resume",
      prop: {
        config: {
          label: "RESUME",
          sub: "hold: nothing starts by itself",
          confirm: "Tap to resume",
          enabled: (state) => Boolean(state.stopped),
          act: (control) => command("POST", "/api/resume", {}, { control, what: "RESUME" }),
        },
      },
    });
    this.append(h("div", { class: "resume-text" }, this.words, this.detail), this.button);
  }

  render(state) {
    const stop = state?.stop ?? null;
    say(this.words, stop ? `Stopped by ${stop.by} at ${clockTime(stop.at_utc_s)}.` : "The room is stopped.");
    const missing = stop?.not_confirmed ?? [];
    say(this.detail, missing.length ? `Not confirmed by: ${missing.join(", ")}. Look at them, or use the room's own switch.` : "Every device has confirmed.");
    this.toggleAttribute("data-missing", missing.length > 0);
    this.button.setState(state);
  }
}

customElements.define("rc-resume", ResumeCard);
