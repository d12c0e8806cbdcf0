"""The API's document, OpenAPI 3.1: what the app serves, with what is declared of it."""

import re
from importlib.metadata import version
from typing import Any, Final, cast

import msgspec
from quart import Quart
from werkzeug.routing import Rule

from app.errors import Problem
from app.lifespan import resources
from app.models import MAX_ID
from app.views.access import SAFE_METHODS, policy_of
from app.views.api import PREFIX
from app.views.api.descriptions import (
    ABOUT,
    ABOUT_SESSIONS,
    ABOUT_TOKENS,
    DESCRIPTIONS,
    ERRORS,
    HEADERS,
    PARAMETERS,
    TAGS,
)
from app.views.api.operation import Answer, Operation
from app.views.api.operations import OPERATIONS
from app.views.sessions import COOKIE, SECURE_COOKIE

KEY: Final = "saywho.openapi"
HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})
IMPLIED_METHODS: Final = frozenset({"HEAD", "OPTIONS"})
SCHEMAS: Final = "#/components/schemas/{name}"
ERROR_HEADERS: Final = {401: "WWW-Authenticate", 405: "Allow", 503: "Retry-After"}
NOT_MODIFIED: Final = 304
SCOPES: Final = {"token": "read"}
"""The scope that a policy needs, where it has another name."""

CONVERTERS: Final[dict[str, dict[str, Any]]] = {
    "": {"type": "string"},
    "id": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
}
_PLACE = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")


def document(app: Quart) -> dict[str, Any]:
    """Return the document of this app, built when it is first asked for."""
    if KEY not in app.extensions:
        app.extensions[KEY] = build(app, is_public=resources().config.public)
    return cast(dict[str, Any], app.extensions[KEY])


def build(app: Quart, *, is_public: bool) -> dict[str, Any]:
    """Return the document. Raises KeyError for an endpoint of which nothing is declared."""
    places = {endpoint: place for place, endpoint in enumerate(OPERATIONS)}
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/") or rule.rule in HEALTH_PATHS
    ]
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(rules, key=lambda rule: places[rule.endpoint]):
        path = paths.setdefault(_PLACE.sub(r"{\g<name>}", rule.rule), {})
        for method in sorted((rule.methods or set()) - IMPLIED_METHODS):
            policy = policy_of(app, rule.endpoint) or "operator"
            path[method.lower()] = _operation(rule, method, policy, is_public, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "saywho", "version": version("saywho"), "description": ABOUT},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": _error_responses(schemas),
            "parameters": {
                name: {"name": name, "in": "header", "description": text, "schema": schema}
                for name, (text, schema) in PARAMETERS.items()
            },
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
                    "description": ABOUT_SESSIONS.format(secure=SECURE_COOKIE),
                },
            },
        },
    }


class Schemas:
    """The schemas that the document has named so far."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type, a reference for a struct, which is kept.

        Raises ValueError for two structs of one name.
        """
        (schema,), components = msgspec.json.schema_components([kind], ref_template=SCHEMAS)
        for name, component in components.items():
            described = _described(name, component)
            if self.components.setdefault(name, described) != described:
                raise ValueError(f"two structs are named {name}")
        return schema


def _described(name: str, struct: dict[str, Any]) -> dict[str, Any]:
    """Add to the fields of a struct's schema what they mean; those that end in _at are times."""
    for field, schema in struct.get("properties", {}).items():
        if field.endswith("_at"):
            for option in schema.get("anyOf", [schema]):
                if option.get("type") == "string":
                    option["format"] = "date-time"
        if text := _description(name, field):
            schema["description"] = text
    return struct


def _description(struct: str, field: str) -> str | None:
    return DESCRIPTIONS.get(f"{struct}.{field}") or DESCRIPTIONS.get(field)


def _operation(
    rule: Rule, method: str, policy: str, is_public: bool, schemas: Schemas
) -> dict[str, Any]:
    declared = OPERATIONS[rule.endpoint]
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.rpartition(".")[2],
        "tags": [declared.tag],
        "summary": declared.summary,
        "security": _security(policy, is_public),
        "parameters": [
            *_path_parameters(rule, declared),
            *_query_parameters(declared),
            *({"$ref": f"#/components/parameters/{n}"} for n in _header_names(declared, method)),
        ],
        "responses": {},
    }
    if body := declared.body:
        operation["requestBody"] = {
            "required": True,
            "content": {
                content_type: {
                    "schema": schemas.of(form) if form else {},
                    "example": body.example,
                }
                for content_type, form in body.content.items()
            },
        }
    writes = method not in SAFE_METHODS and policy != "read"
    for status, answer in declared.answers.items():
        is_state = method == "GET" and declared.has_validator and not answer.has_retry
        operation["responses"][str(status)] = _answer(answer, is_state, writes, schemas)
    if method == "GET" and declared.has_validator:
        operation["responses"][str(NOT_MODIFIED)] = _reference(NOT_MODIFIED)
    for status in sorted(_errors(rule, declared, method, policy)):
        operation["responses"][str(status)] = _reference(status)
    return operation


def _security(policy: str, is_public: bool) -> list[dict[str, list[str]]]:
    """Return what may be sent, any of it: nothing ({}), a token of the scope, or a session."""
    if policy == "open":
        return []
    needed: list[dict[str, list[str]]] = [
        {"bearer": [SCOPES.get(policy, policy)]},
        {"session": []},
    ]
    return [{}, *needed] if policy == "read" and is_public else needed


def _errors(rule: Rule, declared: Operation, method: str, policy: str) -> set[int]:
    """Return the statuses of the errors that the operation can give."""
    # A bad token, a Saywho-After that is bad or too new, and a head that is too slow or too large
    # are refused everywhere.
    errors = {400, 401, 408, 431, 500, 503} | declared.errors
    is_safe = method in SAFE_METHODS
    if not is_safe or policy not in {"open", "read", "token"}:
        errors |= {403}
    if not is_safe and policy != "read":
        errors |= {507}
    if rule.arguments:
        errors |= {404}
    if declared.body:
        errors |= {413, 422}
        if None not in declared.body.content.values():
            errors |= {415}
    if declared.takes_idempotency_key:
        errors |= {409}
        if any(answer.has_location for answer in declared.answers.values()):
            errors |= {410}
    return errors


def _path_parameters(rule: Rule, declared: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": match["name"],
            "in": "path",
            "required": True,
            "description": DESCRIPTIONS[match["name"]],
            "schema": CONVERTERS[match["converter"] or ""],
            "example": declared.example[match["name"]],
        }
        for match in _PLACE.finditer(rule.rule)
    ]


def _query_parameters(declared: Operation) -> list[dict[str, Any]]:
    _, components = msgspec.json.schema_components([declared.args], ref_template=SCHEMAS)
    struct = components[declared.args.__name__]
    parameters = []
    for name, schema in struct["properties"].items():
        parameter = {
            "name": name,
            "in": "query",
            "description": _description(declared.args.__name__, name),
            "schema": _without_null(schema),
        }
        if name in struct["required"]:
            parameter["required"] = True
        if name in declared.example:
            parameter["example"] = declared.example[name]
        parameters.append(parameter)
    return parameters


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field that may be None as that of a parameter that may be absent."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    return options[0] if len(options) == 1 else schema


def _header_names(declared: Operation, method: str) -> list[str]:
    own = ["Idempotency-Key"] if declared.takes_idempotency_key else []
    if declared.is_stream:
        own.append("Last-Event-ID")
    elif method == "GET" and declared.has_validator:
        own.append("If-None-Match")
    return [*own, "Saywho-After", "X-Request-ID"]


def _answer(answer: Answer, is_state: bool, writes: bool, schemas: Schemas) -> dict[str, Any]:
    names = ["Location"] if answer.has_location else []
    names += ["Retry-After"] if answer.has_retry else []
    names += ["Saywho-Event"] if writes else []
    names += ["ETag"] if is_state else []
    described = {"description": answer.description, "headers": _headers(*names)}
    if answer.of is not None:
        content = {answer.content_type: answer.of} | answer.others
        described["content"] = {name: {"schema": schemas.of(of)} for name, of in content.items()}
    return described


def _error_responses(schemas: Schemas) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": schemas.of(Problem)}}
    responses: dict[str, Any] = {
        str(NOT_MODIFIED): {
            "description": "The state that If-None-Match names still holds",
            "headers": _headers("ETag"),
        }
    }
    for status, text in ERRORS.items():
        headers = _headers(*([ERROR_HEADERS[status]] if status in ERROR_HEADERS else []))
        described = {"description": text, "headers": headers, "content": content}
        responses[str(status)] = described
    return responses


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, "X-Request-ID")}


def _reference(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{status}"}
