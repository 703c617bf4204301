// The tiles of the overview: a figure each, what was planned beside it, and what was left out.

import { make, setLevel, setText } from "./dom.js";
import { age, number, t, time, weekdayTime } from "./texts.js";

const one = (selector) => document.querySelector(selector);
const setNote = (name, parts) => setText(one(`[data-text="${name}"]`), parts.filter(Boolean).join(" · "));

function showFigure(name, figure, digits = 0) {
  const element = one(`[data-figure="${name}"]`);
  setText(element, number(figure.value, digits));
  element.classList.toggle("stale", figure.value !== null && !figure.usable);
}

function planned(figure, unit, digits = 0) {
  return figure.planned === null ? "" : t("planned {value}", { value: `${number(figure.planned, digits)} ${unit}` });
}

function leftOut(figure, now) {
  if (figure.value === null) return t("no value");
  if (figure.points === 1) return figure.usable ? "" : t("{age} old", { age: age(figure.at, now) });
  return figure.left_out ? t("{n} of {of} left out", { n: figure.left_out, of: figure.points }) : "";
}

function place(gauge, name, share) {
  gauge.style.setProperty(name, `${Math.max(0, Math.min(100, 100 * share))}%`);
}

function showConnection({ net_kw: net, subscribed_kw: limit, distance_kw: distance }, level, now) {
  showFigure("net", net);
  const value = number(Math.abs(distance ?? 0));
  const text = distance === null ? t("distance to the subscribed power not known")
    : distance < 0 ? t("{value} kW above the subscribed power", { value })
    : t("{value} kW below the subscribed power", { value });
  const aside = one('[data-text="distance"]');
  setText(aside, text);
  setLevel(aside, level);
  const scale = Math.max(limit * 1.15, net.value ?? 0);
  const gauge = one('[data-gauge="net"]');
  place(gauge, "--fill", (net.value ?? 0) / scale);
  place(gauge, "--limit", limit / scale);
  gauge.querySelector(".planned").hidden = net.planned === null;
  place(gauge, "--planned", (net.planned ?? 0) / scale);
  const subscribed = t("subscribed {value}", { value: `${number(limit)} kW` });
  setNote("net-note", [planned(net, "kW"), subscribed, leftOut(net, now)]);
  setLevel(one("#connection"), level, "-tile");
}

function showPeak({ peak_kw: peak, peak_at: at, subscribed_kw: limit }) {
  const element = one('[data-text="peak"]');
  element.hidden = peak === null;
  if (peak === null) return;
  setText(element, t("highest planned: {value} kW, {at}", { value: number(peak), at: weekdayTime(at) }));
  setLevel(element, peak > limit ? "caution" : "quiet");
}

function showTally(name, tally, level) {
  const element = one(`[data-text="${name}"]`);
  const good = tally.known ? number(tally.good) : "–";
  element.replaceChildren(good, make("small", {}, ` / ${number(tally.known || tally.total)}`));
  setLevel(element, level);
}

function tallyNote(tally) {
  if (!tally.worst.length) return "";
  return t("worst {id}: {by} K outside", { id: tally.worst[0], by: number(tally.worst_by, 1) });
}

function showComfort(overview, levels) {
  showTally("dwellings", overview.dwellings, levels.dwellings);
  showTally("zones", overview.zones, levels.zones);
  const unknown = overview.dwellings.total + overview.zones.total - overview.dwellings.known - overview.zones.known;
  setNote("comfort-note", [
    tallyNote(overview.dwellings), tallyNote(overview.zones),
    overview.zones.total === 0 && t("no zone is in use now"),
    unknown > 0 && t("{n} without a usable temperature", { n: number(unknown) }),
  ]);
}

function showCharging(charging, power, level) {
  const known = charging.unknown < charging.total;
  setText(one('[data-text="short"]'), known ? number(charging.short.length) : "–");
  setNote("charging-note", [
    known && t("plugged in: {n}", { n: number(charging.connected) }),
    power.value !== null && t("{value} kW now", { value: number(power.value) }), planned(power, "kW"),
    charging.unknown > 0 && t("{n} of {of} charge points unknown", { n: charging.unknown, of: charging.total }),
  ]);
  one('[data-list="short"]').replaceChildren(...charging.short.slice(0, 4).map((car) => make("li", {},
    t("{id}: {kwh} kWh short at {at}", {
      id: car.charge_point, kwh: number(car.missing_kwh, 1), at: time(car.departure),
    }))));
  setLevel(one("#charging"), level, "-tile");
  setLevel(one('[data-text="short"]'), level);
}

function batteryPower(power) {
  if (power.value === null) return "";
  const value = number(Math.abs(power.value));
  if (Math.abs(power.value) < 0.5) return t("idle");
  return power.value > 0 ? t("charging {value} kW", { value }) : t("giving {value} kW", { value });
}

function battery({ id, soc_pct: soc, power_kw: power }, now) {
  const gauge = make("div", { className: "gauge small", "aria-hidden": "true" },
    make("i", { className: "fill" }), make("i", { className: "planned" }));
  place(gauge, "--fill", (soc.value ?? 0) / 100);
  place(gauge, "--planned", (soc.planned ?? 0) / 100);
  gauge.querySelector(".planned").hidden = soc.planned === null;
  const stale = soc.value !== null && !soc.usable ? "value stale" : "value";
  const notes = [planned(soc, "%"), batteryPower(power), leftOut(soc, now)].filter(Boolean);
  return make("div", { className: "battery" },
    make("div", { className: "row" }, make("span", { className: "soft" }, id),
      make("span", { className: stale }, `${number(soc.value)} %`)),
    gauge, make("p", { className: "soft note" }, notes.join(" · ")));
}

function heatNote(heat, power) {
  if (heat.value === null) return "";
  const text = t("{value} kW of heat", { value: number(heat.value) });
  if (!power.value || power.value < 1 || power.left_out || heat.left_out) return text;
  return `${text}, COP ${number(heat.value / power.value, 1)}`;
}

/** Show one overview. */
export function showTiles(overview, levels) {
  const { now } = overview;
  showConnection(overview.connection, levels.connection, now);
  showPeak(overview.connection);
  showComfort(overview, levels);
  showCharging(overview.charging, overview.ev_kw, levels.charging);
  one('[data-list="batteries"]').replaceChildren(...overview.batteries.map((b) => battery(b, now)));
  showFigure("pv", overview.pv_kw);
  setNote("pv-note", [planned(overview.pv_kw, "kW"), leftOut(overview.pv_kw, now)]);
  showFigure("heat-pump", overview.heat_pump_kw);
  setNote("heat-pump-note", [
    planned(overview.heat_pump_kw, "kW"), heatNote(overview.heat_kw, overview.heat_pump_kw),
    leftOut(overview.heat_pump_kw, now),
  ]);
}
