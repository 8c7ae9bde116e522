"""Answers to the exercises of notebook 09, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": """
def id_in(stream_id):
    return stream_id.removeprefix("return-")
""",
    "exercise-2": """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            await event_store.append_many([effect])
    shown.append(step.state)
""",
    "exercise-3": """
async def send_and_know(store, command, kind):
    outcome = await store.send(command)
    return next((event for event in outcome.events if isinstance(event, kind)), None)
""",
}

WRONG = {
    "exercise-1": """
def id_in(stream_id):
    return stream_id.split("-")[-1]
""",
    "exercise-2": """
async def send_safely(shown, command):
    step = OrderReducer().reduce(shown[-1], command, env)
    shown.append(step.state)
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            await event_store.append_many([effect])
""",
    "exercise-3": """
async def send_and_know(store, command, kind):
    outcome = await store.send(command)
    return outcome.events[0] if outcome.events else outcome.rejection
""",
}
