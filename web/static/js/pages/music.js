/** The clinic's music: what is there, what it is for, and what could not be read. What is said here never goes into the files. */

import { RoomElement, h, say, show } from "../dom.js";
import { command, question } from "../commands.js";
import { seconds } from "../words.js";

const MOST_SHOWN = 60;
const YES_NO = [
  ["", "not said"],
  ["yes", "yes"],
  ["no", "no"],
];

/** What a form says as the API takes it: an empty field takes back what was said. */
export function tagsOf({ phases, intensity, voice, percussion }) {
  const flag = (word) => (word === "" ? null : word === "yes");
  const pools = phases.split(",").map((name) => name.trim()).filter(Boolean);
  return { phases: pools, intensity: intensity.trim() === "" ? null : Number(intensity.replace(",", ".")), voice: flag(voice), percussion: flag(percussion) };
}

/** "−19.5 LUFS · 4:12 · intensity 2.5 (guessed) · peak, return". */
export function trackWords({ seconds: length, integrated_lufs: lufs, intensity, tags }) {
  const loudness = lufs === null ? "silent" : `${lufs.toFixed(1)} LUFS`;
  const guessed = tags.intensity === null ? " (guessed)" : "";
  const said = [...tags.phases, tags.voice === null ? "" : tags.voice ? "voice" : "no voice", tags.percussion === null ? "" : tags.percussion ? "percussion" : "no percussion"];
  return [loudness, seconds(length), `intensity ${intensity}${guessed}`, said.filter(Boolean).join(", ") || "any phase"].join(" · ");
}

class MusicPage extends RoomElement {
  #tracks = [];
  #loaded = false;
  #open = null;

  build() {
    this.sum = h("p", { class: "hint", role: "status" });
    this.find = h("input", { type: "search", class: "field", id: "music-find", autocomplete: "off", placeholder: "title, artist, pool" });
    this.find.addEventListener("input", () => this.#draw());
    this.list = h("div", { class: "library" });
    this.problems = h("ul", { class: "library-problems", "aria-label": "Files that cannot be used" });
    const head = h("div", { class: "library-head" }, this.sum, h("label", { class: "labelled", for: "music-find" }, h("span", { text: "Find" }), this.find));
    this.append(h("h1", { class: "sr-only", text: "Music" }), h("div", { class: "library" }, head, this.problems, this.list));
  }

  async #load() {
    const library = await question("/api/library");
    if (!library) {
      say(this.sum, "The library could not be read just now.");
      return;
    }
    this.#tracks = library.tracks;
    this.problems.replaceChildren(...library.problems.map(({ path, reason }) => h("li", { text: `${path}: ${reason}` })));
    const whole = this.#tracks.reduce((sum, track) => sum + track.seconds, 0);
    const length = whole >= 3600 ? `${(whole / 3600).toFixed(1)} h` : `${Math.round(whole / 60)} min`;
    say(this.sum, this.#tracks.length ? `${this.#tracks.length} tracks, ${length}. What you say here stays in the room; the files are not touched.` : "No music was measured yet: run roomctl library scan on the room's computer. Until then the built-in pad plays.");
    this.#draw();
  }

  #draw() {
    const wanted = this.find.value.trim().toLocaleLowerCase();
    const found = this.#tracks.filter(({ title, artist, album, tags }) => [title, artist, album, ...tags.phases].join(" ").toLocaleLowerCase().includes(wanted));
    const more = found.length - MOST_SHOWN;
    this.list.replaceChildren(...found.slice(0, MOST_SHOWN).map((track) => this.#row(track)), ...(more > 0 ? [h("p", { class: "hint", text: `and ${more} more: type to find them` })] : []));
  }

  #row(track) {
    const name = track.artist ? `${track.title}, ${track.artist}` : track.title;
    const edit = h("button", { type: "button", class: "quiet", text: "Change", "aria-label": `Change ${name}`, "aria-expanded": String(this.#open === track.id) });
    edit.addEventListener("click", () => {
      this.#open = this.#open === track.id ? null : track.id;
      this.#draw();
    });
    return h("article", { class: "card song", dataset: { song: track.id } }, h("div", {}, h("h2", { class: "small", text: name }), h("p", { class: "song-words", text: trackWords(track) })), edit, this.#open === track.id ? this.#form(track) : null);
  }

  #form(track) {
    const field = (id, name, value) => {
      const input = h("input", { type: "text", class: "field", id: `tag-${id}`, value, autocomplete: "off" });
      return [h("label", { class: "labelled", for: `tag-${id}` }, h("span", { text: name }), input), input];
    };
    const choice = (id, name, value) => {
      const select = h("select", { class: "field", id: `tag-${id}` }, YES_NO.map(([key, text]) => h("option", { value: key, text, selected: key === (value === null ? "" : value ? "yes" : "no") })));
      return [h("label", { class: "labelled", for: `tag-${id}` }, h("span", { text: name }), select), select];
    };
    const [phases, phasesInput] = field("phases", "Phases or pools, with commas", track.tags.phases.join(", "));
    const [intensity, intensityInput] = field("intensity", "Intensity, 0 to 5", track.tags.intensity ?? "");
    const [voice, voiceInput] = choice("voice", "Voice", track.tags.voice);
    const [percussion, percussionInput] = choice("percussion", "Percussion", track.tags.percussion);
    const keep = h("button", { type: "button", class: "primary", text: "Keep", dataset: { name: track.title } });
    keep.addEventListener("click", async () => {
      const change = tagsOf({ phases: phasesInput.value, intensity: intensityInput.value, voice: voiceInput.value, percussion: percussionInput.value });
      const answer = await command("PUT", `/api/library/${encodeURIComponent(track.id)}/tags`, change, { control: keep });
      if (!answer.ok) return;
      this.#tracks = this.#tracks.map((known) => (known.id === track.id ? answer.body : known));
      this.#open = null;
      this.#draw();
    });
    return h("div", { class: "song-form" }, phases, intensity, voice, percussion, keep);
  }

  render(state) {
    show(this.list, state !== null);
    if (state === null || this.#loaded) return;
    this.#loaded = true;
    this.#load();
  }
}

customElements.define("rc-music", MusicPage);
