"""The program's log, on standard error: text for people, JSON lines for machines."""

import logging
import sys
from datetime import UTC, datetime

import msgspec

from app.asgi.edge import request_id
from app.config import Config


class JsonFormatter(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
        }
        if (duration := getattr(record, "duration_ms", None)) is not None:
            line["duration_ms"] = duration
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class TextFormatter(logging.Formatter):
    """A line for reading, with the request's id at its end."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname[0]} {record.getMessage()}"
        if (duration := getattr(record, "duration_ms", None)) is not None:
            line += f" {duration} ms"
        if (identifier := request_id.get()) != "-":
            line += f" [{identifier}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configure(config: Config) -> None:
    """Send the program's log to standard error, in the form that the settings name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if config.log == "json" else TextFormatter())
    logger = logging.getLogger("app")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def leave_out_callers() -> None:
    """Let this process's log records do without what no line of ours shows.

    Looking for the caller's place in the code costs more than the rest of an access line.
    """
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = False
