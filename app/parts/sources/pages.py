"""Live sources on a page and in the API: following, status, visiting now, removing."""

from typing import Annotated, Final

from msgspec import Meta, Struct
from quart import Response, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError
from app.lifespan import resources
from app.parts.sources import following
from app.parts.sources.platforms import find_source
from app.views.answers import see_other
from app.views.blueprints import ApiBlueprint, Form, PageBlueprint
from app.views.page import FormPage, render_form
from app.views.policies import writing
from app.views.requests import ID_CURSOR, Page, PageArgs

SOURCES: Final = "/sources"

blueprint = PageBlueprint("sources", policy="operator")


class SourcesPage(FormPage, frozen=True, kw_only=True):
    template = "sources/sources.html"

    sources: list[following.SourceFacts]
    given: str
    author: str


@blueprint.get(SOURCES)
async def show_sources() -> ResponseReturnValue:
    return await _page()


@blueprint.post(SOURCES)
async def follow(form: Form) -> ResponseReturnValue:
    source, username = form.get("source", ""), form.get("username", "").strip() or None
    try:
        name = await find_source(resources().config, source, username)
        async with writing() as session:
            await following.add_source(session, name)
    except AppError as failure:
        return await _page(failure, given=source, username=username or "")
    return _back()


@blueprint.post(SOURCES + "/<id:source_id>/visit")
async def visit(source_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await following.ask_for_visit(session, source_id)
    return _back()


@blueprint.post(SOURCES + "/<id:source_id>/remove")
async def remove(source_id: int) -> ResponseReturnValue:
    async with writing() as session:
        await following.remove_source(session, source_id)
    return _back()


@blueprint.post("/update", policy="admin")
async def post_update() -> ResponseReturnValue:
    """Ask the sources for new posts, as TwitOff's update does, and redirect to the front."""
    async with writing() as session:
        await following.ask_for_visits(session)
    return see_other(url_for("home.show_home"))


async def _page(
    failure: AppError | None = None, *, given: str = "", username: str = ""
) -> ResponseReturnValue:
    async with resources().db.read() as session:
        sources, _ = await following.list_sources(session, limit=500)
    return await render_form(
        SourcesPage(sources=sources, given=given, author=username, error=failure)
    )


def _back() -> Response:
    return see_other(url_for("sources.show_sources"))


api = ApiBlueprint("api_sources", tag="sources")


class NewSourceForm(Struct, forbid_unknown_fields=True):
    source: str
    """bluesky:NAME, mastodon:USER@HOST, rss:URL, or a URL."""
    username: Annotated[str, Meta(max_length=320)] | None = None


@api.get(SOURCES, policy="admin", cursor=ID_CURSOR, answers="A page of live sources")
async def list_live_sources(args: PageArgs, after: int | None) -> Page[following.SourceFacts]:
    """List live sources and their status."""
    async with resources().db.read() as session:
        return Page(*await following.list_sources(session, after=after, limit=args.limit))


@api.post(SOURCES, policy="admin", answers={201: "The source, which will be visited soon"})
async def follow_source(form: NewSourceForm) -> following.SourceFacts:
    """Follow an account or a feed."""
    name = await find_source(resources().config, form.source, form.username)
    async with writing() as session:
        return await following.add_source(session, name)


@api.delete(SOURCES + "/<id:source_id>", policy="admin", answers="Removed")
async def remove_live_source(source_id: int) -> None:
    """Stop following a source; its posts are kept."""
    async with writing() as session:
        await following.remove_source(session, source_id)


@api.post(
    SOURCES + "/<id:source_id>/visit",
    policy="admin",
    answers={202: "The source, which will be visited"},
)
async def visit_source(source_id: int) -> following.SourceFacts:
    """Visit a source as soon as its host allows."""
    async with writing() as session:
        return await following.ask_for_visit(session, source_id)
