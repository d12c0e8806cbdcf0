"""The program's log, on standard error: text for people, JSON lines for machines."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from secrets import token_hex
from typing import Final, NamedTuple, Self, TextIO

import msgspec

from app.config import Config
from app.errors import AppError
from saywho.clock import monotonic, now_ms

request_id: ContextVar[str] = ContextVar("request_id", default="-")
OURS: Final = "app"
_ENCODER: Final = msgspec.json.Encoder()
_MARK: Final = token_hex(16)
"""Stands for what differs between the lines of requests."""
SOON_S: Final = 0.1
"""Longest time, in seconds, until an answer is counted and logged."""

access_log = logging.getLogger("app.access")


def one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, AppError):
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if str(cause) not in message:
            message += f" ({type(cause).__name__}: {cause})"
    return one_line(message)


class LogLine(msgspec.Struct, omit_defaults=True):
    """A line of the log; its fields have the names of the lines in JSON."""

    time: str
    level: str
    logger: str
    message: str
    request_id: str
    duration_ms: float | None = None
    client: str | None = None
    """IP address of the client."""
    exception: str | None = None


class LoggedAnswer(NamedTuple):
    """What is counted and logged of requests that are answered alike."""

    counted: tuple[str, int, bool]
    """Method, status, and whether it is a hit that the cache's layer has not counted."""
    message: str
    in_json: str
    """The message as a line in JSON has it."""

    @classmethod
    def of(cls, method: str, path: str, status: int, *, is_hit: bool = False) -> Self:
        message = one_line(f"{method} {path} {status}")
        return cls((method, status, is_hit), message, _ENCODER.encode(message).decode()[1:-1])


Answered = tuple[LoggedAnswer, str]
"""A request that was answered: with what, and its id, of letters, digits and a few signs."""
Given = tuple[int, Sequence[Answered], float, str | None]
"""Answers that were given together: when, in ms, how long they took, in seconds, and the client's
IP address if it is to be logged.
"""


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = LogLine(
            self.shown_time(int(record.created * 1000)),
            record.levelname,
            record.name,
            _message(record),
            request_id.get(),
            getattr(record, "duration_ms", None),
            getattr(record, "client", None),
            "\n".join(self._trace(record)) or None,
        )
        return self.written(line)

    def shown_time(self, time_ms: int) -> str:
        return f"{_in_utc(time_ms // 1000)}.{time_ms % 1000:03}+00:00"

    def written(self, line: LogLine) -> str:
        return _ENCODER.encode(line).decode()

    def of_answers(
        self, time_ms: int, answers: Sequence[Answered], seconds: float, client: str | None
    ) -> str:
        """Return the lines of requests that were answered together."""
        start, before, between, after = _form(self, _in_ms(seconds), client)
        start += f"{self.shown_time(time_ms)}{before}"
        return "".join(
            [
                f"{start}{self.message_of(logged)}{between}{identifier}{after}\n"
                for logged, identifier in answers
            ]
        )

    @staticmethod
    def message_of(logged: LoggedAnswer) -> str:
        return logged.in_json

    def _trace(self, record: logging.LogRecord) -> list[str]:
        if not record.exc_info or isinstance(record.exc_info[1], AppError):
            return []
        return [one_line(line) for line in self.formatException(record.exc_info).split("\n")]


@lru_cache(maxsize=1)
def _in_utc(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6]


@lru_cache(maxsize=200)
def _form(formatter: JsonFormatter, duration_ms: float, client: str | None) -> Sequence[str]:
    """Return what stands around time, message and id in the line of a request."""
    line = LogLine(_MARK, "INFO", access_log.name, _MARK, _MARK, duration_ms, client)
    return formatter.written(line).split(_MARK)


class TextFormatter(JsonFormatter):
    def shown_time(self, time_ms: int) -> str:
        return time.strftime("%H:%M:%S", time.localtime(time_ms / 1000))

    @staticmethod
    def message_of(logged: LoggedAnswer) -> str:
        return logged.message

    def written(self, line: LogLine) -> str:
        text = f"{line.time} {line.level[0]} {line.message}"
        if line.duration_ms is not None:
            text += f" {line.duration_ms} ms"
        if line.client is not None:
            text += f" from {line.client}"
        if line.request_id != "-":
            text += f" [{line.request_id}]"
        # Indented, so that nothing in it looks like a line of its own.
        return text if line.exception is None else f"{text}\n{line.exception}".replace("\n", "\n  ")


class BatchHandler(logging.StreamHandler[TextIO]):
    """Handler that writes lines of requests some times a second, and all else immediately, after
    those.
    """

    def __init__(self, formatter: JsonFormatter) -> None:
        super().__init__()
        self.formatter: JsonFormatter = formatter
        self.noted: set[AnswerNotes] = set()
        """Where answers may wait."""

    def write_answers(self, given: Iterable[Given]) -> None:
        with self.lock or nullcontext():
            try:
                self.stream.write("".join(self.formatter.of_answers(*each) for each in given))
                super().flush()
            except Exception:  # As for a record: nobody can read the log any more.
                self.handleError(logging.makeLogRecord({"msg": "lines of requests"}))

    def emit(self, record: logging.LogRecord) -> None:
        self.flush()
        super().emit(record)

    def flush(self) -> None:
        for notes in [*self.noted]:
            notes.write()
        super().flush()


class AnswerNotes:
    """Answers that wait to be counted and logged, some times a second and before other lines.

    For each answer alone, that would take more time than an answer from the cache.
    """

    def __init__(
        self, count: Callable[[Sequence[Given]], None] = lambda _: None, *, are_logged: bool = True
    ) -> None:
        self._count = count
        self._are_logged = are_logged
        self._given: deque[Given] = deque()
        self._uncounted: deque[Given] = deque()
        self._due = 0.0
        """When they are passed on; a loop that was closed meanwhile did not do it."""

    def add(self, answers: Sequence[Answered], seconds: float, client: str | None = None) -> None:
        """Note answers that took so long, to a client of this IP address if it is to be logged."""
        self._given.append((now_ms(), answers, seconds, client))
        if (time := monotonic()) >= self._due:
            self._due = time + SOON_S
            asyncio.get_running_loop().call_later(SOON_S, self.pass_on)
            if (handler := _only_handler()) is not None:
                handler.noted.add(self)

    def pass_on(self) -> None:
        """Log and count the answers that wait, on the loop."""
        self._due = 0.0
        self.write()
        if given := _taken(self._uncounted):
            self._count(given)

    def write(self) -> None:
        """Log the answers that wait, in any thread.

        It counts nothing: a line may be logged anywhere, also where its thread, or one that waits
        for it, holds a lock of the metrics.
        """
        given = _taken(self._given)
        self._uncounted.extend(given)
        if given and self._are_logged and access_log.isEnabledFor(logging.INFO):
            _log(given)


def _taken(waiting: deque[Given]) -> list[Given]:
    """Return what waits, which other threads may take at the same time."""
    found = list[Given]()
    with suppress(IndexError):
        while True:
            found.append(waiting.popleft())
    return found


def configure(config: Config) -> None:
    handler = BatchHandler(TextFormatter() if config.log == "text" else JsonFormatter())
    logger = logging.getLogger(OURS)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _log(given: Sequence[Given]) -> None:
    if (handler := _only_handler()) is not None:
        handler.write_answers(given)
        return
    for time_ms, answers, seconds, client in given:
        extra = {"duration_ms": _in_ms(seconds), "client": client}
        for logged, identifier in answers:
            values = ("", 0, logged.message, (), None)
            record = access_log.makeRecord(access_log.name, logging.INFO, *values, extra=extra)
            record.created, record.msecs = time_ms / 1000, time_ms % 1000
            token = request_id.set(identifier)
            access_log.handle(record)
            request_id.reset(token)


def _in_ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def _only_handler() -> BatchHandler | None:
    """Return the program's own handler, unless other handlers get the lines of requests, too."""
    ours = access_log.parent
    is_alone = not access_log.handlers and ours is not None and not ours.propagate
    handlers = ours.handlers if is_alone and ours is not None else []
    found = handlers[0] if len(handlers) == 1 else None
    return found if isinstance(found, BatchHandler) else None


def write_out() -> None:
    """Write the lines that wait, at the end of a process that ends without Python's own end."""
    for handler in logging.getLogger(OURS).handlers:
        handler.flush()


def take_over() -> None:
    """Write the records of libraries in the form of the program's log."""
    for name in ("asyncio", "hypercorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = logging.getLogger(OURS).handlers
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    logging.logThreads = logging.logMultiprocessing = False
