"""Addresses of static files with a hash of their content, so that browsers keep them."""

import functools
import hashlib
from pathlib import Path
from typing import Any, Final

from quart import Quart, Response, request

YEAR_S: Final = 365 * 24 * 3600


def init_app(app: Quart) -> None:
    """Add hashes to the addresses of static files, and tell browsers how long to keep them;
    addresses without or with an old hash work too.
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
            kept = f"public, max-age={YEAR_S}, immutable"
            response.headers["Cache-Control"] = kept if is_named else "no-cache"
        return response


def content_hash(file: Path) -> str | None:
    """Return the beginning of the SHA-256 of a file's content; None without the file."""
    try:
        found = file.stat()
        return _digest(file, found.st_mtime_ns, found.st_size)
    except OSError:
        return None


@functools.lru_cache(maxsize=200)
def _digest(file: Path, _mtime_ns: int, _size_bytes: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
