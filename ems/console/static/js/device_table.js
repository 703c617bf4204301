// The list of devices: rows are made once, filled anew when values come, and hidden by the filter.

import { make, setText } from "./dom.js";
import { age, number, t } from "./texts.js";
import { HEALTH, KEY_NAMES, KINDS, QUALITY } from "./words.js";

const MARKS = { good: "", partial: "caution mark", stale: "caution mark", silent: "alarm mark", unseen: "alarm mark" };

function digits(value, unit) {
  if (unit === "°C") return 1;
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return 0;
  return Math.abs(value) < 10 ? 2 : 1;
}

/** A value with its unit as it stands in a cell. */
export function valueCell(cell, { value, unit, quality }) {
  setText(cell, value === null ? "–" : `${number(value, digits(value, unit))} ${unit}`);
  cell.classList.toggle("stale", value !== null && quality !== "good" && quality !== "overridden");
  cell.title = quality ? QUALITY[quality] : t("never heard");
}

class Row {
  constructor(device, open) {
    this.device = device;
    this.value = make("td", { className: "number value" });
    this.state = make("td");
    this.heard = make("td", { className: "number" });
    const button = make("button", { type: "button" }, device.id);
    this.element = make("tr", {}, make("th", { scope: "row" }, button),
      make("td", {}, KINDS[device.kind]), make("td", {}, device.serves),
      make("td", { className: "soft" }, KEY_NAMES[device.name] ?? device.name),
      this.value, this.state, this.heard);
    this.element.addEventListener("click", () => open(device.id));
    this.words = [device.id, KINDS[device.kind], device.kind, device.serves, device.protocol]
      .join(" ").toLowerCase();
  }

  fill(device, now) {
    this.device = device;
    valueCell(this.value, device);
    const partly = device.health === "partial" ? ` (${device.usable}/${device.points})` : "";
    const hands = device.on_site ? ` · ${QUALITY.overridden} (${device.on_site})` : "";
    setText(this.state, HEALTH[device.health] + partly + hands);
    this.state.className = MARKS[device.health];
    setText(this.heard, age(device.seen_at, now));
  }

  matches(words, kind, trouble) {
    return (!kind || this.device.kind === kind) && (!trouble || this.device.health !== "good")
      && words.every((word) => this.words.includes(word));
  }
}

/** The table: `fill(answer of /devices)` and `filter(...)`, which returns how many are shown. */
export class DeviceTable {
  constructor(body, open) {
    this.body = body;
    this.open = open;
    this.rows = new Map();
  }

  fill({ now, devices }) {
    if (!this.rows.size) {
      for (const device of devices) this.rows.set(device.id, new Row(device, this.open));
      this.body.replaceChildren(...[...this.rows.values()].map((row) => row.element));
    }
    for (const device of devices) this.rows.get(device.id)?.fill(device, now);
  }

  filter(text, kind, trouble) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of this.rows.values()) {
      const visible = row.matches(words, kind, trouble);
      row.element.hidden = !visible;
      shown += visible;
    }
    return shown;
  }
}
