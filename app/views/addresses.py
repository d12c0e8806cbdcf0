"""Addresses of people and their posts, which stay in the chat on pages of one chat alone."""

from typing import Any

from quart import url_for

from app.views.cast import current_cast
from app.views.policies import own_chat


def chat_of_page() -> int | None:
    """Return the chat that a page's addresses stay in: the visitor's only one, or the page's."""
    own = own_chat()
    return current_cast().chat_alone if own is None else own


def author_path(username: str) -> str:
    """Return an author's URL, or that of a person of the chat."""
    if (room_id := chat_of_page()) is None:
        return url_for("authors.show_author", username=username)
    return url_for("authors.show_person", room_id=room_id, username=username)


def search_path(q: str, username: str | None = None) -> str:
    """Return the URL of a search, among an author's posts if one is named."""
    if (room_id := chat_of_page()) is None:
        return url_for("search.show_search", q=q, username=username)
    typed = (f"from:{username}" if username else "", q)
    return url_for("rooms.show_room", room_id=room_id, q=" ".join(filter(None, typed)))


def posts_path(username: str, **filters: Any) -> str:
    """Return the URL of an author's posts; empty for filters that a chat's page does not know."""
    if chat_of_page() is None:
        return url_for("posts.show_posts", username=username, **filters)
    return "" if any(filters.values()) else search_path("", username)
