// The list of events, newest first, and never too long.

import { find, make, paced } from "./dom.js";
import { storyButton } from "./story.js";
import { fact, number, short, time, told } from "./words.js";

const MOST_SHOWN = 100;
const SHOW_EVERY_MS = 100;
const SAY_EVERY_MS = 4_000;

const list = find("#events");
let waiting = []; // to be shown, the oldest first
let unsaid = 0;
let latest;

/** Show the last events of a log instead of what is shown. */
export function beginEvents(events) {
  list.replaceChildren();
  waiting = events;
  showWaiting();
}

/** Show one more event, and say it to those who do not see it. */
export function addEvent(event) {
  waiting.push(event);
  if (waiting.length > MOST_SHOWN) waiting.shift();
  show();
  latest = event;
  unsaid += 1;
  say();
}

const show = paced(showWaiting, SHOW_EVERY_MS);

function showWaiting() {
  list.prepend(...waiting.map(row).reverse());
  waiting = [];
  while (list.childElementCount > MOST_SHOWN) list.lastElementChild.remove();
  find("#no-events").hidden = list.childElementCount > 0;
}

// Of many events the last alone: a screen reader would never come to an end.
const say = paced(() => {
  find("#heard").textContent = (unsaid > 1 ? `${number(unsaid)} events, the last: ` : "") + told(latest);
  unsaid = 0;
}, SAY_EVERY_MS);

function row({ position, type, fields }) {
  const { order_id, timestamp } = fields;
  const name = short(order_id);
  return make("li", { "data-position": position },
    make("small", {}, `#${number(position)}`), make("b", {}, type), storyButton(order_id, name, name),
    make("p", {}, make("span", {}, fact(fields)), time(timestamp)));
}
