// Reads the JSON API, and asks it to change something. A session that has ended leads to the sign-in page.

export async function read(path) {
  const response = await fetch(`/api/v1/${path}`, { headers: { Accept: "application/json" } });
  if (response.status === 401) {
    location.assign("/sign-in");
    return new Promise(() => {});
  }
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? response.statusText);
  return body;
}

const formToken = () => document.querySelector("input[name=form_token]").value;

/** Post `values` as a form of this page; what was refused is thrown in words. */
export async function send(path, values = {}) {
  const body = new URLSearchParams({ ...values, form_token: formToken() });
  const response = await fetch(`/api/v1/${path}`, { method: "POST", body });
  if (response.status === 401) location.assign("/sign-in");
  if (!response.ok) throw new Error((await response.json()).detail ?? response.statusText);
}

/** Call `work` now and then every `seconds` while the page is visible; failures wait for the next. */
export function regularly(seconds, work, failed) {
  const run = () => {
    if (!document.hidden) work().catch(failed);
  };
  run();
  setInterval(run, seconds * 1000);
  document.addEventListener("visibilitychange", run);
  return run;
}
