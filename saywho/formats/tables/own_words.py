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
_NO_WORDS: Final = frozenset({"转发微博", "轉發微博", "转发", "转发了", "repost"})
_REPLYING: Final = re.compile(r"Replying to\s+@\w")
_QUOTATION: Final = (
    r"(?:\w{0,12}(?:quot|zitat|zitier|цит|인용|引|اقتباس|ציטוט|उद्धरण|อ้าง|παράθ|dẫn|alıntı|kutip|idéz"
    r"|lainau|sitat|cit[aáeo]|cyt[aou])\w{0,12})"
)
"""The word for a quotation in marks of forums, in any form of the word."""
MARK: Final = re.compile(
    rf"(?P<begin>\[{_QUOTATION}(?:[=:\s][^\[\]\n]{{0,200}})?\]"
    rf"|<(?:blockquote|quote|aside(?=[^<>]{{0,200}}\bquote\b))\b[^<>]{{0,2000}}>)"
    rf"|(?P<both>\{{quote(?::[^{{}}\n]{{0,200}})?\}})"
    rf"|\[/{_QUOTATION}(?::\w{{1,20}})?\]|</(?:blockquote|quote|aside)>",
    re.IGNORECASE,
)
"""Marks around a quotation: of forums, HTML, and Jira, whose two are alike (`both`)."""
_QUOTE_SIGN: Final = re.compile(
    r"(?P<begin>(?:\b[RM]T[\s:]{1,2})?(?:[「『«‹〝]|[\"“„＂](?=\s?[@＠])|(?<!\S)[\"“„＂](?=\S)))"
    r"|(?P<both>(?!))|[」』»›〟\"“”＂]"
)
_MAY_NAME: Final = re.compile(r"[\"“„＂«‹「『〝]\s?[@＠]")
_NAMED: Final = re.compile(r"(?:[RM]T[\s:]{1,2})?.\s?[@＠][^\s:：]{1,40}\s?[:：]")
"""A quotation by hand of what somebody wrote."""
_PASSED: Final = re.compile(
    # The first signs stand first, and the rest looks back at them: this takes a tenth of the time.
    r"[PRMrＲ♻♺](?<![\w@/].)(?:(?<=P)RT|(?<=[RM])T|(?<=[Rr])t|(?<=Ｒ)Ｔ|(?<=[♻♺])\ufe0f?)"
    r"\s{0,2}[:：]?\s{0,2}[\"“]?[@＠]\w"
)
"""Words passed on by hand, which are another person's to their end."""
_CHAIN: Final = re.compile(r"(?<![:/])//\s*@[^\s:：/@]{1,40}\s*[:：]")
"""Beginning of the earlier words in a chain of forwards on Weibo."""
GONE: Final = "\ufdd0"
"""A line in the place of a quotation; the line before it may name who is quoted."""
_IN_CHATS: Final = re.compile(rf"^{GONE}", re.MULTILINE)
_IN_POSTS: Final = re.compile(rf"^(?:{GONE}|[ \t]{{0,3}}(?:>|&gt;)+[ \t])", re.MULTILINE)
_ELEMENT: Final = re.compile(r"<[^<>]*>")
_MOMENT: Final = r"(?=[^\n]{0,200}\b(?:19|20)\d\d)(?=[^\n]{0,200}\d[:.]\d\d)[^\n]{0,200}"
_ATTRIBUTION: Final = re.compile(
    r"(?:^|\n)(?P<all>(?:(?:(?:On|Am|Le|El|Em|Il|\d{4}) ?[^\n]{0,100}\d[^\n]{0,100}\n"
    r"(?:[^\n]{0,100}[<@][^\n]{0,100}\n)?)?[^\n]{0,200}"
    r"(?:wrote|writes|schrieb[^\n]{0,80}|escribió|escreveu|ha scritto|a écrit"
    r"|작성|씀|書きました|写道) ?"
    # In any language: an address, or a year and a time of day.
    rf"|(?:{_MOMENT}\n)?[^\n]{{0,200}}<[^\s<>@]{{1,100}}@[^\s<>@]{{1,200}}>[^\n<>]{{0,100}}"
    rf"|{_MOMENT}"
    # On pages: a name, or a link.
    r"|\S{1,60}|[^\n()]{1,100}\(https?://[^\s()]{1,1000}\)|(?:<p>)?<a\b[^<>\n]*>[^<\n]{1,100}</a>"
    r")[:：]\s*(?:</p>)?\s*)\Z"
)
"""The last lines before a quotation, if they name its author."""


def without_marked(text: str, marks: re.Pattern[str] = MARK) -> str:
    """Return the text with a line of `GONE` for each quotation between two marks."""
    begins, spans = list[int](), list[tuple[int, int]]()
    for mark in marks.finditer(text):
        if mark["begin"] or (mark["both"] and not begins):
            begins.append(mark.start())
        elif begins:
            begin = begins.pop()
            if marks is MARK or _NAMED.match(text, begin):
                while spans and spans[-1][0] > begin:
                    spans.pop()
                spans.append((begin, mark.end()))
    kept, at = "", 0
    for begin, end in spans:
        kept, at = f"{kept}{text[at:begin]}\n{GONE}\n", end
    return kept + text[at:]


def unquoted(text: str, quoted: re.Pattern[str]) -> str:
    """Return a text without the lines that begin as quoted ones do, and the names before them."""
    kept: list[str] = []
    is_quoted = False
    for line in text.split("\n"):
        if quoted.match(line):
            if not is_quoted:
                _end_before_quotation(kept)
            is_quoted = True
        elif line.strip() or not is_quoted:
            kept.append(line.rstrip())
            is_quoted = False
    return "\n".join(kept)


def _end_before_quotation(kept: list[str]) -> None:
    """Take off empty lines and the attribution, and put an empty line where a quotation stood."""
    while kept and not kept[-1]:
        kept.pop()
    if match := _ATTRIBUTION.search("\n".join(kept[-3:])):
        lines = match["all"].strip("\n").count("\n") + 1
        del kept[-lines:]
    elif kept:
        kept.append("")


def may_have_others(text: str, *, is_post: bool = True) -> bool:
    """Return whether a text may hold other people's words: a fast first test."""
    if "[/" in text or "</" in text or "{quote" in text:
        return True
    is_marked = is_post and ("@" in text or ">" in text or "＠" in text or "&gt;" in text)
    return is_marked or (is_post and ("转发" in text or "轉發" in text))


def own_part(text: str, *, is_post: bool = True, may_pass: bool = True) -> str | None:
    """Return a text without quotations and words passed on; None if nothing else is there.

    is_post: whether lines that begin with `>` are quoted; apps of chats mark these in their own
    ways. may_pass: whether words behind a mark such as `RT @name` are another person's. A text
    that begins with it, or has quoted lines alone, stays.
    """
    own = text
    parts = _LABELS.split(own) if "转发" in own else []
    if len(parts) > 3 and not parts[0].strip():
        own = dict(zip(parts[1::2], parts[2::2], strict=True)).get(_REASON, "")
    own = without_marked(own) if may_have_others(own, is_post=False) else own
    if is_post and may_pass:
        own = without_marked(own, _QUOTE_SIGN) if _MAY_NAME.search(own) else own
        if "//" in own and (chain := _CHAIN.search(own)):
            own = own[: chain.start()]
        passed = _PASSED.search(own)
        if passed and _ELEMENT.sub("", own[: passed.start()]).strip():
            own = own[: passed.start()]
    is_cut, quoted = own != text, _IN_POSTS if is_post else _IN_CHATS
    may_quote = ">" in own or "&gt;" in own or GONE in own
    if may_quote and quoted.search(own) and (_has_words(rest := unquoted(own, quoted)) or is_cut):
        is_cut, own = True, rest
    own = own.strip() if is_cut else own
    is_none = is_cut and not _has_words(own)
    return None if is_none or own.strip().casefold() in _NO_WORDS else own


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


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


def without_translation(text: str) -> str | None:
    """Return a text without a machine's translation beside it, by notes; None without a note."""
    mark = any(map(text.__contains__, "([（【")) and re.search(
        r"(?im)^[^\S\n]*[(\[（【][^()\[\]（）【】\n]{0,40}(?:google|deepl|papago|파파고|구글|yandex|\bbing\b"
        r"|machine.transl|automat\w{0,9}.transl|traduc\w{0,9}.autom|maschinell|(?:자동|기계).{0,3}번역"
        r"|機械翻訳|机器翻译)[^()\[\]（）【】\n]{0,40}[)\]）】]",
        text,
    )
    if not mark:
        return None
    before, rest = text[: mark.start()].strip(), text[mark.end() :]
    notes = re.finditer(
        r"(?i)[(\[（【](?=([^()\[\]（）【】\n]{0,20}(?:ori[gj]|ориг|원문|原文|原始|gốc|asli|أصل))?)"
        r"[^()\[\]（）【】\n]{2,30}[)\]）】](\s*\n)?",
        rest,
    )
    behind = max(notes, key=lambda found: (bool(found[1]), bool(found[2])), default=None)
    return before or (rest[behind.end() :].strip() if behind else "") or text


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
