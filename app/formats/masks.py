"""Texts as shapes: letters and digits masked, the marks between them as they are.

Only listed words in names of fields and files stay: names of apps and programs consist of them,
names of people do not.
"""

import json
import re
import unicodedata
from functools import lru_cache
from typing import Final

from app.errors import Message

LONGEST: Final = 300
_LONGEST_STRING: Final = 40
_SCRIPTS: Final[dict[str, tuple[str, str]]] = {
    "HANGUL": ("가", "가"),
    "HIRAGANA": ("あ", "あ"),
    "KATAKANA": ("ア", "ア"),
    "CJK": ("漢", "漢"),
    "CYRILLIC": ("Ж", "ж"),
    "GREEK": ("Ω", "ω"),
    "ARABIC": ("ع", "ع"),
    "HEBREW": ("א", "א"),
    "THAI": ("ก", "ก"),
    "DEVANAGARI": ("अ", "अ"),
}
"""Masks of capital and other letters, by the first word of a letter's name."""
_OTHERS: Final = {"N": "0", "M": "", "C": "\ufffd"}
"""Masks of non-digit numbers, accents and invalid characters."""
_FIELDS: Final = """
account activity actor album animation app archive at attachment attachments audio author authors
avatar body call caption category channel channels chat chats comment comments content conversation
conversations count counts created creation data date day description device direct display document
edited edit emoji entities entry event export exported file files folder forwarded from full group
guild handle height html id ids image images inbox index info is item items json jsonl kind label
lang language last like likes list location media medium member members mention mentions message
messages meta mime modified ms name names nickname note number object outbox owner participant
participants path phone photo photos picture pictures platform poll post posts profile public
published quote quoted reaction reactions real received receiver recipient record records ref reply
retweet room rooms row schema screen sender sent server service size source sticker str string
subject subtype summary system tag tags text texts thread threads time timestamp title to topic ts
tweet tweets txt type unix unread updated uri url user username users uuid value version video
videos voice width zone csv tsv js zip jpg jpeg png gif webp mp4 ogg opus 작성자 내용 이름 날짜 시간
메시지 보낸사람
사용자 제목 트윗 작성일
"""
_FIELD_WORDS: Final = frozenset(_FIELDS.split())
_WORD: Final = re.compile(r"[^\W\d_]+")
_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]")
_JSON_TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*"?)(?P<colon>\s*:)?|(?P<word>true|false|null)\b|[^"\w]+|\w+|.',
    re.DOTALL,
)
_JSON_START: Final = re.compile(r'\ufeff?\s*(?:\{|\[\s*[\[{"]|")')
_PLAIN_VALUES: Final = frozenset(
    {"line", "column", "size", "count", "limit", "width", "seconds", "why"}
)
"""Values of sentences that reveal nothing about anyone: numbers, system words."""
_NAMES: Final = frozenset({"name", "names", "file", "folder", "format"})
"""Values of sentences that name files and formats; all others quote a file."""


def shape_of_words(text: str) -> str:
    return f"{mask(text[:LONGEST])[:LONGEST]}{'…' if len(text) > LONGEST else ''}"


def shape_of(text: str) -> str:
    """Return a line's shape, with field names if it is JSON."""
    masked = _json_shape(text) if _JSON_START.match(text) else mask(text[:LONGEST])
    return masked if len(text) <= LONGEST and len(masked) <= LONGEST else f"{masked[:LONGEST]}…"


def shape_of_value(value: object) -> str:
    """Return the shape of a document, row or text; empty if nested too deeply."""
    if isinstance(value, str):
        return shape_of(value)
    try:
        return shape_of(json.dumps(value, ensure_ascii=False, default=str))
    except RecursionError:
        return ""


def mask(text: str) -> str:
    """Return a text with letters and digits masked and invisible characters written out."""
    return "".join(map(_mask, unicodedata.normalize("NFC", text)))


def masked_name(name: str) -> str:
    """Return the name of a field, file or folder with only common words."""
    parts: list[str] = []
    at = 0
    for match in _WORD.finditer(name):
        parts += [mask(name[at : match.start()]), _kept_words(match[0])]
        at = match.end()
    return "".join((*parts, mask(name[at:])))


def masked_sentence(sentence: Message) -> Message:
    return Message(
        sentence.template, **{k: _masked_value(k, v) for k, v in sentence.values.items()}
    )


def _masked_value(name: str, value: object) -> object:
    if isinstance(value, Message):
        return masked_sentence(value)
    if name in _PLAIN_VALUES:
        return value
    return masked_name(str(value)) if name in _NAMES else mask(str(value))


def _kept_words(word: str) -> str:
    if word.lower() in _FIELD_WORDS:
        return word
    parts = _PART.findall(word)
    is_made_of_parts = len(parts) > 1 and "".join(parts) == word
    return "".join(map(_kept_words, parts)) if is_made_of_parts else mask(word)


def _json_shape(text: str) -> str:
    shapes, size = [], 0
    for token in _JSON_TOKEN.finditer(text):
        shapes.append(_token_shape(token))
        size += len(shapes[-1])
        if size > LONGEST:
            break
    return "".join(shapes)


def _token_shape(token: re.Match[str]) -> str:
    if token["word"]:
        return token["word"]
    if token["string"] is None:
        return mask(token[0])
    try:
        inner = str(json.loads(token["string"], strict=False))
    except ValueError:
        inner = token["string"].strip('"')
    if token["colon"]:
        return f'"{masked_name(inner[:LONGEST])}"{token["colon"]}'
    cut = "…" if len(inner) > _LONGEST_STRING else ""
    return f'"{mask(inner[:_LONGEST_STRING])}{cut}"'


@lru_cache(maxsize=10_000)
def _mask(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "L":
        script = unicodedata.name(character, "").partition(" ")[0]
        capital, small = _SCRIPTS.get(script, ("X", "x"))
        return capital if category in {"Lu", "Lt"} else small
    if category == "Nd":
        return chr(ord(character) - unicodedata.decimal(character))
    if category == "Cc" or (category in {"Cf", "Zs"} and " " != character < "\uffff"):
        return character.encode("unicode_escape").decode()
    is_emoji = category in {"So", "Sk"} and not character.isascii()
    return "☺" if is_emoji else _OTHERS.get(category[0], character)
