"""Live sources in the browser: follow, see how they are, visit now, remove."""

from msgspec import Struct
from quart import Response, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError
from app.lifespan import resources
from app.paths import SOURCES
from app.services.sources.registry import (
    add_source,
    ask_for_visit,
    find_source,
    list_sources,
    remove_source,
)
from app.views.blueprints import Form, PageBlueprint
from app.views.pages.parts import render_form, see_other
from app.views.parsing import SOURCE_CURSOR
from app.views.policies import writing

blueprint = PageBlueprint("sources", policy="operator")

SOURCES_PER_PAGE = 50


class SourcesArgs(Struct):
    cursor: str | None = None


@blueprint.page(SOURCES)
async def show_sources(args: SourcesArgs) -> ResponseReturnValue:
    return await _page(args)


@blueprint.action(SOURCES)
async def follow(args: SourcesArgs, form: Form) -> ResponseReturnValue:
    given, username = form.get("source", ""), form.get("username", "").strip() or None
    try:
        name = await find_source(resources().config, given, username)
        async with writing() as session:
            await add_source(session, name)
    except AppError as failure:
        return await _page(args, failure, given=given, username=username or "")
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


async def _page(
    args: SourcesArgs, failure: AppError | None = None, *, given: str = "", username: str = ""
) -> ResponseReturnValue:
    after = SOURCE_CURSOR.decode(args.cursor or None)
    async with resources().db.read() as session:
        sources, following = await list_sources(session, after=after, limit=SOURCES_PER_PAGE)
    return await render_form(
        "sources.html",
        failure,
        sources=sources,
        next_cursor=SOURCE_CURSOR.encode(following),
        given=given,
        username=username,
    )


def _back() -> Response:
    return see_other(url_for("sources.show_sources"))
