// The page of the audit trail: newest first, filtered by the server, older entries on demand.

import { read } from "./api.js";
import { make, setText } from "./dom.js";
import { start } from "./frame.js";
import { clock, day, number, t } from "./texts.js";

const byId = (id) => document.getElementById(id);
const [filter, count, more, csv] = ["filter", "count", "more", "csv"].map(byId);
const body = byId("audit").tBodies[0];
const explain = (error) => setText(count, t("Not readable now: {why}", { why: error.message }));
let before = null;

const written = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

function row(entry) {
  const { action = "–", ...rest } = entry.what;
  const details = Object.entries(rest).map(([name, value]) => `${name}: ${written(value)}`);
  return make("tr", {}, make("td", { className: "number" }, String(entry.id)),
    make("td", {}, `${day(entry.at)} ${clock(entry.at)}`), make("th", { scope: "row" }, entry.who),
    make("td", {}, action), make("td", { className: "wrap" }, details.join(" · ")));
}

async function fill(older) {
  const query = new URLSearchParams({ text: filter.value });
  csv.href = `/api/v1/audit.csv?${query}`;
  if (older) query.set("before", before);
  const answer = await read(`audit?${query}`);
  before = answer.before;
  const rows = answer.entries.map(row);
  if (older) body.append(...rows);
  else body.replaceChildren(...rows);
  more.hidden = before === null;
  setText(count, t("entries shown: {n}", { n: number(body.rows.length) }));
}

byId("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  fill(false).catch(explain);
});
more.addEventListener("click", () => fill(true).catch(explain));
fill(false).catch(explain);
start();
