"""Messages of the Model Context Protocol: JSON-RPC, one request and one answer each.

Revision 2026-07-28, in which each request has its version in `_meta`, and the two revisions before
it, which begin with `initialize`. Nothing is remembered between requests.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from werkzeug.datastructures import Headers

from app.errors import AppError, fault_of
from app.parts.mcp.redaction import AssistantAccess
from app.parts.mcp.tools import INSTRUCTIONS, TOOLS
from app.runtime.encoding import encoded
from saywho import __version__
from saywho.clock import monotonic

NEWEST: Final = "2026-07-28"
HANDSHAKES: Final = ("2025-11-25", "2025-06-18")
"""Earlier revisions, newest first."""
SUPPORTED: Final = (NEWEST, *HANDSHAKES)
MOST_BYTES: Final = 256 * 1024
"""Size of a message: a question has at most 50 texts of 25,000 characters, few have as much."""
META: Final = "io.modelcontextprotocol/"
SERVER: Final = {"name": "saywho", "title": "saywho", "version": __version__}
CAPABILITIES: Final[dict[str, object]] = {"tools": {}}
UNREADABLE, INVALID, UNKNOWN, BAD_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
HEADERS_DIFFER, OTHER_VERSION = -32020, -32022

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    body: bytes
    """JSON without line breaks; empty for a notification."""
    status: int = 200


class RpcError(Exception):
    def __init__(self, code: int, message: str, status: int = 400, data: object = None) -> None:
        super().__init__(message)
        self.code, self.status, self.data = code, status, data


class Request(NamedTuple):
    method: str
    params: dict[str, Any]
    is_modern: bool
    """Whether it is of a revision without `initialize`."""


async def answer(
    body: bytes, access: AssistantAccess, asker: str, headers: Headers | None = None
) -> Answer:
    """Return the answer to a message. headers: of HTTP; None over a pipe."""
    own_id, asked = None, None
    began = monotonic()
    try:
        message = _decoded(body)
        own_id = _id_of(message)
        method, params = message["method"], message.get("params", {})
        asked = Request(method, params, _is_modern(method, params, headers))
        if own_id is None:
            return Answer(b"", 202)
        result = await _result(asked, access)
    except RpcError as error:
        logger.info("assistant: %s, refused with %d", asker, error.code)
        failure = {"code": error.code, "message": str(error)}
        failure |= {} if error.data is None else {"data": error.data}
        known = {} if own_id is None else {"id": own_id}
        # Clients of earlier revisions take a status for the end of their session.
        is_earlier = asked is not None and not asked.is_modern and error.code != INTERNAL
        status = 200 if is_earlier else error.status
        return Answer(encoded({"jsonrpc": "2.0"} | known | {"error": failure}), status)
    if asked.method == "tools/call":
        facts = asker, asked.params["name"], len(result["content"][0]["text"])
        took_ms = (monotonic() - began) * 1_000
        logger.info("assistant: %s, %s, %d characters in %.0f ms", *facts, took_ms)
    if asked.is_modern:
        result = {"resultType": "complete", "_meta": {META + "serverInfo": SERVER}} | result
    return Answer(encoded({"jsonrpc": "2.0", "id": own_id, "result": result}))


def _decoded(body: bytes) -> dict[str, Any]:
    if len(body) > MOST_BYTES:
        raise RpcError(INVALID, f"A message may have at most {MOST_BYTES // 1024} KB", 413)
    try:
        message = msgspec.json.decode(body)
        encoded(message)  # Raises for halves of a character.
    except (ValueError, RecursionError):
        raise RpcError(UNREADABLE, "The message is not JSON in UTF-8") from None
    if isinstance(message, list):
        raise RpcError(INVALID, "Batches are not supported: send one message at a time")
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise RpcError(INVALID, "A message is an object with `jsonrpc`: `2.0`")
    if not isinstance(message.get("method"), str):
        raise RpcError(INVALID, "A message has a `method`: the server sends no requests")
    if not isinstance(message.get("params", {}), dict):
        raise RpcError(BAD_PARAMS, "`params` must be an object")
    return message


def _id_of(message: Mapping[str, Any]) -> str | int | None:
    """Return the id of a request; None for a notification."""
    if "id" not in message:
        return None
    own = message["id"]
    if isinstance(own, bool) or not isinstance(own, str | int):
        raise RpcError(INVALID, "`id` must be a string or a whole number")
    return own


def _is_modern(method: str, params: Mapping[str, Any], headers: Headers | None) -> bool:
    """Return whether a request is of a revision without `initialize`.

    Raises RpcError for an unknown revision, and if fields and headers lack or do not agree.
    """
    meta = params.get("_meta", {})
    if not isinstance(meta, dict):
        raise RpcError(BAD_PARAMS, "`_meta` must be an object")
    own = meta.get(META + "protocolVersion")
    named = None if headers is None else headers.get("MCP-Protocol-Version")
    for version in (own, named):
        if version is not None and version not in SUPPORTED:
            data = {"supported": SUPPORTED, "requested": version}
            raise RpcError(OTHER_VERSION, "Unsupported protocol version", data=data)
    if own != NEWEST and named != NEWEST:
        return False
    if own != NEWEST or META + "clientCapabilities" not in meta:
        needed = f"`{META}protocolVersion` and `{META}clientCapabilities`"
        raise RpcError(BAD_PARAMS, f"`_meta` must have {needed}")
    if headers is not None:
        mirrored = {"MCP-Protocol-Version": own, "Mcp-Method": method}
        if method == "tools/call":
            mirrored["Mcp-Name"] = params.get("name")
        for name, value in mirrored.items():
            if headers.get(name) != value:
                raise RpcError(HEADERS_DIFFER, f"Header mismatch: {name} is not that of the body")
    return True


async def _result(asked: Request, access: AssistantAccess) -> dict[str, Any]:
    match asked.method, asked.is_modern:
        case "server/discover", True:
            about = {"supportedVersions": SUPPORTED, "capabilities": CAPABILITIES}
            return about | {"instructions": INSTRUCTIONS} | _fresh(asked)
        case "initialize", False:
            wanted = asked.params.get("protocolVersion")
            version = wanted if wanted in HANDSHAKES else HANDSHAKES[0]
            about = {"protocolVersion": version, "capabilities": CAPABILITIES}
            return about | {"serverInfo": SERVER, "instructions": INSTRUCTIONS}
        case "ping", _:
            return {}
        case "tools/list", _:
            return {"tools": [tool.description() for tool in TOOLS.values()]} | _fresh(asked)
        case "tools/call", _:
            return await _call(asked, access)
        case _:
            raise RpcError(UNKNOWN, "Method not found", 404)


def _fresh(asked: Request) -> dict[str, Any]:
    # A client keeps the list of tools for a minute: the operator may switch meanwhile.
    return {"ttlMs": 60_000, "cacheScope": "private"} if asked.is_modern else {}


async def _call(asked: Request, access: AssistantAccess) -> dict[str, Any]:
    """Return what a tool says; an error that a model can mend is an answer, too."""
    name, arguments = asked.params.get("name"), asked.params.get("arguments", {})
    tool = TOOLS.get(name) if isinstance(name, str) else None
    if tool is None:
        raise RpcError(BAD_PARAMS, f"Unknown tool; the tools are {', '.join(TOOLS)}")
    if not isinstance(arguments, dict):
        raise RpcError(BAD_PARAMS, "`arguments` must be an object")
    try:
        text, value = await tool.call(arguments, access)
    except msgspec.ValidationError as error:
        place, why = fault_of(error, tool.arguments)
        return _said(f"{place}: {why}", is_error=True)
    except AppError as error:
        return _said(error.detail, is_error=True)
    except Exception as error:
        logger.exception("the tool %s failed", name)
        raise RpcError(INTERNAL, "Internal error", 500) from error
    return _said(text) | {"structuredContent": value}


def _said(text: str, *, is_error: bool = False) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": is_error}
