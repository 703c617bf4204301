// Reads the JSON API. A session that has ended leads to the sign-in page.

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
