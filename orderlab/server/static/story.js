// An order's story: what has happened to it, step by step.

import { read } from "./api.js";
import { find, keepFocus, make } from "./dom.js";
import { tellTrouble } from "./notices.js";
import { Difference, Recording, Story } from "./timetravel.js";
import { eventFrom, listed, number, short, time, told } from "./words.js";

const dialog = find("#story");
const [title, trouble, view, where, what] = ["h2", ".trouble", ".told", "output", ".what"].map((each) => find(each, dialog));
const [back, on] = view.querySelectorAll("button");
const [difference, story] = [new Difference(), new Story()];
let orderId = null;
let steps = [];
let step = 0; // the one that is shown, counted from 1

/** Return a button that opens an order's story. */
export function storyButton(id, name, ...content) {
  return make("button", {
    type: "button", class: "link", title: id, "aria-label": `${name}, the story of this order`, click: () => open(id),
  }, ...content);
}

async function open(id) {
  [orderId, steps, step] = [id, [], 0];
  title.textContent = `The story of order ${short(id)}`;
  view.hidden = true;
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
    if (id !== orderId || events.length < steps.length) return;
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

/** Show a step: the event in words and as the log has it, and what was before and after it. */
function go(wanted) {
  step = wanted;
  const { position, version, type, fields, changes, source, target } = steps[step - 1];
  view.hidden = false;
  back.disabled = step === 1;
  on.disabled = step === steps.length;
  where.textContent = `${step} of ${steps.length}: ${source} → ${target}`;
  what.replaceChildren(
    make("p", {}, told({ type, fields })),
    make("p", {}, listed(fields.items ?? [])),
    make("p", { class: "when" }, time(fields.timestamp),
      ` · event ${number(position)} of the log, version ${version} of the order`),
    make("details", {}, make("summary", {}, type), make("pre", { tabindex: 0 }, JSON.stringify(fields, null, 2))));
  difference.show(changes);
  story.show(steps, position);
  if (document.activeElement.matches("body, :disabled")) find("[aria-current] button", view).focus();
}

what.after(difference.element, story.element);
dialog.addEventListener("click", ({ target }) => {
  const position = Number(target.dataset.go);
  if (position) go(1 + steps.findIndex((each) => each.position === position));
  if (target === back) go(step - 1);
  if (target === on) go(step + 1);
  if (target.matches("dialog, .back")) dialog.close(); // the dialog itself is what is around it
});
dialog.addEventListener("close", () => {
  keepFocus(orderId);
  orderId = null;
});
