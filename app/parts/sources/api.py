"""Live sources in the API."""

from typing import Annotated

from msgspec import Meta, Struct

from app.lifespan import resources
from app.parts.sources.live_sources import (
    SourceFacts,
    add_source,
    ask_for_visit,
    find_source,
    list_sources,
    remove_source,
)
from app.parts.sources.pages import SOURCES
from app.views.blueprints import ApiBlueprint
from app.views.policies import writing
from app.views.requests import ID_CURSOR, Page, PageArgs

blueprint = ApiBlueprint("api_sources", tag="sources")


class NewSourceForm(Struct, forbid_unknown_fields=True):
    source: Annotated[str, Meta(description="bluesky:NAME, mastodon:USER@HOST, rss:URL, or a URL.")]
    username: Annotated[str, Meta(max_length=320)] | None = None


@blueprint.operation("GET", SOURCES, "admin", "A page of live sources", cursor=ID_CURSOR)
async def list_live_sources(args: PageArgs, after: int | None) -> Page[SourceFacts]:
    """List live sources and their status."""
    async with resources().db.read() as session:
        return Page(*await list_sources(session, after=after, limit=args.limit))


@blueprint.operation("POST", SOURCES, "admin", {201: "The source, which will be visited soon"})
async def follow_source(form: NewSourceForm) -> SourceFacts:
    """Follow an account or a feed."""
    name = await find_source(resources().config, form.source, form.username)
    async with writing() as session:
        return await add_source(session, name)


@blueprint.operation("DELETE", SOURCES + "/<id:source_id>", "admin", "Removed")
async def remove_live_source(source_id: int) -> None:
    """Stop following a source; its posts are kept."""
    async with writing() as session:
        await remove_source(session, source_id)


@blueprint.operation(
    "POST", SOURCES + "/<id:source_id>/visit", "admin", {202: "The source, which will be visited"}
)
async def visit_source(source_id: int) -> SourceFacts:
    """Visit a source as soon as its host allows."""
    async with writing() as session:
        return await ask_for_visit(session, source_id)
