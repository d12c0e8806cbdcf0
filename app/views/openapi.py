"""The API's document, OpenAPI 3.1, made of the declared operations."""

import functools
import json
import re
from importlib.metadata import version
from typing import Any, Final

from app.errors import Problem
from app.models import MAX_ID
from app.views.operation import JSON, OPERATIONS, PROBLEM, Operation, Success
from app.views.schemas import Schema, schemas, schemas_of
from app.views.sessions import COOKIE, SECURE_COOKIE

ABOUT: Final = (
    "Times are RFC 3339 in UTC, ids are integers below 2^53, names are found in any case. Lists "
    "are pages: `next` is the `cursor` of the following one. Every GET answers HEAD too; other "
    "methods get 405, unknown addresses 404, and a bad token 401 even where reading is open."
)
ABOUT_TOKENS: Final = (
    "A token, made on the settings page or by `saywho token add`; each of the scopes `read`, "
    "`write` and `admin` includes those before it."
)
ABOUT_SESSIONS: Final = (
    "The operator's session, begun at `/login`; it may do everything. Over https the cookie is "
    f"named `{SECURE_COOKIE}`. With a cookie, methods that change data need `Sec-Fetch-Site: "
    "same-origin` or `none`, or, where that is absent, an `Origin` equal to the site's own."
)
TAGS: Final = {
    "users": "Authors",
    "tweets": "Posts",
    "search": "Finding posts",
    "compare": "Who would have said this?",
    "live": "What changes, as it changes",
    "imports": "Files of posts",
    "exports": "Posts as files",
    "service": "The service itself",
}
ERRORS: Final = {
    400: "Malformed: the address, a header, or a body that does not parse",
    401: "No token where one is needed, or a bad one",
    403: "The token's scope does not allow it, or another site made a signed-in browser ask",
    404: "Not found",
    405: "The address does not take this method",
    408: "The head or the body came too slowly",
    409: "It exists already, has ended, or is still under way with this Idempotency-Key",
    410: "What the request with this Idempotency-Key made was deleted since",
    413: "The body is too large",
    415: "The body is of the wrong type",
    422: "Well-formed, but wrong",
    431: "The address and the headers are too long together",
    500: "A failure of the server; the log knows the request by its id",
    503: "Busy, starting or stopping, or the event of Saywho-After was not seen here in time",
    507: "The disk is full",
}
ERROR_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}
NOT_MODIFIED: Final = 304
NOT_MODIFIED_ANSWER: Final = Success(
    "The state that If-None-Match names still holds", {}, ("ETag", "X-Request-ID")
)
HEADERS: Final = {
    "Allow": "The methods that the address takes.",
    "ETag": "Names this state of the answer, for If-None-Match.",
    "Location": "The address of what was made.",
    "Retry-After": "Seconds to wait.",
    "Saywho-Event": "The newest event that the answer rests on, for Saywho-After.",
    "WWW-Authenticate": "How to prove a right: Bearer.",
    "X-Request-ID": "The request's id, as sent or made.",
}
REQUEST_HEADERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Idempotency-Key": (
        "Sent again within 24 h with the same body, the request gets the same answer and does "
        "nothing; kept per token and path.",
        {"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "If-None-Match": ("ETags that are known already: 304 if one still holds.", {"type": "string"}),
    "Last-Event-ID": (
        "Where the client was: only what came after it is sent; browsers send it by themselves.",
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    ),
    "Saywho-After": (
        "Answer only from a state that holds this event; waits up to 2 s.",
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    ),
    "X-Request-ID": ("An id of one's own for the log.", {"type": "string", "maxLength": 128}),
}
ID: Final = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
PLACES: Final[dict[str, tuple[str, dict[str, Any], Any]]] = {
    "username": ("The author's name.", {"type": "string"}, "jack"),
    "tweet_id": ("The post's id.", ID, 1),
    "import_id": ("The import's id.", ID, 1),
}
"""Parameters in a path: description, schema, example."""
SCOPES: Final = {"token": "read"}
"""Scopes of the policies that are not named after one."""
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


@functools.cache
def document(*, is_public: bool) -> dict[str, Any]:
    """Return the document, made when it is first asked for."""
    paths: dict[str, dict[str, Any]] = {}
    for declared in ordered():
        path = paths.setdefault(address(declared), {})
        path[declared.method.lower()] = _operation(declared, is_public)
    return {
        "openapi": "3.1.0",
        "info": {"title": "saywho", "version": version("saywho"), "description": ABOUT},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas().components,
            "responses": _shared_responses(),
            "parameters": {name: header_parameter(name) for name in REQUEST_HEADERS},
            "headers": {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": ABOUT_TOKENS},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIE,
                    "description": ABOUT_SESSIONS,
                },
            },
        },
    }


def ordered() -> list[Operation]:
    """Return the operations in the order of their tags. Raises ValueError for an unknown tag."""
    tags = list(TAGS)
    return sorted(OPERATIONS.values(), key=lambda declared: tags.index(declared.tag))


def address(declared: Operation) -> str:
    """Return the operation's path as the document writes it."""
    return _PLACE.sub(r"{\1}", declared.path)


def scope_of(declared: Operation, *, is_public: bool) -> str | None:
    """Return the scope that a token must have; None where nothing is needed."""
    if declared.policy == "open" or (declared.policy == "read" and is_public):
        return None
    return SCOPES.get(declared.policy, declared.policy)


def parameters(declared: Operation) -> list[dict[str, Any]]:
    """Return the parameters in the path and in the query."""
    found: list[dict[str, Any]] = []
    for name in _PLACE.findall(declared.path):
        description, schema, example = PLACES[name]
        place = {"name": name, "in": "path", "required": True, "description": description}
        found.append(place | {"schema": schema, "example": example})
    _, components = schemas_of([declared.args])
    struct = components[declared.args.__name__]
    for name, schema in struct["properties"].items():
        about = {"name": name, "in": "query", "description": schema.pop("description", None)}
        if name in struct["required"]:
            about["required"] = True
        if examples := schema.pop("examples", None):
            about["example"] = examples[0]
        found.append(about | {"schema": _without_null(schema)})
    return found


def header_parameter(name: str) -> dict[str, Any]:
    """Return a header of requests as a parameter."""
    description, schema = REQUEST_HEADERS[name]
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _without_null(schema: Schema) -> Schema:
    """Return the schema of a field that may be None as that of a parameter that may be absent."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def body_example(declared: Operation) -> Any:
    """Return an example of the body: a value for JSON, else a string."""
    if declared.body is None or declared.body.example is not None:
        return declared.body and declared.body.example
    content_type, kind = next(iter(declared.body.content.items()))
    fields = schemas().struct(schemas().of(kind))["properties"].items()
    example = {name: field["examples"][0] for name, field in fields if "examples" in field}
    return example if content_type == JSON else json.dumps(example, ensure_ascii=False) + "\n"


def _operation(declared: Operation, is_public: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": declared.id,
        "tags": [declared.tag],
        "summary": declared.summary,
        "security": _security(declared, is_public),
        "parameters": [
            *parameters(declared),
            *({"$ref": f"#/components/parameters/{name}"} for name in declared.request_headers),
        ],
    }
    if declared.body:
        described["requestBody"] = {
            "required": True,
            "content": {
                content_type: {"schema": schemas().of(kind), "example": body_example(declared)}
                for content_type, kind in declared.body.content.items()
            },
        }
    responses = {
        status: _response(answer, declared.answer_headers(answer))
        for status, answer in declared.answers.items()
    }
    for status in (*([NOT_MODIFIED] if declared.has_validator else []), *declared.error_statuses):
        responses[status] = {"$ref": f"#/components/responses/{status}"}
    return described | {"responses": {str(status): each for status, each in responses.items()}}


def _security(declared: Operation, is_public: bool) -> list[dict[str, list[str]]]:
    """Return what may be sent, any of it: nothing ({}), a token of the scope, or a session."""
    if declared.policy == "open":
        return []
    scope = scope_of(declared, is_public=False) or ""
    needed: list[dict[str, list[str]]] = [{"bearer": [scope]}, {"session": []}]
    return [{}, *needed] if scope_of(declared, is_public=is_public) is None else needed


def _response(answer: Success, headers: tuple[str, ...]) -> dict[str, Any]:
    described = {
        "description": answer.description,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
    }
    if answer.content:
        described["content"] = {
            content_type: {"schema": schemas().of(kind)}
            for content_type, kind in answer.content.items()
        }
    return described


def _shared_responses() -> dict[str, Any]:
    """Return the responses that operations refer to: 304, and the errors."""
    shared = {NOT_MODIFIED: NOT_MODIFIED_ANSWER} | {
        status: Success(text, {PROBLEM: Problem}, error_headers(status))
        for status, text in ERRORS.items()
    }
    return {str(status): _response(answer, answer.headers) for status, answer in shared.items()}


def error_headers(status: int) -> tuple[str, ...]:
    """Return the headers that errors of a status carry."""
    own = (ERROR_HEADERS[status],) if status in ERROR_HEADERS else ()
    return (*own, "X-Request-ID")
