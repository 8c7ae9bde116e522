// An order's story: all that has happened to it, and what each event made of it.

import { read } from "./api.js";
import { find, keepFocus, make } from "./dom.js";
import { tellTrouble } from "./notices.js";
import { Difference, Recording, Story } from "./timetravel.js";
import { amount, eventFrom, number, short, time, told } from "./words.js";

const dialog = find("#story");
const [title, trouble, where, what] = ["h2", ".trouble", "output", ".what"].map((each) => find(each, dialog));
const [back, on] = dialog.querySelectorAll(".step");
const [difference, story] = [new Difference(), new Story()];
let orderId = null;
let steps = []; // of which one is shown, counted from 1
let step = 0;

/** Return a button that opens an order's story. */
export function storyButton(id, name, ...content) {
  const attributes = { type: "button", class: "link", title: id, "aria-label": `${name}, the story of this order` };
  return make("button", { ...attributes, click: () => open(id) }, ...content);
}

async function open(id) {
  orderId = id;
  title.textContent = `The story of order ${short(id)}`;
  title.title = id;
  [steps, step] = [[], 0];
  find(".told", dialog).hidden = true;
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
    const { events, changes, ...known } = await read(`/story/${encodeURIComponent(id)}`);
    if (id !== orderId || events.length <= steps.length) return;
    trouble.textContent = "";
    const recording = new Recording(known);
    for (const change of changes) recording.append(change);
    const isAtEnd = step === steps.length;
    steps = events.map((event, index) => (
      { ...recording.event(index), ...eventFrom(event), changes: recording.changesOf(index) }));
    go(isAtEnd ? steps.length : step);
  } catch (problem) {
    tellTrouble(trouble, problem);
  }
}

/** Show one step: what was before the event, and what it made of that. */
function go(wanted) {
  step = Math.max(1, Math.min(wanted, steps.length));
  const { position, version, fields, changes, source, target, ...event } = steps[step - 1];
  find(".told", dialog).hidden = false;
  back.disabled = step === 1;
  on.disabled = step === steps.length;
  where.textContent = `${number(step)} of ${number(steps.length)}: ${source} → ${target}`;
  what.replaceChildren(
    make("p", {}, told({ ...event, fields })),
    make("p", { class: "when" }, time(fields.timestamp),
      ` · event ${number(position)} of the log, version ${version} of the order`),
    ...(fields.items ?? []).map(
      (item) => make("p", {}, `${number(item.quantity)} × ${item.name} at ${amount(item.unit_price_cents)}`)),
    make("details", {}, make("summary", {}, event.type), make("pre", { tabindex: 0 }, JSON.stringify(fields, null, 2))));
  difference.show(changes);
  story.show(steps, position);
  if (document.activeElement.matches("body, :disabled")) find("[aria-current] button", dialog).focus();
}

what.after(difference.element, story.element);
back.addEventListener("click", () => go(step - 1));
on.addEventListener("click", () => go(step + 1));
dialog.addEventListener("keydown", ({ key, target }) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (by && steps.length > 0 && !target.matches("pre")) go(step + by);
});
find(".back", dialog).addEventListener("click", () => dialog.close());
dialog.addEventListener("click", ({ target }) => {
  const position = target.closest("[data-go]")?.dataset.go;
  if (position) go(1 + steps.findIndex((each) => each.position === Number(position)));
  if (target === dialog) dialog.close(); // which is what is around it
});
dialog.addEventListener("close", () => {
  keepFocus(orderId);
  orderId = null;
});
