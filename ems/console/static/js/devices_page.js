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

function apply() {
  const shown = table.filter(filter.value, kind.value, trouble.checked);
  setText(count, t("{n} of {of} devices", { n: number(shown), of: number(table.rows.size) }));
}

filter.value = new URLSearchParams(location.search).get("filter") ?? "";
for (const control of [filter, kind, trouble]) control.addEventListener("input", apply);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
if (location.hash === "#filter") filter.focus();

regularly(EVERY_S, async () => {
  table.fill(await read("devices"));
  apply();
}, explain);
start();
