"""The Idempotency-Key header of a request."""

import hashlib

from quart import g, request

from app.errors import MalformedError
from app.services.idempotency import RequestKey
from app.views.parsing import request_bytes


def request_key(body_sha256: bytes) -> RequestKey | None:
    """Return the key under which the request's answer is kept, None if it names none.

    Raises MalformedError for a key that is empty, longer than 255 characters, or not ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None or g.token is None:
        return None
    if not 0 < len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise MalformedError(
            "Idempotency-Key must have 1 to 255 printable ASCII characters", loc="Idempotency-Key"
        )
    return RequestKey(g.token.id, request.method, request.path, key, body_sha256)


async def json_request_key() -> RequestKey | None:
    """Return the key of a request whose body has been read as a whole."""
    return request_key(hashlib.sha256(await request_bytes()).digest())
