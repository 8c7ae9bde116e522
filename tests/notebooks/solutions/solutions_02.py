"""Answers to the exercises of notebook 02, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": "answer = ValidationFailed",
    "exercise-2": """
answer = (
    given([placed, cancelled])
    .when(CancelOrder("order-1"))
    .then_rejected(InvalidOrderState("order-1", "cancelled"))
)
""",
    "exercise-3": """
def decide_small(command, order, *, order_id, at):
    if isinstance(command, PlaceOrder) and sum(item.total_cents for item in command.items) > 10_000:
        return ValidationFailed("items must cost at most 10000 cents")
    return decide(command, order, order_id=order_id, at=at)
""",
}

WRONG = {
    "exercise-1": [
        "answer = InvalidOrderState",
        "answer = 'ValidationFailed'",
        "answer = ValidationFailed('reason must not be blank')",
    ],
    "exercise-2": [
        """
answer = given([placed]).when(CancelOrder("order-1"))
""",
        "answer = given([placed, cancelled])",
        "answer = None",
        """
answer = (
    given([placed, shipped]).when(CancelOrder("order-1")).then_rejected(InvalidOrderState("order-1", "shipped"))
)
""",
        """
answer = given([placed, cancelled]).when(ShipOrder("order-1", "TRACK-1")).then_rejected(InvalidOrderState)
""",
    ],
    "exercise-3": [
        """
def decide_small(command, order, *, order_id, at):
    return ValidationFailed("items must cost at most 10000 cents")
""",
        """
def decide_small(command, order, *, order_id, at):
    if sum(item.total_cents for item in command.items) > 10_000:
        return ValidationFailed("items must cost at most 10000 cents")
    return decide(command, order, order_id=order_id, at=at)
""",
        """
def decide_small(command, order, *, order_id, at):
    if isinstance(command, PlaceOrder):
        if sum(item.total_cents for item in command.items) > 10_000:
            return ValidationFailed("items must cost at most 10000 cents")
        return decide(command, order, order_id=order_id, at=at)
""",
    ],
}
