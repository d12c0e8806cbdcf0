"""The page of each person of a chat, made of this chat's messages alone."""

from typing import Any

from quart import g, url_for
from quart.typing import ResponseReturnValue

from app.errors import NotFoundError
from app.services.access.own_person import choose_person
from app.views.answers import see_other
from app.views.authors.pages import AuthorArgs, read_author
from app.views.blueprints import Form, PageBlueprint
from app.views.page import render
from app.views.policies import own_chat, writing
from app.views.subjects import PersonOfChat, opened_person

blueprint = PageBlueprint("people")


@blueprint.action("/room/<id:room_id>/me", policy="account")
async def choose_me(room_id: int, form: Form) -> ResponseReturnValue:
    """Keep which person of their chat a reader says to be."""
    own = own_chat()
    if own is None:
        raise NotFoundError("Only readers of one chat choose who they are")
    async with writing() as session:
        await choose_person(session, g.account.account_id, own, form.get("person", ""))
    if form.get("next") == "settings":
        return see_other(url_for("settings.show_settings", _anchor="me-heading"))
    return see_other(url_for("rooms.show_room", room_id=own))


@blueprint.page(PersonOfChat.path, is_cacheable=True)
async def show_person(args: AuthorArgs, **address: Any) -> str:
    async with opened_person(address, args) as (session, chat, person):
        page = await read_author(session, chat.models, person, args)
    return await render(page)
