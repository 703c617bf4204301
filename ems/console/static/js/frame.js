// What every page shows around its own: clock, mode, plan in force, alarms, age of the data, banners.

import { listen } from "./keys.js";
import { follow } from "./live.js";
import { make, setLevel, setText } from "./dom.js";
import { age, clock, longDay, number, t, time, weekdayTime } from "./texts.js";
import { MODES, ORIGINS } from "./words.js";

const byId = (id) => document.getElementById(id);
const banners = new Map();

/** Show or take away the banner `name`. */
function banner(name, level, text) {
  const shown = banners.get(name);
  if (!text) {
    shown?.remove();
    banners.delete(name);
  } else if (shown) {
    setText(shown, text);
    setLevel(shown, level);
  } else {
    const element = make("p", { className: `banner mark ${level}` }, text);
    banners.set(name, element);
    byId("banners").append(element);
  }
}

function describe(element, text, detail, level) {
  element.replaceChildren(text, " ", make("span", { className: "detail" }, detail));
  setLevel(element, level);
}

function showPlan(plan, now, level) {
  const element = byId("plan");
  if (!plan) return describe(element, t("none yet"), "", level);
  const detail = t("made at {made}, {age} ago, until {until} · n° {id}", {
    made: time(plan.issued_at), age: age(plan.issued_at, now), until: weekdayTime(plan.until),
    id: plan.id.slice(0, 8),
  });
  describe(element, ORIGINS[plan.origin], detail, level);
}

function showData(data, now, level) {
  const counts = [t("{n} points", { n: number(data.points) })];
  if (data.stale) counts.push(t("{n} too old", { n: number(data.stale) }));
  if (data.on_site) counts.push(t("{n} held on site", { n: number(data.on_site) }));
  if (data.failed) counts.push(t("{n} without answer", { n: number(data.failed) }));
  const text = data.newest_at ? t("{age} old", { age: age(data.newest_at, now) }) : t("nothing read yet");
  describe(byId("data"), text, counts.join(" · "), level);
}

const LEVEL_OF_PRIORITY = { 1: "alarm", 2: "alarm", 3: "caution", 4: "quiet" };

/** How many alarms nobody has seen; grey when there is none, or none that presses. */
function showAlarms({ unseen, worst }) {
  const element = byId("alarm-count");
  setText(element, unseen ? t("{n} not acknowledged, worst priority {worst}", { n: number(unseen), worst }) : t("none unacknowledged"));
  setLevel(element, unseen ? LEVEL_OF_PRIORITY[worst] : "quiet");
}

function planTrouble(plan) {
  if (!plan) return t("No plan is in force: each device follows its own control.");
  if (plan.standing === "ended") return t("The last plan has ended: each device falls back to its own control.");
  if (plan.standing === "ahead") return t("The first plan begins at {time}.", { time: time(plan.first) });
  if (plan.origin === "rules") return t("No optimisation: plain rules are in force. {why}", { why: plan.message });
  if (plan.origin === "previous") return t("The last good plan is carried on. {why}", { why: plan.message });
  return "";
}

/** What has become of the district's commands when nothing is written. */
function stopTrouble(mode, stopped) {
  if (mode !== "manual") return ["", ""];
  if (!stopped) return ["caution", t("The mode is manual: nothing is written to the devices.")];
  if (!stopped.done) return ["caution", t("Writing is stopped. The service has not said yet that the devices are given back.")];
  const devices = number(stopped.devices);
  if (!stopped.unreached.length) return ["caution", t("Writing is stopped: {devices} devices are given back to their own control.", { devices })];
  const list = stopped.unreached.join(", ");
  return ["alarm", t("Writing is stopped: {devices} devices are given back; not reached, look at them on site: {list}", { devices, list })];
}

function showStop(mode, stopped) {
  for (const button of document.querySelectorAll("[data-mode]")) button.hidden = button.dataset.mode !== mode;
  const [level, text] = stopTrouble(mode, stopped);
  banner("stopped", level, text);
}

function show(message, onOverview) {
  banner("fault", "alarm", message.fault && t("The figures can't be read: {why}", { why: message.fault }));
  document.body.classList.toggle("lost", Boolean(message.fault));
  if (message.fault) return;
  const { overview, levels } = message;
  setText(byId("clock"), clock(overview.now));
  setText(byId("day"), longDay(overview.now));
  setText(byId("mode"), MODES[overview.mode]);
  showStop(overview.mode, message.stopped);
  showAlarms(message.alarms);
  showPlan(overview.plan, overview.now, levels.plan);
  showData(overview.data, overview.now, levels.data);
  const trouble = planTrouble(overview.plan);
  banner("plan", levels.plan, trouble);
  const inputs = overview.plan?.degraded ?? [];
  banner("inputs", "caution", inputs.length && t("The plan's inputs are poorer than usual: {list}", { list: inputs.join("; ") }));
  onOverview(overview, levels);
}

function showLink(lostSince) {
  const lost = lostSince !== null && Date.now() - lostSince > 2000;
  document.body.classList.toggle("lost", lost);
  const seconds = lost ? number((Date.now() - lostSince) / 1000) : "";
  banner("link", "alarm", lost && t("Link to the console lost {s} s ago: these figures are old.", { s: seconds }));
}

/** Start the frame; `onOverview(overview, levels)` is called for each message. */
export function start(onOverview = () => {}) {
  listen();
  follow((message) => show(message, onOverview), showLink);
}
