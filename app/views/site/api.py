"""The service itself: whether it runs and can answer, its figures, and the document of its API."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from quart import Response, current_app

from app.lifespan import resources
from app.metrics import CONTENT_TYPE
from app.paths import API, API_DOCS, HEALTHZ, METRICS, READYZ
from app.services.checks import check_ready, measure_lag
from app.services.event_log import newest_event
from app.views import openapi
from app.views.blueprints import HTML, ApiBlueprint, operations_of
from app.views.examples import command_of
from app.views.page import WebPage, cast_for_anybody, render
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
    await check_ready(here.db, here.feed, revision=here.revision)
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
    return _document()


class DocsPage(WebPage, frozen=True, kw_only=True):
    template = "site/api_docs.html"

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


@blueprint.operation(
    "GET", API + API_DOCS, "open", "A page", content={HTML: str}, is_cacheable=True
)
async def show_docs() -> str:
    """This document as a page."""
    page = DocsPage(document=_document(), origin=own_origin())
    return await render(page, await cast_for_anybody())


def _document() -> dict[str, Any]:
    """Return the document of this app, made once for a public site and once for a private one."""
    documents: dict[bool, dict[str, Any]] = current_app.extensions.setdefault("openapi", {})
    is_public = resources().openness.seems_public
    if is_public not in documents:
        operations = operations_of(current_app.blueprints.values())
        documents[is_public] = openapi.document(operations, is_public=is_public)
    return documents[is_public]
