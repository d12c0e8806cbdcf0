"""The API's document, OpenAPI 3.1, made of the declared operations."""

import functools
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from app.errors import Problem
from app.views.operation import JSON, OPERATIONS, PROBLEM, Operation, Success

Schema = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{name}"
WRITTEN: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("openapi.json").read_text())
"""The parts of the document that follow from no declaration."""
FIELDS: Final[dict[str, str]] = WRITTEN["fields"]
"""Descriptions of the fields of these names, unless the struct has one of its own."""
FRAME: Final[dict[str, Any]] = WRITTEN["document"]
TAGS: Final = {tag["name"]: tag["description"] for tag in FRAME["tags"]}
REQUEST_HEADERS: Final[dict[str, Any]] = FRAME["components"]["parameters"]
PLACES: Final[dict[str, Any]] = WRITTEN["places"]
"""Parameters in a path."""
ERRORS: Final = {int(status): text for status, text in WRITTEN["errors"].items()}
ERROR_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}
NOT_MODIFIED: Final = 304
NOT_MODIFIED_ANSWER: Final = Success(
    "The state that If-None-Match names still holds", {}, ("ETag", "X-Request-ID")
)
SCOPES: Final = {"token": "read"}
"""Scopes of the policies that are not named after one."""


class Schemas:
    """The JSON schemas of all that the declared operations take and answer."""

    def __init__(self) -> None:
        found = [kind for declared in OPERATIONS.values() for kind in declared.kinds]
        kinds = list(dict.fromkeys([Problem, *found]))
        schemas, self.components = schemas_of(kinds)
        self._by_kind = dict(zip(kinds, schemas, strict=True))

    def of(self, kind: Any) -> Schema:
        """Return the schema of a type: a reference for a struct, nothing for bytes."""
        return self._by_kind[kind] if kind is not None else {}

    def struct(self, schema: Schema) -> Schema:
        """Return the schema of an object, or of the objects in a list, with its properties."""
        schema = schema.get("items") or schema
        reference = schema.get("$ref")
        return self.components[reference.rpartition("/")[2]] if reference else schema


def schemas_of(kinds: list[Any]) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """Return the schema of each type, and those of the structs that they refer to."""
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    for struct in components.values():
        for name, field in struct["properties"].items():
            if name in FIELDS:
                field.setdefault("description", FIELDS[name])
            if name.endswith("_at"):
                # msgspec writes the format only where a time must have a zone.
                for option in field.get("anyOf", [field]):
                    option |= {"format": "date-time"} if option["type"] == "string" else {}
    return schemas, components


@functools.cache
def schemas() -> Schemas:
    """Return the schemas of all operations, made when they are first asked for."""
    return Schemas()


@functools.cache
def document(*, is_public: bool) -> dict[str, Any]:
    """Return the document, made when it is first asked for."""
    paths: dict[str, dict[str, Any]] = {}
    for declared in ordered():
        path = paths.setdefault(declared.address, {})
        path[declared.method.lower()] = _operation(declared, is_public)
    derived = {"schemas": schemas().components, "responses": _shared_responses()}
    return FRAME | {
        "info": FRAME["info"] | {"version": version("saywho")},
        "paths": paths,
        "components": FRAME["components"] | derived,
    }


def ordered() -> list[Operation]:
    """Return the operations in the order of their tags. Raises ValueError for an unknown tag."""
    tags = list(TAGS)
    return sorted(OPERATIONS.values(), key=lambda declared: tags.index(declared.tag))


def scope_of(declared: Operation, *, is_public: bool) -> str | None:
    """Return the scope that a token must have; None where nothing is needed."""
    if declared.policy == "open" or (declared.policy == "read" and is_public):
        return None
    return SCOPES.get(declared.policy, declared.policy)


def parameters(declared: Operation) -> list[dict[str, Any]]:
    """Return the parameters in the path and in the query."""
    found: list[dict[str, Any]] = [PLACES[name] for name in declared.places]
    _, components = schemas_of([declared.args])
    struct = components[declared.args.__name__]
    for name, schema in struct["properties"].items():
        about = {"name": name, "in": "query", "description": schema.pop("description", None)}
        if name in struct["required"]:
            about["required"] = True
        if examples := schema.pop("examples", None):
            about["example"] = examples[0]
        # A field that may be None is a parameter that may be absent.
        options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
        found.append(about | {"schema": options[0] if len(options) == 1 else schema})
    return found


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
