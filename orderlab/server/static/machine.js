// The state machine, which the server draws.

import { find } from "./dom.js";
import { Machine } from "./timetravel.js";

const machine = new Machine(find(".machine svg"));

/** Show how many orders there are in each state. */
export const count = (counts) => machine.counts(Object.entries(counts));

/** Light up the arrow that an event went along, for a moment. */
export function shine({ type }) {
  const group = machine.arrows.find(({ events }) => events.split(" ").includes(type))?.group;
  if (!group) return;
  clearTimeout(group.fading);
  group.classList.add("lit");
  group.fading = setTimeout(() => group.classList.remove("lit"), 1_200);
}
