"""What a person can do with a draft: strike a word, or write signs in another way.

Each is a list of changes of a text. None changes a link, an @name or a #tag unless it is about
these, nor a quoted part.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from app.compute.text import (
    ADDRESS,
    QUOTED,
    VISIBLE_LINK,
    Gap,
    guess_language,
    joined_gaps,
    may_have_address,
    may_quote,
)


class Rewrite(NamedTuple):
    """A piece of a text, as half-open code points, and what is written in its place."""

    start: int
    end: int
    new: str


def changed(text: str, changes: Iterable[Rewrite]) -> str:
    """Return the text with changes, which are in order."""
    pieces, place = list[str](), 0
    for start, end, new in changes:
        pieces += [text[place:start], new]
        place = end
    return "".join([*pieces, text[place:]])


AddressKind = Literal["link", "name", "tag"]
ANY_ADDRESS: Final[tuple[AddressKind, ...]] = ("link", "name", "tag")


def _kind(address: str) -> AddressKind:
    return "name" if address[0] == "@" else "tag" if address[0] == "#" else "link"


def _quoted(text: str) -> list[Gap]:
    return [quote.span() for quote in QUOTED.finditer(text)] if may_quote(text) else []


def _addresses(text: str) -> list[re.Match[str]]:
    return list(ADDRESS.finditer(text)) if may_have_address(text) else []


class _Spans:
    """Pieces of a text, in order, without overlap."""

    def __init__(self, spans: Iterable[Gap]) -> None:
        ordered = list(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]

    def overlap(self, start: int, end: int) -> bool:
        """Return whether a piece overlaps with, or contains, another one."""
        before = bisect_left(self._starts, end) - 1
        return before >= 0 and self._ends[before] > start


def kept(text: str, changes: Sequence[Rewrite], about: Sequence[AddressKind] = ()) -> list[Rewrite]:
    """Return the changes without those that would change what they are not about."""
    addresses = _addresses(text)
    fixed = [each.span() for each in addresses if _kind(each[0]) not in about]
    whole = _Spans(joined_gaps([*_quoted(text), *fixed]))
    inside = [each for each in changes if not whole.overlap(each.start, each.end)]
    # What is written beside an address may become a part of it.
    apart = [each for each in inside if not whole.overlap(each.start - 1, each.end + 1)]
    for chosen in (inside, apart):
        cut = _Spans((start, end) for start, end, _ in chosen)
        left = [each[0] for each in addresses if not cut.overlap(*each.span())]
        if chosen and left == [each[0] for each in _addresses(changed(text, chosen))]:
            return chosen
    return []


def touched_pieces(text: str, changes: Sequence[Rewrite]) -> int:
    """Return the number of pieces between blanks that are not left as they were, at least 1."""
    spans = _Spans((start, end) for start, end, _ in changes if start < end)
    touched = sum(spans.overlap(*piece.span()) for piece in _PIECE.finditer(text))
    return max(touched + sum(start == end for start, end, _ in changes), 1)


# --- Words ---

_PIECE: Final = re.compile(r"\S+")
_BARE: Final = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_END_MARKS: Final = re.compile(r"[.!?…。]+\Z")

Places = dict[str, list[Gap]]
"""Pieces between blanks of each word of a text."""


def word_of(piece: str) -> str:
    """Return a piece between blanks as a word: in small letters, without the signs around it.

    A piece with a link, an @name or a #tag, or without letters and digits, stays as it is.
    """
    bare = None if _addresses(piece) else _BARE.search(piece)
    return bare[0].casefold() if bare else piece


def places_of(text: str) -> Places:
    """Return where each word of a text stands, outside quoted parts."""
    places, quoted = Places(), _Spans(_quoted(text))
    for piece in _PIECE.finditer(text):
        if not quoted.overlap(*piece.span()):
            places.setdefault(word_of(piece[0]), []).append(piece.span())
    return places


def struck(text: str, places: Sequence[Gap]) -> list[Rewrite]:
    """Return the changes that strike pieces between blanks, which are in order."""
    changes, end, is_first = list[Rewrite](), 0, False
    for place in places:
        start, after, new = _strike(text, *place)
        start = max(start, end)  # Neighbours share a blank.
        if start != end or not is_first:
            is_first = start == 0 or text[start - 1] == "\n"
        elif after == place[1]:
            after = _after_blanks(text, after)
        changes.append(Rewrite(start, after, new))
        end = after
    return kept(text, changes, ANY_ADDRESS)


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t":
        place += 1
    return place


def _strike(text: str, start: int, end: int) -> Rewrite:
    before, after = start, _after_blanks(text, end)
    while before and text[before - 1] in " \t":
        before -= 1
    is_first = before == 0 or text[before - 1] == "\n"
    is_last = after == len(text) or text[after] == "\n"
    marks = _END_MARKS.search(text[start:end])
    if marks and marks.start() and not is_first and not _addresses(text[start:end]):
        # The end of the sentence stays, in the place of a comma.
        last = text[before - 1]
        if last.isalnum() or last in ",;:":
            return Rewrite(before - (not last.isalnum()), start + marks.start(), "")
    if not is_first:
        return Rewrite(before, end, "")
    if not is_last:
        return Rewrite(before, after, "")
    # It is a line of its own.
    return (
        Rewrite(before, after + 1, "")
        if after < len(text)
        else Rewrite(max(before - 1, 0), after, "")
    )


def reworded(text: str, places: Sequence[Gap], new: str) -> list[Rewrite]:
    """Return the changes that write something else in the place of words, which are in order."""
    changes = list[Rewrite]()
    for start, end in places:
        piece = text[start:end]
        bare = None if _addresses(piece) else _BARE.search(piece)
        first, last = bare.span() if bare else (0, len(piece))
        changes.append(Rewrite(start + first, start + last, new))
    return changes


# --- Signs ---

Changes = Callable[[str], Iterable[Rewrite]]


class Act(NamedTuple):
    name: str
    changes: Changes
    about: tuple[AddressKind, ...] = ()
    """What it may change, of what other acts leave alone."""
    habit: int | None = None
    """Number of the habit of style that counts the signs which it takes away."""
    language: str = ""
    """The language that it is for; empty for any."""


def done(act: Act, text: str) -> list[Rewrite]:
    """Return the changes of an act to a text, in order; none if it does not concern the text."""
    changes = list(act.changes(text))
    if not changes or (act.language and act.language != (guess_language(text) or "en")):
        return []
    return kept(text, changes, act.about)


def _swap(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Changes:
    compiled = re.compile(pattern)

    def changes(text: str) -> Iterator[Rewrite]:
        for match in compiled.finditer(text):
            written = match.expand(new) if isinstance(new, str) else new(match)
            if written != match[0]:
                yield Rewrite(*match.span(), written)

    return changes


def _end_of_words(text: str) -> int:
    """Return where a text ends, without the addresses at its end."""
    end, addresses = len(text.rstrip()), _addresses(text)
    while addresses and addresses[-1].end() >= end:
        end = len(text[: addresses.pop().start()].rstrip())
    return end


def _with_stop(text: str) -> Iterator[Rewrite]:
    end = _end_of_words(text)
    if end and text[end - 1].isalnum():
        yield Rewrite(end, end, ".")


def _without_stop(text: str) -> Iterator[Rewrite]:
    end = _end_of_words(text)
    if text[:end].endswith(".") and not text[:end].endswith(".."):
        yield Rewrite(end - 1, end, "")


def _low(match: re.Match[str]) -> str:
    return match[0].lower()


def _calm(match: re.Match[str]) -> str:
    return "?" if "?" in match[0] else "."


def _stop(match: re.Match[str]) -> str:
    following = match.string[match.end() : match.end() + 1]
    return ". " if following.isalnum() else "."


_LONG_FORMS: Final = {
    "can't": "cannot",
    "won't": "will not",
    "it's": "it is",
    "that's": "that is",
    "he's": "he is",
    "she's": "she is",
    "what's": "what is",
    "there's": "there is",
    "let's": "let us",
}
_LONG_ENDINGS: Final = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am"}


def _long(match: re.Match[str]) -> str:
    word = match[0].replace("’", "'")
    if long := _LONG_FORMS.get(word.lower()):
        return long if word[0].islower() else long[0].upper() + long[1:]
    ending = next((each for each in _LONG_ENDINGS if word.lower().endswith(each)), "")
    return word[: -len(ending)] + _LONG_ENDINGS[ending] if ending else match[0]


def _straight(match: re.Match[str]) -> str:
    return '"' if match[0] in "“”„" else "'"


_EMOJI: Final = "\u2600-\u27bf\U0001f000-\U0001faff"
_SIGN_OF_NAME, _SIGN_OF_TAG = r"(?<![\w.+-])@(?=\w)", r"(?<![\w&])#(?=\w)"

ACTS: Final[dict[str, Act]] = {
    act.name: act
    for act in (
        Act("ampersand", _swap(r"(?<=\s)&(?:amp;)?(?=\s)", "and"), language="en"),
        Act("calm", _swap(r"[!?]*![!?]*", _calm), habit=8),
        Act("one_mark", _swap(r"([!?])\1+", r"\1")),
        Act("no_dots", _swap(r"(?<=\S)(?:\.{2,}|…)[.…]*", _stop), habit=10),
        Act("three_dots", _swap("…", "..."), habit=10),
        Act("dots_as_sign", _swap(r"(?<!\.)\.{3}(?!\.)", "…"), habit=10),
        Act("straight_quotes", _swap("[“”„‘’‚]", _straight)),
        Act("no_quotes", _swap(r"[\"“”„「」『』]|(?<!\w)['‘’]|['‘’](?!\w)", ""), habit=12),
        Act(
            "no_dashes",
            _swap(r"(?<=[^\s\d])[ \t]*(?:[—–]|--)[ \t]*(?=\S)|(?<=\S)[ \t]+-[ \t]+(?=\S)", ", "),
            habit=11,
        ),
        Act("no_emoji", _swap(rf"[ \t]*[{_EMOJI}][{_EMOJI}\ufe0f\u200d]*", ""), habit=17),
        Act("no_shouting", _swap(r"\b[A-Z][A-Z'’]{2,}\b", _low), habit=16),
        Act("small_letters", _swap(r"[A-Z]+", _low), language="en"),
        Act("one_line", _swap(r"[ \t]*\n\s*(?=\S)", " "), habit=14),
        Act("no_names", _swap(r"(?<!\S)\.?@\w+:?[ \t]*", ""), about=("name",), habit=6),
        Act("names_without_sign", _swap(_SIGN_OF_NAME, ""), about=("name",), habit=6),
        Act("no_tags", _swap(r"[ \t]*(?<![\w&])#\w+", ""), about=("tag",), habit=7),
        Act("tags_without_sign", _swap(_SIGN_OF_TAG, ""), about=("tag",), habit=7),
        Act("no_links", _swap(rf"[ \t]*{VISIBLE_LINK}", ""), about=("link",), habit=4),
        Act("long_forms", _swap(r"\b[A-Za-z]+['’][a-z]+\b", _long), language="en"),
        Act("no_stretching", _swap(r"([A-Za-z])\1{2,}", r"\1"), language="en"),
        Act("no_laughing", _swap(r"[ \t]*(?:[ㅋㅎㅠㅜㅡ]+|\b(?i:ha(?:ha)+h?|lol)\b)[!~]*", "")),
        Act("no_tildes", _swap(r"[~～∼]+", "")),
        Act("no_brackets", _swap(r"(?:\[[^\]\n]*\]|\([^)\n]*\)|【[^】\n]*】|<[^>\n]*>)[ \t]*", "")),
        Act("no_middle_dots", _swap(r"[·ㆍ](?=\S)", ", ")),
        Act("with_full_stop", _with_stop),
        Act("without_full_stop", _without_stop),
    )
}
"""By name, in the order in which equal ones are suggested."""
