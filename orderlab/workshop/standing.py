"""How far a learner is: a table of exercises, and a sentence."""

from collections.abc import Iterable, Mapping

from orderlab.grading.exercise import Exercise
from orderlab.workshop.contents import title_of
from orderlab.workshop.learning import Study
from orderlab.workshop.sheet import Overview, ended


def overview(exercises: Iterable[Exercise], studies: Mapping[str, Study]) -> Overview:
    """Return all exercises, and where each stands."""
    rows, listed = [], list(exercises)
    for each in listed:
        study = studies.get(each.number)
        rows.append((each.number, each.title, f"{each.part}. {title_of(each.part)}", study.state if study else ""))
    return Overview(summary(listed, studies), ("exercise", "title", "part", "state"), tuple(rows))


def progress(exercises: Iterable[Exercise], studies: Mapping[str, Study]) -> Overview:
    """Return what was done with each exercise that was touched."""
    listed = list(exercises)
    titles = {each.number: each.title for each in listed}
    others = sorted(studies.keys() - titles.keys())  # added in another session, which this one knows by number only
    rows = []
    for number in (*titles, *others):
        study = studies.get(number)
        if study is not None:
            hints = f"{study.hints} + solution" if study.solution_shown else study.hints
            result = study.result.value if study.result else "none yet"
            title = titles.get(number, "added")
            rows.append((number, title, result, study.attempts, hints, study.tried_at, study.solved_at))
    header = ("exercise", "title", "last answer", "attempts", "hints", "first tried", "solved")
    return Overview(summary(listed, studies), header, tuple(rows))


def next_of(exercises: Iterable[Exercise], studies: Mapping[str, Study]) -> Exercise | None:
    """Return the first exercise that is not solved yet; None if each is."""
    return next((each for each in exercises if not is_solved(studies.get(each.number))), None)


def is_solved(study: Study | None) -> bool:
    """Tell whether an exercise was solved at any time."""
    return study is not None and study.solved_at is not None


def summary(exercises: Iterable[Exercise], studies: Mapping[str, Study]) -> str:
    """Say how far a learner is, in a sentence."""
    listed = list(exercises)
    solved = sum(is_solved(studies.get(each.number)) for each in listed)
    tried = sum(1 for each in listed if (study := studies.get(each.number)) and study.state == "tried")
    ahead = next_of(listed, studies)
    parts = [f"{solved} of {len(listed)} exercises solved"]
    if tried:
        parts.append(f"{tried} tried and not solved yet")
    goes_on = f"; the next is {ahead.number}, {ahead.title}" if ahead else ""
    return ended(f"{', '.join(parts)}{goes_on}")


def state_of(study: Study | None) -> str:
    """Say where one exercise stands, in a sentence."""
    if study is None or not (study.attempts or study.hints or study.solution_shown):
        return "You have not tried it yet; there are three hints."
    times = {0: "not tried yet", 1: "tried once", 2: "tried twice"}.get(study.attempts, f"tried {study.attempts} times")
    parts = [times, f"{study.hints} of 3 hints taken"]
    if study.solution_shown:
        parts.append("the solution was shown")
    if study.solved_at is not None:
        parts.append("solved")
    elif study.what:
        parts.append(f"last time: {study.what}")
    text = ", ".join(parts)
    return ended(f"{text[0].upper()}{text[1:]}")
