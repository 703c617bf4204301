// The cycle's recent runs: how long each step of a quarter hour took, and what became of it.

import { make } from "./dom.js";
import { day, number, t, time } from "./texts.js";
import { ORIGINS, OUTCOMES, STEPS } from "./words.js";

const SLOT_MS = 15 * 60 * 1000;
const LEVELS = { optimised: "", previous: "caution mark", rules: "alarm mark" };

function stepNames(cycles) {
  return [...new Set(cycles.flatMap((cycle) => Object.keys(cycle.steps_s)))];
}

function outcomes(counts) {
  const parts = Object.entries(counts).filter(([, count]) => count)
    .map(([name, count]) => `${number(count)} ${OUTCOMES[name] ?? name}`);
  return parts.join(" · ") || "–";
}

const startOf = (cycle) => cycle.slot.index * SLOT_MS;

/** The time of a run, with its day where it is not that of the row above. */
function timeLabel(cycle, above) {
  const start = startOf(cycle);
  const sameDay = above && day(startOf(above)) === day(start);
  return sameDay ? time(start) : `${day(start)} ${time(start)}`;
}

function row(cycle, above, names) {
  const total = Object.values(cycle.steps_s).reduce((sum, seconds) => sum + seconds, 0);
  const message = [cycle.missed && t("too late for its slot"), cycle.message].filter(Boolean).join(" · ");
  return make("tr", {},
    make("th", { scope: "row", className: "number" }, timeLabel(cycle, above)),
    make("td", { className: LEVELS[cycle.origin] ?? "" }, ORIGINS[cycle.origin] ?? cycle.origin),
    make("td", { className: "number" }, number(total, 1)),
    ...names.map((name) => make("td", { className: "number" }, number(cycle.steps_s[name], 2))),
    make("td", { className: "number" }, number(cycle.stale_points)),
    make("td", { className: "wrap outcomes" }, outcomes(cycle.outcomes),
      message && make("div", { className: cycle.missed ? "caution mark" : "soft" }, message)));
}

/** Fill `element` with the runs, newest first. */
export function showCycles(element, cycles) {
  if (!cycles.length) {
    element.replaceChildren(make("p", { className: "soft waiting" }, t("No run yet.")));
    return;
  }
  const names = stepNames(cycles);
  const numberHead = (text) => make("th", { scope: "col", className: "number" }, text);
  const head = make("tr", {},
    make("th", { scope: "col" }, t("Quarter hour")), make("th", { scope: "col" }, t("Plan in force")),
    numberHead(t("total, s")), ...names.map((name) => numberHead(STEPS[name] ?? name)),
    numberHead(t("points without value")), make("th", { scope: "col" }, t("Setpoints")));
  element.replaceChildren(make("table", {}, make("thead", {}, head),
    make("tbody", {}, ...cycles.map((cycle, index) => row(cycle, cycles[index - 1], names)))));
}
