"""The service: health, figures, and the API's document."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from markupsafe import Markup
from msgspec import Struct
from quart import Response, current_app

from app.db.result_cache import LruStore
from app.language.i18n import language
from app.lifespan import resources
from app.paths import API, API_DOCS, HEALTHZ, METRICS, READYZ
from app.runtime.metrics import CONTENT_TYPE
from app.services.checks import check_ready, measure_lag
from app.services.event_log import newest_event
from app.views import openapi
from app.views.blueprints import HTML, ApiBlueprint, operations_of
from app.views.cast import Cast
from app.views.examples import command_of
from app.views.page import WebPage, cast_for_anybody, render
from app.views.policies import access, own_origin

blueprint = ApiBlueprint("service", tag="service", url_prefix=None)


class Health(Struct, frozen=True):
    """The state of the process."""

    status: str


@blueprint.operation("GET", HEALTHZ, "open", "Running")
async def healthz() -> Health:
    """Check that the process is running."""
    return Health("ok")


@blueprint.operation("GET", READYZ, "open", "All is well")
async def readyz() -> Health:
    """Check that the database responds, is migrated, and that its log is being read."""
    here = resources()
    await check_ready(here.db, here.feed, revision=here.revision)
    return Health("ready")


@blueprint.get(METRICS)
@access("metrics")
async def metrics() -> Response:
    """Return all workers' figures, in Prometheus's format."""
    feed = resources().feed
    async with resources().db.read() as session:
        lag = await measure_lag(session)
        lag["feed"] = max(0, await newest_event(session) - feed.newest)
    return Response(resources().metrics.exposition(lag), content_type=CONTENT_TYPE)


@blueprint.operation("GET", API + "/openapi.json", "open", "OpenAPI 3.1", is_cacheable=True)
async def show_document() -> dict[str, Any]:
    """This document."""
    return _document()


class Reference(WebPage, frozen=True, kw_only=True):
    """The document as the greatest part of a page."""

    template = "site/_api_reference.html"

    document: dict[str, Any]
    origin: str

    @property
    def errors(self) -> Mapping[str, Any]:
        written: Mapping[str, Any] = openapi.WRITTEN["errors"]
        return written

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


@blueprint.operation(
    "GET", API + API_DOCS, "open", "A page", content={HTML: str}, is_cacheable=True
)
async def show_docs() -> str:
    """This document as a page."""
    cast = await cast_for_anybody()
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
        page = Reference(document=_document(), origin=origin)
        reference = Markup(await render(page, cast))  # noqa: S704 - Its template escapes.
        kept.put(key, reference)
    return reference


def _document() -> dict[str, Any]:
    """Return the document, made once for public and once for private sites."""
    documents: dict[bool, dict[str, Any]] = current_app.extensions.setdefault("openapi", {})
    is_public = resources().openness.seems_public
    if is_public not in documents:
        operations = operations_of(current_app.blueprints.values())
        documents[is_public] = openapi.document(operations, is_public=is_public)
    return documents[is_public]
