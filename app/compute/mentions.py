"""Tags, emoji, sites and laughs in posts, and the people whom posts answer."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

import msgspec

from app.compute.text import LINKED_SITE, RANDOM_SITES

TAG: Final = re.compile(r"(?<![\w&/#])#(\w*[^\W\d_]\w*)")
"""Pattern of a tag, which has a letter; a URL's part after # is none."""
_SKINS: Final = "\U0001f3fb-\U0001f3ff"
_PICTURE: Final = (
    "\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa\u25fd\u25fe\u2600-\u2604\u260e\u2611\u2614\u2615\u2618"
    "\u261d\u2620\u2622\u2623\u2626\u262a\u262e\u262f\u2638-\u263a\u2648-\u2653\u2660\u2663\u2665"
    "\u2666\u2668\u267b\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea"
    "\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u2708-\u270d\u2728\u274c\u274e\u2753-\u2755\u2757\u2763"
    "\u2764\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f201-\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f900-\U0001f9ff\U0001fa70-\U0001faff"
)
_EMOJI: Final = re.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    rf"|[{_PICTURE}][\ufe0f{_SKINS}]*(?:\u200d[{_PICTURE}\u2640\u2642\u2695\u2696][\ufe0f{_SKINS}]*)*"
)
_MAY_BE_EMOJI: Final = re.compile("[\u20e3\u231a-\u2b55\U0001f000-\U0001faff]")
"""Pattern of text with emoji, four times as fast: most posts have none."""
_VARIANT: Final = re.compile(f"[\ufe0f{_SKINS}]")


class NameCount(msgspec.Struct, frozen=True):
    """A name, and the number of posts that contain it."""

    name: str
    """The most frequent spelling."""
    posts: int = msgspec.field(name="tweets")


class ScannedPost(NamedTuple):
    text: str
    cards: str | None
    """The post's media as JSON, if a card links to a site."""
    answered: str | None
    """The username of the answered person, unless it is the author."""


class Mentions(NamedTuple):
    answered: list[NameCount]
    tags: list[NameCount]
    emoji: list[NameCount]
    sites: list[NameCount]


class _Tally:
    def __init__(self, key_of: Callable[[str], str]) -> None:
        self._key_of = cache(key_of)
        self._keys: list[str] = []
        """Keys of each post, all in one list, which is faster to count."""
        self._forms: list[str] = []

    def add(self, forms: Iterable[str]) -> None:
        forms = {*forms}
        self._forms += forms
        self._keys += {self._key_of(form) for form in forms}

    def most(self, count: int) -> list[NameCount]:
        posts, forms = Counter(self._keys), Counter(self._forms)
        ranked = sorted(posts.items(), key=lambda item: (-item[1], item[0]))[:count]
        keys = {key for key, _ in ranked}
        names: dict[str, str] = {}
        for form, _ in sorted(forms.items(), key=lambda item: (-item[1], item[0])):
            key = self._key_of(form)
            if key in keys:
                names.setdefault(key, form)
        return [NameCount(names[key], posts) for key, posts in ranked]


def tags_in(text: str) -> set[str]:
    """Return the tags of a text, case-folded, without their #."""
    return set(map(str.casefold, TAG.findall(text))) if "#" in text else set()


def count_mentions(posts: Iterable[ScannedPost], *, most: int) -> Mentions:
    """Return up to `most` names of each kind, in any case; emoji in any skin tone."""
    answered, tags, sites = _Tally(str.casefold), _Tally(str.casefold), _Tally(str)
    emoji = _Tally(lambda form: _VARIANT.sub("", form))
    for post in posts:
        if post.answered:
            answered.add([post.answered])
        if "#" in post.text:
            tags.add(TAG.findall(post.text))
        if "://" in post.text or post.cards:
            sites.add(_sites(post.text, post.cards or ""))
        if written := written_emoji(post.text):
            emoji.add(written)
    return Mentions(*(tally.most(most) for tally in (answered, tags, emoji, sites)))


def count_names(usernames: Iterable[str | None], *, most: int) -> list[NameCount]:
    """Return up to `most` answered people, the most frequent first; None is ignored."""
    answered = _Tally(str.casefold)
    for username in filter(None, usernames):
        answered.add([username])
    return answered.most(most)


def written_emoji(text: str) -> list[str]:
    if text.isascii() or not _MAY_BE_EMOJI.search(text):
        return []
    return _EMOJI.findall(text)


def emoji_in(text: str) -> set[str]:
    written = written_emoji(text)
    return {_VARIANT.sub("", emoji) for emoji in written} if written else set()


def _sites(*texts: str) -> Iterator[str]:
    for text in texts:
        for site in LINKED_SITE.findall(text):
            if (host := site.lower()) not in RANDOM_SITES:
                yield host


LAUGHS: Final = ("ㅋㅋ", "ㅎㅎ", "ㅠㅠ", "haha", "lol")
LAUGHING: Final = "ㅋㅎㅠㅜ"
"""Letters of Korean laughs and cries, also after a word."""
_HAHA: Final = re.compile("(?<![a-z])a?(?:ha){2,}h?(?![a-z])")
_LOL: Final = re.compile("(?<![a-z])lo+l(?![a-z])")


def plain_laugh(word: str) -> str:
    """Return the laugh of `LAUGHS` that a word of any length is, or empty."""
    small = word.lower()
    if {*small} <= {*LAUGHING}:
        return next((laugh for laugh in LAUGHS[:3] if laugh in small.replace("ㅜ", "ㅠ")), "")
    if _HAHA.fullmatch(small):
        return "haha"
    return "lol" if _LOL.fullmatch(small) else ""


def laughs_in(text: str) -> set[str]:
    small = text.lower()
    laughs: set[str] = set()
    if not small.isascii():
        crying = small.replace("ㅜ", "ㅠ")
        laughs.update(laugh for laugh in LAUGHS[:3] if laugh in crying)
    # To look for the letters first takes a third of the time.
    start = small.find("haha")
    if start >= 0 and _HAHA.search(small, max(start - 1, 0)):
        laughs.add("haha")
    if ("lol" in small or "ool" in small) and _LOL.search(small):
        laughs.add("lol")
    return laughs
