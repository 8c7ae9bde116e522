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
    "exercise-1": """
def cents_waiting(state):
    return sum(order.total_cents for order in state.orders.values() if order.status.name != "cancelled")
""",
    "exercise-2": "answer = desk.what_if(drop=39)",
    "exercise-3": """
def version(order_id, n):
    return int((index["order"] == order_id).sum())
""",
}
