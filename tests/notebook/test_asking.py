from typing import Any

from timeline_logs import account_timeline, order_timeline

from orderlab.notebook.asking import answer_to


def texts(node: Any) -> list[str]:
    return [node] if isinstance(node, str) else [text for each in node[1:] for text in texts(each)]


def test_a_what_if_is_answered_with_sentences_and_a_table_of_each_lane() -> None:
    title, *sentences, facts, commands = answer_to(order_timeline(), 1)
    assert texts(title) == ["What if OrderPlaced at 1 had not happened?"]
    assert all(each[0] == "p" for each in sentences)
    assert texts(facts)[:6] == ["The events, folded without it", "#", "step", "outcome", "state", "why"]
    assert texts(facts)[6:10] == ["1", "OrderPlaced", "dropped", "draft"]
    assert "cannot follow" in texts(facts)
    assert texts(commands)[0] == "The commands, decided again without it"
    assert "refused" in texts(commands)


def test_a_domain_without_commands_has_one_table() -> None:
    nodes = answer_to(account_timeline(), 1)
    assert [node[0] for node in nodes].count("table") == 1


def test_what_cannot_be_answered_is_told_in_a_sentence() -> None:
    [node] = answer_to(order_timeline(), 99)
    assert node[0] == "p"
    assert texts(node)[0].startswith("That cannot be told: ")


def test_a_question_that_makes_no_sense_is_told_so_too() -> None:
    assert answer_to(order_timeline(), None)[0][0] == "p"


def test_what_stands_between_backticks_is_code() -> None:
    nodes = answer_to(account_timeline(), 1)
    assert not [text for node in nodes for text in texts(node) if "`" in text]
    assert ["code", "command_of"] in [each for node in nodes for each in node]
