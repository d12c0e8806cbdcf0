"""hypercorn's settings, and our own HTTP/1.1 in it."""

import importlib
import logging
import tomllib
from pathlib import Path
from typing import Final

from hypercorn.config import Config as ServerConfig

from app.errors import StartError

FILE: Final = "hypercorn.toml"
APPLICATION: Final = "app:create_app()"

logger = logging.getLogger(__name__)


def load_server_config(*, bind: str | None = None, workers: int | None = None) -> ServerConfig:
    """Return hypercorn's settings from the file in the current folder, else from our own.

    Raises StartError for a file that cannot be read, or for a key that hypercorn does not know
    and would ignore.
    """
    path = Path(FILE)
    if not path.exists():
        path = Path(__file__).with_name(FILE)
    server = ServerConfig()
    if path.exists():
        try:
            values = tomllib.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise StartError(f"{path} cannot be read: {error}") from error
        for key, value in values.items():
            if not hasattr(server, key):
                raise StartError(f"{path}: hypercorn knows no {key}")
            if isinstance(getattr(server, key), int | float) and not isinstance(value, int | float):
                raise StartError(f"{path}: {key} must be a number, not {value!r}")
        server = ServerConfig.from_mapping(values)
    server.application_path = APPLICATION
    if bind is not None:
        server.bind = [bind]
    if workers is not None:
        server.workers = workers
    return server


def use_own_http1() -> None:
    """Make hypercorn read requests by `app/serving/http1/`, if that is there and knows it."""
    try:
        importlib.import_module("app.serving.http1").install()
    except ImportError as error:
        logger.warning(
            "hypercorn reads requests itself, at half the speed and without a time limit for the"
            " head of a request: %s",
            error,
        )
