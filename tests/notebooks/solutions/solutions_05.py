"""Answers to the exercises of notebook 05, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": """
def cents_waiting(state):
    return sum(order.total_cents for order in state.orders.values() if order.status.name == "placed")
""",
    "exercise-2": "answer = desk.what_if(drop=73)",
    "exercise-3": """
def version(order_id, n):
    own = index[(index["order"] == order_id) & (index.index <= n)]
    position, events = 0 if own.empty else own.index[-1], 0
    while position:
        position, events = index.loc[position, "previous"], events + 1
    return events
""",
}

WRONG = {
    "exercise-1": [
        """
def cents_waiting(state):
    return sum(order.total_cents for order in state.orders.values() if order.status.name != "cancelled")
""",
        """
def cents_waiting(state):
    sum(order.total_cents for order in state.orders.values() if order.status.name == "placed")
""",
        """
def cents_waiting(state):
    return sum(order.total_cents for order in state.orders if order.status.name == "placed")
""",
    ],
    "exercise-2": [
        "answer = desk.what_if(drop=39)",
        "answer = 73",
        "answer = None",
        "answer = desk.what_if(drop=105)",
    ],
    "exercise-3": [
        """
def version(order_id, n):
    return int((index["order"] == order_id).sum())
""",
        """
def version(order_id, n):
    position, events = index[(index["order"] == order_id) & (index.index <= n)].index[-1], 0
    while position:
        position, events = index.loc[position, "previous"], events + 1
    return events
""",
        """
def version(order_id, n):
    own = index[(index["order"] == order_id) & (index.index <= n)]
    if not own.empty:
        return len(own)
""",
    ],
}
