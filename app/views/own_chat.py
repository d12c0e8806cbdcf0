"""Readers of one chat: which addresses are of their chat, and where their links lead.

Every other address answers them as an address that does not exist.
"""

from collections.abc import Awaitable, Callable
from typing import Final, cast

from quart import g, request, url_for
from sqlalchemy.ext.asyncio import AsyncSession

from app.lifespan import resources
from app.paths import API
from app.services.access.own_chat import is_same_chat
from app.views.cards import has_page

OfChat = Callable[[AsyncSession, int], Awaitable[bool]]
"""What tells whether a request asks for something of the chat of that id."""

BELOW: Final = ("/room/<id:room_id>", f"{API}/rooms/<id:room_id>")
"""Beginnings of the rules of addresses that name their chat."""


def own_chat() -> int | None:
    """Return the only chat that the visitor may read; None for the whole site."""
    return cast(int | None, g.get("chat"))


async def always(_session: AsyncSession, _room_id: int) -> bool:
    """Return True, for an address of every chat."""
    return True


async def is_of_chat(room_id: int, declared: OfChat | None) -> bool:
    """Return whether the request asks for something of a chat, by what its view declares."""
    names_chat = request.url_rule is not None and request.url_rule.rule.startswith(BELOW)
    asked = (request.view_args or {}).get("room_id") if names_chat else None
    if asked == room_id:
        return True
    if asked is None and declared is None:
        return False
    async with resources().db.read() as session:
        if asked is not None:
            return await is_same_chat(session, room_id, asked)
        return declared is not None and await declared(session, room_id)


def author_path(username: str) -> str:
    """Return where the name of an author leads; for a reader of one chat, to the card there."""
    if own_chat() is None:
        return url_for("authors.show_author", username=username)
    return card_path(username)


def portrait_path(username: str) -> str:
    """Return where it is shown how somebody writes, where the site has portraits."""
    if own_chat() is None and has_page("author_portraits.show_author_portrait"):
        return url_for("author_portraits.show_author_portrait", username=username)
    return author_path(username)


def card_path(username: str) -> str:
    """Return the address of somebody's card in the portrait of the visitor's only chat."""
    if not has_page("portraits.show_portrait"):
        return url_for("rooms.show_room", room_id=own_chat())
    return url_for("portraits.show_portrait", room_id=own_chat(), _anchor=f"person-{username}")


def search_path(words: str) -> str:
    """Return the address of a search, in their chat for a reader of one."""
    if (room_id := own_chat()) is not None:
        return url_for("rooms.show_room", room_id=room_id, q=words)
    return url_for("search.show_search", q=words)
