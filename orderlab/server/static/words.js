// How things are said: amounts, times, orders and events.

import { make } from "./dom.js";
import { number } from "./timetravel.js";

export { number };

const AMOUNT = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2 });
const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY_AND_TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const amount = (cents) => AMOUNT.format(`${cents}e-2`); // and not cents / 100: exactly

/** Return a time as the visitor's clock shows it, with the day unless that is today. */
export function time(instant) {
  const date = new Date(instant);
  const isToday = date.toDateString() === new Date().toDateString();
  return make("time", { datetime: instant }, (isToday ? TIME : DAY_AND_TIME).format(date));
}

/** Return an order's id, or how a long one ends. */
export const short = (orderId) => (orderId.length > 12 ? `…${orderId.slice(-6)}` : orderId);

/** Return the items of an order in one line, the first few of many. */
export function listed(items) {
  const first = items.slice(0, 3).map((item) => `${number(item.quantity)} × ${item.name}`).join(", ");
  return items.length > 3 ? `${first} and ${number(items.length - 3)} more` : first;
}

/** Return what happened, as a sentence. */
export function told({ type, fields }) {
  const order = `order ${short(fields.order_id)}`;
  switch (type) {
    case "OrderPlaced":
      return `${fields.customer_id} placed ${order} for ${amount(fields.total_cents)}.`;
    case "OrderShipped":
      return sentence(`${order} was shipped as ${fields.tracking_number}`);
    case "OrderCancelled":
      return sentence(`${order} was cancelled: ${fields.reason}`);
  }
  return `${type} happened to ${order}.`;
}

/** Return what an event's fields say, in a few words. */
export function fact(fields) {
  if ("tracking_number" in fields) return `tracking ${fields.tracking_number}`;
  if ("reason" in fields) return `reason: ${fields.reason}`;
  return "total_cents" in fields ? `${fields.customer_id} · ${amount(fields.total_cents)}` : "";
}

/** Return words with a capital and a full stop. */
export function sentence(words) {
  const whole = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

/** Return what the server says of a field in the words of the page. */
export function plain(words) {
  const said = /cents/.test(words) ? amount : number;
  return words
    .replace(/items\[(\d+)\]\.(\w+)/, (_, index, field) => `${field} of item ${Number(index) + 1}`)
    .replace(/from (\d+) to (\d+), not .*/, (_, least, most) => `from ${said(least)} to ${said(most)}`)
    .replace(/(\d+) cents in all, not .*/, (_, most) => `${said(most)} in all`)
    .replace("customer_id", "customer").replace("product_id", "name")
    .replace("unit_price_cents", "price").replace("tracking_number", "tracking number");
}

/** Return an event as the page passes it on, from HTTP or WebSocket. */
export function eventFrom({ position, version, action }) {
  const [[type, fields]] = Object.entries(action);
  return { position, version, type, fields };
}
