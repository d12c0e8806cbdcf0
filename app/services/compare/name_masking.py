"""What a question hides of a text: the names of those asked about and of everybody else in the chat
it is from, a signature, links and tags."""

import re
from functools import partial
from typing import Final, Protocol

from app.compute.contacts import tells_contact
from app.compute.gaps import joined_gaps
from app.compute.links import VISIBLE_LINK
from app.compute.names import HIDDEN, HiddenText, ManyNames, find_name_words, find_names
from app.compute.text import has_words, word_count
from app.work_pool import worked_on

_LINK_OR_TAG: Final = re.compile(rf"{VISIBLE_LINK}|#\w+")
_SIGNATURE: Final = re.compile(r"[ \t\n][-–—~^*] ?\w{1,20}\Z")
"""A name or initials after a dash, at the end."""
_INLINE_CHARACTERS: Final = 1_000
"""Characters that are looked through within 3 ms, with the names of six people."""
_INLINE_PEOPLE: Final = 200
"""Other people whose names are looked for within 2 ms."""
NOBODY: Final = ManyNames(())


class Named(Protocol):
    """Somebody whose names would tell who wrote a text."""

    @property
    def username(self) -> str: ...

    @property
    def display_name(self) -> str | None: ...


def hidden(text: str, *users: Named, chat_names: ManyNames = NOBODY) -> HiddenText:
    """Return the text with the places of the names of all these people, signature, links and tags.

    Single words of the display names of `users` are left where hardly anything else would be there
    to read; names of `chat_names` never are.
    """
    text = text.rstrip().replace(HIDDEN, "")
    shown = [user.display_name for user in users if user.display_name]
    names = find_names(text, [*(user.username for user in users), *shown])
    names += chat_names.find(text, without={user.username for user in users})
    beside = [*_LINK_OR_TAG.finditer(text), *_SIGNATURE.finditer(text)]
    always = [*names, *(match.span() for match in beside)]
    whole = HiddenText(text, joined_gaps([*always, *find_name_words(text, shown)]))
    return whole if _is_readable(whole) else HiddenText(text, joined_gaps(always))


async def hide(text: str, *users: Named, chat_names: ManyNames = NOBODY) -> HiddenText:
    """Return what `hidden` does; where it takes long, in a thread."""
    look = partial(hidden, text, *users, chat_names=chat_names)
    most = _INLINE_CHARACTERS if len(chat_names) <= _INLINE_PEOPLE else 0
    return await worked_on([text], look, inline_characters=most)


def can_be_guessed(text: str, *users: Named, chat_names: ManyNames = NOBODY) -> bool:
    """Return whether the text has words enough, and reads as one, when names are hidden.

    A text by which somebody could be reached is not shown to those who guess.
    """
    if not has_words(text):  # Most texts that are refused are so by this, which takes less time.
        return False
    question = hidden(text, *users, chat_names=chat_names)
    readable = has_words(question.masked) and _is_readable(question)
    return readable and not tells_contact(text)


def _is_readable(question: HiddenText) -> bool:
    """Return whether what is hidden leaves twice as many words."""
    return word_count(question.masked) >= 2 * len(question.gaps)
