// An order's story: all that has happened to it, in words.

import { read } from "./api.js";
import { find, keepFocus, make } from "./dom.js";
import { tellTrouble } from "./notices.js";
import { amount, eventFrom, number, short, time, told } from "./words.js";

const dialog = find("#story");
const title = find("#story-title");
const trouble = find(".trouble", dialog);
const list = find("ol", dialog);
let orderId = null;

/** Return a button that opens an order's story. */
export function storyButton(id, name, ...content) {
  const attributes = { type: "button", class: "link", title: id, "aria-label": `${name}, the story of this order` };
  return make("button", { ...attributes, click: () => open(id) }, ...content);
}

async function open(id) {
  orderId = id;
  title.textContent = `The story of order ${short(id)}`;
  title.title = id;
  list.replaceChildren();
  dialog.showModal();
  await tell();
}

/** Go on telling if an event is about the order whose story is open. */
export async function hear({ fields }) {
  if (fields.order_id === orderId) await tell();
}

async function tell() {
  const id = orderId;
  try {
    const { events } = await read(`/api/v1/orders/${encodeURIComponent(id)}/events`);
    if (id !== orderId) return;
    trouble.textContent = "";
    list.append(...events.slice(list.childElementCount).map(chapter));
  } catch (problem) {
    tellTrouble(trouble, problem);
  }
}

/** Return one event in words, and as the log has it. */
function chapter(recorded) {
  const event = eventFrom(recorded);
  const items = event.fields.items ?? [];
  return make("li", {},
    make("p", { class: "when" }, time(event.fields.timestamp),
      ` · event ${number(event.position)} of the log, version ${event.version} of the order`),
    make("p", {}, told(event)),
    make("div", {}, ...items.map(
      (item) => make("p", {}, `${number(item.quantity)} × ${item.name} at ${amount(item.unit_price_cents)}`))),
    make("details", {}, make("summary", {}, event.type),
      make("pre", { tabindex: 0 }, JSON.stringify(event.fields, null, 2))));
}

find(".back", dialog).addEventListener("click", () => dialog.close());
dialog.addEventListener("click", ({ target }) => {
  if (target === dialog) dialog.close(); // which is what is around it
});
dialog.addEventListener("close", () => {
  keepFocus(orderId);
  orderId = null;
});
