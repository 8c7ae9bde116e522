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

/** Say what the server refuses to the page itself; that it cannot be reached is said beside the title. */
export function alarm(problem) {
  if (problem instanceof Refused) find("#alarm").textContent = problem.message;
  else if (!(problem instanceof Unreachable)) console.error(problem);
}

export function allIsWell() {
  find("#alarm").textContent = "";
}
