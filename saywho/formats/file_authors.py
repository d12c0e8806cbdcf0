"""Authors in the names of files and folders, such as `Austen_Emma.txt` and `mina/post 1.txt`."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from saywho.errors import Message
from saywho.formats.assumptions import NAME_WAYS, NO_AUTHOR, ReadNotes
from saywho.text import word_set

_SIGNS: Final = ("_", " - ", " – ", "-")
"""Signs between an author and a title, the most usual first."""
_PART: Final = re.compile(r"[^\W_]+")
_NUMBER_AT_END: Final = re.compile(r"[\W_]*+\d++[\W_]*+")
"""A number at the end of a reversed name."""
_FEWEST_ALIKE: Final = 3
"""Files of as many authors that are a doubt."""
_MOST_ALIKE: Final = 50
"""Files of as many authors that somebody must accept."""
_DATED: Final = re.compile(r"(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)")
_OF_UNKNOWN: Final = re.compile(r"(?:unknown|unbekannt|미상)[\W\d_]*", re.IGNORECASE)
"""Names of texts by unknown authors."""
_ABOUT: Final = re.compile(
    r"(?:read.?me|licen[sc]e|copying|truth|ground.?truth|contents|requirements"
    r"|notice|change.?log|metadata|설명)[\W\d_]*",
    re.IGNORECASE,
)
"""Names of files about the other files."""
_NUMBERED: Final = re.compile(
    r"(?:candidate|author|writer|speaker|person|저자|작가)[\W_]*\d+", re.IGNORECASE
)
"""Names of people who are numbered, each problem or data set anew."""
_OF_SETS: Final = word_set(
    "train training test testing dev valid validation eval data dataset corpus corpora text texts"
    " txt raw clean cleaned all primary secondary reference known set part sample samples file"
    " files doc docs document documents post posts tweet tweets comment comments message messages"
    " reply replies user users author authors output result results export sheet table page chapter"
    " chap volume vol book letter essay story poem article submission pos neg positive negative"
    " neutral spam ham fake real true false male female human ai candidates problem 년 월 일 말뭉치"
    " 자료 데이터 글 댓글 게시물 트윗 학습 훈련 검증 평가 시험 긍정 부정 중립 이름없음 제목없음"
    " 문서 파일"
)
"""Words for sets, kinds and times of texts, which name no person."""


class NamedAuthors(NamedTuple):
    """Authors of a source's files, by the files' names."""

    by_file: Mapping[str, str]
    """Files without an author are missing."""
    way: str
    others: tuple[str, ...]
    """Other ways to read the names."""
    is_chosen: bool

    def note(self, notes: ReadNotes) -> None:
        if self.is_chosen:
            return
        authors = len({*self.by_file.values()})
        evidence = Message(
            "authors: {authors}, files: {files}",
            authors=f"{authors:,}",
            files=f"{len(self.by_file):,}",
        )
        alternatives = (*(f"author={way}" for way in self.others), NO_AUTHOR)
        notes.assume("author", f"author={self.way}", alternatives=alternatives, evidence=evidence)
        if len(self.by_file) >= _FEWEST_ALIKE and 10 * authors >= 9 * len(self.by_file):
            finding = Message("Nearly each file has an author of its own, by its name")
            is_grave = len(self.by_file) >= _MOST_ALIKE
            notes.look_odd("people", finding, self.by_file.values(), is_grave=is_grave)


def chosen_way(columns: Mapping[str, str]) -> str | None:
    """Return the importer's choice of the names that have the authors, if any."""
    return next((way for way in NAME_WAYS if columns.get(way) == "username"), None)


def authors_of(
    names: Sequence[str], *, is_table: bool, chosen: str | None = None
) -> NamedAuthors | None:
    """Return the authors of texts, or of tables without authors; None if no name has an author."""
    listed = [
        name
        for name in names
        if not (is_of_unknown(name) or any(map(_ABOUT.fullmatch, _parts(name))))
    ]
    readings = {way: read(listed) for way, read in _READERS.items()}
    if chosen is not None:
        by_file = {name: author for name, author in readings[chosen].items() if author}
        return NamedAuthors(by_file, chosen, (), is_chosen=True) if by_file else None
    if _are_numbered_anew(listed):  # The same number is another person elsewhere.
        readings.pop("folder")
    usable = {way: authors for way, authors in readings.items() if _name_people(authors, listed)}
    if not usable:
        return None
    way = _likeliest(usable, is_table=is_table)
    seen = [usable[way]]
    others = []
    for other, authors in usable.items():
        if authors not in seen:
            seen.append(authors)
            others.append(other)
    by_file = {name: author for name, author in usable[way].items() if _is_name(author)}
    return NamedAuthors(by_file, way, tuple(others), is_chosen=False)


def _likeliest(usable: Mapping[str, Mapping[str, str]], *, is_table: bool) -> str:
    start, folder = usable.get("file-start"), usable.get("folder")
    if folder is not None and not (start is not None and _crosses(start, folder)):
        return "folder"
    if start is not None and not (is_table and not _continues(start)):
        return "file-start"
    return "file-name" if "file-name" in usable else "file-start"


def _crosses(inner: Mapping[str, str], outer: Mapping[str, str]) -> bool:
    folders, people = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for name, author in inner.items():
        folders[author].add(outer.get(name, ""))
        people[outer.get(name, "")].add(author)
    return any(len(found) > 1 for found in folders.values()) and any(
        len(found) > 1 for found in people.values()
    )


def _continues(start: Mapping[str, str]) -> bool:
    """Return whether numbers or words of several authors follow the beginnings of names."""
    rests = Counter(
        "".join(c for c in _stem(name)[len(author) :] if c.isalpha()).casefold()
        for name, author in start.items()
    )
    has_several = len({*start.values()}) < len(start)
    return has_several and all(not rest or count > 1 for rest, count in rests.items())


def _are_numbered_anew(names: Sequence[str]) -> bool:
    folders = [name.split("/")[-3:-1] for name in names]
    return len({found[0] for found in folders if found}) > 1 and all(
        len(found) > 1 and found[0][-1:].isdigit() and _NUMBERED.fullmatch(found[1])
        for found in folders
    )


def _by_file_name(names: Sequence[str]) -> dict[str, str]:
    spans = {name: [*_PART.finditer(_stem(name))] for name in names}
    authors = _without_shared(spans)
    numberless = {name: _without_number(author) for name, author in authors.items()}
    # A word before the number is shared, too: “Anna Berg essay 1”.
    worded = _without_shared({name: _without_numbers(parts) for name, parts in spans.items()})
    for fewer in (worded, numberless):
        distinct = {*fewer.values()}
        if 1 < len(distinct) < len({*authors.values()}) and all(fewer.values()):
            return fewer
    if len({*numberless.values()}) < len({*authors.values()}) and all(numberless.values()):
        return numberless
    return authors


def _without_numbers(parts: list[re.Match[str]]) -> list[re.Match[str]]:
    end = len(parts)
    while end > 1 and parts[end - 1][0].isdigit():
        end -= 1
    return parts[:end]


def _without_shared(spans: Mapping[str, Sequence[re.Match[str]]]) -> dict[str, str]:
    words = [[part[0].casefold() for part in parts] for parts in spans.values()]
    fewest = min(map(len, words), default=0)
    before = _shared(words, fewest)
    after = _shared([found[::-1] for found in words], fewest - before)
    if before + after >= fewest:
        before = after = 0
    authors = {}
    for name, parts in spans.items():
        if parts:
            start = parts[before].start() if before else 0
            is_whole = not after and parts[-1].end() == len(_stem(name).rstrip("_-. "))
            end = len(_stem(name)) if is_whole else parts[-1 - after].end()
            authors[name] = _stem(name)[start:end].strip()
    return authors


def _without_number(author: str) -> str:
    found = _NUMBER_AT_END.match(author[::-1])
    return author[: -found.end()] if found else author


def _shared(words: Sequence[Sequence[str]], most: int) -> int:
    count = 0
    while count < most and len({found[count] for found in words}) == 1:
        count += 1
    return count if len(words) > 1 else 0


def _by_file_start(names: Sequence[str]) -> dict[str, str]:
    stems = {name: _stem(name) for name in names}
    for sign in _SIGNS:
        starts = {name: stem.partition(sign)[0].strip() for name, stem in stems.items()}
        having = sum(sign in stem[1:] for stem in stems.values())
        has_several = len({*starts.values()}) < len(starts)
        # A hyphen may also be inside a name, and a title may have any sign.
        if sign == "-" and (having < len(stems) or not has_several):
            continue
        if 10 * having >= 9 * len(stems) and all(starts.values()):
            return starts
    return {}


_READERS: Final[Mapping[str, Callable[[Sequence[str]], dict[str, str]]]] = {
    "folder": lambda names: {
        name: parts[-2] for name in names if len(parts := name.split("/")) > 1
    },
    "file-start": _by_file_start,
    "file-name": _by_file_name,
}


def _name_people(authors: Mapping[str, str], names: Sequence[str]) -> bool:
    named = [author for author in authors.values() if _is_name(author)]
    distinct = {author.casefold() for author in named}
    return len(distinct) > 1 and 10 * len(named) >= 9 * len(names)


def _is_name(author: str) -> bool:
    if _NUMBERED.fullmatch(author):
        return True
    words = [word.casefold() for word in re.findall(r"[^\W\d_]+", author)]
    letters = "".join(words)
    is_letter = len(letters) == 1 and letters.isascii()
    is_of_set = is_letter or _OF_SETS.issuperset(words) or _DATED.search(author)
    return bool(words) and not is_of_set


def is_of_unknown(name: str) -> bool:
    """Return whether a file has a text without a known author."""
    return any(map(_OF_UNKNOWN.fullmatch, _parts(name)))


def _parts(name: str) -> tuple[str, ...]:
    return (*name.split("/")[:-1], _stem(name))


def _stem(name: str) -> str:
    """Return a file's name without its end, a number before it, and one in brackets behind it."""
    before, behind = r"\A\d{1,3}[_.](?=[^\W\d_])", r"(?<=\S)\s*[(\[（][\d –~-]{1,9}[)\]）]\Z"
    return re.sub(f"{before}|{behind}", "", PurePosixPath(name).stem)
