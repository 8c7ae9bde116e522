"""Answers to the exercises of notebook 00, right ones and wrong ones, by the id of the cell."""

RIGHT = {
    "exercise-1": "answer = max(range(len(desk) + 1), key=lambda n: desk[n].counts()['placed'])",
    "exercise-2": "answer = desk.story('order-9-000018')[-1].position",
}

WRONG = {
    "exercise-1": [
        "answer = 50",
        "answer = 200",
        "answer = '47'",
        "answer = -1",
    ],
    "exercise-2": [
        "answer = 19",
        "answer = 0",
        "answer = '53'",
        "answer = 200",
    ],
}
