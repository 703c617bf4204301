// The live feed: one socket, opened again with growing pauses when it is lost. The link counts as
// lost too when nothing came for a few seconds, because a broken network says nothing.

const SILENCE_MS = 5000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
const SIGNED_OUT = 4401;

/** `onFrame(message)` for each message; `onLink(lostSince)` with a time or null. */
export function follow(onFrame, onLink) {
  let pause = FIRST_PAUSE_MS;
  let heardAt = Date.now();

  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.onmessage = (event) => {
      heardAt = Date.now();
      pause = FIRST_PAUSE_MS;
      onLink(null);
      onFrame(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (event.code === SIGNED_OUT) return location.assign("/sign-in");
      onLink(heardAt);
      setTimeout(open, pause * (0.75 + Math.random() / 2));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    };
  };

  setInterval(() => {
    if (Date.now() - heardAt > SILENCE_MS) onLink(heardAt);
  }, 1000);
  open();
}
