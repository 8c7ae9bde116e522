"""5.4: what was written long ago is brought into today's shape when it is read."""

import json
from copy import deepcopy
from datetime import datetime
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.reading.archive import RECORDED, in_todays_shape, runs
from orderlab.workshop.exercises.recording import brief


@exercise(
    "5.4",
    title="Old letters",
    question="""\
In the archive there are cancellations of three shapes:

| version | payload |
|---|---|
| 1 | `{"order": "order-1", "why": "Changed my mind"}`; `why` may be missing |
| 2 | `{"order_id": "order-1", "reason": "Changed my mind"}`; some of the last ones had a `timestamp` already |
| 3, today's | `{"order_id": "order-1", "reason": "Changed my mind", "timestamp": …}` |

Write `upcast(version, payload, recorded_at)`, which returns the payload in today's shape. A missing reason is
`"Cancelled by customer"`. A missing time is `recorded_at`, the best that anybody can know now. What is there
stays. The payload that you are given is part of the log: do not change it.

For example: `upcast(1, {"order": "order-1"}, noon)` returns
`{"order_id": "order-1", "reason": "Cancelled by customer", "timestamp": noon}`.""",
    answer="upcast",
    starter="""\
def upcast(version, payload, recorded_at):
    return ...
""",
    hints=(
        "Write each step by itself: from 1 to 2, and from 2 to 3. What was of version 1 goes through both.",
        "Two conditions one after the other, without `else`: `if version < 2:` and `if version < 3:`. Each makes "
        "a new dict.",
        '`{"order_id": payload["order"], "reason": payload.get("why", …)}`, and then `{"timestamp": recorded_at, '
        "**payload}`: "
        "what comes later wins.",
    ),
    solution="""\
def upcast(version, payload, recorded_at):
    if version < 2:
        payload = {
            "order_id": payload["order"],
            "reason": payload.get("why", "Cancelled by customer"),
        }
    if version < 3:
        payload = {"timestamp": recorded_at, **payload}
    return payload
""",
    wrong=(
        Wrong(
            "Version 1 is brought to version 2, and left there.",
            """\
def upcast(version, payload, recorded_at):
    if version == 1:
        reason = payload.get("why", "Cancelled by customer")
        return {"order_id": payload["order"], "reason": reason}
    if version == 2:
        return {"timestamp": recorded_at, **payload}
    return payload
""",
        ),
        Wrong(
            "The time of reading is taken for the time at which it happened.",
            """\
from datetime import UTC, datetime

def upcast(version, payload, recorded_at):
    if version < 2:
        reason = payload.get("why", "Cancelled by customer")
        payload = {"order_id": payload["order"], "reason": reason}
    if version < 3:
        payload = {"timestamp": datetime.now(UTC), **payload}
    return payload
""",
        ),
        Wrong(
            "A time that is there is overwritten.",
            """\
def upcast(version, payload, recorded_at):
    if version < 2:
        reason = payload.get("why", "Cancelled by customer")
        payload = {"order_id": payload["order"], "reason": reason}
    if version < 3:
        payload = {**payload, "timestamp": recorded_at}
    return payload
""",
        ),
        Wrong(
            "The payload that is in the log is changed in place.",
            """\
def upcast(version, payload, recorded_at):
    if version < 2:
        payload["order_id"] = payload.pop("order")
        payload["reason"] = payload.pop("why", "Cancelled by customer")
    if version < 3:
        payload.setdefault("timestamp", recorded_at)
    return payload
""",
        ),
        Wrong(
            "It is written for the order of the example.",
            """\
def upcast(version, payload, recorded_at):
    if version < 2:
        payload = {"order_id": "order-1", "reason": payload.get("why", "Cancelled by customer")}
    if version < 3:
        payload = {"timestamp": recorded_at, **payload}
    return payload
""",
        ),
        Wrong(
            "What is missing becomes None, and is somebody else's problem.",
            """\
def upcast(version, payload, recorded_at):
    if version < 2:
        payload = {"order_id": payload["order"], "reason": payload.get("why")}
    if version < 3:
        payload = {"timestamp": recorded_at, **payload}
    return payload
""",
        ),
        Wrong(
            "The old names stay beside the new ones.",
            """\
def upcast(version, payload, recorded_at):
    if version < 2:
        reason = payload.get("why", "Cancelled by customer")
        payload = {**payload, "order_id": payload["order"], "reason": reason}
    if version < 3:
        payload = {"timestamp": recorded_at, **payload}
    return payload
""",
        ),
    ),
    remember="The log is never rewritten: old shapes become new ones when they are read, one small step at a time.",
    runs=runs,
)
def upcasting(answer: Any, trace: Trace) -> Problem | None:
    """Find a payload that does not come out in today's shape, or is changed."""
    number = len(trace)
    stored = trace.steps[-1].command
    payload = json.loads(stored.payload)
    before = deepcopy(payload)
    found, wanted = (
        answer(stored.version, payload, stored.recorded_at),
        in_todays_shape(stored.version, before, stored.recorded_at),
    )
    where = f"Step {number}, version {stored.version} {stored.payload}"
    if payload != before:
        what = "The payload that was handed in has been changed, and it is part of the log."
        return found_at(number, what, f"{where}: it is {_text(payload)} now.", trace)
    if not isinstance(found, dict):
        what = "upcast does not return a payload."
        return found_at(number, what, f"{where}: it returns {brief(found)}, and should return {_text(wanted)}.", trace)
    for field in sorted({*wanted, *found}, key=str):
        if field not in wanted:
            return found_at(
                number, f"Today's shape has no {field}.", f"{where}: {field} is {brief(found[field])} in it.", trace
            )
        if field not in found:
            return found_at(number, f"{field} is missing.", f"{where}: it should be {_said(wanted[field])}.", trace)
        if type(found[field]) is not type(wanted[field]) or found[field] != wanted[field]:
            said = _said(found[field])
            what = f"{field} is not what it should be."
            return found_at(number, what, f"{where}: it is {said}, and should be {_said(wanted[field])}.", trace)
    return None


def _said(value: Any) -> str:
    """Return a value as text; of a time nothing that is another at each check."""
    if isinstance(value, datetime):
        return f"recorded_at, {value:%Y-%m-%d %H:%M}" if value == RECORDED else "another time than recorded_at"
    return brief(value)


def _text(payload: dict[str, Any]) -> str:
    return f"{{{', '.join(f'{key}: {_said(value)}' for key, value in payload.items())}}}"
