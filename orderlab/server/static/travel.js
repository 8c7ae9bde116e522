// Time travel: the log as it was when this page was opened, in the view that notebooks have.

import { read } from "./api.js";
import { find } from "./dom.js";
import { mount, number, Recording } from "./timetravel.js";

const said = find("#said");

try {
  const { length, machine, changes, ...known } = await read("/timetravel/log");
  const recording = new Recording(known);
  for (const change of changes) recording.append(change);
  const view = await mount(find("#view"), { recording, machine, title: "The log of every order" });
  document.addEventListener("keydown", (event) => {
    if (event.target !== document.body) return;
    view.root.focus({ preventScroll: true }); // there is nothing else here that keys could be for
    view.keyDown(event);
  });
  said.textContent = changes.length < length
    ? `The first ${number(changes.length)} of ${number(length)} events: a notebook shows all, by TimeTravel.`
    : "The log as it was when this page was opened.";
} catch (problem) {
  said.className = "alarm";
  said.textContent = problem.message;
}
