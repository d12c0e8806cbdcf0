"""Columns of JSON lines, CSV and MongoDB, recognised by name, and rows of them as records."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Literal, Self

import msgspec

from app.formats.records import (
    Item,
    Kind,
    Medium,
    Reactions,
    Record,
    ReplyTarget,
    Skipped,
    required_text,
)
from app.formats.source.json import Json, as_count, as_json
from app.formats.source.times import read_time

# The names of each field, in the order of preference, as `_plain` writes them.
ALIASES: Final[dict[str, str]] = {
    "text": "fulltext text tweet tweettext content body 내용 트윗 트윗내용 본문 텍스트 글 게시글",
    "username": "username author.username user.username author user.screenname screenname handle"
    " user authorname 작성자 글쓴이 사용자 사용자명 사용자이름 아이디 계정",
    "display_name": "displayname author.name user.name 표시이름 닉네임 이름 name",
    "platform": "platform 플랫폼",
    "kind": "kind 종류 유형",
    "created_at": "createdat date datetime timestamp time 작성일시 작성일 작성시간 작성시각 날짜"
    " 일시 등록일시 등록일 시간",
    "lang": "lang language 언어",
    "source_id": "sourceid idstr tweetid postid id 트윗id 게시물id _id",
    "url": "url tweeturl permalink link 링크 주소",
    "is_repost": "isrepost isretweet isrt isreblog retweet repost 리트윗 리트윗여부 재게시",
    "is_reply": "isreply reply 답글 답글여부",
    "is_quote": "isquote isquotestatus quote 인용",
    "reposts": "retweetedstatusid retweetedstatus referencedtweets.retweeted.id",
    "reply_to": "replyto",
    "media": "media",
    "counts": "counts",
    "n_likes": "favoritecount favouritescount likecount publicmetrics.likecount likes 좋아요",
    "n_reposts": "retweetcount repostcount publicmetrics.retweetcount retweets",
    "n_replies": "replycount publicmetrics.replycount replies",
    "n_quotes": "quotecount publicmetrics.quotecount quotes",
    "reply_id": "inreplytostatusidstr inreplytostatusid inreplytotweetid inreplytoid inreplyto"
    " referencedtweets.repliedto.id",
    "reply_name": "inreplytoscreenname inreplytousername",
    "replies_to": "replyto inreplytostatusid inreplytostatusidstr inreplytotweetid inreplytouserid"
    " inreplytoscreenname inreplytoid inreplyto referencedtweets.repliedto.id",
    "quotes": "quotedstatusid quotedstatusidstr referencedtweets.quoted.id",
}
_PLATFORMS: Final = {
    "x": "x",
    "twitter": "x",
    "트위터": "x",
    "mastodon": "mastodon",
    "마스토돈": "mastodon",
    "bluesky": "bluesky",
    "블루스카이": "bluesky",
    "local": "local",
}
_KINDS: Final[dict[str, Kind | Literal["repost"]]] = {
    **dict.fromkeys(("post", "tweet", "original", "글", "게시물", "트윗"), "post"),
    **dict.fromkeys(("reply", "replied_to", "답글", "댓글", "멘션"), "reply"),
    **dict.fromkeys(("quote", "quoted", "인용"), "quote"),
    **dict.fromkeys(("repost", "retweet", "retweeted", "reblog", "리트윗", "재게시"), "repost"),
}
_YES: Final = frozenset({"true", "1", "1.0", "yes", "y", "t", "o", "예", "네", "참"})
_NOTHING: Final = frozenset({"", "0", "false", "nan", "nat", "none", "null", "[]", "{}"})
OWN_FIELDS: Final = (
    *("username", "platform", "text", "kind", "created_at", "lang", "source_id", "url"),
    *("reply_to", "media", "counts"),
)
"""The fields of this program's own exports; values are read as they are."""
_COUNTED: Final = {name: f"n_{name}" for name in ("likes", "reposts", "replies", "quotes")}
_SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "kind": ("kind", "is_repost", "reposts", "is_reply", "replies_to", "is_quote", "quotes"),
    "target": ("reply_to", "reply_id", "reply_name"),
    "counts": ("counts", *_COUNTED.values()),
}
"""What several fields tell of together; most files have none of them, and are read faster so."""
KNOWN_HEADERS: Final = 32
"""Sets of column names that a reader of rows without a header remembers."""
_LONGEST_NAME: Final = 200
"""Characters of a column's name that are compared: far more than any known name has."""
# A long number as spreadsheets write it: 1.58E+18.
_DAMAGED_ID = re.compile(r"\d+(?:[.,]\d*)?e\+\d+", re.IGNORECASE | re.ASCII)
_MAX_EXACT_FLOAT: Final = 2**53


class Columns:
    """The columns of each field; of several for one field the first that is not empty counts."""

    def __init__(self, found: Mapping[str, tuple[str, ...]], *, is_own: bool = False) -> None:
        self._found = found
        self._is_own = is_own
        self._told = {
            subject for subject, fields in _SUBJECTS.items() if any(map(found.get, fields))
        }

    @classmethod
    def find(cls, names: Iterable[str]) -> Self:
        """Return the columns among these names; unknown ones are left out."""
        plain: dict[str, str] = {}
        names = list(names)
        for name in names:
            plain.setdefault(_plain(name), name)
        found = {
            field: tuple(plain[alias] for alias in aliases.split() if alias in plain)
            for field, aliases in ALIASES.items()
        }
        if "name" in plain and not found["username"]:
            found |= {"username": (plain["name"],), "display_name": ()}
        return cls(found, is_own=set(names) == {*OWN_FIELDS})

    @property
    def has_text(self) -> bool:
        """Whether there is a column for the text of the posts."""
        return bool(self._found["text"])

    def __len__(self) -> int:
        return sum(bool(names) for names in self._found.values())

    def read(self, row: Mapping[str, object], place: int) -> Item:
        """Return the row as a record; a repost or an empty row is skipped. Raises RecordError."""
        kind = self._kind(row)
        if kind == "repost":
            return Skipped(place, "repost")
        media = self._media(row)
        text = self._first(row, "text")
        if text is None and not media and self._has_blank_text(row):
            return Skipped(place, "empty")
        text = "" if text is None and media else required_text(text)
        time = self._first(row, "created_at")
        created_at = None if time is None else read_time(time)
        return Record(
            place=place,
            text=text,
            username=self.username(row),
            display_name=_word(self._first(row, "display_name")),
            platform=_PLATFORMS.get((_word(self._first(row, "platform")) or "").casefold()),
            kind=kind,
            created_at=created_at,
            lang=_word(self._first(row, "lang")),
            source_id=self.source_id(row),
            url=_web_address(self._word(row, "url")),
            reply_to=self._target(row),
            media=media,
            counts=self._reactions(row),
        )

    def username(self, row: Mapping[str, object]) -> str | None:
        """Return the name of the author."""
        return _word(self._first(row, "username"))

    def source_id(self, row: Mapping[str, object]) -> str | None:
        """Return the first id that is not rounded."""
        own = row["source_id"] if self._is_own else None
        if isinstance(own, str):
            return own or None
        ids = (_undamaged_id(row.get(name)) for name in self._found["source_id"])
        return next((found for found in ids if found), None)

    def _target(self, row: Mapping[str, object]) -> ReplyTarget | None:
        """Return what a reply answers: an object as exports have it, or columns of their own."""
        if "target" not in self._told:
            return None
        value = self._first(row, "reply_to")
        found = _as_object(value)
        if found is None:
            ids = [row.get(name) for name in self._found["reply_id"]] + [value]
            source_id = next(filter(None, map(_answered_id, ids)), None)
            username = _word(self._first(row, "reply_name"))
        else:
            source_id, username = _as_is(found.get("source_id")), _as_is(found.get("username"))
        return ReplyTarget(source_id, username) if source_id or username else None

    def _has_blank_text(self, row: Mapping[str, object]) -> bool:
        return any(isinstance(row.get(name), str) for name in self._found["text"])

    def _media(self, row: Mapping[str, object]) -> tuple[Medium, ...]:
        """Return the media as exports have them; anything else is none."""
        if not self._found["media"]:
            return ()
        found = as_json(self._first(row, "media"))
        try:
            return msgspec.convert(found or [], tuple[Medium, ...])
        except ValueError:  # Half a surrogate pair is no ValidationError.
            return ()

    def _reactions(self, row: Mapping[str, object]) -> Reactions | None:
        if "counts" not in self._told:
            return None
        value = as_json(self._first(row, "counts"))
        try:
            stated = msgspec.convert(value, Reactions | None)
        except ValueError:  # Half a surrogate pair is no ValidationError.
            stated = None
        counts = {name: as_count(self._first(row, field)) for name, field in _COUNTED.items()}
        found = stated or msgspec.convert(counts, Reactions)
        return found if found.is_known else None

    def _first(self, row: Mapping[str, object], field: str) -> object:
        """Return the first value of a field that is not empty, or None."""
        for name in self._found[field]:
            value = row.get(name)
            if not _is_empty(value):
                return value
        return None

    def _any(self, row: Mapping[str, object], field: str) -> bool:
        """Return whether a field refers to another post or person."""
        return any(
            str(row.get(name) or "").strip().casefold() not in _NOTHING
            for name in self._found[field]
        )

    def _says(self, row: Mapping[str, object], field: str) -> bool:
        """Return whether a field says yes."""
        return any(
            str(row.get(name)).strip().casefold() in _YES
            for name in self._found[field]
            if isinstance(row.get(name), str | bool | int | float)
        )

    def _kind(self, row: Mapping[str, object]) -> Kind | Literal["repost"]:
        if "kind" not in self._told:
            return "post"
        stated = _KINDS.get((_word(self._first(row, "kind")) or "").casefold())
        if stated == "repost" or self._says(row, "is_repost") or self._any(row, "reposts"):
            return "repost"
        if stated:
            return stated
        if self._says(row, "is_reply") or self._any(row, "replies_to"):
            return "reply"
        return "quote" if self._says(row, "is_quote") or self._any(row, "quotes") else "post"

    def _word(self, row: Mapping[str, object], field: str) -> str | None:
        value = self._first(row, field)
        return value if self._is_own and isinstance(value, str) else _word(value)


def _plain(name: str) -> str:
    """Return a name without case, spaces, hyphens, and underscores except a leading one."""
    name = unicodedata.normalize("NFC", name[:_LONGEST_NAME]).strip().casefold()
    return name[:1] + re.sub(r"[\s_-]", "", name[1:])


def _is_empty(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


def _word(value: object) -> str | None:
    """Return a string, or a whole number as one, without white space around; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def _as_object(value: object) -> Json | None:
    found = as_json(value)
    return found if isinstance(found, dict) else None


def _as_is(value: object) -> str | None:
    return value or None if isinstance(value, str) else None


def _undamaged_id(value: object) -> str | None:
    """Return an id, or None where a spreadsheet or a float has cut its digits."""
    if isinstance(value, float):
        exact = value.is_integer() and abs(value) < _MAX_EXACT_FLOAT
        return str(int(value)) if exact else None
    word = _word(value)
    return None if word is None or is_damaged_id(word) else word


def _answered_id(value: object) -> str | None:
    found = _undamaged_id(value)
    is_none = found is None or found.casefold() in _NOTHING or found.startswith("{")
    return None if is_none else found


def is_damaged_id(word: str) -> bool:
    """Return whether an id looks like a long number that a spreadsheet has rounded."""
    return _DAMAGED_ID.fullmatch(word) is not None


def _web_address(url: str | None) -> str | None:
    return url if url and url.lower().startswith(("http://", "https://")) else None
