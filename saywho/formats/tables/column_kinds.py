"""Kinds of a file's columns by their values: counts, numbers, addresses, words, and accounts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from saywho.errors import Message
from saywho.formats.post import Kind
from saywho.formats.source.times import is_time
from saywho.formats.tables import cells
from saywho.formats.tables.column_names import classes_of, is_of_things, may_name_people
from saywho.formats.tables.limits import is_closed, is_open
from saywho.text import word_set

_COUNT_OF: Final = {
    **dict.fromkeys(("retweet", "repost", "리트윗", "재게시"), "n_reposts"),
    **dict.fromkeys(("reply", "답글"), "n_replies"),
    **dict.fromkeys(("quote", "인용"), "n_quotes"),
}
"""Count that a column may contain whose name is also a flag's."""
_MOST_COUNTED: Final = 10**9
KINDS: Final[dict[str, Kind | Literal["repost"]]] = {
    **dict.fromkeys(("post", "tweet", "original", "글", "게시물", "트윗"), "post"),
    **dict.fromkeys(("reply", "repliedto", "답글", "댓글", "멘션"), "reply"),
    **dict.fromkeys(("quote", "quoted", "quotetweet", "quotepost", "인용"), "quote"),
    **dict.fromkeys(
        ("repost", "retweet", "retweeted", "reblog", "boost", "renote", "announce", "리트윗"),
        "repost",
    ),
    "재게시": "repost",
    **dict.fromkeys(("pingback", "trackback"), "repost"),
}
COUNTS: Final = ("n_likes", "n_reposts", "n_replies", "n_quotes")


def count_fields(values: Mapping[str, Sequence[object]], known: Iterable[str]) -> dict[str, str]:
    """Return the field of each column that is named like a mark and has only numbers; empty for
    a column that would not be used.

    `values` has the columns' values, `known` the counts that other columns contain. Without another
    count, 0 and 1 are a mark's.
    """
    taken = {*known}
    fields: dict[str, str] = {}
    is_counted = bool(taken)
    for name, column in values.items():
        field, numbers = _COUNT_OF.get(cells.plain_column(name)), _numbers(column)
        if field is None or not numbers:
            continue
        is_counted |= max(numbers) > 1
        if field not in taken or max(numbers) > 1:
            fields[name] = "" if field in taken else field
    return fields if is_counted else {}


def _numbers(column: Iterable[object]) -> list[int]:
    filled = (value for value in column if str(value).strip() not in cells.EMPTY_CELLS | {"-"})
    numbers = [None if isinstance(value, bool) else cells.as_whole(value) for value in filled]
    counts = [number for number in numbers if number is not None and number < _MOST_COUNTED]
    return counts if len(counts) == len(numbers) else []


class NumberedRow(NamedTuple):
    """A row's values that tell whether its number is an id."""

    number: object
    author: object
    text: object
    time: object


_OTHER_WORDS: Final = Message("posts with other words and times share a value")
_ROW_NUMBERS: Final = Message("the values count the rows")


def why_no_ids(rows: Iterable[NumberedRow], answered: Iterable[object]) -> Message | None:
    """Return why values are no ids of posts; None if they may be.

    `answered` are ids of answered posts: numbers that they name are ids.
    """
    filled = [(number, row) for row in rows if (number := cells.as_id(row.number)) is not None]
    if _are_row_numbers([number for number, _ in filled]):
        names = {cells.as_id(value) for value in answered}
        return None if any(number in names for number, _ in filled) else _ROW_NUMBERS
    return _OTHER_WORDS if 10 * sum(_shared(filled)) > len(filled) else None


def _are_row_numbers(ids: Sequence[str]) -> bool:
    if len(ids) < 2 or not all(number.isdecimal() and len(number) < 10 for number in ids):
        return [*ids] == ["0"]
    numbers = {*map(int, ids)}
    return len(numbers) == len(ids) and min(numbers) <= 1 and max(numbers) <= 2 * len(ids)


def _shared(filled: Sequence[tuple[str, NumberedRow]]) -> Iterator[bool]:
    """Yield for each row whether a row with other words and another time has its number."""
    posts: dict[tuple[str, str | None], dict[object, set[object]]] = {}
    for number, row in filled:
        of_number = posts.setdefault((number, cells.word(row.author)), {})
        of_number.setdefault(row.time, set()).add(row.text)
    for number, row in filled:
        of_number = posts[number, cells.word(row.author)]
        others = (texts for time, texts in of_number.items() if time != row.time)
        has_no_times = set(of_number) == {None} and len(of_number[None]) > 1
        yield has_no_times or any(texts != {row.text} for texts in others)


_NUMBER: Final = re.compile(r"-?[\d.,]*\d(?:\s?[kmKM천만억千万萬億])?")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+")


def kind_of_texts(column: Iterable[object]) -> Literal["numbers", "links", "words", ""]:
    """Return what all or nearly all filled values of a column are; empty for none."""
    filled = [
        cell
        for value in column
        if value is not None and not isinstance(value, bool)
        if (cell := str(value).strip()) and cell not in cells.EMPTY_CELLS
    ]
    if not filled:
        return ""
    if all(map(_NUMBER.fullmatch, filled)):
        return "numbers"
    links = sum(_ADDRESS.fullmatch(cell) is not None for cell in filled)
    return "links" if 10 * links >= 9 * len(filled) else "words"


def mean_length(column: Sequence[object]) -> int:
    """Return the mean length of a column of words; 0 for one of single words, numbers, or times."""
    texts = [value for value in column if isinstance(value, str)]
    if 2 * len(texts) < len(column) or kind_of_texts(texts) != "words":
        return 0
    are_single = len(texts) > 1 and all(text.isascii() and len(text.split()) < 2 for text in texts)
    return 0 if are_single or all(map(is_time, texts)) else sum(map(len, texts)) // len(texts)


_MOST_SAME: Final = 20
_IN_TAGS: Final = re.compile(r"<[^<>]{1,300}>|&\w{1,8};|\]\([^()\s]{1,300}\)|https?://\S+")


def say_the_same(rows: Iterable[Mapping[str, object]], name: str, other: str) -> bool:
    """Return whether of two columns one has no other words than the other, such as its beginning
    or its HTML, in each row in which both have some.
    """
    pairs = (
        ({*_bare(cells.cell_of(row, name))}, {*_bare(cells.cell_of(row, other))}) for row in rows
    )
    both = [pair for pair in pairs if all(pair)][:_MOST_SAME]
    return all(10 * len(one & two) >= 8 * min(len(one), len(two)) for one, two in both)


def _bare(text: str) -> list[str]:
    return re.findall(r"\w+", _IN_TAGS.sub(" ", text.rstrip("…. ")))


_POST_ADDRESS: Final = re.compile(
    r"https?://[^/\s]+/"
    r"(?:@|profile/|u/|user/|users/)?(?P<name>[^/\s?#@]+)"
    r"(?:/(?:status|statuses|post|posts|video|p|reel|photo|comment)/|/\d{6,})\S*"
)
"""Address of a post below the account of its author."""
_ACTOR: Final = re.compile(
    r"https?://(?P<host>[^/\s]+)/(?:u|users|accounts|c|@)/?(?P<name>[^/\s]+)/?"
)


def account_in(address: object) -> str | None:
    """Return the account that a post's address names, without case."""
    match = _POST_ADDRESS.match(address.strip()) if isinstance(address, str) else None
    return match["name"].casefold() if match else None


def account_on_server(name: str | None, actor: object) -> str | None:
    """Return `name@host` if the address of an account has the name."""
    match = _ACTOR.fullmatch(actor.strip()) if isinstance(actor, str) and name else None
    is_own = match is not None and name is not None and match["name"].casefold() == name.casefold()
    return f"{name}@{match['host']}" if match and is_own else None


def account_of(
    row: Mapping[str, object], names: Sequence[str], addresses: Sequence[str]
) -> str | None:
    """Return the account that a row names by the address of its post, or in one of `names` by @."""
    accounts = (account_in(row.get(name)) for name in addresses)
    signed = (cells.cell_of(row, name).casefold() for name in names)
    marked = (cell[1:] for cell in signed if cell.startswith("@") and len(cell.split()) == 1)
    return next(filter(None, (*accounts, *marked)), None)


def names_posts(column: Sequence[object], ids: Sequence[object]) -> bool:
    """Return whether a column `name` has the ids of the posts, as in tables of Reddit."""
    pairs = [
        (cells.as_id(value), cells.as_id(number)) for value, number in zip(column, ids, strict=True)
    ]
    named = [(name, number) for name, number in pairs if name is not None]
    return bool(named) and all(name == number for name, number in named)


def are_of_people(shown: Iterable[object], accounts: Iterable[object]) -> bool:
    """Return whether shown names belong to accounts: each account has one, and few share one."""
    names: dict[str, set[str]] = defaultdict(set)
    for name, account in zip(map(cells.word, shown), map(cells.word, accounts), strict=True):
        if name and account:
            names[account].add(name)
    has_one = all(len(of_account) == 1 for of_account in names.values())
    return has_one and 2 * len(set().union(*names.values())) > len(names)


_FEWEST_ROWS: Final = 4
_LEVELS: Final = word_set(
    "high medium low higher lower very-high very-low positive negative neutral mixed good bad hoch"
    " mittel niedrig alto alta medio media bajo baja haut moyen bas élevé faible 상 중 하 높음 보통"
    " 중간 낮음 긍정 부정 중립 高 中 低 высокий средний низкий male female m f 남 여 남성 여성 男"
    " 女 männlich weiblich homme femme admin administrator moderator guest 관리자 管理员"
)
"""Levels, sexes and roles that are no words of readers or of the names of columns."""


def likeliest_author(columns: Mapping[str, Sequence[object]]) -> str | None:
    """Return the column whose short words few rows share, so that it may name the authors.

    `columns` are the unused columns. None if no column has such values, or all rows have one. A
    column with a level, a role or a state, or with a word for something else in its name, has none.
    """
    rated = [
        (not may_name_people(name), len({*names}) / len(names), name)
        for name, column in columns.items()
        if len(names := [*filter(None, map(_short_word, column))]) >= _FEWEST_ROWS
        and len(names) == len(column)
        and 1 < len({*names}) <= len(names) / 2
        and not is_of_things(name)
        and not any(map(_is_label, {*names}))
    ]
    return min(rated)[-1] if rated else None


def _is_label(value: str) -> bool:
    is_known = is_open(value) or is_closed(value) or any(classes_of(value) or ())
    return is_known or cells.is_flag(value) or value.casefold() in _LEVELS


def _short_word(value: object) -> str | None:
    name = cells.word(value)
    # A number with a plus is somebody's telephone.
    is_name = name is not None and (name[:1] == "+" or any(map(str.isalpha, name)))
    return name if name and is_name and len(name) <= 40 and len(name.split()) <= 4 else None
