import { RoomElement, h } from "../dom.js";
class DosingPage extends RoomElement { build() { this.append(h("h1", { text: "Dosing" })); } }
customElements.define("rc-dosing", DosingPage);
