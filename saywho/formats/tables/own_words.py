"""A post's own words among other people's, by the marks of the programs that mix them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_LABELS: Final = re.compile(
    r"(?:\A|(?<!\s)[^\S\n]*\n)\s*(转发理由|原始用户|转发内容)\s*[:：][ \t]*"
)
"""Labels of weiboSpider: reason, author and words of a forwarded post."""
_REASON: Final = "转发理由"
_CHAIN: Final = re.compile(r"(?<![:/])//\s*@[^\s:：/@]{1,40}\s*[:：]")
"""Beginning of the earlier words in a chain of forwards on Weibo."""
_NO_WORDS: Final = frozenset({"", "转发微博", "轉發微博", "转发", "转发了", "repost"})
_REPLYING: Final = re.compile(r"Replying to\s+@\w")
_QUOTATION: Final = re.compile(r"<(/?)blockquote\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTION: Final = re.compile(
    r"(?:<p>|(?<!\s))\s*<a\b[^<>]*>[^<]{1,100}</a>\s*:\s*(?:</p>\s*)?\Z", re.I
)


def may_have_others(text: str) -> bool:
    """Return whether a text may hold forwarded words: a fast first test."""
    return "//" in text or "转发" in text or "轉發" in text


def own_part(text: str) -> str | None:
    """Return a text without forwarded words; None if nothing else is there."""
    parts = _LABELS.split(text)
    if len(parts) > 3 and not parts[0].strip():
        text = dict(zip(parts[1::2], parts[2::2], strict=True)).get(_REASON, "")
    if chain := _CHAIN.search(text):
        text = text[: chain.start()]
    return None if text.strip().casefold() in _NO_WORDS else text.strip()


_HTML_BY: Final = (
    (
        {"blog_name", "body", "id_string"},
        {"trail", "reblogged_from_name", "reblog_key", "post_url"},
    ),
    ({"by", "type", "time", "id"}, {"kids", "parent", "descendants", "score"}),
    ({"My Review", "Exclusive Shelf"}, {"Bookshelves", "Date Read"}),
)
"""Fields of programs with texts in HTML: all of the first, and any of the second. They are
Tumblr's API, Hacker News, and Goodreads.
"""


def are_html(rows: Sequence[Mapping[str, object]]) -> bool:
    """Return whether the texts of the rows are HTML, because a known program wrote them."""
    names = {name for row in rows for name in row}
    return any(all_of <= names and any_of & names for all_of, any_of in _HTML_BY)


TAG: Final = re.compile(
    r"</?(?:p|br|a|b|i|u|em|strong|div|span|img|ul|ol|li|blockquote|pre|code|h[1-6]|table|tr|td"
    r"|font|msg|sysmsg)\b(?!\+)[^<>]{0,300}>",
    re.IGNORECASE,
)
_FEWEST_WITH_TAGS: Final = 4


def have_tags(texts: Iterable[object]) -> bool:
    """Return whether nearly all texts have a tag of HTML."""
    filled = [text for text in texts if isinstance(text, str) and text.strip()]
    tagged = sum(TAG.search(text) is not None for text in filled)
    return tagged >= max(_FEWEST_WITH_TAGS, 0.9 * len(filled))


_LINE_OF_APP: Final = re.compile(
    r"\n[ \t]*(?:- dc (?:official )?App|-?\s?(?:Sent|Posted) (?:from|via) (?:my )?[\w .]{2,30}"
    r"|나의 [\w .]{2,20}에서 보냄|(?:iPhone|iPad|Android)から送信|从我的 ?[\w ]{2,20}发送"
    r"|发自我的 ?[\w ]{2,20}|從我的 ?[\w ]{2,20}傳送|Von meinem [\w .]{2,20} gesendet"
    r"|Envoyé de mon [\w .]{2,20}|Enviado (?:desde mi|do meu) [\w .]{2,20}|Inviato da [\w .]{2,20}"
    r"|Verstuurd vanaf mijn [\w .]{2,20}|Отправлено с [\w .]{2,20}"
    r"|Get Outlook for (?:iOS|Android))\s*\Z"
)


def line_of_app(text: str) -> str:
    """Return the line that an app adds at the end of a text; empty without such a line."""
    if "\n" not in text[-40:]:
        return ""
    match = _LINE_OF_APP.search(text, max(0, len(text) - 60))
    return match[0] if match else ""


def has_quoted_breaks(texts: Iterable[object]) -> bool:
    """Return whether each line break stands between quotation marks, as LinkedIn writes them."""
    broken = [text for text in texts if isinstance(text, str) and "\n" in text]
    return bool(broken) and all(text.count("\n") == text.count('"\n"') for text in broken)


_ESCAPED_BREAK: Final = re.compile(r"\\r?\\n|\\n(?![a-z]:)")


def has_escaped_breaks(texts: Sequence[str]) -> bool:
    """Return whether a program wrote line breaks as a backslash and n: no text has a real one."""
    escaped = sum(_ESCAPED_BREAK.search(text) is not None for text in texts)
    return 20 * escaped > len(texts) and not any("\n" in text for text in texts)


def with_breaks(text: str) -> str:
    """Return a text with line breaks in place of their escapes."""
    return _ESCAPED_BREAK.sub("\n", text)


LABEL: Final = re.compile(
    r"\s{0,9}(?:(?P<sign>[○◯●◎◆◇][^\n　]{1,60}?(?:　|\n|[ \t]{2,9})|[^\n—–:]{2,60}?\.\s?[—–]+)"
    r"|(?:[^\n:：()]|\([^\n()]{0,40}\)){1,60}?[:：])\s*"
)
"""Beginning of a speech in minutes and scripts: who speaks, by a sign, a dash or a colon."""
_LONGEST_LABEL: Final = 60
_MOST_WORDS: Final = 6


def stopped_label(text: str, author: str) -> str:
    """Return the first words up to a full stop behind the author's name, such as `Mr. TIDE.`"""
    for stop in re.finditer(r"\.(?=\s)", head := text[:_LONGEST_LABEL]):
        words = (label := head[: stop.end()]).split()
        if len(words) > _MOST_WORDS:
            break
        if words and any(names_speaker(word, author) for word in (words[-1], *words[-3:-2])):
            return label
    return ""


def returning(labels: Sequence[str]) -> int:
    """Return how many of the labels are there again: people say a sentence once."""
    counts = Counter(label.strip() for label in labels)
    return sum(count for label, count in counts.items() if label and count > 1)


def names_speaker(label: str, author: str) -> bool:
    """Return whether a label has a word of an author's name, or the beginning in East Asia."""
    words = {word for word in re.findall(r"[^\W\d_]+", author.casefold()) if len(word) > 1}
    said = label.casefold()
    if words & {*re.findall(r"[^\W\d_]+", said)}:
        return True
    return any(not word.isascii() and (word in said or word[:2] in said) for word in words)


def is_head_of_reply(text: str) -> bool:
    """Return whether a text only says, as X's page does, which people a post answers."""
    return _REPLYING.match(text) is not None


def without_quotations(html: str, instead: str = "", *, named_only: bool = False) -> str:
    """Return HTML with `instead` for each blockquote, without links that name their authors.

    named_only: whether quotations without such a link stay.
    """
    parts: list[str] = []
    depth, at = 0, 0
    for mark in _QUOTATION.finditer(html):
        if depth == 0:
            own = html[at : mark.start()]
            rest = own if mark[1] else _ATTRIBUTION.sub("", own)
            if named_only and rest == own:
                parts.append(html[at : mark.end()])
                at = mark.end()
                continue
            parts.append(rest if mark[1] else rest + instead)
        depth = max(0, depth + (-1 if mark[1] else 1))
        at = mark.end()
    return "".join(parts) + (html[at:] if depth == 0 else "")
