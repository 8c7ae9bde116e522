// The form that places an order. What an order may be, the server says; here is only how it is typed.

import { send } from "./api.js";
import { find, whileDisabled } from "./dom.js";
import { notice, tellTrouble } from "./notices.js";
import { amount, short } from "./words.js";

const CUSTOMERS = ["Ada", "Grace", "Alan", "Barbara", "Edsger", "Katherine"];
const PRODUCTS = [
  ["Enamel mug", 2, "9.50"], ["Notebook", 3, "4.20"], ["Desk lamp", 1, "34.00"], ["Fountain pen", 1, "18.90"],
  ["Green tea", 4, "3.75"], ["Wool blanket", 1, "59.00"],
];

const form = find("#place");
const items = find("#items");
const trouble = find(".trouble", form);
const buttons = form.querySelectorAll(".buttons button");
let next = Math.floor(Math.random() * PRODUCTS.length);

async function place() {
  clear();
  try {
    const body = { customer_id: form.elements.customer.value, items: [...items.children].map(itemIn) };
    const placed = await whileDisabled(buttons, () => send("/api/v1/orders", body));
    notice(`Order ${short(placed.order_id)} is placed, for ${amount(placed.total_cents)}.`);
    items.replaceChildren();
    addItem();
  } catch (problem) {
    tellTrouble(trouble, problem);
    problem.input?.setAttribute("aria-invalid", "true");
    problem.input?.focus();
  }
}

function clear() {
  trouble.textContent = "";
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

function addItem() {
  const item = find("#item").content.firstElementChild.cloneNode(true);
  const [name, quantity, price] = PRODUCTS[next++ % PRODUCTS.length];
  for (const [field, value] of Object.entries({ name, quantity, price })) find(`[name=${field}]`, item).value = value;
  find("button", item).addEventListener("click", () => {
    const other = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    numberItems();
    (other === null ? find("#add") : find("input", other)).focus();
  });
  items.append(item);
  numberItems();
  return item;
}

function numberItems() {
  for (const [index, item] of [...items.children].entries()) {
    find("legend", item).textContent = `Item ${index + 1}`;
    find("button", item).setAttribute("aria-label", `Remove item ${index + 1}`);
  }
}

/** Return an item as the server takes it. */
function itemIn(fields) {
  const [name, quantity, price] = fields.querySelectorAll("input");
  return {
    product_id: name.value.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "item",
    name: name.value,
    quantity: wholeIn(quantity),
    unit_price_cents: centsIn(price),
  };
}

function wholeIn(input) {
  if (/^-?\d+$/.test(input.value.trim())) return numberOf(input.value.trim());
  throw mistyped(input, "The quantity must be a whole number, such as 2.");
}

/** Return an amount in cents, digit by digit: 1.15 * 100 is 114.99999999999999. */
function centsIn(input) {
  const [, whole, part = ""] = /^(-?\d+)(?:[.,](\d+))?$/.exec(input.value.trim()) ?? [];
  if (!whole) throw mistyped(input, "The price must be an amount, such as 9.50.");
  if (part.length > 2) throw mistyped(input, "The price must have two decimals at most, such as 9.50.");
  return numberOf(whole + part.padEnd(2, "0"));
}

// Twenty digits are refused like more, of which JSON would make 1e+21.
const numberOf = (digits) => Number(digits.slice(0, 20));

const mistyped = (input, words) => Object.assign(new Error(words), { input });

form.elements.customer.value = CUSTOMERS[Math.floor(Math.random() * CUSTOMERS.length)];
addItem();
find("#add").addEventListener("click", () => find("input", addItem()).focus());
form.addEventListener("input", ({ target }) => {
  if (target.matches("[aria-invalid]")) clear();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!buttons[0].disabled) place();
});
