// What the page has to say to its visitor.

import { Refused, Unreachable } from "./api.js";
import { find } from "./dom.js";

const NOTICE_MS = 8_000;
let fading;

/** Say for a while that something was done. */
export function notice(words) {
  clearTimeout(fading);
  find("#notice").textContent = words;
  fading = setTimeout(() => { find("#notice").textContent = ""; }, NOTICE_MS);
}

/** Say what is refused to the page itself; that the server is away is said beside the title. */
export function alarm(problem) {
  if (problem instanceof Refused) find("#alarm").textContent = problem.message;
  else if (!(problem instanceof Unreachable)) console.error(problem);
}

/** Say why what a visitor wanted was not done. */
export function tellTrouble(place, problem, words = problem.message) {
  place.textContent = words;
  place.scrollIntoView({ block: "nearest" });
  place.dataset.until = problem instanceof Unreachable ? "live" : "";
}

/** Take back what is not true of a live page. */
export function allIsWell() {
  for (const place of document.querySelectorAll("#alarm, [data-until=live]")) place.textContent = "";
}
