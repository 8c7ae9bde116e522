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
    "exercise-1": [
        "answer = ()",
        """
from orderlab import ValidationFailed

answer = Emit(ValidationFailed("customer_id must not be blank"))
""",
    ],
    "exercise-2": [
        """
def would_write(step):
    return [effect.action for effect in step.effects if isinstance(effect, Emit)]
""",
        """
def would_write(step):
    return [event for effect in step.effects for event in effect.events]
""",
        """
def would_write(step):
    return [*step.effects[0].events]
""",
        """
def would_write(step):
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            return [*effect.events]
""",
        """
def would_write(step):
    return [effect.events for effect in step.effects if isinstance(effect, AppendEvents)]
""",
        """
def would_write(step):
    return sum(isinstance(effect, AppendEvents) for effect in step.effects)
""",
    ],
    "exercise-3": [
        """
from orderlab import OrderShipped

answer = [OrderPlaced, OrderShipped, OrderCancelled]
""",
        "answer = ['OrderPlaced', 'OrderShipped', 'InvalidOrderState']",
        "answer = OrderPlaced",
    ],
}
