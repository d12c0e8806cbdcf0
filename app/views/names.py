"""How authors, and what they wrote, are called.

An author is called by the username, which is exact, or as people write the name. What somebody
wrote is a post, or a message where it was said in a chat. A page that is about people of chats
alone says so once (`speak_of`): then all of its texts that have a form of messages are shown in it.
"""

from collections.abc import Iterable, Mapping

from quart import g, has_request_context

from app.errors import Message
from app.formats.chats.people import as_username
from app.formats.post import PLATFORMS
from app.i18n import gettext, ngettext, show_number, speaking_of, translate_message


def shown_name(username: str, display_name: str | None = None) -> str:
    """Return the display name where the username is only its form in addresses, as in chats.

    Without a display name, it is the one that the request has looked up.
    """
    stand_in = g.get("stand_ins", {}).get(username) if has_request_context() else None
    if stand_in:
        return str(stand_in)
    if display_name is None and has_request_context():
        display_name = g.get("display_names", {}).get(username)
    return display_name if display_name and as_username(display_name) == username else username


def let_stand_for(stand_ins: Mapping[str, str]) -> None:
    """Let all that the request answers call authors so, by username."""
    g.stand_ins = stand_ins


def are_speakers(usernames: Iterable[str]) -> bool:
    """Return whether all of these authors speak in chats, so that they wrote messages.

    Only of authors whose names the request has looked up; of nobody it is false.
    """
    speakers = g.get("speakers", set[str]()) if has_request_context() else set[str]()
    named = set(usernames)
    return bool(named) and named <= speakers


def speak_of(usernames: Iterable[str], *, in_chat: bool = False) -> None:
    """Let the page call its subject messages, in a chat or where all authors speak in chats."""
    g.of_chat = in_chat or are_speakers(usernames)


def post_count(count: int, username: str | None = None) -> str:
    """Return how many posts, or messages, in words: of an author, or of what the page is about."""
    with speaking_of(messages=_says_messages(username)):
        text = ngettext("{count} post", "{count} posts", count)
    return text.format(count=show_number(count))


def posts_word(username: str) -> str:
    """Return the word after the number of an author's posts, for those who only listen."""
    with speaking_of(messages=_says_messages(username)):
        return gettext("posts")


def platform_name(platform: str) -> str:
    """Return what pages call a platform; one that nobody knows as it is."""
    labels: dict[str, Message] = {name: names.label for name, names in PLATFORMS.items()}
    label = labels.get(platform)
    return translate_message(label) if label else platform


def _says_messages(username: str | None) -> bool:
    return bool(g.get("of_chat", False)) if username is None else are_speakers([username])
