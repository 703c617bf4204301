// Texts in the page's language, and numbers and times as people write them there. Times are those
// of the district, wherever the browser stands.

const root = document.documentElement;
const catalogue = JSON.parse(document.getElementById("texts").textContent);

export const language = root.lang;
export const zone = root.dataset.zone;
const locale = language === "fr" ? "fr-FR" : "en-GB";

/** The text in this language; `{name}` is replaced by `values.name`. */
export function t(text, values = {}) {
  return (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const formats = new Map();

/** A number with `digits` decimals; a dash where there is none. */
export function number(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative",
    }));
  }
  return formats.get(digits).format(value);
}

const format = (options) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options });
const clockFormat = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const timeFormat = format({ hour: "2-digit", minute: "2-digit" });
const weekdayFormat = format({ weekday: "short", hour: "2-digit", minute: "2-digit" });
const dayFormat = format({ weekday: "short", day: "numeric", month: "short" });
const longDayFormat = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });

export const clock = (moment) => clockFormat.format(new Date(moment));
export const time = (moment) => timeFormat.format(new Date(moment));
export const day = (moment) => dayFormat.format(new Date(moment));
export const weekdayTime = (moment) => weekdayFormat.format(new Date(moment));
export const longDay = (moment) => longDayFormat.format(new Date(moment));

const hourParts = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hour: "numeric", minute: "numeric", hourCycle: "h23",
});

/** Hour and minute of the district's local day. */
export function hourAndMinute(moment) {
  const [hour, minute] = hourParts.format(new Date(moment)).split(":").map(Number);
  return { hour, minute };
}

/** How long ago, short: `4 s`, `12 min`, `3 h`. */
export function age(from, to) {
  if (!from) return t("never");
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  if (seconds < 90) return `${number(seconds)} s`;
  if (seconds < 5400) return `${number(seconds / 60)} min`;
  if (seconds < 172800) return `${number(seconds / 3600)} h`;
  return t("{n} d", { n: number(seconds / 86400) });
}
