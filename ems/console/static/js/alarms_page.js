// The page of the alarms: unseen and urgent ones first, with what each means; acknowledging, shelving.

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

const dialog = byId("shelving");
let asked = null;

/** Do `work` and read the list anew; what was refused is said beside the button. */
function button(text, label, work) {
  const element = make("button", { type: "button", "aria-label": label }, text);
  element.addEventListener("click", () => work().catch((error) =>
    element.after(make("small", { className: "caution mark", role: "alert" }, error.message))));
  return element;
}

async function change(alarm, what) {
  await send(`alarms/${alarm.id}/${what}`);
  await fill();
}

async function ask(alarm) {
  asked = alarm;
  setText(byId("shelving-what"), `${alarm.device} ${alarm.item}: ${alarm.what}`);
  byId("shelving-error").hidden = true;
  dialog.showModal();
}

async function shelve(event) {
  event.preventDefault();
  const values = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
  try {
    await send(`alarms/${asked.id}/shelve`, values);
  } catch (error) {
    setText(byId("shelving-error"), error.message);
    byId("shelving-error").hidden = false;
    return;
  }
  event.target.reset();
  dialog.close();
  await fill();
}

function buttons(alarm) {
  if (alarm.ended_at || !table.dataset.may) return [];
  const { id } = alarm;
  if (alarm.shelf) return [button(t("Put back"), t("Put the alarm {id} back", { id }), () => change(alarm, "put-back"))];
  const still = button(t("Shelve…"), t("Keep the alarm {id} still", { id }), () => ask(alarm));
  if (!unseen(alarm)) return [still];
  return [button(t("Acknowledge"), t("Acknowledge the alarm {id}", { id }), () => change(alarm, "acknowledge")), still];
}

function seenWords(alarm) {
  if (!alarm.acknowledged_at) return [];
  return [alarm.acknowledged_by ?? t("on site"), small(moment(alarm.acknowledged_at)),
    small(alarm.untold && t("the device is not told yet"))];
}

function shelfWords({ shelf }) {
  if (!shelf) return [];
  const until = shelf.until ? t("until {time}", { time: moment(shelf.until) }) : "";
  return [small(`${shelf.by}: ${shelf.reason}`), small(until)];
}

function row(alarm) {
  const level = unseen(alarm) ? LEVELS[alarm.rank - 1] : "";
  const shape = make("span", { "aria-hidden": "true" }, SHAPES[alarm.rank - 1]);
  return make("tr", { "data-alarm": alarm.id },
    make("th", { scope: "row", className: `priority ${level}` }, shape, String(alarm.rank)),
    make("td", {}, make("strong", {}, alarm.device), small(alarm.item)),
    make("td", { className: "wrap" }, make("strong", {}, alarm.what), alarm.text ? ` · ${alarm.text}` : "",
      small(alarm.meaning), small(alarm.do && `→ ${alarm.do}`)),
    make("td", { className: level }, STANDINGS[alarm.standing], small(ALARM_STATES[alarm.state]), ...shelfWords(alarm)),
    make("td", {}, moment(alarm.since), small(alarm.ended_at && t("until {time}", { time: moment(alarm.ended_at) }))),
    make("td", {}, ...seenWords(alarm), ...buttons(alarm)));
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

byId("shelve").addEventListener("submit", (event) => shelve(event).catch(explain));
byId("shelving-cancel").addEventListener("click", () => dialog.close());
filter.addEventListener("input", apply);
which.addEventListener("change", () => fill().catch(explain));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
regularly(EVERY_S, fill, explain);
start();
