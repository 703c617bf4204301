// Elements made and filled as text, never as markup.

/** An element with a class, attributes, and children (strings become text). */
export function make(tag, { className = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Change the text only when it differs, so that nothing is announced or drawn twice. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show the level of attention: `quiet`, `caution` or `alarm`; `suffix` for whole tiles. */
export function setLevel(element, level, suffix = "") {
  for (const name of ["caution", "alarm"]) {
    element.classList.toggle(name + suffix, level === name);
  }
  if (!suffix) element.classList.toggle("mark", level !== "quiet");
}
