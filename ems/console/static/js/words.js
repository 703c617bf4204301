// The words for what the program names in English.

import { t } from "./texts.js";

export const KINDS = {
  dwelling_controller: t("dwelling"), zone_controller: t("zone"), substation: t("substation"),
  heat_pump: t("heat pump"), loop: t("loop and sea"), charge_point: t("charge point"),
  pv_inverter: t("PV inverter"), battery: t("battery"), meter: t("meter"),
  heat_meter: t("heat meter"),
};

export const MODES = {
  automatic: t("automatic"), advisory: t("advisory"), shadow: t("shadow: nothing is written"),
  manual: t("manual"),
};

export const ORIGINS = {
  optimised: t("optimised"), previous: t("previous plan carried on"),
  rules: t("plain rules, no optimisation"),
};

export const HEALTH = {
  good: t("answers"), partial: t("answers in part"), stale: t("too old"),
  silent: t("does not answer"), unseen: t("never heard"),
};

export const QUALITY = {
  good: t("good"), stale: t("too old"), comm_fail: t("no answer"), out_of_range: t("out of range"),
  device_invalid: t("invalid at the device"), overridden: t("held on site"),
};

export const OUTCOMES = {
  ok: t("taken"), clamped: t("clamped to its bounds"), rounded: t("rounded to a step"),
  overridden: t("held on site"), mismatch: t("another value read back"), rejected: t("refused"),
  unreachable: t("no answer"), deferred: t("back, waits for its turn"), withheld: t("withheld by the mode"),
};

export const STEPS = {
  snapshot: t("read"), validate: t("validate"), history: t("history"), forecast: t("forecast"),
  plan: t("plan"), "next best": t("next best"), check: t("check"), commit: t("commit"),
  dispatch: t("dispatch and verify"),
};

export const PLAN_STATES = {
  proposed: t("proposed"), approved: t("approved"), live: t("in force"), superseded: t("superseded"),
  rejected: t("rejected"),
};

export const STANDINGS = {
  normal: t("over"), unacknowledged: t("not acknowledged"), acknowledged: t("acknowledged"),
  returned: t("over, not acknowledged"), shelved: t("shelved"), out_of_service: t("out of service"),
};

export const ALARM_STATES = {
  normal: t("normal again"), fault: t("fault"), off_normal: t("not normal"), high_limit: t("high limit"),
  low_limit: t("low limit"), life_safety: t("life safety"),
};

export const KEY_NAMES = {
  room_temp_c: t("room"), tank_top_temp_c: t("tank top"), electric_power_kw: t("electric power"),
  loop_supply_temp_c: t("loop supply"), power_kw: t("power"), soc_pct: t("state of charge"),
};
