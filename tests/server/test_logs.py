import asyncio
import logging
import re
from collections.abc import Iterator

import pytest
from event_loop import in_event_loop
from hypothesis import given
from hypothesis import strategies as st

from orderlab.server.logs import CORRELATION_ID, LogLines, configure_logging, parse_levels

NAMES = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "lab", "lab.runtime")

logger = logging.getLogger("lab")


@pytest.fixture(autouse=True)
def _logging_is_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in NAMES}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger("uvicorn.access").propagate = True


def line_of(message: str = "it happened", /, *args: object, exc_info: bool = False, **extra: object) -> str:
    record = logging.LogRecord("lab", logging.INFO, "lab.py", 1, message, args, None)
    vars(record).update(extra)
    return LogLines().format(record)


def told(line: str) -> str:
    """Return a line without its time."""
    return line.partition(" ")[2]


# Levels


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("debug", {"": logging.DEBUG}),
        ("WARNING", {"": logging.WARNING}),
        ("orderlab.runtime=debug", {"": logging.INFO, "orderlab.runtime": logging.DEBUG}),
        (" error , a.b = critical ", {"": logging.ERROR, "a.b": logging.CRITICAL}),
    ],
)
def test_levels_are_read(text: str, levels: dict[str, int]) -> None:
    assert parse_levels(text) == levels


@pytest.mark.parametrize("text", ["", "loud", "info,", "=info", "a b=info", "a=b=info", "notset", "20"])
def test_what_is_no_level_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text.rpartition(',')[2])}$"):
        parse_levels(text)


# One line


def test_a_line_has_time_level_logger_message_and_what_else_is_known() -> None:
    assert re.fullmatch(
        r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO lab "3 orders came" status=201 correlation_id=req-1',
        line_of("%d orders came", 3, status=201, correlation_id="req-1"),
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("bare", "bare"),
        ("Zürich", "Zürich"),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ("", '""'),
        ('say "so"', r'"say \"so\""'),
        ("back\\slash", r'"back\\slash"'),
        ("a\nb\r\tc", r'"a\nb\r\tc"'),
        ("\x1b[31m", r'"\u001b[31m"'),
        ("\u2028\u202e\ud800", r'"\u2028\u202e\ud800"'),
        (17, "17"),
    ],
)
def test_a_value_is_quoted_where_it_has_to_be(value: object, written: str) -> None:
    assert told(line_of(note=value)) == f'INFO lab "it happened" note={written}'


@given(st.text(), st.text())
def test_no_text_makes_a_second_line_or_ends_its_quotes(message: str, value: str) -> None:
    line = line_of("%s", message, note=value)

    assert line.isprintable()
    word = r'(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*")'
    assert re.fullmatch(rf"\S+ INFO lab {word} note={word}", line)


def test_an_exception_is_on_the_same_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord("lab", logging.ERROR, "lab.py", 1, "failed", (), (ValueError, error, None))

    line = LogLines().format(record)

    assert "\n" not in line
    assert r'exception="ValueError: two\nlines"' in line


@in_event_loop
async def test_whatever_is_logged_during_a_request_tells_which_it_was() -> None:
    async def request(correlation_id: str) -> str:
        CORRELATION_ID.set(correlation_id)
        await asyncio.sleep(0)
        return told(line_of())

    assert tuple(await asyncio.gather(request("req-1"), request("req-2"))) == (
        'INFO lab "it happened" correlation_id=req-1',
        'INFO lab "it happened" correlation_id=req-2',
    )


# Secrets


def test_secrets_are_masked_wherever_they_are_in_a_record() -> None:
    address = "postgresql://lab:sesame@db"
    try:
        raise OSError(f"cannot reach {address}")
    except OSError as error:
        record = logging.LogRecord("lab", logging.ERROR, "", 1, "to %s", (address,), (OSError, error, None))
    vars(record).update(url=address, stack_info=address)

    line = LogLines().format(record)

    assert "sesame" not in line
    assert line.count("***") == 4


# Configuring


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"": logging.INFO})
    logger.info("it happened")

    out, err = capsys.readouterr()
    assert out == ""
    assert told(err) == 'INFO lab "it happened"\n'


def test_configuring_twice_writes_each_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"": logging.INFO})
    configure_logging({"": logging.INFO})
    logger.info("it happened")

    assert capsys.readouterr().err.count("it happened") == 1


def test_each_logger_has_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"": logging.WARNING, "lab.runtime": logging.DEBUG})
    logger.info("not this")
    logging.getLogger("lab.runtime").debug("but this")

    assert told(capsys.readouterr().err) == 'DEBUG lab.runtime "but this"\n'


def test_uvicorn_tells_of_trouble_alone(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"": logging.DEBUG})
    logging.getLogger("uvicorn.error").info("a WebSocket was accepted")
    logging.getLogger("uvicorn.error").warning("trouble")
    logging.getLogger("uvicorn.access").error("GET /")

    assert told(capsys.readouterr().err) == "WARNING uvicorn.error trouble\n"


@pytest.mark.parametrize("name", ["uvicorn", "uvicorn.error"])
def test_uvicorn_tells_more_if_it_is_asked(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging({"": logging.WARNING})
    configure_logging({"": logging.WARNING, name: logging.INFO})
    logging.getLogger("uvicorn.error").info("%s accepted", "/ws?token=sesame", extra={"color_message": "coloured"})

    assert told(capsys.readouterr().err) == 'INFO uvicorn.error "/ws?token=*** accepted"\n'


def test_the_access_log_of_uvicorn_costs_nothing() -> None:
    configure_logging({"": logging.DEBUG})

    assert not logging.getLogger("uvicorn.access").hasHandlers()
