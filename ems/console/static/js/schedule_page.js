// The page of the plans: those that wait and the one in force, one of them drawn and told quarter by
// quarter, and the decision on it.

import { read, regularly, send } from "./api.js";
import { draw } from "./chart.js";
import { CHARGE, POWERS, PRICE, ahead } from "./chart_names.js";
import { make, setText } from "./dom.js";
import { start } from "./frame.js";
import { day, number, t, time } from "./texts.js";
import { MODES, ORIGINS, PLAN_STATES } from "./words.js";

const EVERY_S = 10;
const byId = (id) => document.getElementById(id);
const [table, dialog, count] = ["plans", "deciding", "count"].map(byId);
const explain = (error) => setText(count, t("Not readable now: {why}", { why: error.message }));
const moment = (at) => `${day(at)} ${time(at)}`;
const small = (text) => make("div", { className: "soft" }, text);
const QUESTIONS = {
  approve: { title: t("Approve this plan?"), yes: t("Approve"),
    what: t("It is written from its first slot on, in your name.") },
  reject: { title: t("Reject this plan?"), yes: t("Reject"),
    what: t("Nothing more of it is written; when it is in force, every device goes back to its own control.") },
};
const ALLOWED = { proposed: ["approve", "reject"], approved: ["reject"], live: ["reject"] };

let chosen = new URLSearchParams(location.search).get("plan");
let drawn = "";
let asked = null;

function ask(plan, what) {
  asked = { id: plan.id, what };
  const { title, yes, what: text } = QUESTIONS[what];
  setText(byId("deciding-title"), title);
  setText(byId("deciding-yes"), yes);
  setText(byId("deciding-what"), `n° ${plan.id.slice(0, 8)}: ${text}`);
  byId("deciding-error").hidden = true;
  dialog.showModal();
}

async function decide(event) {
  event.preventDefault();
  try {
    await send(`plans/${asked.id}/${asked.what}`, Object.fromEntries(new FormData(event.target)));
  } catch (error) {
    setText(byId("deciding-error"), error.message);
    byId("deciding-error").hidden = false;
    return;
  }
  event.target.reset();
  dialog.close();
  await fill();
}

function choice(plan, what) {
  const element = make("button", { type: "button", "aria-label": `${QUESTIONS[what].yes} ${plan.id.slice(0, 8)}` }, QUESTIONS[what].yes);
  element.addEventListener("click", () => ask(plan, what));
  return element;
}

function planRow(plan) {
  const pick = make("button", { type: "button" }, plan.id.slice(0, 8));
  pick.addEventListener("click", () => {
    chosen = plan.id;
    fill().catch(explain);
  });
  const choices = table.dataset.may ? (ALLOWED[plan.state] ?? []).map((what) => choice(plan, what)) : [];
  const expires = plan.state === "proposed" && plan.expires_at ? small(t("until {time}", { time: moment(plan.expires_at) })) : null;
  const row = make("tr", {}, make("th", { scope: "row" }, pick, small(t("made at {time}", { time: time(plan.issued_at) }))),
    make("td", {}, make("strong", {}, PLAN_STATES[plan.state]), expires),
    make("td", {}, moment(plan.first)),
    make("td", { className: plan.origin === "rules" ? "caution mark" : "" }, ORIGINS[plan.origin], small(MODES[plan.mode])),
    make("td", { className: "number" }, number(plan.cost_eur, 0)),
    make("td", { className: "wrap" }, [plan.by, plan.reason, plan.message].filter(Boolean).join(" · ") || "–"),
    make("td", {}, ...choices.flatMap((one) => [one, " "])));
  if (plan.id === chosen) row.setAttribute("aria-current", "true");
  return row;
}

function head() {
  const numbers = [t("Change of net import, kW"), ...POWERS.map((s) => `${s.name}, kW`), `${CHARGE.name}, %`, `${PRICE.name}, €/kWh`];
  const column = (name, className = "") => make("th", { scope: "col", className }, name);
  return make("thead", {}, make("tr", {}, column(t("Quarter hour")), column(t("Why (setpoints)")), column(t("Binding limit")),
    ...numbers.map((name) => column(name, "number"))));
}

function quarterRow({ chart, quarters }, index) {
  const quarter = quarters[index];
  const cell = (value, digits = 0) => make("td", { className: "number" }, number(value, digits));
  const lines = (texts) => make("td", { className: "wrap" }, ...texts.map((text) => make("div", {}, text)));
  return make("tr", {}, make("th", { scope: "row" }, moment(quarter.start)), lines(quarter.reasons), lines(quarter.limits),
    cell(quarter.net_change_kw), ...POWERS.map((series) => cell(ahead(chart, series)?.[index])),
    cell(chart.planned.soc_pct?.[index]), cell(chart.price_eur_per_kwh[index], 3));
}

const signed = (value, digits = 0) => (value > 0 ? "+" : "") + number(value, digits);

function showDifference(change) {
  setText(byId("difference"), change ? t("Against the plan before (n° {id}), over {hours} h: import {kwh} kWh, its cost {cost} €, its peak {peak} kW", {
    id: change.against.slice(0, 8), hours: number(change.hours, 1), kwh: signed(change.import_kwh),
    cost: signed(change.cost_eur, 1), peak: signed(change.peak_kw),
  }) : t("There is no plan before to compare with."));
}

function showPlan(answer) {
  draw(answer.chart);
  showDifference(answer.difference);
  byId("quarters").replaceChildren(make("table", {}, head(),
    make("tbody", {}, ...answer.quarters.map((_, index) => quarterRow(answer, index)))));
}

/** The plan to look at: the one chosen, else what waits for a decision, else what is in force. */
function current(plans) {
  const first = (state) => plans.find((plan) => plan.state === state);
  return plans.find((plan) => plan.id === chosen) ?? first("proposed") ?? first("live") ?? plans[0];
}

async function fill() {
  const { plans } = await read("plans");
  const plan = current(plans);
  chosen = plan?.id ?? chosen;
  const none = make("tr", {}, make("td", { colspan: "7", className: "soft waiting" }, t("No plan yet.")));
  table.tBodies[0].replaceChildren(...(plans.length ? plans.map(planRow) : [none]));
  const waiting = plans.filter((one) => one.state === "proposed").length;
  setText(count, t("waiting for a decision: {n}", { n: number(waiting) }));
  if (!plan || drawn === plan.id) return;
  showPlan(await read(`plans/${plan.id}`));
  drawn = plan.id;
}

let listed = "";

/** Made anew only when a plan has come or changed its state, so that a button keeps still. */
async function refresh() {
  const text = JSON.stringify((await read("plans")).plans);
  if (text !== listed) await fill();
  listed = text;
}

byId("decide").addEventListener("submit", (event) => decide(event).catch(explain));
byId("deciding-cancel").addEventListener("click", () => dialog.close());
regularly(EVERY_S, refresh, explain);
start();
