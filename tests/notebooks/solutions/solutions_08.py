"""Answers to the exercises of notebook 08, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": """
from orderlab import OrderCancelled


def count_reasons(reasons, event):
    if isinstance(event, OrderCancelled):
        reasons[event.reason] += 1
    return reasons
""",
    "exercise-2": "answer = 2965 - 2800",
    "exercise-3": """
def text_to_number(payload, recorded_at):
    return {**payload, "cents": int(payload["cents"])}
""",
}

WRONG = {
    "exercise-1": [
        """
from orderlab import OrderCancelled


def count_reasons(reasons, event):
    reasons[type(event).__name__] += 1
    return reasons
""",
        """
def count_reasons(reasons, event):
    reasons[event.reason] += 1
    return reasons
""",
        """
def count_reasons(reasons, event):
    if isinstance(event, OrderCancelled):
        reasons[event.reason] += 1
        return reasons
""",
        """
def count_reasons(reasons, event):
    return reasons[event.reason] if isinstance(event, OrderCancelled) else 0
""",
    ],
    "exercise-2": [
        "answer = 65",
        "answer = '165'",
    ],
    "exercise-3": [
        """
def text_to_number(payload, recorded_at):
    return {"cents": int(payload["cents"])}
""",
        """
def text_to_number(payload, recorded_at):
    payload["cents"] = int(payload["cents"])
""",
        """
def text_to_number(payload, recorded_at):
    return {**payload, "cents": int(payload.cents)}
""",
        """
def text_to_number(payload, recorded_at):
    return {**payload, "cents": payload["cents"]}
""",
    ],
}
