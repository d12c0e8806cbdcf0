"""How an author is called: by the username, which is exact, or as people write the name."""

from quart import g, has_request_context

from app.formats.chats.people import as_username


def shown_name(username: str, display_name: str | None = None) -> str:
    """Return the display name where the username is only its form in addresses, as in chats.

    Without a display name, it is the one that the request has looked up.
    """
    if display_name is None and has_request_context():
        display_name = g.get("display_names", {}).get(username)
    return display_name if display_name and as_username(display_name) == username else username
