"""Which column of a file holds which field: by its name, in any of the words that programs use."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from app.formats.post import headers
from app.formats.records import ExportedPost

# The names of each field, in the order of preference, as `plain_column` writes them.
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
_LONGEST_NAME: Final = 200
"""Characters of a column's name that are compared: far more than any known name has."""


@cache
def types_of_own_fields() -> dict[str, Any]:
    """Return the types of the fields that only exports of this program have, by name."""
    fields = msgspec.structs.fields(ExportedPost)
    return {field.name: field.type for field in fields if field.name not in ALIASES}


def is_export(names: Iterable[str]) -> bool:
    """Return whether these are the columns of an export of this program, of any age.

    Their values are read as they are.
    """
    return {*names} in map(set, headers())


def names_by_field(plain: dict[str, str], chosen: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the columns of each field; `plain`: all of them by plain name."""
    names: dict[str, tuple[str, ...]] = {}
    for name, field in chosen.items():
        column = plain.pop(plain_column(name), None)
        if column is not None and field:
            names[field] = (*names.get(field, ()), column)
    aliases_of_exports = {field: plain_column(field) for field in types_of_own_fields()}
    for field, aliases in (ALIASES | aliases_of_exports).items():
        if columns := tuple(plain[alias] for alias in aliases.split() if alias in plain):
            names[field] = (*names.get(field, ()), *columns)
    person = plain.get("name") or plain.get("이름")
    if person is not None and "username" not in names:
        names["username"] = (person,)
        names.pop("display_name", None)
    return names


def plain_column(name: str) -> str:
    """Return a name without case, spaces, hyphens, and underscores except a leading one."""
    name = unicodedata.normalize("NFC", printable_name(name[:_LONGEST_NAME])).strip().casefold()
    return name[:1] + re.sub(r"[\s_-]", "", name[1:])


def printable_name(name: str) -> str:
    """Return a name without half surrogate pairs, which broken bytes become."""
    return name.encode(errors="replace").decode()
