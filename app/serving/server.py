"""hypercorn, configured by `hypercorn.toml` and the command line."""

import logging
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from hypercorn.config import Config as ServerConfig

from app.errors import StartError

FILE: Final = "hypercorn.toml"
APPLICATION: Final = "app:create_app()"
KNOWN_VERSIONS: Final = {"hypercorn": "0.18", "h11": "0.16", "httptools": "0.9"}
"""Minor versions with which `app/serving/connection.py` and `codec.py` were tested."""

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


def use_own_connections() -> None:
    """Replace hypercorn's connections, unless a version is not known."""
    if not unknown_versions():
        from app.serving.connection import use_cheap_connections

        use_cheap_connections()


def warn_of_unknown_versions() -> None:
    """Log what is lost where hypercorn's connections cannot be replaced."""
    if unknown := unknown_versions():
        logger.warning(
            "%s: connections are hypercorn's own. Lost: the time limit for the head of a request,"
            " problem details for invalid HTTP, answers to clients that close their half, the"
            " refusal of upgrades, and four tenths of the speed from the cache",
            ", ".join(unknown),
        )


def unknown_versions() -> list[str]:
    """Return a sentence for each package whose version was not tested."""
    return [
        f"{name} {found or '(not installed)'} is not the known version {known}"
        for name, known in KNOWN_VERSIONS.items()
        if not (found := _installed(name)).startswith(f"{known}.")
    ]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
