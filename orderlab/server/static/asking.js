// Ship or cancel an order: one question in a dialog.

import { send } from "./api.js";
import { find, keepFocus, whileDisabled } from "./dom.js";
import { notice, tellTrouble } from "./notices.js";
import { sentence, short } from "./words.js";

const QUESTIONS = {
  ship: {
    does: "Ship order", command: "ShipOrder", asks: "Tracking number", field: "tracking_number", done: "is shipped",
    suggest: (id) => `TRACK-${id.slice(-6).toUpperCase()}`,
  },
  cancel: {
    does: "Cancel order", command: "CancelOrder", asks: "Reason", field: "reason", done: "is cancelled",
    suggest: () => "Cancelled by customer",
  },
};

const dialog = find("#asking");
const input = find("input", dialog);
const trouble = find(".trouble", dialog);
const button = find(".main", dialog);
let asked;
let orderId;

/** Ask what is needed to "ship" or "cancel" an order, and have it done. */
export function ask(what, id) {
  asked = { ...QUESTIONS[what], address: `/api/v1/orders/${encodeURIComponent(id)}/${what}` };
  orderId = id;
  find("h2", dialog).textContent = `${asked.does} ${short(id)}`;
  find("label span", dialog).textContent = asked.asks;
  button.textContent = asked.does;
  button.disabled = false;
  trouble.textContent = "";
  input.value = asked.suggest(id);
  dialog.showModal();
  input.select();
}

async function answer() {
  const [id, { address, command, field, done }] = [orderId, asked];
  trouble.textContent = "";
  try {
    await whileDisabled([button], () => send(address, { [field]: input.value }));
    notice(sentence(`order ${short(id)} ${done}`));
    if (id === orderId) dialog.close();
  } catch (problem) {
    const { orderStatus } = problem;
    if (!orderStatus) return tellTrouble(trouble, problem);
    tellTrouble(trouble, problem, `${command} refused: order ${short(id)} is ${orderStatus} already (InvalidOrderState).`);
    if (document.activeElement === button) find(".back", dialog).focus();
    button.disabled = id === orderId; // nothing leads on from there
  }
}

find(".back", dialog).addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => keepFocus(orderId));
dialog.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!button.disabled) answer();
});
