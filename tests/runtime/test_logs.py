"""The log: a line is a line, whatever somebody put into a request."""

import io
import logging
from collections.abc import Callable
from threading import Thread
from typing import Any

import msgspec
import pytest

from app.errors import StorageFullError
from app.runtime.logs import (
    AnswerNotes,
    BatchHandler,
    JsonFormatter,
    LoggedAnswer,
    TextFormatter,
    one_line,
)
from tests.waiting import eventually

HOSTILE = [
    "/a\n12:00:00 I GET /forged 200",
    "/a\r\nSet-Cookie: b",
    "/\x1b[31mred\x1b]0;title\x07",
    "/\x9b31m",
    "/\u202etxt.exe",
    "/\u2028next",
    "/\ud800",
    "/\0",
]


def written(formatter: logging.Formatter, log: Callable[[logging.Logger], Any]) -> str:
    """Return what a handler with this formatter writes."""
    screen = io.StringIO()
    handler = logging.StreamHandler(screen)
    handler.setFormatter(formatter)
    logger = logging.Logger("here")
    logger.addHandler(handler)
    log(logger)
    return screen.getvalue()


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_no_path_makes_another_line_or_moves_the_cursor(path: str) -> None:
    text = written(TextFormatter(), lambda logger: logger.warning("GET %s 404", path))
    assert text.endswith(" 404\n")
    assert text[:-1].isprintable()
    line = written(JsonFormatter(), lambda logger: logger.warning("GET %s 404", path))
    assert line.endswith("}\n")
    message = msgspec.json.decode(line)["message"]
    assert message.isprintable()
    assert message.startswith("GET /")


@pytest.mark.parametrize("words", ["/미나/글?a=b", "/%0A", "C:\\new"])
def test_words_of_any_language_stay_as_they_are(words: str) -> None:
    assert one_line(words) == words


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_traceback_forges_no_line(text: str) -> None:
    def fail(logger: logging.Logger) -> None:
        try:
            raise ValueError(text)
        except ValueError:
            logger.exception("it failed")

    first, *others = written(TextFormatter(), fail)[:-1].split("\n")
    assert first.endswith("it failed")
    assert all(line.startswith("  ") and line.isprintable() for line in others)
    (line,) = written(JsonFormatter(), fail)[:-1].split("\n")
    assert "Traceback" in msgspec.json.decode(line)["exception"]


def test_an_expected_error_is_told_by_its_cause_in_one_line() -> None:
    def fail(logger: logging.Logger) -> None:
        try:
            try:
                raise OSError(28, "No space\nleft on device")
            except OSError as error:
                raise StorageFullError("The disk is full") from error
        except StorageFullError as error:
            logger.warning("%s", error.detail, exc_info=error)
            logger.exception("the job failed")
            logger.warning("%s", error.detail, exc_info=StorageFullError(error.detail))

    why = r"(OSError: [Errno 28] No space\nleft on device)"
    expected = [f"The disk is full {why}", f"the job failed {why}", "The disk is full"]
    lines = written(TextFormatter(), fail).splitlines()
    assert [line.split(" ", 2)[2] for line in lines] == expected
    lines = written(JsonFormatter(), fail).splitlines()
    assert [msgspec.json.decode(line)["message"] for line in lines] == expected
    assert "exception" not in lines[0]


def own_screen(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> io.StringIO:
    """Return what the program's own handler writes to."""
    caplog.set_level(logging.INFO, "app")
    handler = BatchHandler(TextFormatter())
    handler.setStream(screen := io.StringIO())
    monkeypatch.setattr(logging.getLogger("app"), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger("app"), "propagate", False)
    return screen


async def test_lines_of_requests_come_soon_and_before_later_lines(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    screen = own_screen(monkeypatch, caplog)
    notes = AnswerNotes()
    notes.add([(LoggedAnswer.of("GET", "/first", 200), "1")], 0.001)
    logging.getLogger("app").error("second")
    notes.add([(LoggedAnswer.of("GET", "/third", 200), "3")], 0.001)

    async def lines() -> list[str]:
        return screen.getvalue().splitlines()

    shown = await eventually(lines, until=lambda lines: len(lines) == 3)
    for word, line in zip(("/first", "second", "/third"), shown, strict=True):
        assert word in line


@pytest.mark.parametrize("thread", ["this one", "another one"])
async def test_a_line_that_is_logged_while_answers_are_counted_is_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, thread: str
) -> None:
    """Python may log anywhere, such as a warning of the garbage collector."""
    screen = own_screen(monkeypatch, caplog)

    def count(_: object) -> None:
        line = Thread(target=logging.getLogger("app").error, args=["in the middle"], daemon=True)
        if thread == "this one":
            line.run()
        else:
            line.start()
            line.join(60)
            assert not line.is_alive()

    notes = AnswerNotes(count)
    notes.add([(LoggedAnswer.of("GET", "/first", 200), "1")], 0.001)
    notes.pass_on()
    first, second = screen.getvalue().splitlines()
    assert "/first" in first
    assert "in the middle" in second


async def test_a_line_counts_no_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be logged where its thread holds a lock of the metrics."""
    screen = own_screen(monkeypatch, caplog)
    counted: list[object] = []
    notes = AnswerNotes(counted.extend)
    notes.add([(LoggedAnswer.of("GET", "/first", 200), "1")], 0.001)
    logging.getLogger("app").error("second")
    assert "/first" in screen.getvalue()
    assert counted == []
    notes.pass_on()
    assert len(counted) == 1


async def test_other_handlers_get_the_time_of_the_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app")
    monkeypatch.setattr("app.runtime.logs.now_ms", lambda: 1_700_000_000_250)
    notes = AnswerNotes()
    notes.add([(LoggedAnswer.of("GET", "/first", 200), "1")], 0.001)
    notes.pass_on()
    (record,) = caplog.records
    assert (record.created, record.msecs) == (1_700_000_000.25, 250)
