// The chart's figures as a table, for those who read rather than look.

import { CHARGE, POWERS, PRICE, ahead } from "./chart_names.js";
import { make } from "./dom.js";
import { day, number, t, time } from "./texts.js";

const cell = (value, digits = 0) => make("td", { className: "number" }, number(value, digits));

function forecastCell(band, index) {
  if (!band || band.expected[index] === null) return cell(null);
  const [expected, low, high] = [band.expected, band.low, band.high].map((values) => number(values[index]));
  return make("td", { className: "number" }, low === high ? expected : `${expected} (${low}–${high})`);
}

function row(data, index, future) {
  const start = data.starts[index];
  const powers = POWERS.map((series) => {
    if (!future) return cell(data.measured[series.key]?.[index]);
    return series.forecast ? forecastCell(data.forecast[series.key], index) : cell(ahead(data, series)?.[index]);
  });
  const charge = future ? data.planned.soc_pct : data.measured.soc_pct;
  return make("tr", {},
    make("th", { scope: "row" }, `${day(start)} ${time(start)}`),
    make("td", { className: "soft" }, future ? t("planned or forecast") : t("measured")),
    ...powers, cell(charge?.[index]), cell(data.price_eur_per_kwh[index], 3));
}

function head() {
  const columns = [...POWERS.map((series) => `${series.name}, kW`), `${CHARGE.name}, %`, `${PRICE.name}, €/kWh`];
  return make("thead", {}, make("tr", {}, make("th", { scope: "col" }, t("Quarter hour")),
    make("th", { scope: "col" }, t("State")),
    ...columns.map((name) => make("th", { scope: "col", className: "number" }, name))));
}

/** Fill `element` with the table of `data`. */
export function showTable(element, data) {
  const now = Date.parse(data.now);
  const past = make("tbody");
  const future = make("tbody", { className: "ahead" });
  data.starts.forEach((start, index) => {
    const isPast = Date.parse(start) + 15 * 60 * 1000 <= now;
    (isPast ? past : future).append(row(data, index, !isPast));
  });
  element.replaceChildren(make("table", {}, head(), past, future));
}
