"""Which of several columns names the account of a post's author."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from app.formats.tables.cells import as_id, as_name, word

_LONGEST_NAME: Final = 100
_ADDRESS: Final = re.compile(
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
    match = _ADDRESS.match(address.strip()) if isinstance(address, str) else None
    return match["name"].casefold() if match else None


def account_on_server(name: str | None, actor: object) -> str | None:
    """Return `name@host` if the address of an account has the name."""
    match = _ACTOR.fullmatch(actor.strip()) if isinstance(actor, str) and name else None
    is_own = match is not None and name is not None and match["name"].casefold() == name.casefold()
    return f"{name}@{match['host']}" if match and is_own else None


def account_column(
    rows: Sequence[Mapping[str, object]], names: Sequence[str], addresses: Sequence[str]
) -> str | None:
    """Return the column with the accounts if the first of `names` has other names.

    `addresses` are columns with addresses of the posts. Without any, a column of `names` has the
    accounts whose values begin with `@`.
    """
    accounts = [
        next(filter(None, (account_in(row.get(name)) for name in addresses)), None) for row in rows
    ]
    if sum(account is not None for account in accounts) < 2:
        signs = {name: _share(_has_sign(row.get(name)) for row in rows) for name in names}
        best = max(names, key=signs.__getitem__)
        return best if signs[best] >= 0.8 and signs[names[0]] < 0.5 else None
    named = [(row, account) for row, account in zip(rows, accounts, strict=True) if account]
    columns = dict.fromkeys([*names, *(name for row, _ in named for name in row)])
    equal = {
        name: _share(_is_account(row.get(name), account) for row, account in named)
        for name in columns
        if name not in addresses
    }
    best = max(equal, key=equal.__getitem__)
    return best if equal[best] >= 0.8 and equal[names[0]] < 0.5 else None


def _is_account(value: object, account: str) -> bool:
    return (as_name(value) or "").casefold() == account


def _has_sign(value: object) -> bool:
    name = word(value) or ""
    return name.startswith("@") and len(name.split()) == 1


def _share(values: Iterable[bool]) -> float:
    listed = [*values]
    return sum(listed) / len(listed) if listed else 0.0


def names_posts(column: Sequence[object], ids: Sequence[object]) -> bool:
    """Return whether a column `name` has the ids of the posts, as in tables of Reddit."""
    pairs = [(as_id(value), as_id(number)) for value, number in zip(column, ids, strict=True)]
    named = [(name, number) for name, number in pairs if name is not None]
    return bool(named) and all(name == number for name, number in named)


def are_of_people(shown: Iterable[object], accounts: Iterable[object]) -> bool:
    """Return whether shown names belong to accounts: each account has one, and few share one."""
    names: dict[str, set[str]] = defaultdict(set)
    for name, account in zip(map(word, shown), map(word, accounts), strict=True):
        if name and account:
            names[account].add(name)
    has_one = all(len(of_account) == 1 for of_account in names.values())
    return has_one and 2 * len(set().union(*names.values())) > len(names)


_FEWEST_ROWS: Final = 4
_OTHER_COLUMN: Final = re.compile(
    r"date|time|lang|source|type|kind|status|url|link|label|categor|topic|device|sentiment|country"
    r"|날짜|일시|시간|언어|종류|유형|상태|분류|링크|기기|감성|감정",
    re.IGNORECASE,
)


_NO_PERSON: Final = re.compile(
    r"(?:cafe|club|board|page|product|item|place|shop|store|video|movie|film|book|game|app|channel"
    r"|group|thread|topic|article|post|comment|카페|상품|게시판|가게|매장)[_ ]?(?:id|아이디)$",
    re.IGNORECASE,
)
"""End of the name of a column with the ids of things."""
_NAME_COLUMN: Final = re.compile(r"name|author|user|person|speaker|이름|명$|인$|자$", re.IGNORECASE)
_MARKS: Final = frozenset({"true", "false", "yes", "no", "y", "n", "none", "null", "예", "아니오"})
"""Words of yes and no, and of nothing."""


def likeliest_author(columns: Mapping[str, Sequence[object]]) -> str | None:
    """Return the column whose short words few rows share, so that it may name the authors.

    `columns` are the unused columns. None if no column has such values, or all rows have one.
    """
    rated = [
        (_NAME_COLUMN.search(name) is None, len({*names}) / len(names), name)
        for name, column in columns.items()
        if len(names := [*filter(None, map(_short_word, column))]) >= _FEWEST_ROWS
        and len(names) == len(column)
        and 1 < len({*names}) <= len(names) / 2
        and not _OTHER_COLUMN.search(name)
        and not _NO_PERSON.search(name)
        and not _MARKS.issuperset(map(str.casefold, names))
    ]
    return min(rated)[-1] if rated else None


def _short_word(value: object) -> str | None:
    name = word(value)
    has_letters = name is not None and any(map(str.isalpha, name))
    return name if name and has_letters and len(name) <= 40 and len(name.split()) <= 4 else None
