// The state machine, which the server draws.

import { find } from "./dom.js";
import { Machine } from "./timetravel.js";

const machine = new Machine(find(".machine svg"));

/** Show how many orders there are in each state. */
export const count = (counts) => machine.counts(Object.entries(counts));

/** Light up the arrow that an event went along; while events keep coming it stays lit. */
export function shine({ type }) {
  const arrow = machine.arrows.find(({ events }) => events.split(" ").includes(type));
  if (arrow) machine.flash(arrow.source, arrow.target, type);
}
