// The series of the chart: their names, colours and places, for the drawing and for the table.

import { t } from "./texts.js";

/** In kW, drawn on one axis; `forecast` when what lies ahead is a forecast, not a plan. */
export const POWERS = [
  { key: "net_kw", name: t("Net import"), colour: "--net", width: 2.4 },
  { key: "base_kw", name: t("Base load"), colour: "--base", width: 1.5, forecast: true, band: true },
  { key: "pv_kw", name: t("PV"), colour: "--pv", width: 1.8, band: true },
  { key: "ev_kw", name: t("Vehicles"), colour: "--ev", width: 1.5 },
  { key: "heat_pump_kw", name: t("Heat pumps"), colour: "--heat-pump", width: 1.5 },
  { key: "battery_kw", name: t("Batteries"), colour: "--battery", width: 1.5 },
];

export const CHARGE = { key: "soc_pct", name: t("State of charge"), colour: "--battery", width: 1.8 };
export const PRICE = { name: t("Price of import"), colour: "--net", width: 1.5 };

/** What lies ahead of `series` in the data: the plan, or the forecast. */
export function ahead(data, series) {
  return series.forecast ? data.forecast[series.key]?.expected : data.planned[series.key];
}
