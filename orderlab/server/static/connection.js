// Follow the log: every event once and in order, through lost connections, restarts and new logs.

import { read } from "./api.js";
import { pause } from "./dom.js";
import { eventFrom } from "./words.js";

const LAST_EVENTS = 50;
const PING_MS = 15_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const COME_BACK_AT_ONCE = [1012, 1013]; // the server restarts, or we were too slow

let position = null; // of the last event seen; null before there is a log
let last = null; // that event
let wake = () => {};

/**
 * Follow for as long as the page is open. `begin(events)` is called with the last events of a log, at first and when it
 * is another log; `take(event)` with each event after them; `tell(state, problem)` with "live" or "lost", and why.
 */
export async function follow({ begin, take, tell }) {
  for (let tries = 0; ; tries += 1) {
    let problem;
    try {
      if (!(await isSameLog())) begin(await startOver());
      const { code, seconds } = await listen(take, () => tell("live"));
      if (seconds > 1) tries = 0;
      if (seconds > 1 && COME_BACK_AT_ONCE.includes(code)) continue;
    } catch (caught) {
      problem = caught;
    }
    tell("lost", problem);
    await wait(tries);
  }
}

/** Tell whether the log has the last event that was seen: a server may come back with a new log. */
async function isSameLog() {
  if (!position) return position === 0;
  const { events } = await read(`/api/v1/events?after=${position - 1}&limit=1`);
  return events.length > 0 && mark(eventFrom(events[0])) === mark(last);
}

const mark = ({ type, fields }) => `${type} ${fields.order_id} ${fields.timestamp}`;

async function startOver() {
  const after = Math.max(0, (await read("/api/v1/summary")).position - LAST_EVENTS);
  const events = (await read(`/api/v1/events?after=${after}&limit=${LAST_EVENTS}`)).events.map(eventFrom);
  last = events.at(-1);
  position = last?.position ?? 0;
  return events;
}

/** Take events until the connection ends; return by which code, and how long it has lasted. */
function listen(take, opened) {
  return new Promise((resolve) => {
    const address = new URL(`/ws?after=${position}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    let openedAt = Infinity;
    let isAnswered = true;
    const end = (code) => {
      clearInterval(pings);
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      resolve({ code, seconds: (performance.now() - openedAt) / 1_000 });
    };
    // A network that goes away says nothing, and a page does not see the server's own pings.
    const pings = setInterval(() => {
      if (!isAnswered || socket.readyState !== WebSocket.OPEN) return end();
      isAnswered = false;
      socket.send('{"type":"ping"}');
    }, PING_MS);
    socket.onopen = () => {
      openedAt = performance.now();
      opened();
    };
    socket.onclose = ({ code }) => end(code);
    socket.onmessage = ({ data }) => {
      isAnswered = true;
      const message = JSON.parse(data);
      if (message.type !== "event" || message.position <= position) return;
      if (message.position > position + 1) return end(); // come back, and ask for what is missing
      position = message.position;
      last = eventFrom(message);
      take(last);
    };
  });
}

/** Wait, longer each time, and not as long as others do, so as not to come back all at once. */
function wait(tries) {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  const woken = new Promise((resolve) => { wake = resolve; });
  return Promise.race([pause(most * (0.5 + Math.random() / 2)), woken]);
}

window.addEventListener("online", () => wake());
document.addEventListener("visibilitychange", () => wake());
