"""Answers to the exercises of notebook 01, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": "answer = next(n for n in range(len(LOG)) if fold_all(LOG[:n]).counts()['cancelled'])",
    "exercise-2": """
def cents_waiting(events):
    waiting = {}
    for event in events:
        if isinstance(event, OrderPlaced):
            waiting[event.order_id] = event.total_cents
        else:
            del waiting[event.order_id]
    return sum(waiting.values())
""",
    "exercise-3": """
second, lost = replace(placed, order_id="order-2"), replace(cancelled, order_id="order-2")
SUSPECT = [placed, second, shipped, cancelled, lost]
answer = 3
""",
}

WRONG = {
    "exercise-1": [
        "answer = 50",
        "answer = 0",
        "answer = -1",
        "answer = '4'",
        "answer = 200",
    ],
    "exercise-2": [
        """
def cents_waiting(events):
    return sum(event.total_cents for event in events if isinstance(event, OrderPlaced))
""",
        """
def cents_waiting(events):
    for event in events:
        if isinstance(event, OrderPlaced):
            return event.total_cents
""",
        """
def cents_waiting(events):
    return sum(event.total_cents for event in events)
""",
    ],
    "exercise-3": [
        """
second, lost = replace(placed, order_id="order-2"), replace(cancelled, order_id="order-2")
SUSPECT = [placed, second, shipped, cancelled, lost]
answer = 2
""",
        """
second, lost = replace(placed, order_id="order-2"), replace(cancelled, order_id="order-2")
SUSPECT = [placed, second, shipped, cancelled, lost]
answer = "3"
""",
    ],
}
