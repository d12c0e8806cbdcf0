"""How the people of a page, and what they wrote, are called there."""

from app.errors import Message
from app.formats.post import PLATFORMS
from app.language.i18n import ngettext, show_number, speaking_of, translate_message
from app.services.posts.tweets import Post
from app.views.cast import Person, current_cast
from app.views.hues import NO_HUE


def shown_name(username: str) -> str:
    """Return what sentences call an author; one who is not in the cast by the username."""
    person = _person(username)
    return person.name if person else username


def display_name(username: str) -> str:
    """Return an author's name as people write it, or the username."""
    person = _person(username)
    return person.display_name if person else username


def hue(username: str | None) -> str:
    """Return the class of an author's colour; nobody has one without any."""
    person = _person(username or "")
    return person.hue if person else NO_HUE


def is_speaker(username: str) -> bool:
    """Return whether an author speaks in chats."""
    person = _person(username)
    return person is not None and person.is_speaker


def chat_zone(post: Post) -> str | None:
    """Return the time zone of the chat of a message; None where none is known."""
    return current_cast().zones.get(post.room.id) if post.room else None


def has_chats() -> bool:
    """Return whether the menu leads to chats."""
    return current_cast().has_chats


def post_count(count: int, username: str | None = None) -> str:
    """Return how many posts, or messages, in words: of an author, or of what the page is about."""
    with speaking_of(messages=_says_messages(username)):
        text = ngettext("{count} post", "{count} posts", count)
    return text.format(count=show_number(count))


def platform_name(platform: str) -> str:
    """Return what pages call a platform; one that nobody knows as it is."""
    labels: dict[str, Message] = {name: names.label for name, names in PLATFORMS.items()}
    label = labels.get(platform)
    return translate_message(label) if label else platform


def _person(username: str) -> Person | None:
    return current_cast().people.get(username)


def _says_messages(username: str | None) -> bool:
    return current_cast().is_chat if username is None else is_speaker(username)
