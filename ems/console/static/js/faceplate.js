// One device with all its points: value, quality, age, and for written ones what the plan wants, why,
// and what became of it.

import { read } from "./api.js";
import { valueCell } from "./device_table.js";
import { make } from "./dom.js";
import { age, number, t } from "./texts.js";
import { HEALTH, KINDS, OUTCOMES, QUALITY } from "./words.js";

const dialog = document.getElementById("faceplate");
const EVERY_MS = 3000;

function row(point, now) {
  const value = make("td", { className: "number value" });
  valueCell(value, point);
  const name = make("th", { scope: "row" }, point.name);
  if (point.writable) name.append(make("span", { className: "pen", title: t("written by the plan") }, "✎"));
  const readBack = point.outcome && point.outcome !== "ok" && point.read_back !== null
    ? t(" (read back {value})", { value: number(point.read_back, 1) }) : "";
  return make("tr", {}, name, value,
    make("td", {}, point.quality ? QUALITY[point.quality] : t("never heard")),
    make("td", { className: "number" }, age(point.at, now)),
    make("td", { className: "number" }, point.setpoint === null ? "" : `${number(point.setpoint, 1)} ${point.unit}`),
    make("td", { className: "wrap reason" }, point.reason),
    make("td", { className: "wrap" }, point.outcome ? OUTCOMES[point.outcome] + readBack : ""));
}

function table(points, now) {
  const columns = [[t("Point"), ""], [t("Value"), "number"], [t("Quality"), ""], [t("Age"), "number"],
    [t("Wanted"), "number"], [t("Why"), ""], [t("What became of it"), ""]];
  const head = columns.map(([text, className]) => make("th", { scope: "col", className }, text));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...points.map((point) => row(point, now))));
}

function header({ device, address }) {
  const close = make("form", { method: "dialog" }, make("button", {}, t("Close")));
  return make("header", {}, make("h2", { id: "faceplate-title" }, device.id),
    make("span", {}, `${KINDS[device.kind]} · ${HEALTH[device.health]}`),
    make("span", { className: "soft" }, address), close);
}

/** Open the faceplate of a device and keep it fresh while it is open. */
export async function openFaceplate(id) {
  const fill = async () => {
    const plate = await read(`devices/${encodeURIComponent(id)}`);
    const now = plate.now;
    const body = dialog.querySelector("table");
    const fresh = table(plate.points, now);
    if (body && dialog.open) body.replaceWith(fresh);
    else dialog.replaceChildren(header(plate), make("div", { className: "points scroll", tabindex: "0" }, fresh));
  };
  dialog.replaceChildren();
  await fill();
  dialog.showModal();
  const timer = setInterval(() => fill().catch(() => {}), EVERY_MS);
  dialog.addEventListener("close", () => clearInterval(timer), { once: true });
}
