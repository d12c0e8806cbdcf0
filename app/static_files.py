"""Addresses of static files with a hash of their content, so that browsers keep what they have."""

import functools
import hashlib
from pathlib import Path
from typing import Any, Final

from quart import Quart, Response, request

YEAR_S: Final = 365 * 24 * 3600
KEPT: Final = f"public, max-age={YEAR_S}, immutable"
"""`Cache-Control` of an address that names the hash of what it leads to."""
ASKED_EACH_TIME: Final = "no-cache"
HASH_DIGITS: Final = 16


def init_app(app: Quart) -> None:
    """Add its hash to each address of a static file, and tell browsers how long to keep an answer.

    An address without a hash leads to the file too, and so does one with the hash of another
    version, which an upgrade leaves behind.
    """
    folder = Path(app.static_folder or "")
    for file in folder.iterdir():
        content_hash(file)  # No request has to read it.

    @app.url_defaults
    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", content_hash(folder / values["filename"]))

    @app.after_request
    async def tell_browsers(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code == 200:
            digest = content_hash(folder / (request.view_args or {})["filename"])
            is_named = digest is not None and request.args.get("v") == digest
            response.headers["Cache-Control"] = KEPT if is_named else ASKED_EACH_TIME
        return response


def content_hash(file: Path) -> str | None:
    """Return the beginning of the SHA-256 of a file's content; None where there is no file."""
    try:
        found = file.stat()
        return _digest(file, found.st_mtime_ns, found.st_size)
    except OSError:
        return None


@functools.lru_cache(maxsize=200)
def _digest(file: Path, _mtime_ns: int, _size_bytes: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:HASH_DIGITS]
