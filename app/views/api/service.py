"""The service itself: whether it runs and can answer, its figures, and the document of its API."""

import functools
import json
from shlex import quote as shell_quote
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from msgspec import Struct
from quart import Response, render_template

from app.lifespan import resources
from app.metrics import CONTENT_TYPE
from app.paths import API, API_DOCS, HEALTHZ, METRICS, READYZ
from app.services.checks import check_ready, measure_lag
from app.services.event_log import newest_event
from app.views import openapi
from app.views.blueprints import HTML, ApiBlueprint
from app.views.openapi import Schema
from app.views.policies import access, own_origin

blueprint = ApiBlueprint("service", tag="service", url_prefix=None)


class Health(Struct, frozen=True):
    """The state of the process."""

    status: str


@blueprint.operation("GET", HEALTHZ, "open", "It runs")
async def healthz() -> Health:
    """Say that the process runs."""
    return Health("ok")


@blueprint.operation("GET", READYZ, "open", "All is well")
async def readyz() -> Health:
    """Say whether the database answers, is at the program's revision, and is followed."""
    here = resources()
    await check_ready(here.db, here.feed, here.tasks, revision=here.revision)
    return Health("ready")


@blueprint.get(METRICS)
@access("metrics")
async def metrics() -> Response:
    """Return the figures of all workers, in the format of Prometheus."""
    feed = resources().feed
    async with resources().db.read() as session:
        lag = await measure_lag(session)
        lag["feed"] = max(0, await newest_event(session) - feed.newest)
    return Response(resources().metrics.exposition(lag), content_type=CONTENT_TYPE)


@blueprint.operation("GET", API + "/openapi.json", "open", "OpenAPI 3.1", is_cacheable=True)
async def show_document() -> dict[str, Any]:
    """This document."""
    return openapi.document(is_public=resources().config.public)


@blueprint.operation(
    "GET", API + API_DOCS, "open", "A page", content={HTML: str}, is_cacheable=True
)
async def show_docs() -> str:
    """This document as a page."""
    config = resources().config
    document = openapi.document(is_public=config.public)
    operations = [
        (method.upper(), path, operation, _example(own_origin(config), method, path, operation))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return await render_template(
        "api_docs.html",
        document=document,
        operations=operations,
        errors=openapi.WRITTEN["errors"],
        fields_of=functools.partial(openapi.properties, document["components"]["schemas"]),
        type_name=type_name,
        marked_up=marked_up,
    )


def _example(origin: str, method: str, path: str, operation: Schema) -> str:
    """Return an example of a request as a command."""
    query = {}
    for each in operation["parameters"]:
        if "example" in each and each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", quote(str(each["example"])))
        elif "example" in each:
            query[each["name"]] = each["example"]
    address = origin + path + (f"?{urlencode(query, doseq=True)}" if query else "")
    lines = [f"curl{'' if method == 'get' else f' -X {method.upper()}'} {shell_quote(address)}"]
    if operation["security"] and {} not in operation["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    for content_type, body in operation.get("requestBody", {"content": {}})["content"].items():
        sent = body["example"]
        sent = sent if isinstance(sent, str) else json.dumps(sent, ensure_ascii=False)
        lines += [f"-H 'Content-Type: {content_type}'", f"--data-binary {shell_quote(sent)}"]
        break  # One kind of body is enough.
    return " \\\n  ".join(lines)


def type_name(schema: Schema) -> str:
    """Return the type in short: `integer`, `Author[]`, `"0" | "1"`."""
    match schema:
        case {"$ref": str(address)}:
            return address.rpartition("/")[2]
        case {"anyOf": options}:
            return " | ".join(map(type_name, options))
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"prefixItems": items}:
            return f"[{', '.join(map(type_name, items))}]"
        case {"items": item}:
            return f"{type_name(item)}[]"
    return str(schema.get("format") or schema.get("type", "bytes"))


def marked_up(text: str) -> Markup:
    """Return a text with what stands in backticks as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else piece
        for place, piece in enumerate(text.split("`"))
    )
