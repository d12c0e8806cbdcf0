"""Values of rows: words, ids, counts and objects as spreadsheets and programs write them."""

import ast
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Final

from babel import Locale
from babel.core import get_global

from saywho.formats.post import as_count
from saywho.formats.source.json import Json, as_json
from saywho.text import word_set


@cache
def lines_of(package: str, name: str) -> frozenset[str]:
    """Return the lines of a package's file, but its comments."""
    read = (files(package) / name).read_text("utf-8").splitlines()
    return frozenset(line for line in read if line and not line.startswith("# "))


_lines_of: Final = partial(lines_of, __package__)


_ERROR_CODE: Final = re.compile(r"(?:Err|오류|エラー|错误):5\d\d")
_SIGNS: Final = "\ufeff\u200b\u200e\u200f\u2060\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069\xa0"
"""Invisible signs that programs leave at the ends of cells."""
_ANY_SIGN: Final = re.compile(f"[{_SIGNS}]")
_BLANKS: Final = f"{_SIGNS} \t\r\n\x0b\x0c\u3000"
_ESCAPED: Final = re.compile(r"_x(000D|000A|0009|000B)_(\n?)")
_EMPTY: Final = frozenset({"none", "nan", "null", "nat", "<na>", "\\n", "#n/a"})
EMPTY_CELLS: Final = (
    _EMPTY
    | {form for name in _EMPTY for form in (name.upper(), name.capitalize())}
    | {"NaN", "NaT"}
)
NA: Final = "NA"
"""R's sign for nothing; it may also be a word, or a name."""
_NOTHING: Final = frozenset({"", "0", "0.0", "false", "[]", "{}", "root", "-1", "na"}) | _EMPTY
_YES: Final = frozenset({"true", "1", "1.0", "yes", "y", "t", "o", "예", "네", "참"})
_NO: Final = frozenset({"false", "0", "0.0", "no", "n", "f", "아니요", "아니오", "거짓"})
# A long number as spreadsheets write it: 1.58E+18.
_DAMAGED_ID = re.compile(r"\d+(?:[.,]\d*)?e\+\d+", re.IGNORECASE | re.ASCII)
_FORMULA: Final = re.compile(r'="?"?([^"]*)"?"?')
_WITH_LETTER: Final = re.compile(r"x(\d{15,20})", re.ASCII)
"""An id after the letter by which R's rtweet prevents reading it as a number."""
_IN_ADDRESS: Final = re.compile(r"https?://\S+/(?:status|statuses)/(\d+)\S*", re.ASCII)
_POINT_ZERO: Final = re.compile(r"(-?\d+)\.0+", re.ASCII)
_WITH_COMMAS: Final = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,3}(?:\.\d{3})+", re.ASCII)
_SHORTENED: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s?([kmb천千만万萬억億])\+?", re.IGNORECASE)
_TIMES: Final = {
    **dict.fromkeys("k천千", 10**3),
    **dict.fromkeys("만万萬", 10**4),
    "m": 10**6,
    **dict.fromkeys("억億", 10**8),
    "b": 10**9,
}
_REDDIT_KIND: Final = re.compile(r"t\d_(?=\w)")
_BYTES: Final = re.compile(r"""b(?:'.*'|".*")""", re.DOTALL)
_OBJECT: Final = re.compile(r"\s*(?:\{\s*['\"]|\[\s*\{|\w{1,40}\(\w{1,40}=)")
_PAIR: Final = re.compile(
    r"""['"]?\b(\w{1,60})['"]?\s*[:=]\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\d{1,20})\b)"""
)
_EXACT_DIGITS: Final = 15
_MAX_EXACT_FLOAT: Final = 2**53
_WITH_OWN_NAME: Final = (
    *("ar", "cs", "da", "de", "el", "es", "fi", "fr", "he", "hi", "hu", "id", "it", "ja", "nb"),
    *("nl", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "vi", "zh"),
)
PUBLIC: Final = word_set(
    "public unlisted home everyone world all open anyone visible membernetwork local localpublic"
    " publicunlisted quietpublic published 공개 전체공개 general generalaudience adults teens"
    " children kids family mature 미등재 公開 公开 ホーム 未収載"
)
UNPUBLISHED: Final = word_set(
    "draft autodraft pending pendingreview future scheduled queued trash trashed unpublished"
    " 임시저장 초안 예약 下書き 草稿"
)
"""Statuses of posts that no one can read yet, or any more."""
FOR_FEW: Final = word_set(
    "private friends followers members membersonly subscribers hidden 비공개 非公開"
)


def is_filled(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return not (isinstance(value, float) and math.isnan(value))


def says_yes(value: object) -> bool:
    return str(value).strip().casefold() in _YES


def says_no(value: object) -> bool:
    return str(value).strip().casefold() in _NO


def is_flag(value: object) -> bool:
    """Return whether a value says yes or no."""
    return says_yes(value) or says_no(value)


def refers(value: object) -> bool:
    """Return whether a value names something; in an object or a list, whether any value does."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return any(map(refers, inner))
    if not is_filled(value) or str(value or "").strip().casefold() in _NOTHING:
        return False
    objects = as_objects(value) if isinstance(value, str) and is_object(value) else []
    return not objects or any(map(refers, objects))


def bare_cells(cells: list[str]) -> list[str]:
    """Return a row's cells as `bare` makes each; a row without anything odd as it is."""
    joined = "".join(cells)
    is_plain = joined.isascii() or _ANY_SIGN.search(joined) is None
    return (
        cells if is_plain and '="' not in joined and "_x00" not in joined else [*map(bare, cells)]
    )


def bare(cell: str) -> str:
    """Return a cell without invisible signs at its ends, the guard `="…"`, and Excel's escapes."""
    cell = cell.strip(_SIGNS)
    if cell[:2] == '="' and len(cell) > 3 and cell[-1] == '"':
        cell = cell[2:-1].replace('""', '"')
    return _ESCAPED.sub(_unescaped, cell) if "_x00" in cell else cell


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "000D" and match[2] else match[2] or _LETTERS.get(match[1], "")


_LETTERS: Final = {"000A": "\n", "0009": "\t", "000B": "\n"}


def is_nobody(value: object) -> bool:
    """Return whether a platform's sentence stands in the place of words or a name."""
    if not isinstance(value, str) or not 0 < len(value) <= 40 or value[0] not in _firsts():
        return False
    return value.strip().rstrip(".。!").casefold() in _lines_of("nobody.txt")


@cache
def _firsts() -> frozenset[str]:
    return frozenset(
        letter for line in _lines_of("nobody.txt") for letter in (line[0], line[0].upper())
    )


def is_error(text: str) -> bool:
    """Return whether a text is only an error value of a spreadsheet."""
    if len(text) > 20 or not ("#" in text or ":5" in text):
        return False
    return (
        text.strip() in _lines_of("errors.txt") or _ERROR_CODE.fullmatch(text.strip()) is not None
    )


def word(value: object) -> str | None:
    """Return a stripped string, or a whole number as a string; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def as_name(value: object) -> str | None:
    """Return an account's name without its `@`; None for an object."""
    name = word(value)
    if name is None or (not name.isalnum() and _OBJECT.match(name)):
        return None
    if name.endswith(".0") and (match := _POINT_ZERO.fullmatch(name)):
        return match[1]  # pandas writes numbers beside empty cells so.
    return name[1:].lstrip() if name[0] in "@＠" and len(name) > 1 else name


def is_restricted(value: object) -> bool:
    """Return whether a word names any audience but everyone."""
    name = plain_column(value) if isinstance(value, str) else ""
    has_letters = bool(name) and not any(map(str.isdigit, name)) and len(name.split()) == 1
    return has_letters and name not in PUBLIC | _NOTHING and any(map(str.isalpha, name))


def as_whole(value: object) -> int | None:
    """Return a count, which may be written as `3.0`, `1,234`, `1.234`, `1.2K` or `2.3만`."""
    if isinstance(value, float) and value.is_integer():
        return as_count(int(value))
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        text = value.strip()
        if match := _POINT_ZERO.fullmatch(text):
            text = match[1]
        if match := _SHORTENED.fullmatch(text):
            number = float(match[1].replace(",", "."))
            return as_count(round(number * _TIMES[match[2].casefold()]))
        return as_count(re.sub(r"[.,]", "", text) if _WITH_COMMAS.fullmatch(text) else text)
    return as_count(value)


def as_id(value: object) -> str | None:
    """Return an id; None if a float has cut its digits.

    Whether a spreadsheet has cut them is told by all ids of a file (`are_rounded`).
    """
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _MAX_EXACT_FLOAT else None
    name = word(value)
    if name is not None and name.isdecimal():
        return name
    if name is None or is_damaged_id(name) or name == NA:
        return None
    if name.startswith("=") and (match := _FORMULA.fullmatch(name)):
        name = match[1]
    if match := _POINT_ZERO.fullmatch(name):
        name = match[1]
        if int(name[:20]) >= _MAX_EXACT_FLOAT:
            return None
    match = _WITH_LETTER.fullmatch(name) or _IN_ADDRESS.fullmatch(name)
    name = match[1] if match else name
    if name.startswith("'") and name[1:].isdecimal():
        name = name[1:]
    return _REDDIT_KIND.sub("", name, count=1) or None


def answered_id(value: object) -> str | None:
    """Return the answered post's id; None for a word that means none."""
    answered = as_id(value) or ""
    return None if answered.casefold() in _NOTHING or answered.startswith(("{", "[")) else answered


def is_damaged_id(value: object) -> bool:
    """Return whether an id looks like a long number rounded by a spreadsheet or JavaScript."""
    if isinstance(value, float):
        return abs(value) >= _MAX_EXACT_FLOAT
    return isinstance(value, str) and "+" in value and bool(_DAMAGED_ID.fullmatch(value.strip()))


def is_rounded(value: object) -> bool:
    """Return whether a spreadsheet or JavaScript rounds a long id to this one."""
    name = word(value) or ""
    if len(name) <= _EXACT_DIGITS or len(name) > 20 or not (name.isascii() and name.isdigit()):
        return False
    if not name[_EXACT_DIGITS:].strip("0"):
        return True
    digits, _, exponent = repr(float(name)).replace(".", "").partition("e+")
    return bool(exponent) and digits.ljust(len(name), "0") == name


def are_rounded(values: Iterable[object], fewest: int = 2) -> bool:
    long = [name for name in map(word, values) if name and len(name) > _EXACT_DIGITS]
    rounded = sum(map(is_rounded, long))
    return rounded >= fewest and 2 * rounded > len(long)


def text_of_bytes(text: str) -> str:
    """Return the text of bytes in Python's notation; any other text as it is."""
    if not text.startswith(("b'", 'b"')) or not _BYTES.fullmatch(text):
        return text
    try:
        value = ast.literal_eval(text.replace("\n", "\\n"))
        return value.decode() if isinstance(value, bytes) else text
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def as_objects(value: object) -> list[Json]:
    """Return a cell's object or objects, written as JSON or Python."""
    if isinstance(value, str) and _OBJECT.match(value) and len(value) <= 20_000:
        read = as_json(value.strip())
        if not isinstance(read, dict | list):
            read = _literal(value.strip())
        value = read
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, dict)]


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pairs: Json = {}
        for match in _PAIR.finditer(text):
            pairs.setdefault(match[1], match[2] or match[3] or match[4] or "")
        return pairs


def is_object(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and _OBJECT.match(value) is not None)


def plain_column(name: str) -> str:
    """Return a name without case, spaces, hyphens and inner underscores; `/` becomes a dot."""
    return _plain(name[:200])  # No known name is nearly as long.


@lru_cache(4_000)
def _plain(name: str) -> str:
    name = (
        unicodedata.normalize("NFC", printable_name(name))
        .strip(_BLANKS)
        .casefold()
        .replace("/", ".")
    )
    return name[:1] + re.sub(r"[\s_-]", "", name[1:])


def printable_name(name: str) -> str:
    """Return a name without half surrogate pairs, which broken bytes become."""
    return name.encode(errors="replace").decode()


def cell_of(row: Mapping[str, object], path: str) -> str:
    """Return the value of a column or a path of inner objects as a string; empty for none."""
    value: object = row.get(path)
    if value is None and "." in path:
        value = row
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def leaves(row: Mapping[str, object]) -> dict[str, str]:
    """Return the filled values of a row and its inner objects by path, at most 100, cut."""
    found: dict[str, str] = {}
    _add_leaves(row, "", 3, found)
    return found


def _add_leaves(row: Mapping[str, object], path: str, depth: int, found: dict[str, str]) -> None:
    for name, value in row.items():
        if len(found) >= 100:
            return
        if isinstance(value, str) and value[:1] == "{" and len(value) < 5_000:
            value = as_json(value)  # may stand in a cell
        if isinstance(value, str | int | float) and value != "":
            found[f"{path}{name}"] = str(value)[:1_000] if isinstance(value, str) else repr(value)
        elif isinstance(value, dict) and depth:
            _add_leaves(value, f"{path}{name}.", depth - 1, found)


def heading_of(row: Mapping[str, object]) -> str:
    """Return a digest of a row's names in their order, also of inner objects; empty for one."""
    names = [*_paths_in(row, "")]
    text = "\n".join(unicodedata.normalize("NFC", printable_name(name)) for name in names)
    return sha256(text.encode()).hexdigest() if len(names) > 1 else ""


def _paths_in(row: Mapping[str, object], path: str) -> Iterator[str]:
    for name, value in row.items():
        inner = value if isinstance(value, dict) and path.count(".") < 3 else {}
        yield from _paths_in(inner, f"{path}{name}.") if inner else (f"{path}{name}",)


def as_language(value: object) -> str | None:
    """Return a language's tag, also for a name of it, or for a code of three letters."""
    tag = word(value)
    if tag is None or tag == NA:
        return None
    primary, _, rest = tag.partition("-")
    known = get_global("language_aliases").get(primary.casefold()) if len(primary) == 3 else None
    if known:
        return f"{known}-{rest}" if rest else str(known)
    is_code = primary.isascii() and len(primary) <= 3
    return tag if is_code else _languages().get(tag.casefold(), tag)


@cache
def _languages() -> dict[str, str]:
    names = {"koreana": "ko", "schinese": "zh", "tchinese": "zh", "brazilian": "pt", "latam": "es"}
    for locale in map(Locale, ("ko", "en")):
        for code, name in locale.languages.items():
            if "_" not in code:
                names[name.casefold()] = code
    own = {code: Locale(code).languages.get(code, "") for code in _WITH_OWN_NAME}
    return names | {name.casefold(): code for code, name in own.items() if name}
