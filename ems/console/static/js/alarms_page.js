// The page of the alarms: unseen and urgent ones first, with what each means; and acknowledging.

import { read, regularly, send } from "./api.js";
import { make, setText } from "./dom.js";
import { start } from "./frame.js";
import { day, number, t, time } from "./texts.js";
import { ALARM_STATES, STANDINGS } from "./words.js";

const EVERY_S = 5;
const SHAPES = ["▲", "◆", "■", "●"];
const LEVELS = ["alarm", "alarm", "caution", ""];
const byId = (id) => document.getElementById(id);
const [filter, which, count, table] = ["filter", "which", "count", "alarms"].map(byId);
const explain = (error) => setText(count, t("Not readable now: {why}", { why: error.message }));

const unseen = (alarm) => alarm.standing === "unacknowledged" || alarm.standing === "returned";
const moment = (at) => `${day(at)} ${time(at)}`;
const small = (text) => (text ? make("small", {}, text) : null);

async function acknowledge(alarm, button) {
  button.disabled = true;
  try {
    await send(`alarms/${alarm.id}/acknowledge`);
  } catch (error) {
    button.after(make("small", { className: "caution mark", role: "alert" }, error.message));
    return;
  }
  await fill();
}

function seenCell(alarm) {
  if (alarm.acknowledged_at) {
    const who = alarm.acknowledged_by ?? t("on site");
    return make("td", {}, who, small(moment(alarm.acknowledged_at)), small(alarm.untold && t("the device is not told yet")));
  }
  if (!unseen(alarm) || alarm.ended_at || !table.dataset.may) return make("td", {}, "–");
  const label = t("Acknowledge the alarm {id}", { id: alarm.id });
  const button = make("button", { type: "button", "aria-label": label }, t("Acknowledge"));
  button.addEventListener("click", () => acknowledge(alarm, button));
  return make("td", {}, button);
}

function row(alarm) {
  const level = unseen(alarm) ? LEVELS[alarm.rank - 1] : "";
  const shape = make("span", { "aria-hidden": "true" }, SHAPES[alarm.rank - 1]);
  return make("tr", { "data-alarm": alarm.id },
    make("th", { scope: "row", className: `priority ${level}` }, shape, String(alarm.rank)),
    make("td", {}, make("strong", {}, alarm.device), small(alarm.item)),
    make("td", { className: "wrap" }, make("strong", {}, alarm.what), alarm.text ? ` · ${alarm.text}` : "",
      small(alarm.meaning), small(alarm.do && `→ ${alarm.do}`)),
    make("td", { className: level }, STANDINGS[alarm.standing], small(ALARM_STATES[alarm.state])),
    make("td", {}, moment(alarm.since), small(alarm.ended_at && t("until {time}", { time: moment(alarm.ended_at) }))),
    seenCell(alarm));
}

function apply() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const line of table.tBodies[0].rows) {
    line.hidden = !words.every((word) => line.textContent.toLowerCase().includes(word));
  }
}

function show(answer) {
  const body = table.tBodies[0];
  const none = make("tr", {}, make("td", { colspan: "6", className: "soft waiting" }, t("No alarm.")));
  const focused = document.activeElement?.closest("[data-alarm]")?.dataset.alarm;
  body.replaceChildren(...(answer.alarms.length ? answer.alarms.map(row) : [none]));
  body.querySelector(`[data-alarm="${focused}"] button`)?.focus();
  setText(count, t("{n} open, {unseen} of them not acknowledged", {
    n: number(answer.count.open), unseen: number(answer.count.unseen),
  }));
  apply();
}

let shown = "";

/** Read the list; rows are made anew only when something changed, so that a button keeps still. */
async function fill() {
  const answer = await read(`alarms?which=${which.value}`);
  const text = JSON.stringify([answer.alarms, answer.count]);
  if (text !== shown) show(answer);
  shown = text;
}

filter.addEventListener("input", apply);
which.addEventListener("change", () => fill().catch(explain));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
regularly(EVERY_S, fill, explain);
start();
