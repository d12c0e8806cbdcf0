"""The service: health, figures, and the API's document, OpenAPI 3.1, made from the operations."""

import asyncio
import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode

from markupsafe import Markup
from msgspec import Struct
from quart import Response, current_app, g, request

from app.db.result_cache import LruStore
from app.errors import Problem
from app.language.i18n import language
from app.lifespan import resources
from app.models import MAX_ID
from app.paths import API, API_DOCS, HEALTHZ, METRICS, READYZ
from app.runtime.metrics import CONTENT_TYPE
from app.services.access.rights import Scope
from app.services.checks import check_ready, measure_lag
from app.services.event_log import newest_event
from app.views.blueprints import (
    EVENTS,
    HTML,
    MULTIPART,
    NDJSON,
    ApiBlueprint,
    Operation,
    operations_of,
)
from app.views.cast import Cast
from app.views.page import WebPage, cast_if_open, render
from app.views.policies import PROBLEM, own_origin, own_scope
from app.views.site.schemas import EXAMPLES, WRITTEN, Schema, Schemas
from saywho import __version__

IN_PATH: Final = re.compile(r"<(?:(\w+):)?(\w+)>")

blueprint = ApiBlueprint("service", tag="service", url_prefix=None)


class Health(Struct, frozen=True):
    """The state of the process."""

    status: str


@blueprint.get(HEALTHZ, policy="open", answers="Running")
async def healthz() -> Health:
    """Check that the process is running."""
    return Health("ok")


@blueprint.get(READYZ, policy="open", answers="All is well")
async def readyz() -> Health:
    """Check that the database responds, is migrated, and that its log is being read."""
    here = resources()
    await check_ready(here.db, here.feed, revision=here.revision)
    return Health("ready")


@blueprint.get(METRICS, policy="metrics")
async def metrics() -> Response:
    """Return all workers' figures, in Prometheus's format."""
    feed = resources().feed
    async with resources().db.read() as session:
        lag = await measure_lag(session)
        lag["feed"] = max(0, await newest_event(session) - feed.newest)
    return Response(resources().metrics.exposition(lag), content_type=CONTENT_TYPE)


class Entrance(Struct, frozen=True):
    """Where a program begins."""

    document: str
    """Address of the OpenAPI document."""
    docs: str
    """Address of the same as a page."""


@blueprint.get(API, policy="open", keep=True, answers="Addresses")
async def show_entrance() -> Entrance:
    """Show where the document of the API is."""
    root = request.root_path.rstrip("/") + API
    return Entrance(f"{root}/openapi.json", root + API_DOCS)


class OwnAccess(Struct, frozen=True):
    """What the sender of the request may do."""

    kind: Literal["token", "account"]
    name: str
    scope: Scope
    """`read`, `write` or `admin`: each also may do what those before it may."""
    ends_at: datetime | None
    """First time at which the token is not valid; null for an account, or without an end."""


@blueprint.get(API + "/token", policy="known", answers="The token, or the account of a cookie")
async def show_token() -> OwnAccess:
    """Show the name, the scope and the end of the own token."""
    if g.token is not None:
        return OwnAccess("token", g.token.name, g.token.scope, g.token.ends_at)
    return OwnAccess("account", g.account.name, own_scope(), None)


@blueprint.get(API + "/openapi.json", policy="open", keep=True, answers="OpenAPI 3.1")
async def show_document() -> dict[str, Any]:
    """This document."""
    return await _document() | {"servers": [{"url": request.root_path.rstrip("/") or "/"}]}


class Reference(WebPage, frozen=True, kw_only=True):
    """The document as the greatest part of a page."""

    template = "site/_api_reference.html"
    is_long = True

    document: dict[str, Any]
    origin: str

    @property
    def errors(self) -> Mapping[str, Any]:
        return dict(sorted(WRITTEN["errors"].items()))

    @property
    def command(self) -> Callable[..., str]:
        """Return what shows a command that sends a request."""
        return partial(command_of, self.origin)

    @property
    def shown(self) -> Callable[..., str]:
        return partial(json.dumps, ensure_ascii=False, indent=2)


class DocsPage(WebPage, frozen=True, kw_only=True):
    template = "site/api_docs.html"

    reference: Markup


@blueprint.get(API + API_DOCS, policy="open", keep=True, answers="A page", content={HTML: str})
async def show_docs() -> str:
    """This document as a page."""
    cast = await cast_if_open()
    return await render(DocsPage(reference=await _reference(cast)), cast)


async def _reference(cast: Cast) -> Markup:
    kept: LruStore[tuple[object, ...], Markup] = current_app.extensions.setdefault(
        # Each has 200 KB, and a client may name any address.
        "api_reference",
        LruStore(8, lambda _: 1),
    )
    origin = own_origin()
    key = (language(), cast.is_chat, resources().openness.seems_public, origin)
    if (reference := kept.get(key)) is None:
        page = Reference(document=await _document(), origin=origin)
        reference = Markup(await render(page, cast))  # noqa: S704 - Its template escapes.
        kept.put(key, reference)
    return reference


async def _document() -> dict[str, Any]:
    """Return the document, made once for public and once for private sites."""
    documents: dict[bool, dict[str, Any]] = current_app.extensions.setdefault("openapi", {})
    is_public = resources().openness.seems_public
    if is_public not in documents:
        operations = operations_of(current_app.blueprints.values())
        make = partial(document, operations, is_public=is_public)
        documents[is_public] = await asyncio.to_thread(make)
    return documents[is_public]


def document(operations: Iterable[Operation], *, is_public: bool) -> dict[str, Any]:
    """Return the document of these operations, in some 0.1 s: call it in a thread."""
    operations = _in_order(operations)
    schemas = Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for declared in operations:
        path = paths.setdefault(IN_PATH.sub(r"{\2}", declared.path), {})
        path[declared.method.lower()] = _operation(declared, schemas, is_public=is_public)
    problem = schemas.content({PROBLEM: Problem})
    return {
        "openapi": "3.1.0",
        "info": WRITTEN["info"] | {"version": __version__},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": about}
            for name, about in WRITTEN["tags"].items()
            if any(declared.tag == name for declared in operations)
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {
                "problem": {
                    "description": WRITTEN["problem"],
                    "headers": _headers("X-Request-ID", "Retry-After", "WWW-Authenticate", "Allow"),
                }
                | problem
            },
            "headers": {
                name: {"description": about, "schema": {"type": "string"}}
                for name, about in WRITTEN["headers"].items()
            },
            "securitySchemes": WRITTEN["securitySchemes"],
        },
    }


def _in_order(operations: Iterable[Operation]) -> list[Operation]:
    tags = list(WRITTEN["tags"])
    ordered = sorted(operations, key=lambda declared: tags.index(declared.tag))
    for declared in [each for each in ordered if each.follows]:
        ordered.remove(declared)
        names = [each.view.__name__ for each in ordered]
        ordered.insert(names.index(declared.follows) + 1, declared)
    return ordered


def _operation(declared: Operation, schemas: Schemas, *, is_public: bool) -> dict[str, Any]:
    example = EXAMPLES["answers"].get(declared.view.__name__)
    responses: dict[str, Any] = {
        str(status): {"description": text, "headers": _headers(*_headers_of(declared))}
        | schemas.content(declared.content, example)
        for status, text in declared.answers.items()
    }
    responses["default"] = {"$ref": "#/components/responses/problem"}
    described: dict[str, Any] = {
        "operationId": declared.view.__name__,
        "tags": [declared.tag],
        "summary": declared.summary,
        "security": _security(declared, is_public=is_public),
        "parameters": _parameters(declared, schemas),
        "responses": responses,
    }
    if declared.body:
        described["requestBody"] = {"required": True} | schemas.content(declared.body)
    return described


def _headers_of(declared: Operation) -> Iterator[str]:
    yield "X-Request-ID"
    if declared.method != "GET":
        if declared.policy != "read":
            yield "Saywho-Event"
        if declared.answers.keys() & {HTTPStatus.CREATED, HTTPStatus.ACCEPTED}:
            yield "Location"
    elif not {NDJSON, EVENTS} & declared.content.keys():
        yield "ETag"
        if declared.cursor is not None:
            yield "Link"


def _headers(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _security(declared: Operation, *, is_public: bool) -> list[dict[str, list[str]]]:
    """Return alternatives: nothing ({}), a token of the scope, or a session."""
    if declared.policy == "open":
        return []
    if declared.policy == "player":
        return [{"player": []}]
    scope = "read" if declared.policy in {"known", "token"} else declared.policy
    needed: list[dict[str, list[str]]] = [{"bearer": [scope]}, {"session": []}]
    return [{}, *needed] if declared.policy == "read" and is_public else needed


def _parameters(declared: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    args, parameters = schemas.args[declared.args], list[dict[str, Any]]()
    example = EXAMPLES["requests"].get(declared.view.__name__, {})
    by_converter: dict[str, Schema] = {
        "id": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
        "year": {"type": "integer", "minimum": 1, "maximum": 9998},
    }
    for converter, name in IN_PATH.findall(declared.path):
        schema = by_converter.get(converter, {"type": "string"})
        about = {"name": name, "in": "path", "required": True, "schema": schema}
        parameters.append(about | {"example": schemas.examples.of(schema, name)})
    for name, field in args["properties"].items():
        about = _in_query(name, field)
        if name in args["required"] or "minItems" in about["schema"]:
            about["required"] = True
        if name in example or "required" in about:
            about["example"] = example.get(name) or schemas.examples.of(about["schema"], name)
        parameters.append(about)
    return parameters


def _in_query(name: str, field: Schema) -> dict[str, Any]:
    # A field that may be None is a parameter that may be absent.
    options = [option for option in field.get("anyOf", []) if option != {"type": "null"}]
    schema = dict(options[0] if len(options) == 1 else field)
    about: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
    if "description" in field:
        about["description"] = field["description"]
        schema.pop("description", None)
    if schema.get("default") in ("", []):
        del schema["default"]
    return about


def address_of(path: str, operation: Mapping[str, Any]) -> str:
    values: dict[str, dict[str, Any]] = {"query": {}, "path": {}}
    for parameter in operation["parameters"]:
        if "example" in parameter:
            values[parameter["in"]][parameter["name"]] = parameter["example"]
    query = values["query"]
    filled = re.sub(r"{(\w+)}", lambda match: quote(str(values["path"][match[1]])), path)
    return f"{filled}?{urlencode(query, doseq=True)}" if query else filled


def command_of(origin: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Return a request as a shell command, with a token in $TOKEN."""
    options = []
    security = operation["security"]
    if security and {} not in security:
        options.append('-H "Authorization: Bearer $TOKEN"')
    content = operation.get("requestBody", {}).get("content", {})
    if method in {"patch", "delete"} or (method == "post" and not content):
        options.append(f"-X {method.upper()}")
    for content_type, body in [each for each in content.items() if each[0] != MULTIPART][:1]:
        options.append(f"-H {shlex.quote('Content-Type: ' + content_type)}")
        options.append(f"--data-binary {_quoted(body)}")
    address = origin + address_of(path, operation)
    return " \\\n     ".join(["curl", *options, shlex.quote(address)]).replace(" \\\n     ", " ", 1)


def _quoted(body: Mapping[str, Any]) -> str:
    if "example" not in body:
        return "@posts.jsonl"
    example = body["example"]
    lines = example.strip() if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
    return shlex.quote(lines)
