"""The rule for links in a text, shared by all modules that count, hide or show links.

A **link** is a URL with its scheme, up to white space. In a **random** link, made by a platform,
only presence and place count. An **address** is any pointer, including `www.…`, `a.example/b`,
mail, @names and #tags.

Changes of `LINK`, `RANDOM_LINK`, `LINK_BEGIN` and `LINK_TO_HOST` need another `RECIPE` of the
features. No other module spells out the beginning of a link (`tests/compute/test_links.py`).
"""

import re
from typing import Final

LINK_BEGIN: Final = r"https?://"
LINK: Final = rf"{LINK_BEGIN}\S+"
LINK_TO_HOST: Final = rf"{LINK_BEGIN}[^\s/]+"
"""Pattern of a link up to its host; the rest contains no words."""
RANDOM_BEGIN: Final = rf"{LINK_BEGIN}t\.co/|pic\.twitter\.com/"
RANDOM_LINK: Final = re.compile(rf"(?:{RANDOM_BEGIN})\w*")
RANDOM_SITES: Final = frozenset({"t.co"})
RANDOM_SIGN: Final = "\u241f"
"""Character that replaces a random link in counted text."""
LINKED_SITE: Final = re.compile(
    rf"{LINK_BEGIN}(?:www\.)?((?:[\w-]+\.)+[a-z]{{2,24}})", re.IGNORECASE
)
"""Pattern of a link's host without `www.`, ending with plain letters, since a Korean particle may
follow.
"""
VISIBLE_LINK: Final = rf"(?:{LINK_BEGIN}|www\.|pic\.twitter\.com/)\S+"
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
"""Link at the start or after white space, where no other kind of `ADDRESS` can have begun."""
_LINK_BEGIN: Final = re.compile(LINK_BEGIN)


def begins_link(word: str) -> bool:
    return _LINK_BEGIN.match(word) is not None


def has_link(word: str) -> bool:
    return _LINK_BEGIN.search(word) is not None


def link_count(text: str) -> int:
    return len(_LINK_BEGIN.findall(text)) if "://" in text else 0


def may_have_address(text: str) -> bool:
    """Return whether `ADDRESS` is worth a search, which costs far more."""
    return "@" in text or "#" in text or "/" in text or "www." in text.lower()


def may_have_random_link(text: str) -> bool:
    """Return whether `RANDOM_LINK` is worth a search, which costs far more."""
    return "t.co/" in text or "pic.t" in text


def without_addresses(text: str) -> str:
    if "://" in text:
        # Many posts have only a link, which is found in a third of the time.
        return _without_the_rest(_LINK_ALONE.sub(" ", text))
    if "@" in text or "/" in text or "www." in text:
        return ADDRESS.sub(" ", text)
    return _without_the_rest(text) if "#" in text else text


def _without_the_rest(text: str) -> str:
    # Text with only tags takes a tenth of the time.
    if "@" in text or "/" in text or "www." in text.lower():
        return ADDRESS.sub(" ", text)
    return _TAG.sub(" ", text)
