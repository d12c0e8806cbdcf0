"""Acts on a draft: strike a word, or write signs in another way.

Each is a list of changes of a text. None changes a link, an @name or a #tag unless it is about
these, nor a quoted part.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from saywho.text import (
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
    """A piece of a text, as half-open code points, and the text in its place."""

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
    def __init__(self, spans: Iterable[Gap]) -> None:
        ordered = list(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = [end for _, end in ordered]

    def overlap(self, start: int, end: int) -> bool:
        """Return whether a piece overlaps with, or contains, another piece."""
        before = bisect_left(self._starts, end) - 1
        return before >= 0 and self._ends[before] > start


def kept(text: str, changes: Sequence[Rewrite], about: Sequence[AddressKind] = ()) -> list[Rewrite]:
    """Return the changes without changes to pieces that they are not about."""
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
_BETWEEN_WORDS: Final = re.compile(r"[^\W_] +(?:[^\W_]|[@#])")
_BARE: Final = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_END_MARKS: Final = re.compile(r"(?<![.!?…。])[.!?…。]+\Z")
_ABBREVIATION: Final = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}")
"""Letters with dots, such as p.m. and U.S.; the last dot is a part of it."""
_PAIRS: Final = {
    **dict(zip("“‘„‚([{「『《〈【«", ("”", "’", "“”", "‘’", *")]}」』》〉】»"), strict=True)),
    **{mark: mark for mark in ('"', "'")},
}
"""Closing marks of each opening mark."""
_OPENED: Final = re.compile(rf"[{re.escape(''.join(_PAIRS))}]+(?=.)", re.DOTALL)
_STOPS: Final = ".,;:!?…。"
_CLOSERS: Final = re.escape("".join({mark for marks in _PAIRS.values() for mark in marks}))
_CLOSED: Final = re.compile(
    rf"(?<![{_CLOSERS}{_STOPS}])[{_STOPS}]*[{_CLOSERS}][{_CLOSERS}{_STOPS}]*\Z"
)

_NEGATION: Final = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|unless|except|hardly"
    r"|barely|scarcely|rarely|seldom|(?:ca|wo|do|does|did|is|was|are|were|has|have|had|could|would"
    r"|should|must|need|might|ai)n['’]?t)\b"
    # Korean: 안, 못 before a verb, 않-, 말- behind it, 없-, 아니-, and words that go with them.
    r"|(?<![가-힣])(?:안(?!녕|내|전|경|방|주|쪽|부)|못|아니|아닌|아닙|아냐|아님|모르|모른|모를|몰라|몰랐"
    r"|별로|전혀|절대|결코|아무도|아무것도|싫)"
    r"|않|없|지\s?(?:마|말|못|맙)|(?<![가-힣])(?:마세요|마라|마요|말고|말아|말자|말라|맙시다|마십시오)",
    re.IGNORECASE,
)


def negates(text: str) -> bool:
    """Return whether a text has a negation: without it, a sentence says the opposite."""
    return _NEGATION.search(text) is not None


Places = dict[str, list[Gap]]
"""Pieces of a text, by their word or, separated by a blank, their two words."""


def word_of(piece: str) -> str:
    """Return a piece between blanks as a word: in small letters, without the signs around it.

    A piece with a link, an @name or a #tag, or without letters and digits, stays as it is.
    """
    bare = None if _addresses(piece) else _bare(piece)
    return bare[0].casefold() if bare else piece


def _bare(piece: str) -> re.Match[str] | None:
    return _ABBREVIATION.search(piece) or _BARE.search(piece)


def places_of(text: str) -> Places:
    """Return the places of each word and of two words next to each other, outside quoted parts."""
    places, quoted = Places(), _Spans(_quoted(text))
    pieces = [each for each in _PIECE.finditer(text) if not quoted.overlap(*each.span())]
    for piece in pieces:
        places.setdefault(word_of(piece[0]), []).append(piece.span())
    for first, second in pairwise(pieces):
        if _are_joined(text, first, second):
            some = places.setdefault(f"{word_of(first[0])} {word_of(second[0])}", [])
            if not some or some[-1][1] <= first.start():
                some.append((first.start(), second.end()))
    return places


def _are_joined(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    """Return whether two pieces may be words of one phrase; links and abbreviations are none."""
    if not _BETWEEN_WORDS.fullmatch(text[first.end() - 1 : second.start() + 1]):
        return False
    pair = text[first.start() : second.end()]
    kinds = {_kind(each[0]) for each in _addresses(pair)}
    return "link" not in kinds and not _ABBREVIATION.search(pair)


def strikable(text: str) -> Places:
    """Return the words, and the two words, that may be struck.

    Not struck are negations and the words next to them, so that no sentence says the opposite;
    numbers and abbreviations; and words of a name of several words.
    """
    negations = _Spans(match.span() for match in _NEGATION.finditer(text))
    pieces = list(_PIECE.finditer(text))
    negate = [negations.overlap(*piece.span()) for piece in pieces]
    are_capital = [_is_capital(piece[0]) for piece in pieces]
    fixed = set[str]()
    for number, piece in enumerate(pieces):
        beside = range(max(number - 1, 0), min(number + 2, len(pieces)))
        is_of_name = are_capital[number] and sum(are_capital[each] for each in beside) > 1
        is_denied = any(negate[each] for each in beside)
        if is_denied or is_of_name or _is_fact(piece[0]):
            fixed.add(word_of(piece[0]))
    return {
        words: places
        for words, places in places_of(text).items()
        if fixed.isdisjoint(words.split(" "))
    }


def _is_fact(piece: str) -> bool:
    if _addresses(piece):
        return False
    letters = [letter for letter in piece if letter.isalpha()]
    if _ABBREVIATION.search(piece) or any(map(str.isdigit, piece)):
        return True
    return len(letters) > 1 and all(map(str.isupper, letters))


def _is_capital(piece: str) -> bool:
    bare = None if _addresses(piece) else _bare(piece)
    return bool(bare and bare[0][0].isupper() and len(bare[0]) > 1)


def struck(text: str, places: Sequence[Gap]) -> list[Rewrite]:
    """Return the changes that strike pieces between blanks, which are in order."""
    changes, end, is_first = list[Rewrite](), 0, False
    for place in places:
        if (strike := _strike(text, *place)) is None:
            continue
        start, after, new = strike
        start = max(start, end)  # Neighbours share a blank.
        if start > place[0]:  # An opening mark stays before the next word.
            is_first, end = True, after
            changes.append(strike)
            continue
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


def _strike(text: str, start: int, end: int) -> Rewrite | None:
    """Return the change that strikes a piece; None if marks of a pair could not stay."""
    before, after = start, _after_blanks(text, end)
    while before and text[before - 1] in " \t":
        before -= 1
    is_first = before == 0 or text[before - 1] == "\n"
    is_last = after == len(text) or text[after] == "\n"
    piece = text[start:end]
    opened, closed = _unpaired(text, start, end)
    if opened or closed:
        if (opened and closed) or (opened and is_last) or (closed and is_first):
            return None
        if opened:
            return Rewrite(start + opened, after, "")
        return Rewrite(before, end - closed, "")
    marks = None if _ABBREVIATION.search(piece) else _END_MARKS.search(piece)
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


def _unpaired(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the lengths of marks at both ends that belong to pairs with a half outside."""
    piece = text[start:end]
    if _addresses(piece):
        return 0, 0
    opened, closed = _OPENED.match(piece), _CLOSED.search(piece)
    first = opened.end() if opened else 0
    last = closed.start() if closed else len(piece)
    if (opened and closed) or not any(map(str.isalnum, piece[first:last])):
        return 0, 0
    if opened and not any(_closes_in(mark, text[end:]) for mark in opened[0]):
        first = 0
    if closed and not any(_opens_in(mark, text[:start]) for mark in closed[0]):
        last = len(piece)
    return first, len(piece) - last


def _closes_in(mark: str, after: str) -> bool:
    if mark == "'":
        return re.search(r"'(?!\w)", after) is not None
    return any(closing in after for closing in _PAIRS[mark])


def _opens_in(mark: str, before: str) -> bool:
    if mark == "'":
        return re.search(r"(?<!\S)'", before) is not None
    if mark == '"':
        return before.count(mark) % 2 == 1
    return any(opening in before for opening, closings in _PAIRS.items() if mark in closings)


def reworded(text: str, places: Sequence[Gap], new: str) -> list[Rewrite]:
    """Return the changes that write something else in the place of words, which are in order."""
    changes = list[Rewrite]()
    for start, end in places:
        piece = text[start:end]
        bare = None if _addresses(piece) else _bare(piece)
        first, last = bare.span() if bare else (0, len(piece))
        changes.append(Rewrite(start + first, start + last, new))
    return changes


# --- Signs ---

Changes = Callable[[str], Iterable[Rewrite]]


class Act(NamedTuple):
    name: str
    changes: Changes
    about: tuple[AddressKind, ...] = ()
    """Pieces that it may change, although other acts leave them alone."""
    habit: int | None = None
    """Number of the habit of style that counts the signs which it takes away."""
    language: str = ""
    """The language that it is for; empty for any."""


def done(act: Act, text: str) -> list[Rewrite]:
    """Return the changes of an act to a text, in order; none if it does not concern the text."""
    changes = [each for each in act.changes(text) if each.new or not _is_denied(text, each)]
    if not changes or (act.language and act.language != (guess_language(text) or "en")):
        return []
    return kept(text, changes, act.about)


def _is_denied(text: str, change: Rewrite) -> bool:
    piece = text[change.start : change.end]
    return negates(piece) and not _addresses(piece)


def _swap(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Changes:
    compiled = re.compile(pattern)

    def changes(text: str) -> Iterator[Rewrite]:
        for match in compiled.finditer(text):
            written = match.expand(new) if isinstance(new, str) else new(match)
            if written != match[0]:
                yield Rewrite(*match.span(), written)

    return changes


def _end_of_words(text: str) -> int:
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


_EMOJI: Final = "\u2600-\u27bf\U0001f000-\U0001faff"
_SIGN_OF_NAME, _SIGN_OF_TAG = r"(?<![\w.+-])@(?=\w)", r"(?<![\w&])#(?=\w)"

ACTS: Final[dict[str, Act]] = {
    act.name: act
    for act in (
        Act("ampersand", _swap(r"(?<=\s)&(?:amp;)?(?=\s)", "and"), language="en"),
        Act("calm", _swap(r"[!?]*![!?]*", lambda mark: "?" if "?" in mark[0] else "."), habit=8),
        Act("one_mark", _swap(r"([!?])\1+", r"\1")),
        Act("no_dots", _swap(r"(?<=\S)(?:\.{2,}|…)[.…]*", _stop), habit=10),
        Act("three_dots", _swap("…", "..."), habit=10),
        Act("dots_as_sign", _swap(r"(?<!\.)\.{3}(?!\.)", "…"), habit=10),
        Act("straight_quotes", _swap("[“”„‘’‚]", lambda mark: '"' if mark[0] in "“”„" else "'")),
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
"""By name, in the order of suggestion for equal acts."""
