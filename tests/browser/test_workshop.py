"""An exercise of the workshop in a real JupyterLab, by the keyboard: wrong, a hint, right; and cells out of order."""

from pathlib import Path

from playwright.sync_api import expect
from workshop_driving import Learner, complaints, workshop_lab

from orderlab.workshop.contents import find

NOTEBOOK = "10-workshop-events-and-folding.ipynb"
CELL, CHECK = "exercise-1-1", "exercise-1-1-check"
COUNTING = find("1.1")


def test_an_exercise_is_done_by_the_keyboard_and_again_in_another_order(tmp_path: Path) -> None:
    with workshop_lab(tmp_path) as (lab, window):
        learner = Learner(lab.open(window.page, NOTEBOOK))
        learner.run("imports")
        learner.type(CELL, COUNTING.starter)
        learner.press_run(CELL, CHECK)
        assert learner.shown(CHECK).result == "1.1 not attempted"

        learner.type(CELL, COUNTING.wrong[0].source)
        learner.press_run(CELL, CHECK)
        assert learner.shown(CHECK).result == "1.1 incorrect"
        assert min(learner.widths(CHECK)) > 100
        expect(learner.look_at(CHECK)).to_contain_text("count_open(events) is 1, and should be 0.")
        played = learner.ask("from orderlab import TimeTravel; TimeTravel(_.trace)")
        assert played.complaints == []
        expect(learner.look_at("scratch").locator(".orderlab-timetravel")).to_be_visible()

        learner.insert("help", "", after=CHECK)
        learner.type("help", 'workshop.hint("1.1")')
        learner.press_run("help")
        expect(learner.look_at("help")).to_contain_text("Hint 1 of 3 You need not know which orders are open")
        learner.type("help", 'workshop.solution("1.1")')
        learner.press_run("help")
        expect(learner.look_at("help")).to_contain_text("count -= 1")

        learner.type(CELL, COUNTING.solution)
        learner.press_run(CELL, CHECK)
        assert learner.shown(CHECK).result == "1.1 correct"

        learner.restart()
        learner.run("imports")
        copy = learner.insert("copy", COUNTING.wrong[0].source, after="exercise-1-4-check")
        assert [learner.run(cell).result for cell in (copy, CHECK)] == ["", "1.1 incorrect"]
        assert [learner.run(cell).result for cell in (CELL, CHECK)] == ["", "1.1 correct"]
        assert learner.ask("workshop.progress()").text.startswith("1 of 31 exercises solved; the next is 1.2")
        assert learner.page.locator(".jp-Dialog").count() == 0
        assert complaints(window) == []
        learner.leave()
