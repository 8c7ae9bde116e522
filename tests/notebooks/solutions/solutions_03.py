"""Answers to the exercises of notebook 03, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": """
from orderlab import ValidationFailed

answer = (Emit(ValidationFailed("customer_id must not be blank")),)
""",
    "exercise-2": """
def would_write(step):
    return [event for effect in step.effects if isinstance(effect, AppendEvents) for event in effect.events]
""",
    "exercise-3": """
from orderlab import InvalidOrderState, OrderShipped

answer = [OrderPlaced, OrderShipped, InvalidOrderState]
""",
}

WRONG = {
    "exercise-1": "answer = ()",
    "exercise-2": """
def would_write(step):
    return [effect.action for effect in step.effects if isinstance(effect, Emit)]
""",
    "exercise-3": """
from orderlab import OrderShipped

answer = [OrderPlaced, OrderShipped, OrderCancelled]
""",
}
