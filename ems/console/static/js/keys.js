// The keyboard: single letters, never while typing and never with a modifier.

const keys = document.getElementById("keys");

function typing(target) {
  return target.closest("input, select, textarea, [contenteditable]") !== null;
}

const ACTIONS = {
  o: () => location.assign("/"),
  s: () => location.assign("/schedule"),
  a: () => location.assign("/alarms"),
  d: () => location.assign("/devices"),
  j: () => location.assign("/audit"),
  "/": () => {
    const filter = document.getElementById("filter");
    if (filter) filter.focus();
    else location.assign("/devices#filter");
  },
  t: () => window.toggleTheme(),
  "?": () => keys.showModal(),
};

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const action = ACTIONS[event.key];
    if (!action || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  });
  document.getElementById("help").addEventListener("click", ACTIONS["?"]);
  document.getElementById("theme").addEventListener("click", ACTIONS.t);
}
