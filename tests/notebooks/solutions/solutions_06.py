"""Answers to the exercises of notebook 06, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": "answer = {'placed', 'cancelled', 'returned'}",
    "exercise-2": """
def share_cancelled(machine):
    taken = Counter()
    for way, times in machine.taken.items():
        taken[way.command] += times
    return taken["CancelOrder"] / taken["PlaceOrder"]
""",
    "exercise-3": """
def decide_generous(command, order, *, key, at):
    if isinstance(command, ReturnOrder) and order is not None and order.status.name == "cancelled":
        return (OrderReturned(key, at),)
    return decide_returns(command, order, key=key, at=at)
""",
}

WRONG = {
    "exercise-1": [
        "answer = {'draft', 'placed', 'cancelled', 'returned'}",
        "answer = 'placed'",
        "answer = None",
    ],
    "exercise-2": [
        """
def share_cancelled(machine):
    return machine.counts["cancelled"] / sum(machine.taken.values())
""",
        """
def share_cancelled(machine):
    machine.counts["cancelled"] / sum(machine.counts.values())
""",
        """
def share_cancelled(machine):
    return machine.taken["CancelOrder"] / machine.taken["PlaceOrder"]
""",
    ],
    "exercise-3": [
        """
def decide_generous(command, order, *, key, at):
    if isinstance(command, ReturnOrder) and order is not None:
        return (OrderReturned(key, at),)
    return decide_returns(command, order, key=key, at=at)
""",
        """
def decide_generous(command, order, *, key, at):
    if isinstance(command, ReturnOrder) and order.status.name == "cancelled":
        return (OrderReturned(key, at),)
    return decide_returns(command, order, key=key, at=at)
""",
        """
def decide_generous(command, order, *, key, at):
    if order.status.name == "cancelled":
        return (OrderReturned(key, at),)
    return decide_returns(command, order, key=key, at=at)
""",
        """
def decide_generous(command, order, *, key, at):
    if isinstance(command, ReturnOrder) and order is not None and order.status.name == "cancelled":
        return OrderReturned(key, at)
    return decide_returns(command, order, key=key, at=at)
""",
        """
def decide_generous(command, order, *, key, at):
    if isinstance(command, ReturnOrder) and order is not None and order.status.name == "cancelled":
        return (OrderReturned(key, at),)
""",
    ],
}
