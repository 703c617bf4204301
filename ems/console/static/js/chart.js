// The chart: power, state of charge and price over one time axis, a day back and a day ahead.
// Measured lines are solid, planned ones dashed; a now-line and a tint part them.

import { echarts } from "../vendor/index.js";
import { CHARGE, POWERS, PRICE, ahead } from "./chart_names.js";
import { make } from "./dom.js";
import { day, hourAndMinute, number, t, time } from "./texts.js";

const SLOT_MS = 15 * 60 * 1000;
const element = document.getElementById("chart");
let drawing = null;
let drawn = null;

/** The colour that a custom property has in the present theme. */
function colour(name) {
  const probe = make("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function points(data, values) {
  const pairs = (values ?? []).map((value, index) => [Date.parse(data.starts[index]), value]);
  const last = pairs.at(-1);
  return last ? [...pairs, [last[0] + SLOT_MS, last[1]]] : [];
}

function line(data, series, values, extra = {}) {
  return {
    type: "line", name: series.name, data: points(data, values), step: "end", symbol: "none",
    connectNulls: false, emphasis: { disabled: true }, silent: true,
    lineStyle: { width: series.width, color: colour(series.colour) },
    itemStyle: { color: colour(series.colour) }, ...extra,
  };
}

function dashed(data, series, values, extra = {}) {
  const style = { width: series.width, color: colour(series.colour), type: [5, 4] };
  return line(data, series, values, { ...extra, lineStyle: style });
}

function band(data, series) {
  const { low, high } = data.forecast[series.key];
  const stack = { stack: `band ${series.key}`, stackStrategy: "all", lineStyle: { opacity: 0 } };
  const height = low.map((value, index) => (value === null ? null : high[index] - value));
  return [
    line(data, series, low, stack),
    line(data, series, height, { ...stack, areaStyle: { color: colour(series.colour), opacity: 0.2 } }),
  ];
}

function marks(data) {
  const now = Date.parse(data.now);
  const end = Date.parse(data.starts.at(-1)) + SLOT_MS;
  const ink = colour("--ink");
  const label = { color: colour("--soft"), fontSize: 11 };
  return {
    markLine: {
      silent: true, symbol: "none", animation: false,
      data: [
        { xAxis: now, lineStyle: { color: ink, type: "solid", width: 1 },
          label: { ...label, formatter: t("now {time}", { time: time(now) }), position: "end" } },
        { yAxis: data.subscribed_kw, lineStyle: { color: ink, type: [2, 3], width: 1 },
          label: { ...label, position: "insideStartTop",
            formatter: t("subscribed {value}", { value: `${number(data.subscribed_kw)} kW` }) } },
      ],
    },
    markArea: { silent: true, itemStyle: { color: colour("--future") }, data: [[{ xAxis: now }, { xAxis: end }]] },
  };
}

function powerSeries(data) {
  return POWERS.flatMap((series) => [
    ...(series.band ? band(data, series) : []),
    line(data, series, data.measured[series.key], series.key === "net_kw" ? { z: 5, ...marks(data) } : {}),
    dashed(data, series, ahead(data, series), series.key === "net_kw" ? { z: 5 } : {}),
  ]);
}

function lowerSeries(data) {
  const charge = { xAxisIndex: 1, yAxisIndex: 1 };
  const price = { xAxisIndex: 2, yAxisIndex: 2, areaStyle: { color: colour("--base"), opacity: 0.15 } };
  return [
    line(data, CHARGE, data.measured.soc_pct, charge),
    dashed(data, CHARGE, data.planned.soc_pct, charge),
    line(data, PRICE, data.price_eur_per_kwh, price),
  ];
}

/** Starts of slots at full local hours that are a multiple of `hours`. */
function ticks(data, hours) {
  return data.starts.map((start) => Date.parse(start)).filter((start) => {
    const { hour, minute } = hourAndMinute(start);
    return minute === 0 && hour % hours === 0;
  });
}

function tickLabel(moment) {
  return hourAndMinute(moment).hour === 0 ? `{day|${day(moment)}}` : time(moment);
}

function timeAxis(data, index, last) {
  const customValues = ticks(data, element.clientWidth < 700 ? 6 : 3);
  const line = { lineStyle: { color: colour("--line") } };
  return {
    type: "value", gridIndex: index, min: Date.parse(data.starts[0]),
    max: Date.parse(data.starts.at(-1)) + SLOT_MS, splitLine: { show: false },
    axisLine: { onZero: false, ...line }, axisTick: { show: true, customValues, ...line },
    axisLabel: {
      show: last, customValues, formatter: tickLabel, color: colour("--soft"), hideOverlap: true,
      rich: { day: { color: colour("--ink"), fontWeight: 600 } },
    },
    axisPointer: { label: { show: false } },
  };
}

function valueAxis(index, name, extra = {}) {
  return {
    type: "value", gridIndex: index, name, nameLocation: "end", nameGap: 8,
    nameTextStyle: { color: colour("--soft"), align: "left", fontSize: 11, padding: [0, 0, 0, -40] },
    splitLine: { lineStyle: { color: colour("--line"), opacity: 0.6 } },
    axisLabel: { color: colour("--soft"), formatter: (value) => number(value, extra.digits ?? 0) },
    splitNumber: 5, axisPointer: { show: false }, ...extra,
  };
}

/** The top of the power axis: always above the limit, so that its line and label stay clear. */
function headroom(highest, limit) {
  return Math.ceil(Math.max(highest, 1.1 * limit) / 200) * 200;
}

function grids() {
  const common = { left: 58, right: 16 };
  const height = element.clientHeight;
  const top = element.clientWidth < 700 ? 82 : 58;
  const small = Math.round(height * 0.115);
  return [
    { ...common, top, height: height - top - 2 * small - 110 },
    { ...common, top: height - 2 * small - 78, height: small },
    { ...common, top: height - small - 30, height: small },
  ];
}

function tipRow(series, value, digits, unit) {
  if (value === null || value === undefined) return null;
  const dot = make("span", { className: "dot" });
  dot.style.background = colour(series.colour);
  return make("tr", {}, make("th", {}, dot, series.name), make("td", {}, `${number(value, digits)} ${unit}`));
}

function tip(data, index) {
  const moment = data.starts[index];
  const value = (series) => data.measured[series.key]?.[index] ?? ahead(data, series)?.[index];
  const rows = POWERS.map((series) => tipRow(series, value(series), 0, "kW"));
  rows.push(tipRow(CHARGE, value(CHARGE), 0, "%"), tipRow(PRICE, data.price_eur_per_kwh[index], 3, "€/kWh"));
  const table = make("table", {}, make("caption", {}, `${day(moment)} ${time(moment)}`));
  table.append(...rows.filter(Boolean));
  return make("div", { className: "tip" }, table);
}

function tooltip(data) {
  const first = Date.parse(data.starts[0]);
  return {
    trigger: "axis", confine: true, transitionDuration: 0.1, backgroundColor: colour("--raised"),
    borderColor: colour("--line"), textStyle: { color: colour("--ink") }, padding: 8,
    formatter: (hit) => {
      const index = Math.floor(((hit[0]?.axisValue ?? first) - first) / SLOT_MS);
      return tip(data, Math.max(0, Math.min(data.starts.length - 1, index)));
    },
    axisPointer: { type: "line", snap: false, lineStyle: { color: colour("--bar") }, animation: false },
  };
}

function options(data) {
  return {
    animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: false }, grid: grids(),
    legend: {
      top: 4, left: 8, itemWidth: 16, itemHeight: 3, itemGap: 16, icon: "rect",
      textStyle: { color: colour("--ink") }, inactiveColor: colour("--line"),
      data: POWERS.map((series) => series.name),
    },
    tooltip: tooltip(data), axisPointer: { link: [{ xAxisIndex: "all" }] },
    xAxis: [timeAxis(data, 0, false), timeAxis(data, 1, false), timeAxis(data, 2, true)],
    yAxis: [
      valueAxis(0, "kW", { max: (seen) => headroom(seen.max, data.subscribed_kw) }), valueAxis(1, `${CHARGE.name}, %`, { min: 0, max: 100, interval: 50 }),
      valueAxis(2, `${PRICE.name}, €/kWh`, { digits: 2, splitNumber: 2, min: 0 }),
    ],
    series: [...powerSeries(data), ...lowerSeries(data)],
  };
}

/** Draw `data` as `/api/v1/series` gives it. */
export function draw(data) {
  drawn = data;
  if (!drawing) {
    element.replaceChildren();
    drawing = echarts.init(element, null, { renderer: "canvas" });
    new ResizeObserver(() => {
      drawing.resize();
      draw(drawn);
    }).observe(element);
    document.addEventListener("theme", () => draw(drawn));
  }
  const selected = drawing.getOption()?.legend?.[0]?.selected;
  const next = options(data);
  if (selected) next.legend.selected = selected;
  drawing.setOption(next, { notMerge: true });
}
