// The state machine, which the server draws: how many orders are where, which way an event has gone.

import { find } from "./dom.js";
import { number } from "./words.js";

const SHINE_MS = 1_200;
const ARROW_OF = { OrderPlaced: "PlaceOrder", OrderShipped: "ShipOrder", OrderCancelled: "CancelOrder" };

const svg = find(".machine svg");
const title = find("title", svg);
const described = title.textContent.split(";")[0];
const fading = new Map();

/** Show how many orders there are in each state. */
export function count(counts) {
  for (const [state, orders] of Object.entries(counts)) {
    find(`[data-state="${state}"] text:last-child`, svg).textContent = number(orders);
  }
  const said = Object.entries(counts).map(([state, orders]) => `${orders} ${state}`);
  title.textContent = `${described}; ${said.join(", ")}`;
}

/** Light up the arrow that an event went along; while events keep coming it stays lit. */
export function shine({ type }) {
  const arrow = find(`[data-edge="${ARROW_OF[type]}"]`, svg);
  if (arrow === null) return;
  clearTimeout(fading.get(arrow));
  arrow.classList.add("lit");
  fading.set(arrow, setTimeout(() => arrow.classList.remove("lit"), SHINE_MS));
}
