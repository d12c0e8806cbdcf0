"""The program's log, on standard error: text for people, JSON lines for machines."""

import logging
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from secrets import token_hex
from typing import Final, NamedTuple, Self, TextIO

import msgspec

from app.config import Config
from app.errors import AppError
from app.runtime.work_pool import Soon
from saywho.clock import now_ms

request_id: ContextVar[str] = ContextVar("request_id", default="-")
OURS: Final = "app"
_ENCODER: Final = msgspec.json.Encoder()
_MARK: Final = token_hex(16)
"""Stands for what differs between the lines of requests."""

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

    counted: tuple[str, int]
    """Method and status."""
    message: str
    in_json: str
    """The message as a line in JSON has it."""

    @classmethod
    def of(cls, method: str, path: str, status: int) -> Self:
        message = one_line(f"{method} {path} {status}")
        return cls((method, status), message, _ENCODER.encode(message).decode()[1:-1])


Answered = tuple[LoggedAnswer, str]
"""A request that was answered: with what, and its id, of letters, digits and a few signs."""


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
        return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")

    def written(self, line: LogLine) -> str:
        return _ENCODER.encode(line).decode()

    def of_answers(
        self, time_ms: int, answers: Sequence[Answered], seconds: float, client: str | None
    ) -> str:
        """Return the lines of requests that were answered together."""
        time, name, duration_ms = self.shown_time(time_ms), access_log.name, _in_ms(seconds)
        line = self.written(LogLine(time, "INFO", name, _MARK, _MARK, duration_ms, client))
        before, between, after = line.split(_MARK)
        return "".join(
            [
                f"{before}{self.message_of(logged)}{between}{identifier}{after}\n"
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
    """Handler that writes lines of requests some times a second, and all else immediately.

    A write for each request would take a fifth of the processor time of an answer from the cache.
    """

    def __init__(self, formatter: JsonFormatter) -> None:
        super().__init__()
        self.formatter: JsonFormatter = formatter
        self._answered: deque[tuple[int, Sequence[Answered], float, str | None]] = deque()
        self._soon = Soon(self.flush)

    def add(self, answers: Sequence[Answered], seconds: float, client: str | None) -> None:
        """Write the lines of answers soon, or before the next record."""
        self._answered.append((now_ms(), answers, seconds, client))
        self._soon.ask()

    def emit(self, record: logging.LogRecord) -> None:
        self.flush()
        super().emit(record)

    def flush(self) -> None:
        with self.lock or nullcontext():
            if not self._answered:
                super().flush()
                return
            try:
                self.stream.write("".join(self._lines()))
                super().flush()
            except Exception:  # As for a record: nobody can read the log any more.
                self.handleError(logging.makeLogRecord({"msg": "lines of requests"}))

    def _lines(self) -> Iterator[str]:
        while self._answered:
            yield self.formatter.of_answers(*self._answered.popleft())


def configure(config: Config) -> None:
    handler = BatchHandler(TextFormatter() if config.log == "text" else JsonFormatter())
    logger = logging.getLogger(OURS)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def log_answers(answers: Sequence[Answered], seconds: float, *, client: str | None = None) -> None:
    """Log answers that took so long, to a client of this IP address if it is to be logged.

    Looking for the caller, as `Logger.info` does, would cost most time.
    """
    if not access_log.isEnabledFor(logging.INFO):
        return
    if (handler := _only_handler()) is not None:
        handler.add(answers, seconds, client)
        return
    for logged, _ in answers:
        extra = {"duration_ms": _in_ms(seconds), "client": client}
        values = (logged.message, (), None)
        record = access_log.makeRecord(access_log.name, logging.INFO, "", 0, *values, extra=extra)
        access_log.handle(record)


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
