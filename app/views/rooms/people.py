"""The page of each person of a chat, made of this chat's messages alone."""

from typing import Any

from quart import url_for
from quart.typing import ResponseReturnValue

from app.lifespan import resources
from app.services.posts.users import unknown_user
from app.services.rooms.room_facts import get_room
from app.views.answers import see_other
from app.views.authors.pages import AuthorArgs, read_author
from app.views.blueprints import PageBlueprint
from app.views.page import render

blueprint = PageBlueprint("people")


@blueprint.page("/room/<id:room_id>/person/<username>", is_cacheable=True)
async def show_person(room_id: int, username: str, args: AuthorArgs) -> ResponseReturnValue:
    parts = resources()
    async with parts.db.read() as session:
        room = await get_room(session, room_id)
    if room.id != room_id:
        asked: dict[str, Any] = {"tz": args.tz or None, "year": args.year}
        return see_other(url_for("people.show_person", room_id=room.id, username=username, **asked))
    chat = parts.chats.get(room.id)
    async with chat.read_long() as session:
        page = await read_author(
            session, chat.models, username, args.tz, args.year, room_id=room.id
        )
    if not page.author.tweets:
        raise unknown_user(username)
    return await render(page)
