// The orders as the server lists and counts them: newest first, by status, older ones on demand.

import { read } from "./api.js";
import { ask } from "./asking.js";
import { find, keepFocus, make, paced } from "./dom.js";
import { count } from "./machine.js";
import { alarm } from "./notices.js";
import { storyButton } from "./story.js";
import { amount, listed, number, short, time } from "./words.js";

const PAGE = 20;
const MOST_AT_ONCE = 1_000; // that the server gives
const REFRESH_EVERY_MS = 300;

const list = find("#orders");
const older = find("#older");
const filter = find("#filter");
let wanted = PAGE;

/** Read anew what is shown, but not more often than anyone can see. */
export const refresh = paced(async () => {
  try {
    const { orders } = await read("/api/v1/summary");
    count(orders);
    for (const [status, howMany] of Object.entries(orders)) {
      find(`[value="${status}"] + span b`, filter).textContent = number(howMany);
    }
    await refreshList();
  } catch (problem) {
    alarm(problem);
  }
}, REFRESH_EVERY_MS);

/** Older orders are read again with the newest: they change too, and pages read apart would leave a gap. */
async function refreshList() {
  const before = [chosen(), wanted].join();
  const orders = [];
  let next = null;
  do {
    const query = new URLSearchParams({ limit: Math.min(MOST_AT_ONCE, wanted - orders.length) });
    if (chosen()) query.set("status", chosen());
    if (next) query.set("after", next);
    const page = await read(`/api/v1/orders?${query}`);
    if (before !== [chosen(), wanted].join()) return; // another list is wanted by now
    orders.push(...page.orders);
    next = page.next;
  } while (next !== null && orders.length < wanted);
  show(orders);
  older.hidden = next === null;
  find("#no-orders").hidden = orders.length > 0;
  find("#no-orders").textContent = chosen() ? `No order is ${chosen()}.` : "No order yet: place the first one.";
}

const chosen = () => find(":checked", filter).value;

/** Show orders, and leave alone what is there already: the focus stays where it is, and nothing blinks. */
function show(orders) {
  const focused = document.activeElement?.closest("[data-order]")?.dataset.order;
  const present = new Map([...list.children].map((row) => [row.dataset.order, row]));
  const rows = orders.map((order) => rowOf(order, present.get(order.order_id)));
  for (const row of present.values()) if (!rows.includes(row)) row.remove();
  let place = list.firstElementChild;
  for (const row of rows) {
    if (row === place) place = row.nextElementSibling;
    else list.insertBefore(row, place);
  }
  if (focused !== undefined) keepFocus(focused);
}

function rowOf(order, present) {
  const { order_id, customer_id, status, updated_at } = order;
  const row = present ?? make("li", { "data-order": order_id });
  const version = `${order.version} ${updated_at}`;
  if (row.dataset.version === version) return row;
  row.dataset.version = version;
  const name = short(order_id);
  const more = order.tracking_number ?? order.reason;
  const story = storyButton(order_id, `${customer_id} ${name}`, customer_id, " ", make("small", {}, name));
  row.replaceChildren(
    make("p", {}, story, " ", make("span", { class: `chip ${status}` }, status)),
    make("b", {}, amount(order.total_cents)),
    make("p", {}, listed(order.items), " ",
      make("small", {}, time(updated_at), more === undefined ? "" : ` · ${more}`)),
    make("p", { class: "buttons" }, ...(status === "placed" ? ["Ship", "Cancel"] : []).map(
      (does) => make("button", {
        type: "button", "aria-label": `${does} order ${name}`, click: () => ask(does.toLowerCase(), order_id),
      }, does))));
  return row;
}

filter.addEventListener("change", () => {
  wanted = PAGE;
  refresh();
});
older.addEventListener("click", () => {
  wanted = list.childElementCount + PAGE;
  refresh();
});
