// The overview page: tiles by the live feed; chart and runs read anew each minute and with each plan.

import { read, regularly } from "./api.js";
import { draw } from "./chart.js";
import { showTable } from "./chart_table.js";
import { showCycles } from "./cycles.js";
import { make } from "./dom.js";
import { start } from "./frame.js";
import { t } from "./texts.js";
import { showTiles } from "./tiles.js";

const chart = document.getElementById("chart");
const table = document.getElementById("chart-table");
const asTable = document.getElementById("as-table");
const cycles = document.getElementById("cycles");
let series = null;

function showSeries() {
  const wanted = asTable.getAttribute("aria-pressed") === "true";
  chart.hidden = wanted;
  table.hidden = !wanted;
  if (!series) return;
  if (wanted) showTable(table, series);
  else draw(series);
}

const readSeries = async () => {
  series = await read("series");
  showSeries();
};
const readCycles = async () => showCycles(cycles, (await read("cycles?count=24")).cycles);
const failed = (element) => (error) => {
  if (!element.querySelector(".waiting")) return;
  element.replaceChildren(make("p", { className: "soft waiting" }, t("Not readable now: {why}", { why: error.message })));
};

asTable.addEventListener("click", () => {
  asTable.setAttribute("aria-pressed", String(asTable.getAttribute("aria-pressed") !== "true"));
  showSeries();
});

const speed = Number(document.documentElement.dataset.speed);
const seconds = Math.max(5, 60 / Math.max(1, speed));
const seriesNow = regularly(seconds, readSeries, failed(chart));
const cyclesNow = regularly(seconds, readCycles, failed(cycles));

let planSeen = null;
start((overview, levels) => {
  showTiles(overview, levels);
  const plan = overview.plan?.id ?? null;
  if (planSeen !== null && plan !== planSeen) {
    seriesNow();
    cyclesNow();
  }
  planSeen = plan ?? planSeen;
});
