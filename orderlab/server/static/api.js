// Ask the server over HTTP, and say what is wrong in a sentence.

import { pause } from "./dom.js";
import { plain, sentence } from "./words.js";

const PATIENCE_MS = 10_000;
const TRY_AGAIN_AFTER_MS = [300, 1_000];

/** What the server answers instead of doing something, as a sentence for the visitor. */
export class Refused extends Error {
  constructor(status, problem) {
    const detail = problem.detail ?? `the server answered ${status}`;
    super(status === 401 ? "Open the link with the token again: the server asks for it." : sentence(plain(detail)));
    this.status = status;
    this.orderStatus = problem.current_status;
  }
}

/** There was no answer. */
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached. What you typed is kept: try again when the page is live.");
  }
}

const unanswered = new Map(); // the keys of what may or may not have been done

/** Return what is at an address. */
export const read = (path) => ask(path, {});

/**
 * Have something done, once: a lost answer is asked for again under the same key, by which the server knows what it has
 * done. Also when the visitor tries again, later, with the same words.
 */
export async function send(path, body) {
  const content = JSON.stringify(body);
  const what = `${path} ${content}`;
  const key = unanswered.get(what) ?? newKey();
  unanswered.set(what, key);
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: content,
  };
  try {
    const answer = await askAgain(path, request);
    unanswered.delete(what);
    return answer;
  } catch (problem) {
    if (problem instanceof Refused && problem.status < 500) unanswered.delete(what);
    throw problem;
  }
}

async function askAgain(path, request) {
  for (const ms of TRY_AGAIN_AFTER_MS) {
    try {
      return await ask(path, request);
    } catch (problem) {
      if (problem instanceof Refused && problem.status !== 503) throw problem;
      await pause(ms);
    }
  }
  return ask(path, request);
}

async function ask(path, request) {
  let response;
  let answer;
  try {
    response = await fetch(path, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
    answer = await response.json();
  } catch (problem) {
    if (response === undefined || response.ok || problem.name !== "SyntaxError") throw new Unreachable();
    answer = {}; // of something between us and the server, which does not speak JSON
  }
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

/** Return a random key; `crypto.randomUUID` is missing where a page comes over plain HTTP from another machine. */
function newKey() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
