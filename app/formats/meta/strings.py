"""What the JSON of Meta writes in a way of its own: letters, and sentences of the app in texts."""

import re
from typing import Final

from app.errors import UnrecognisedFileError
from app.formats.source.file import Source, head

_DELETED: Final = frozenset(
    ("facebook user", "instagram user", "facebook 사용자", "instagram 사용자")
)
"""What stands in place of the names of deleted accounts, in lower case."""
_DEEDS: Final = re.compile(
    r"liked a message|reacted .{1,40} to (?:your|a|.{1,100}'s) message"
    r"|(?:named|created|left|joined|muted|unmuted) the group.{0,200}"
    r"|changed the (?:theme|group|chat|quick reaction|emoji).{0,200}"
    r"|set (?:the|your|his|her|their|own|.{1,100}'s) (?:own )?(?:nickname|emoji|quick).{0,200}"
    r"|(?:added|removed) .{1,200} (?:to|from) the group|started (?:a|an) .{0,20}(?:call|chat)"
    r"|(?:pinned|unpinned|unsent) a message|turned (?:on|off) .{1,100}|called you|missed a call"
    r"|started sharing .{1,100}|wasn't notified.{0,100}|took a screenshot.{0,60}"
)
_SENT: Final = re.compile(
    r"(?:sent|shared) (?:an?|\d+|the) .{0,30}(?:attachment|photo|video|link|reel|story|post|GIF"
    r"|sticker|location|voice message|message|clip|profile|contact|file|live video)s?"
)
_SENT_IN_KOREAN: Final = re.compile(
    r".{1,100}님이 .{0,20}(?:첨부 파일|사진|동영상|링크|게시물|릴스|스티커|위치)"
    r".{0,12}(?:보냈|공유했)습니다"
)
_ALONE: Final = re.compile(
    r"Reacted .{1,40} to your message|You are now connected on Messenger"
    r"|Say hi to your new Facebook friend, .{1,100}|.{1,100} (?:missed your|missed a) .{0,20}call"
)
_PAGES: Final = re.compile(
    r"(?:.*/)?(?:message_\d+|posts_\d+|your_posts.*|post_comments.*|threads_and_replies)\.html"
)
_LOOKED_AT: Final = 64 * 1024
_OF_PAGES: Final = (b"_a6-g", b"uiBoxWhite noborder")
"""Classes in Meta's pages."""


def repaired(value: object) -> str:
    """Return a string whose letters are bytes of UTF-8, each written as a character, put right.

    Others stay as they are; what is no string is empty.
    """
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value


def is_deleted(name: str) -> bool:
    """Return whether a name stands for a deleted account."""
    return name.casefold() in _DELETED


def is_own_note(text: str, name: str, *, has_more: bool) -> bool:
    """Return whether a text of somebody is a sentence of the app about what they did.

    `has_more` says whether there is a file or a link beside it. The app writes in the language of
    the account; sentences of others than English are mostly not known.
    """
    sentence = text.strip().removesuffix(".")
    if _ALONE.fullmatch(sentence):
        return True
    for subject in (name, name.partition(" ")[0], "You"):
        if subject and sentence.startswith(f"{subject} "):
            deed = sentence[len(subject) + 1 :]
            if _DEEDS.fullmatch(deed) or (has_more and _SENT.fullmatch(deed)):
                return True
    return has_more and _SENT_IN_KOREAN.fullmatch(sentence) is not None


def refuse_pages(source: Source) -> None:
    """Raise UnrecognisedFileError for a download as pages, which say too little."""
    if source.has_members:
        is_page = any(map(_PAGES.fullmatch, source.members))
    else:
        start = head(source, _LOOKED_AT)
        is_page = start.lstrip()[:1] == b"<" and any(name in start for name in _OF_PAGES)
    if is_page:
        raise UnrecognisedFileError(
            "{name} holds pages; ask Meta for the download again, and choose JSON as its format"
            " in place of HTML",
            name=source.name,
        )
