// Small things: find and make elements, pace work, keep the focus.

import { make as plain } from "./timetravel.js";

export const find = (selector, within = document) => within.querySelector(selector);

/** Return a new element, which may have something to do on a click. */
export function make(tag, { click, ...attributes } = {}, ...children) {
  const element = plain(tag, attributes, ...children);
  if (click) element.addEventListener("click", click);
  return element;
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Return a function that has a task done at once, but never two at a time or twice within `ms`. */
export function paced(task, ms) {
  let running = false;
  let wanted = false;
  return async () => {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      await Promise.all([task(), pause(ms)]);
    }
    running = false;
  };
}

/** Have something done while buttons are disabled; the focus, which a disabled button loses, comes back. */
export async function whileDisabled(buttons, task) {
  const focused = document.activeElement;
  for (const button of buttons) button.disabled = true;
  try {
    return await task();
  } finally {
    for (const button of buttons) button.disabled = false;
    if (isFocusLost()) focused.focus();
  }
}

/** Put the focus on an order, or above the list, if what had it is gone, as the button that ships it. */
export function keepFocus(orderId) {
  if (isFocusLost()) (find(`[data-order="${CSS.escape(orderId)}"] button`) ?? find("#orders-title")).focus();
}

// A browser takes the focus from what is hidden with a closed dialog only when it paints next.
const isFocusLost = () => (document.activeElement ?? document.body).matches("body, dialog:not([open]) *");
