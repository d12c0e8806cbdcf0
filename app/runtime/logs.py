"""The program's log, on standard error: text for people, JSON lines for machines."""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

import msgspec

from app.config import Config
from app.errors import AppError

request_id: ContextVar[str] = ContextVar("request_id", default="-")
OURS: Final = "app"

access_log = logging.getLogger("app.access")


def one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _message(record: logging.LogRecord) -> str:
    """Return the message; of a user's error, its cause without a traceback."""
    message = record.getMessage()
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, AppError):
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if str(cause) not in message:
            message += f" ({type(cause).__name__}: {cause})"
    return one_line(message)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            "request_id": request_id.get(),
        }
        if (duration := getattr(record, "duration_ms", None)) is not None:
            line["duration_ms"] = duration
        if trace := self._trace(record):
            line["exception"] = "\n".join(trace)
        return msgspec.json.encode(line).decode()

    def _trace(self, record: logging.LogRecord) -> list[str]:
        if not record.exc_info or isinstance(record.exc_info[1], AppError):
            return []
        return [one_line(line) for line in self.formatException(record.exc_info).split("\n")]


class TextFormatter(JsonFormatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname[0]} {_message(record)}"
        if (duration := getattr(record, "duration_ms", None)) is not None:
            line += f" {duration} ms"
        if (identifier := request_id.get()) != "-":
            line += f" [{identifier}]"
        # Indented, so that nothing in it looks like a line of its own.
        return "\n  ".join([line, *self._trace(record)])


def configure(config: Config) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if config.log == "text" else JsonFormatter())
    logger = logging.getLogger(OURS)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def log_request(method: str, path: str, status: int, seconds: float) -> None:
    """Log a response; looking for the caller, as `Logger.info` does, would cost most time."""
    if access_log.isEnabledFor(logging.INFO):
        extra = {"duration_ms": round(1000 * seconds, 1)}
        values = ("%s %s %d", (method, path, status), None)
        record = access_log.makeRecord(access_log.name, logging.INFO, "", 0, *values, extra=extra)
        access_log.handle(record)


def take_over() -> None:
    """Write the records of libraries in the form of the program's log."""
    for name in ("asyncio", "hypercorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = logging.getLogger(OURS).handlers
        logger.setLevel(logging.WARNING)
        logger.propagate = False
    logging.logThreads = logging.logMultiprocessing = False
