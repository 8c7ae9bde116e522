"""Where the states of a machine stand: in columns, by how many steps they are from the first."""

from collections.abc import Collection, Iterable, Mapping, Sequence

Link = tuple[str, str]
"""A step from one state to another."""


def columns_of(initial: str, states: Sequence[str], links: Sequence[Sequence[Link]]) -> list[list[str]]:
    """Return the states by their distance from the first; those that no link names are in no column.

    Args:
        initial: The first state.
        states: All of them; where nothing else decides, they stand in this order.
        links: The steps that count, then those that count for what the former do not reach, and so on.

    >>> columns_of("a", "abcd", [[("a", "c"), ("a", "b")]])
    [['a'], ['b', 'c']]
    """
    every = [link for each in links for link in each]
    linked = {name for link in every for name in link}
    distance = {initial: 0}
    for count in range(1, len(links) + 1):
        _spread(distance, [link for each in links[:count] for link in each])
    for state in states:
        if state in linked and state not in distance:
            distance[state] = 0
            _spread(distance, every)
    columns: list[list[str]] = [[] for _ in range(max(distance.values()) + 1)]
    for state in states:
        if state in distance:
            columns[distance[state]].append(state)
    return _untangled(columns, every)


def reached_from(initial: str, links: Iterable[Link]) -> set[str]:
    """Return the states that links lead to from the first, and that itself.

    >>> sorted(reached_from("a", [("a", "b"), ("x", "y")]))
    ['a', 'b']
    """
    distance = {initial: 0}
    _spread(distance, links)
    return set(distance)


def _spread(distance: dict[str, int], links: Iterable[Link]) -> None:
    """Add the distances of all states that can be reached from those with one, breadth first."""
    following: dict[str, list[str]] = {}
    for source, target in links:
        following.setdefault(source, []).append(target)
    reached = sorted(distance, key=lambda state: distance[state])
    for state in reached:  # which grows meanwhile
        for target in following.get(state, ()):
            if target not in distance:
                distance[target] = distance[state] + 1
                reached.append(target)


def _untangled(columns: list[list[str]], links: Iterable[Link]) -> list[list[str]]:
    """Order each column so that its states stand near those that they are linked with, to the left and then right."""
    near: dict[str, set[str]] = {}
    for source, target in links:
        near.setdefault(source, set()).add(target)
        near.setdefault(target, set()).add(source)
    for index in range(1, len(columns)):
        columns[index].sort(key=lambda state: _height(state, columns[index - 1], near))
    for index in range(len(columns) - 2, -1, -1):
        columns[index].sort(key=lambda state: _height(state, columns[index + 1], near))
    return columns


def _height(state: str, neighbours: Sequence[str], near: Mapping[str, Collection[str]]) -> float:
    """Return how far down the linked states of a neighbouring column stand, from -1 to 1; 0 where there is none."""
    places = [place for place, each in enumerate(neighbours) if each in near.get(state, ())]
    return 2 * sum(places) / len(places) / max(len(neighbours) - 1, 1) - 1 if places and len(neighbours) > 1 else 0
