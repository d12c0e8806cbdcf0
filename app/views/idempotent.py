"""The Idempotency-Key header of a request."""

import hashlib

from quart import g, request

from app.errors import MalformedError
from app.services.idempotency import RequestKey
from app.views.parsing import request_bytes


def request_key(body_sha256: bytes) -> RequestKey | None:
    """Return the key under which the request's answer is kept, None if it names none.

    The same request is one of the same token or operator, address, parameters and body.

    Raises MalformedError for a key that is empty, longer than 255 characters, or not ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 0 < len(key) <= 255 or not (key.isascii() and key.isprintable()):
        raise MalformedError(
            "Idempotency-Key must have 1 to 255 printable ASCII characters", loc="Idempotency-Key"
        )
    holder = f"token {g.token.id}" if g.token else f"operator {g.operator.operator_id}"
    if request.query_string:
        body_sha256 = hashlib.sha256(request.query_string + b"\0" + body_sha256).digest()
    # Digests: an address names the author, and whoever made the key may have named one in it.
    return RequestKey(holder, request.method, _digest(request.path), _digest(key), body_sha256)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def json_request_key() -> RequestKey | None:
    """Return the key of a request whose body has been read as a whole."""
    return request_key(hashlib.sha256(await request_bytes()).digest())
