"""What a question hides of a text: names of those asked about, a signature, links and tags."""

import re
from functools import partial
from typing import Final, Protocol

from app.compute.gaps import joined_gaps
from app.compute.links import VISIBLE_LINK
from app.compute.names import HIDDEN, HiddenText, find_name_words, find_names
from app.compute.text import has_words, word_count
from app.tasks import worked_on

_LINK_OR_TAG: Final = re.compile(rf"{VISIBLE_LINK}|#\w+")
_SIGNATURE: Final = re.compile(r"[ \t\n][-–—~^*] ?\w{1,20}\Z")
"""A name or initials after a dash, at the end."""
_INLINE_CHARACTERS: Final = 1_000
"""Characters that are looked through within 3 ms, with the names of six people."""


class Named(Protocol):
    """Somebody whose names would tell who wrote a text."""

    @property
    def username(self) -> str: ...

    @property
    def display_name(self) -> str | None: ...


def hidden(text: str, *users: Named) -> HiddenText:
    """Return the text with the places of the names of these people, signature, links and tags.

    Single words of display names are left where hardly anything else would be there to read.
    """
    text = text.rstrip().replace(HIDDEN, "")
    shown = [user.display_name for user in users if user.display_name]
    names = find_names(text, [*(user.username for user in users), *shown])
    beside = [*_LINK_OR_TAG.finditer(text), *_SIGNATURE.finditer(text)]
    always = [*names, *(match.span() for match in beside)]
    whole = HiddenText(text, joined_gaps([*always, *find_name_words(text, shown)]))
    return whole if _is_readable(whole) else HiddenText(text, joined_gaps(always))


async def hide(text: str, *users: Named) -> HiddenText:
    """Return what `hidden` does; a long text is looked through in a thread."""
    look = partial(hidden, text, *users)
    return await worked_on([text], look, inline_characters=_INLINE_CHARACTERS)


def masked(text: str, *users: Named) -> str:
    """Return the text with `HIDDEN` in place of what is hidden."""
    return hidden(text, *users).masked


def can_be_guessed(text: str, *users: Named) -> bool:
    """Return whether the text has words enough, and reads as one, when names are hidden."""
    if not has_words(text):  # Most texts that are refused are so by this, which takes less time.
        return False
    question = hidden(text, *users)
    return has_words(question.masked) and _is_readable(question)


def _is_readable(question: HiddenText) -> bool:
    """Return whether what is hidden leaves twice as many words."""
    return word_count(question.masked) >= 2 * len(question.gaps)
