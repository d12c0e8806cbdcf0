"""The page of live sources: following, their status, visiting now, removing."""

from typing import Final

from quart import Response, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError
from app.lifespan import resources
from app.parts.sources.live_sources import (
    SourceFacts,
    add_source,
    ask_for_visit,
    ask_for_visits,
    find_source,
    list_sources,
    remove_source,
)
from app.views.answers import see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.page import FormPage, render_form
from app.views.policies import writing

SOURCES: Final = "/sources"

blueprint = PageBlueprint("sources", policy="operator")


class SourcesPage(FormPage, frozen=True, kw_only=True):
    template = "sources/sources.html"

    sources: list[SourceFacts]
    given: str
    author: str


@blueprint.page(SOURCES)
async def show_sources() -> ResponseReturnValue:
    return await _page()


@blueprint.action(SOURCES)
async def follow(form: Form) -> ResponseReturnValue:
    source, username = form.get("source", ""), form.get("username", "").strip() or None
    try:
        name = await find_source(resources().config, source, username)
        async with writing() as session:
            await add_source(session, name)
    except AppError as failure:
        return await _page(failure, given=source, username=username or "")
    return _back()


@blueprint.action(SOURCES + "/<id:source_id>/visit")
async def visit(source_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await ask_for_visit(session, source_id)
    return _back()


@blueprint.action(SOURCES + "/<id:source_id>/remove")
async def remove(source_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await remove_source(session, source_id)
    return _back()


@blueprint.action("/update", policy="admin")
async def post_update() -> ResponseReturnValue:
    """Ask the sources for new posts, as TwitOff's update does, and redirect to the front."""
    async with writing() as session:
        await ask_for_visits(session)
    return see_other(url_for("home.show_home"))


async def _page(
    failure: AppError | None = None, *, given: str = "", username: str = ""
) -> ResponseReturnValue:
    async with resources().db.read() as session:
        sources, _ = await list_sources(session, limit=500)
    return await render_form(
        SourcesPage(sources=sources, given=given, author=username, error=failure)
    )


def _back() -> Response:
    return see_other(url_for("sources.show_sources"))
