"""Deletions and other changes of content by an operator."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from quart import Response, g, url_for
from quart.typing import ResponseReturnValue

from app.errors import InvalidInputError, NotFoundError
from app.lifespan import resources
from app.services import deletion
from app.services.event_log import newest_event
from app.services.imports.jobs import drop_jobs, remove_upload
from app.services.imports.kept_answers import forget_answers
from app.services.imports.storing import delete_samples
from app.services.joined_names import join_names, part_names
from app.services.posts.arrivals import PostRequest
from app.services.posts.post_content import NewTweetForm, valid_post
from app.services.posts.users import get_user, rename_user, set_site_author
from app.services.rooms.changes import change_zone, join_in_part, rename_room
from app.services.rooms.chats import RoomFacts, get_room
from app.views.access.settings import settings_page
from app.views.answers import local_address, see_other
from app.views.blueprints import Form, PageBlueprint
from app.views.filters import zone_of_page
from app.views.page import WebPage, render
from app.views.policies import name_event, writing
from app.views.requests import check_confirmed, number_of
from app.views.zones import zone_typed
from saywho.clock import now

blueprint = PageBlueprint("content", policy="operator")

LONGEST_WAIT_S: Final = 5.0
"""Seconds until the answer; maintenance deletes a long chat's rest."""


@blueprint.post("/settings/authors/delete")
async def remove_author(form: Form) -> ResponseReturnValue:
    check_confirmed(form)
    async with writing() as session:
        await deletion.delete_user(session, name := form.get("username", "").strip())
    return see_other(url_for("authors.show_authors", deleted=name))


@blueprint.post("/settings/authors/name")
async def name_author(form: Form) -> ResponseReturnValue:
    username = form.get("username", "").strip()
    async with writing() as session:
        await rename_user(session, username, form.get("display_name"))
    return see_other(url_for("authors.show_author", username=username))


@blueprint.post("/settings/authors/join")
async def join_author(form: Form) -> ResponseReturnValue:
    """Let an author be another name of another, as the page of either or of a chat suggests."""
    into = form.get("into", "").strip()
    await join_names(writing, form.get("username", "").strip(), into)
    return _back(form.get("next") or url_for("authors.show_author", username=into))


@blueprint.post("/settings/authors/part")
async def part_author(form: Form) -> ResponseReturnValue:
    username = form.get("username", "").strip()
    await part_names(writing, username)
    return _back(form.get("next") or url_for("authors.show_author", username=username))


@blueprint.post("/settings/authors/post")
async def write_post(form: Form) -> ResponseReturnValue:
    """Add a post of now."""
    username = form.get("username", "").strip()
    post = valid_post(NewTweetForm(text=form.get("text", "")), arrived_at=now())
    receipt = await resources().writer.add(PostRequest(username, post))
    name_event(receipt.event_id)
    return see_other(url_for("authors.show_author", username=username, _anchor="posts"))


@blueprint.post("/settings/own")
async def choose_archive(form: Form) -> ResponseReturnValue:
    """Let the front page show the named author's archive, or none."""
    username = form.get("username", "").strip()
    try:
        async with writing() as session:
            user = await get_user(session, username) if username else None
            await set_site_author(session, user.id if user else None)
    except NotFoundError as failure:
        return await settings_page(failure=failure, opened="data")
    return _back()


@blueprint.post("/settings/answers/<id:import_id>/delete")
async def forget(import_id: int) -> ResponseReturnValue:
    """Ask again about the columns of files with the heading of an import."""
    async with writing() as session:
        await forget_answers(session, import_id)
    return _back()


@blueprint.post("/settings/samples/delete")
async def remove_samples(form: Form) -> ResponseReturnValue:
    check_confirmed(form)
    async with writing() as session:
        await delete_samples(session)
    return _back(form.get("next"))


@blueprint.post("/settings/rooms/<id:room_id>/name")
async def name_room(room_id: int, form: Form) -> ResponseReturnValue:
    async with writing() as session:
        await rename_room(session, room_id, form.get("name", ""))
    return _back(form.get("next"))


@blueprint.post("/settings/rooms/<id:room_id>/zone")
async def move_room(room_id: int, form: Form) -> ResponseReturnValue:
    """Read the times of a chat in another time zone; its page says what was done."""
    typed = form.get("timezone", "").strip()
    with contextlib.suppress(InvalidInputError):
        if zone := zone_typed(typed):
            async with writing() as session:
                room_id = await change_zone(session, room_id, zone)
            typed = zone
    return see_other(url_for("rooms.show_room", room_id=room_id, zone=typed[:100], _anchor="times"))


@blueprint.post("/settings/rooms/<id:room_id>/join")
async def join_room(room_id: int, form: Form) -> ResponseReturnValue:
    target = number_of(form.get("into", ""))
    if target is None:
        raise InvalidInputError("Choose two different chats", loc="into")
    target_id: int | None = None
    while target_id is None:
        async with writing() as session:
            target_id = await join_in_part(session, room_id, target)
    return see_other(url_for("rooms.show_room", room_id=target_id))


@blueprint.post("/settings/tweets/<id:tweet_id>/delete")
async def remove_post(tweet_id: int, form: Form) -> ResponseReturnValue:
    async with writing() as session:
        await deletion.delete_post(session, tweet_id)
    return _back(form.get("next"))


@blueprint.post("/reset", policy="admin")
async def reset(form: Form) -> ResponseReturnValue:
    """Delete all authors and posts, as TwitOff's reset, and cancel all imports."""
    check_confirmed(form)
    async with writing() as session:
        spools = await drop_jobs(session)
        await deletion.delete_everybody(session)
    for spool in spools:
        await asyncio.to_thread(remove_upload, resources().config.data_dir, spool)
    return see_other("/?deleted=everything" if g.get("operator") else "/")


def _back(address: str | None = None) -> Response:
    return see_other(local_address(address or url_for("settings.show_settings", _anchor="data")))


class PeopleExcerpt(Struct, frozen=True):
    usernames: Sequence[str]
    total: int


class RoomDeletionPage(WebPage, frozen=True, kw_only=True):
    template = "rooms/deletion.html"

    room: RoomFacts
    zone: str
    only_here: PeopleExcerpt
    elsewhere: PeopleExcerpt
    is_filled: bool
    """Whether an import still adds messages."""
    in_chat: bool = True


@blueprint.get("/settings/rooms/<id:room_id>/delete")
async def ask_room_deletion(room_id: int) -> str:
    async with resources().db.read() as session:
        room = await get_room(session, room_id)
        writers = await deletion.find_writers(session, room.id)
        is_filled = bool(await deletion.filling_jobs(session, room.id))
    return await render(
        RoomDeletionPage(
            room=room,
            zone=zone_of_page("", room.tz).key,
            only_here=_named(writers.only_here),
            elsewhere=_named(writers.elsewhere),
            is_filled=is_filled,
            about=room.usernames,
        )
    )


@blueprint.post("/settings/rooms/<id:room_id>/delete")
async def remove_room(room_id: int, form: Form) -> ResponseReturnValue:
    check_confirmed(form)
    room = await delete_whole(room_id)
    return see_other(url_for("rooms.show_rooms", deleted=room.name))


async def delete_whole(room_id: int) -> RoomFacts:
    """Delete a chat; return its last facts. Maintenance deletes the rest. Raises NotFoundError."""
    db = resources().db
    async with writing() as session:
        room = await deletion.delete_room(session, room_id)
    await deletion.delete_messages(db, at_most_s=LONGEST_WAIT_S)
    async with db.read() as session:
        name_event(await newest_event(session))
    return room


def _named(usernames: Sequence[str]) -> PeopleExcerpt:
    return PeopleExcerpt(usernames[:30], len(usernames))
