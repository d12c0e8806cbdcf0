r"""What counts as a link in a text: one rule for all that count, hide or show links.

A **link** is an address with its scheme, up to the next white space. Those of a **random** address,
which a platform made, say nothing: only their presence and place count. An **address** is more than
a link, whatever of a text leads somewhere: also `www.…`, `a.example/b`, mail, @names and #tags. It
is nobody's own word.

Profiles rest on this rule: after a change of `LINK`, `RANDOM_LINK`, `LINK_BEGIN` or `LINK_TO_HOST`
the features have another `RECIPE`. No other module spells out how a link begins
(`tests/compute/test_links.py`).
"""

import re
from typing import Final

LINK_BEGIN: Final = r"https?://"
"""A pattern of how a link begins."""
LINK: Final = rf"{LINK_BEGIN}\S+"
"""A pattern of a link."""
LINK_TO_HOST: Final = rf"{LINK_BEGIN}[^\s/]+"
"""A pattern of a link as far as its host: the rest of it is no word."""
RANDOM_BEGIN: Final = rf"{LINK_BEGIN}t\.co/|pic\.twitter\.com/"
"""A pattern of how a random address begins."""
RANDOM_LINK: Final = re.compile(rf"(?:{RANDOM_BEGIN})\w*")
RANDOM_SITES: Final = frozenset({"t.co"})
"""Hosts that name no site, since what they lead to is not known."""
RANDOM_SIGN: Final = "\u241f"
"""Replaces a random link where a text is counted."""
LINKED_SITE: Final = re.compile(
    rf"{LINK_BEGIN}(?:www\.)?((?:[\w-]+\.)+[a-z]{{2,24}})", re.IGNORECASE
)
"""A link's host, without `www.`. The end is of plain letters: in Korean a particle may follow an
address without a space."""
VISIBLE_LINK: Final = rf"(?:{LINK_BEGIN}|www\.|pic\.twitter\.com/)\S+"
"""A pattern of all that a reader of the text takes for a link."""
_NAME_OR_TAG: Final = r"[@#]\w+(?:@[\w.-]+)?"
ADDRESS: Final = re.compile(
    rf"(?:{LINK_BEGIN}|www\.)\S+"
    r"|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.[a-z]{2,10}/\S*"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
    rf"|{_NAME_OR_TAG}",
    re.IGNORECASE,
)
_TAG: Final = re.compile(_NAME_OR_TAG)
_LINK_ALONE: Final = re.compile(rf"(?<!\S){LINK}")
"""A link behind white space or at the start, where nothing else of `ADDRESS` can have begun."""
_LINK_BEGIN: Final = re.compile(LINK_BEGIN)


def begins_link(word: str) -> bool:
    """Return whether a word begins as a link does."""
    return _LINK_BEGIN.match(word) is not None


def has_link(word: str) -> bool:
    """Return whether a link begins somewhere in a word."""
    return _LINK_BEGIN.search(word) is not None


def link_count(text: str) -> int:
    """Return how many links a text has."""
    return len(_LINK_BEGIN.findall(text)) if "://" in text else 0


def may_have_address(text: str) -> bool:
    """Return whether `ADDRESS` is worth a search: without these signs it finds nothing."""
    return "@" in text or "#" in text or "/" in text or "www." in text.lower()


def may_have_random_link(text: str) -> bool:
    """Return whether `RANDOM_LINK` is worth a search, which costs far more than this."""
    return "t.co/" in text or "pic.t" in text


def without_addresses(text: str) -> str:
    """Return the text without addresses, @names and #tags."""
    if "://" in text:
        # Many posts have a link alone, which is found in a third of the time.
        return _without_the_rest(_LINK_ALONE.sub(" ", text))
    if "@" in text or "/" in text or "www." in text:
        return ADDRESS.sub(" ", text)
    return _without_the_rest(text) if "#" in text else text


def _without_the_rest(text: str) -> str:
    """Return the same of a text that may have tags alone, found in a tenth of the time."""
    if "@" in text or "/" in text or "www." in text.lower():
        return ADDRESS.sub(" ", text)
    return _TAG.sub(" ", text)
