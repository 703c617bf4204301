// The page of the devices: list, filter, faceplate.

import { read, regularly } from "./api.js";
import { DeviceTable } from "./device_table.js";
import { openFaceplate } from "./faceplate.js";
import { setText } from "./dom.js";
import { start } from "./frame.js";
import { number, t } from "./texts.js";
import { KINDS } from "./words.js";

const EVERY_S = 5;
const byId = (id) => document.getElementById(id);
const [filter, kind, trouble, count] = ["filter", "kind", "trouble", "count"].map(byId);
const explain = (error) => setText(count, t("Not readable now: {why}", { why: error.message }));
const table = new DeviceTable(document.querySelector("#devices tbody"), (id) => openFaceplate(id).catch(explain));

for (const option of kind.options) if (option.value) option.textContent = KINDS[option.value];

let polling = null;

/** How late devices are asked, as the service has measured it. */
function lateness() {
  if (polling?.late_p99_s == null) return "";
  const [half, most] = [polling.late_p50_s, polling.late_p99_s].map((seconds) => number(1000 * seconds));
  return t("asked {half} ms late, 99 % within {most} ms", { half, most });
}

function apply() {
  const shown = table.filter(filter.value, kind.value, trouble.checked);
  const devices = t("{n} of {of} devices", { n: number(shown), of: number(table.rows.size) });
  setText(count, [devices, lateness()].filter(Boolean).join(" · "));
}

filter.value = new URLSearchParams(location.search).get("filter") ?? "";
for (const control of [filter, kind, trouble]) control.addEventListener("input", apply);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
if (location.hash === "#filter") filter.focus();

regularly(EVERY_S, async () => {
  const answer = await read("devices");
  polling = answer.polling;
  table.fill(answer);
  apply();
}, explain);
start();
