"""The service itself: whether it runs and can answer, its figures, and the document of its API."""

import json
from collections.abc import Mapping
from shlex import quote as shell_quote
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup
from msgspec import Struct
from quart import Response, g, render_template, request

from app.errors import Problem
from app.i18n import LOCALES, SWITCH, gettext
from app.lifespan import resources
from app.metrics import CONTENT_TYPE
from app.paths import API, API_DOCS, HEALTHZ, METRICS, READYZ
from app.services.checks import check_ready, measure_lag
from app.services.events import newest_event
from app.views import openapi
from app.views.access import access, own_origin
from app.views.answers import json_answer
from app.views.openapi import Schema, schemas
from app.views.operation import HTML, PROBLEM, ApiBlueprint, Operation, Success, answers

blueprint = ApiBlueprint("service", tag="service", url_prefix=None)


class Health(Struct, frozen=True):
    """The state of the process."""

    status: str


@blueprint.operation("GET", HEALTHZ, "open")
@answers(200, "It runs", Health)
async def healthz() -> Response:
    """Say that the process runs."""
    return json_answer(Health("ok"))


@blueprint.operation("GET", READYZ, "open")
@answers(200, "All is well", Health)
async def readyz() -> Response:
    """Say whether the database answers, is at the program's revision, and is followed."""
    here = resources()
    await check_ready(here.db, here.feed, here.tasks, revision=here.revision)
    return json_answer(Health("ready"))


@blueprint.get(METRICS)
@access("metrics")
async def metrics() -> Response:
    """Return the figures of all workers, in the format of Prometheus."""
    feed = resources().feed
    async with resources().db.read() as session:
        lag = await measure_lag(session)
        lag["feed"] = max(0, await newest_event(session) - feed.newest)
    return Response(resources().metrics.exposition(lag), content_type=CONTENT_TYPE)


@blueprint.operation("GET", API + "/openapi.json", "open", is_cacheable=True)
@answers(200, "OpenAPI 3.1", dict[str, Any])
async def show_document() -> Response:
    """This document."""
    return json_answer(openapi.document(is_public=resources().config.public))


@blueprint.operation("GET", API + API_DOCS, "open", is_cacheable=True)
@answers(200, "A page", str, HTML)
async def show_docs() -> str:
    """This document as a page.

    Render the operations; `locale` chooses the page's language, as the links at its top do.
    """
    chosen = request.args.get(SWITCH)
    if chosen in LOCALES:
        g.locale = chosen
    config = resources().config
    return await render_template(
        "api_docs.html",
        about=marked_up(gettext(openapi.FRAME["info"]["description"])),
        tags=openapi.TAGS,
        operations=openapi.ordered(),
        errors=openapi.ERRORS,
        page=DocsPage(own_origin(config), is_public=config.public),
    )


class FieldRow(NamedTuple):
    """A parameter, or a field of an object with the fields of the objects in it."""

    name: str
    type: str
    is_required: bool
    default: str
    description: Markup
    place: str
    fields: "tuple[FieldRow, ...]"


class ContentRow(NamedTuple):
    """A body: its content type, its type, and its fields."""

    content_type: str
    type: str
    fields: tuple[FieldRow, ...]


class DocsPage:
    """Parts of the page for its template; `origin` begins the addresses of examples."""

    def __init__(self, origin: str, *, is_public: bool) -> None:
        self._origin = origin
        self._is_public = is_public
        self.problem = self.contents({PROBLEM: Problem})[0]

    def scope(self, declared: Operation) -> str | None:
        return openapi.scope_of(declared, is_public=self._is_public)

    def answers(self, declared: Operation) -> list[tuple[int, Success, tuple[str, ...]]]:
        """Return status, declaration and headers of the answers that are no errors."""
        answers = [
            (status, answer, declared.answer_headers(answer))
            for status, answer in declared.answers.items()
        ]
        unchanged = openapi.NOT_MODIFIED_ANSWER
        shared = [(openapi.NOT_MODIFIED, unchanged, unchanged.headers)]
        return answers + (shared if declared.has_validator else [])

    def contents(self, content: Mapping[str, Any]) -> list[ContentRow]:
        """Return the rows of a body, one for each content type."""
        found = ((name, schemas().of(kind)) for name, kind in content.items())
        return [ContentRow(name, type_name(schema), _fields(schema)) for name, schema in found]

    def parameters(self, declared: Operation) -> list[FieldRow]:
        """Return the rows of the parameters in path, query and headers."""
        found = openapi.parameters(declared)
        found += [openapi.REQUEST_HEADERS[name] for name in declared.request_headers]
        return [
            _row(
                each["name"],
                each["schema"],
                each["description"],
                is_required=each.get("required", False),
                place=each["in"],
            )
            for each in found
        ]

    def example(self, declared: Operation) -> str:
        """Return an example of a request as a command."""
        examples: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
        for each in openapi.parameters(declared):
            if "example" in each:
                examples[each["in"]][each["name"]] = each["example"]
        address = self._origin + declared.address
        for name, value in examples["path"].items():
            address = address.replace(f"{{{name}}}", quote(str(value)))
        if examples["query"]:
            address += f"?{urlencode(examples['query'], doseq=True)}"
        method = "" if declared.method == "GET" else f" -X {declared.method}"
        lines = [f"curl{method} {shell_quote(address)}"]
        if self.scope(declared) is not None:
            lines.append('-H "Authorization: Bearer $TOKEN"')
        if declared.body:
            sent = openapi.body_example(declared)
            if not isinstance(sent, str):
                sent = json.dumps(sent, ensure_ascii=False)
            content_type = next(iter(declared.body.content))
            lines += [f"-H 'Content-Type: {content_type}'", f"--data-binary {shell_quote(sent)}"]
        return " \\\n  ".join(lines)


def _fields(schema: Schema) -> tuple[FieldRow, ...]:
    """Return the rows of an object, or of the objects in a list."""
    struct = schemas().struct(schema)
    return tuple(
        _row(name, field, field.get("description", ""), is_required=name in struct["required"])
        for name, field in struct.get("properties", {}).items()
    )


def _row(
    name: str, schema: Schema, description: str, *, is_required: bool, place: str = ""
) -> FieldRow:
    default = schema.get("default")
    shown = "" if default in (None, "", []) else json.dumps(default)
    described = marked_up(description)
    return FieldRow(name, type_name(schema), is_required, shown, described, place, _fields(schema))


def type_name(schema: Schema) -> str:
    """Return the type in short: `integer 1…200`, `Author[]`, `"0" | "1"`."""
    if not schema:
        return "bytes"
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(type_name(option) for option in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "prefixItems" in schema:
        return f"[{', '.join(type_name(item) for item in schema['prefixItems'])}]"
    if schema["type"] == "array":
        return f"{type_name(schema['items'])}[]"
    name = schema.get("format", schema["type"])
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if low is not None and high is not None:
        return f"{name} {low}…{high}"
    return f"{name} ≤ {high}" if high is not None else str(name)


def marked_up(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else piece
        for place, piece in enumerate(text.split("`"))
    )
