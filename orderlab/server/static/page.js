// The live page: what happens in the log goes to those who show it.

import { follow } from "./connection.js";
import { find } from "./dom.js";
import { addEvent, beginEvents } from "./events.js";
import { shine } from "./machine.js";
import { alarm, allIsWell, notice } from "./notices.js";
import { refresh } from "./orders.js";
import "./placing.js";
import { hear } from "./story.js";

let hasBegun = false;

follow({
  begin(events) {
    if (hasBegun) {
      notice("The server has begun a new log.");
      for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    }
    hasBegun = true;
    beginEvents(events);
    refresh();
  },
  take(event) {
    addEvent(event);
    shine(event);
    hear(event);
    refresh();
  },
  tell(state, problem) {
    const shown = find("#connection");
    if (shown.dataset.state !== state) {
      shown.dataset.state = state;
      shown.textContent = state === "live" ? "live" : "connection lost, trying again";
    }
    if (state === "live") allIsWell();
    else if (problem) alarm(problem);
  },
});
