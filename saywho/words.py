"""Words of a text and their index terms, tags, emoji, sites and laughs.

Korean writes endings onto words, and Chinese, Japanese and Thai have no spaces: their letters are
indexed in pairs, and each run's last letter alone. Korean words are found by their stems.
"""

import functools
import importlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import msgspec

from saywho.korean import WORD, stems_of
from saywho.text import LINKED_SITE, MARKS, RANDOM_SITES, normalized, tags_of

WORDS_RECIPE: Final = 6
"""Version of the terms; an index with another version is rebuilt."""

_PAIRED: Final = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"  # Hangul
    "\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_PICTURE: Final = (
    "[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_SKINS: Final = "\U0001f3fb-\U0001f3ff"
_SEGMENT: Final = re.compile(
    rf"(?P<paired>[{_PAIRED}]+)"
    rf"|(?P<word>[^\W_{_PAIRED}]+(?:[{MARKS}]+[^\W_{_PAIRED}]*)*)"
    rf"|(?P<emoji>[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|{_PICTURE}[\ufe0f{_SKINS}]*[\U000e0020-\U000e007f]*"
    rf"(?:\u200d{_PICTURE}[\ufe0f{_SKINS}]*)*)"
)
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_PLAIN: Final = re.compile(
    "[\x00-\x7f\u3131-\u318e\uac00-\ud7a3\u00b7\u2013\u2014\u2018-\u201d\u2026]*"
)
"""Text without need for the finer rules: ASCII, Hangul (ㅋㅋ too), and the usual signs."""
_PLAIN_TOKEN: Final = re.compile("[a-z0-9\u3131-\u318e\uac00-\ud7a3]+")
_PLAIN_SEGMENT: Final = re.compile("[a-z0-9]+|[\u3131-\u318e\uac00-\ud7a3]+")
_FIRST_HANGUL: Final = "\u3131"
_NOT_OF_EMOJI: Final = re.compile(f"[\ufe0f{_SKINS}]")


class Segment(NamedTuple):
    """A word, an emoji, or a run of letters indexed in pairs."""

    kind: str
    """`word`, `paired` or `emoji`."""
    text: str
    """Folded, for comparisons; start and end are code points of the text."""
    start: int
    end: int


def segments(text: str) -> Iterator[Segment]:
    for match in _SEGMENT.finditer(text):
        kind = match.lastgroup or ""
        folded = _fold(match[0]) if kind == "word" else _NOT_OF_EMOJI.sub("", match[0])
        yield Segment(kind, folded, match.start(), match.end())


def whole_emoji(text: str) -> list[str]:
    """Return the emoji of a text (NFC) as written, with skin tones and parts."""
    if _PLAIN.fullmatch(text):
        return []
    return [match[0] for match in _SEGMENT.finditer(text) if match.lastgroup == "emoji"]


def segment_terms(kind: str, text: str) -> list[str]:
    if kind != "paired":
        return [text]
    return [text[place : place + 2] for place in range(len(text))]


def terms(text: str) -> list[str]:
    """Return the terms of a text in order, without stems."""
    if not _PLAIN.fullmatch(text):
        return [term for piece in segments(text) for term in segment_terms(piece.kind, piece.text)]
    collected: list[str] = []
    for segment in _PLAIN_SEGMENT.findall(text.lower()):
        if segment >= _FIRST_HANGUL:
            collected += segment_terms("paired", segment)
        else:
            collected.append(segment)
    return collected


def index_terms(text: str) -> str:
    """Return the terms of a text in order, then the stems of its Korean words, with blanks."""
    # Most texts are plain, and imports spend much of their time here.
    if text.isascii():
        return " ".join(_PLAIN_TOKEN.findall(text.lower()))
    if not _PLAIN.fullmatch(text):
        return " ".join([*terms(text), *stems_in(text)])
    collected: list[str] = []
    stems: list[str] = []
    for token in _PLAIN_TOKEN.findall(text.lower()):
        if token.isascii():
            collected.append(token)
        else:
            own_terms, own_stems = _of_token(token)
            collected.append(own_terms)
            if own_stems:
                stems.append(own_stems)
    return " ".join(collected + stems)


@functools.lru_cache(maxsize=50_000)
def _of_token(token: str) -> tuple[str, str]:
    return " ".join(terms(token)), " ".join(stems_in(token))


def stems_in(text: str) -> list[str]:
    """Return the index terms of the stems of all Korean words in a text, in order."""
    return [*chain.from_iterable(map(stems_of, WORD.findall(text)))]


def words_and_runs(text: str) -> tuple[list[str], list[str]]:
    """Return the words and emoji of a text, and its runs of letters indexed in pairs."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower()), []
    words: list[str] = []
    runs: list[str] = []
    if _PLAIN.fullmatch(text):
        runs = _PLAIN_SEGMENT.findall(text.lower())
        if runs and min(runs) < _FIRST_HANGUL:
            words = [run for run in runs if run < _FIRST_HANGUL]
            runs = [run for run in runs if run >= _FIRST_HANGUL]
        return words, runs
    for paired, word, emoji in _SEGMENT.findall(text):
        if word:
            words.append(_fold(word))
        elif paired:
            runs.append(paired)
        else:
            words.append(_NOT_OF_EMOJI.sub("", emoji))
    return words, runs


# --- Words that no blanks divide ---

_KATAKANA: Final = re.compile("([ァ-ヺ][ァ-ヺー]*)")
_HAN: Final = re.compile("[々㐀-䶿一-鿿豈-\ufaff\U00020000-\U0003ffff]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3131-\u318e\ua960-\ua97c가-\ud7ff]")


def divided(runs: Sequence[str]) -> list[str]:
    """Return the words of a text's runs of letters indexed in pairs; beside Hangul, each is one.

    They are told by the dictionaries of ICU (Unicode Standard Annex 29), for Chinese, Japanese,
    Thai, Lao, Burmese and Khmer. Words of one letter, and of two without a Han letter, are left
    out: they are too often parts of words.
    """
    if not runs or _HANGUL.search("".join(runs)):
        return [*runs]
    words = []
    # A word in katakana is whole, also if no dictionary has it.
    for piece in filter(None, chain.from_iterable(map(_KATAKANA.split, runs))):
        found = [piece] if _KATAKANA.match(piece) else _breaker()(piece, "en")
        words += [each for each in found if len(each) > 1 + (_HAN.search(each) is None)]
    return words


@cache
def _breaker() -> Callable[[str, str], Iterable[str]]:
    breaker: Callable[[str, str], Iterable[str]] = importlib.import_module(
        "icu4py.breakers"
    ).WordBreaker
    return breaker


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    # Longer words, up to a whole post, are rarely repeated.
    return _fold_known(word) if len(word) <= 50 else _fold_any(word)


_WHOLE: Final = str.maketrans(
    dict(zip("ıłđøħŧðþ", "ildohtdt", strict=True)) | {"æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not decompose, as people type them who lack them: lodz for Łódź."""


def _fold_any(word: str) -> str:
    """Return the word without case and accents; virama and nukta are kept."""
    decomposed = normalized(word.casefold().translate(_WHOLE), "NFKD")
    # Virama, nukta and vowels are below.
    letters = [
        char
        for char in decomposed
        if unicodedata.combining(char) < 10 and (char.isalnum() or not char.isascii())
    ]
    return normalized("".join(letters)) or word


_fold_known = functools.lru_cache(maxsize=20_000)(_fold_any)


# --- Korean endings, recognised by shapes of syllables ---

_PARTICLE: Final = re.compile(
    "들?(?:[은는이가을를과와의도만]|(?:으?로|에서?|에게서?|께서?|한테서?|까지|부터|처럼|보다|마다|하고"
    "|이?랑|이나|밖에|만큼)[는도만의]?)|이(?:다|에요|라고?|라는|야|며|었.+)|예요|였.+|입니[다까]|인데"
)
_VERB_ENDING: Final = re.compile(
    "(?:하|되)?(?:는(?:데|지|다)?|습니[다까]|니[다까]|으?세요|으?면서?|으?니까|[어아][요서]?|[었았겠].+"
    "|고|지만?|지요|죠|네요?|던|게|도록)|합니[다까]|해요?|[했됐].+|됩니[다까]"
)


def is_ending(word: str) -> bool:
    return bool(_PARTICLE.fullmatch(word) or _VERB_ENDING.fullmatch(word))


# --- Tags, emoji, sites and laughs ---

_EMOJI_SIGN: Final = (
    "\u231a\u231b\u23e9-\u23f3\u23f8-\u23fa\u25fd\u25fe\u2600-\u2604\u260e\u2611\u2614\u2615\u2618"
    "\u261d\u2620\u2622\u2623\u2626\u262a\u262e\u262f\u2638-\u263a\u2648-\u2653\u2660\u2663\u2665"
    "\u2666\u2668\u267b\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea"
    "\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u2708-\u270d\u2728\u274c\u274e\u2753-\u2755\u2757\u2763"
    "\u2764\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e"
    "\U0001f191-\U0001f19a\U0001f201-\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f900-\U0001f9ff\U0001fa70-\U0001faff"
)
_EMOJI: Final = re.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    rf"|[{_EMOJI_SIGN}][\ufe0f{_SKINS}]*(?:\u200d[{_EMOJI_SIGN}\u2640\u2642\u2695\u2696][\ufe0f{_SKINS}]*)*"
)
_MAY_BE_EMOJI: Final = re.compile("[\u20e3\u231a-\u2b55\U0001f000-\U0001faff]")
"""Pattern of text with emoji, four times as fast: most posts have none."""


class NameCount(msgspec.Struct, frozen=True):
    """A name, and the number of posts that contain it."""

    name: str
    """The most frequent spelling."""
    posts: int = msgspec.field(name="tweets")


class ScannedPost(NamedTuple):
    text: str
    cards: str | None
    """The post's media as JSON, if a card links to a site."""
    answered: str | None
    """The username of the answered person, unless it is the author."""


class Mentions(NamedTuple):
    answered: list[NameCount]
    tags: list[NameCount]
    emoji: list[NameCount]
    sites: list[NameCount]


class _Tally:
    def __init__(self, key_of: Callable[[str], str]) -> None:
        self._key_of = cache(key_of)
        self._keys: list[str] = []
        """Keys of each post, all in one list, which is faster to count."""
        self._forms: list[str] = []

    def add(self, forms: Iterable[str]) -> None:
        forms = {*forms}
        self._forms += forms
        self._keys += {self._key_of(form) for form in forms}

    def most(self, count: int) -> list[NameCount]:
        posts, forms = Counter(self._keys), Counter(self._forms)
        ranked = sorted(posts.items(), key=lambda item: (-item[1], item[0]))[:count]
        keys = {key for key, _ in ranked}
        names: dict[str, str] = {}
        for form, _ in sorted(forms.items(), key=lambda item: (-item[1], item[0])):
            key = self._key_of(form)
            if key in keys:
                names.setdefault(key, form)
        return [NameCount(names[key], posts) for key, posts in ranked]


def tags_in(text: str) -> set[str]:
    """Return the tags of a text, case-folded, without their #."""
    return {tag[1].casefold() for tag in tags_of(text)}


def count_mentions(posts: Iterable[ScannedPost], *, most: int) -> Mentions:
    """Return up to `most` names of each kind, in any case; emoji in any skin tone."""
    answered, tags, sites = _Tally(str.casefold), _Tally(str.casefold), _Tally(str)
    emoji = _Tally(lambda form: _NOT_OF_EMOJI.sub("", form))
    for post in posts:
        if post.answered:
            answered.add([post.answered])
        if "#" in post.text:
            tags.add(tag[1] for tag in tags_of(post.text))
        if "://" in post.text or post.cards:
            sites.add(_sites(post.text, post.cards or ""))
        if written := written_emoji(post.text):
            emoji.add(written)
    return Mentions(*(tally.most(most) for tally in (answered, tags, emoji, sites)))


def count_emoji(texts: Iterable[str], *, most: int) -> list[NameCount]:
    """Return up to `most` emoji, in any skin tone, by the number of texts with each."""
    emoji = _Tally(lambda form: _NOT_OF_EMOJI.sub("", form))
    for text in texts:
        if written := written_emoji(text):
            emoji.add(written)
    return emoji.most(most)


def count_names(usernames: Iterable[str | None], *, most: int) -> list[NameCount]:
    """Return up to `most` answered people, the most frequent first; None is ignored."""
    answered = _Tally(str.casefold)
    for username in filter(None, usernames):
        answered.add([username])
    return answered.most(most)


def written_emoji(text: str) -> list[str]:
    if text.isascii() or not _MAY_BE_EMOJI.search(text):
        return []
    return _EMOJI.findall(text)


def emoji_in(text: str) -> set[str]:
    written = written_emoji(text)
    return {_NOT_OF_EMOJI.sub("", emoji) for emoji in written} if written else set()


def _sites(*texts: str) -> Iterator[str]:
    for text in texts:
        for site in LINKED_SITE.findall(text):
            if (host := site.lower()) not in RANDOM_SITES:
                yield host


LAUGHING: Final = "ㅋㅎㅠㅜ"
"""Letters of Korean laughs and cries, also after a word."""


def _repeated(syllable: str, before: str = "", after: str = "") -> tuple[tuple[str], str]:
    other = "[a-z]" if syllable.isascii() else r"\w"
    return (2 * syllable,), f"(?<!{other}){before}(?:{syllable}){{2,}}{after}(?!{other})"


def _of_india(syllable: str, *parts: str, between: str = "") -> tuple[tuple[str, ...], str]:
    """Return a laugh in a script whose vowels are marks; between: a sign between its syllables."""
    other = rf"[\w{MARKS}]"
    return parts, f"(?<!{other}){syllable}(?:{between}{syllable})+(?!{other})"


_OF_WORDS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    # Also bwahaha, muahaha and ahahah.
    "haha": (("haha", "ahah"), r"(?<![a-z])(?:(?:b|[bm][uw]+)?a?(?:ha){2,}h?|(?:ah){2,})(?![a-z])"),
    # The small letter of a Turkish İ is an i with a dot of its own.
    "hihi": (("hihi", "hi\u0307hi"), r"(?<![a-z])(?:hi\u0307?){2,}h?(?![a-z])"),
    **{
        2 * ha: _repeated(ha, after=f"{ha[0]}?")
        for ha in ("he", "ho", "hö", "hø", "ji", "хе", "хи", "хі", "χε", "χο")
    },
    # In Arabic in Latin letters and, also right behind words, in Chinese.
    "hhh": (("hhh",), "(?<![^\\W㐀-鿿])h{3,}(?![^\\W㐀-鿿])"),
    "lol": (("lol", "ool"), r"(?<![a-z])lo+l(?![a-z])"),
    "lmao": (("lmao", "lmfao"), r"(?<![a-z])lmf?ao+(?![a-z])"),
    "rofl": (("rofl",), r"(?<![a-z])rofl(?![a-z])"),
    "xd": (("xd",), r"(?<!\w)x+d+(?!\w)"),
    # Indonesian, Spanish, Portuguese, Turkish, French.
    "wkwk": (("wkwk", "wokwok"), r"(?<![a-z])a?k?(?:(?:wk){2,}w?|(?:wok){2,})(?![a-z])"),
    "jaja": _repeated("ja", "a?", "j?"),
    "jeje": _repeated("je", "e?", "j?"),
    "kkk": (("kkk",), r"(?<!\w)k{3,}(?!\w)"),
    "rsrs": _repeated("rs"),
    "sjsj": _repeated("sj", "j?", "s?"),
    "ksks": _repeated("ks", "s?", "k?"),
    "mdr": (("mdr",), r"(?<!\w)mdr+(?!\w)"),
    # Russian and others in Cyrillic letters, Greek, Hebrew.
    "хаха": (("хаха", "ахах"), r"(?<!\w)(?:а?(?:ха){2,}х?|(?:ах){2,})(?!\w)"),
    "χαχα": (("χαχ",), r"(?<!\w)α?χα(?:(?:χα)+χ?|χ)(?!\w)"),
    "חחח": (("חח",), r"(?<!\w)ח{2,}(?!\w)"),
    # Arabic, Persian and Urdu. Behind other letters, it lengthens a word.
    "ههه": (("ههه",), r"(?<!\w)ه{3,}"),
    "هاها": _repeated("ها"),
    "خخخ": (("خخخ",), r"(?<!\w)خ{3,}"),
    "ہاہا": _repeated("ہا"),
    # Hindi, Bengali, Tamil, Telugu. With blanks, the others are also words.
    "हाहा": _of_india("हा", "हाहा", "हा हा", between="[ -]?"),
    "হাহা": _of_india("হা", "হাহা", "হা হা", between="[ -]?"),
    "ஹாஹா": _of_india("ஹா?", "ஹாஹ", "ஹா ஹா", "ஹஹ", between="[ -]?"),
    "హాహా": _of_india("హా?", "హాహ", "హా హా", "హహ", between="[ -]?"),
    **{2 * ha: _of_india(ha, 2 * ha) for ha in ("हे", "ही", "হে", "হি", "ஹி")},
    **{2 * ha: ((2 * ha,), f"{ha}{{2,}}") for ha in "哈呵嘿嘻"},
    # Chinese, behind words or alone; with fewer of 3 it is too often a number.
    "233": (("2333",), r"(?<=[㐀-鿿]) ?23{3,}(?![\w.,:-])|\A\s*23{3,}(?=\s*\Z|\s+[㐀-鿿])"),
    # Thai, where 5 is read “ha”, unless the number is of coins; Japanese, behind words or alone.
    "ฮ่าฮ่า": (("ฮ่าฮ่า", "ฮ่าๆ", "ฮ่า ๆ"), "(?:ฮ่า){2,}|ฮ่า ?ๆ"),
    "555": (
        ("555",),
        r"(?:(?<=[ก-๛])|(?<=[ก-๛] )|\A\s*(?=5+\s*[ก-๛]|5{4,}\+?\s*\Z))5{3,}(?!\d|\s*บาท)",
    ),
    "笑": (("笑",), r"[(（]笑+[)）]|笑+(?=[。、!！?？]*(?:\s|$))"),
    "www": (
        ("ww", "ｗ"),
        r"(?<=[ぁ-ヿ一-鿿。！？])[wｗ]+(?![\w.])|\A\s*[wｗ]{3,}(?:[\s!！。]*\Z|(?=\s*[ぁ-ヿ一-鿿]))",
    ),
}
"""Parts of which a text in small letters has one if somebody laughs so in it, and the pattern."""
_PATTERNS: Final = {name: re.compile(pattern) for name, (_, pattern) in _OF_WORDS.items()}
_NAME_OF_PART: Final = {part: name for name, (parts, _) in _OF_WORDS.items() for part in parts}
_PARTS: Final = re.compile("|".join(_NAME_OF_PART))
_KOREAN: Final = ("ㅋㅋ", "ㅎㅎ", "ㅠㅠ")
_LAUGHED_IN_JAPANESE: Final = re.compile("[ぁ-ヿ]|(?<![㐀-鿿])笑")
"""Where 笑 is a laugh: behind other letters of Chinese it is a word, as in 好笑."""
LAUGHS: Final = (*_KOREAN, *_OF_WORDS)
LAUGH_PARTS: Final = (
    *("ㅋㅋ", "ㅎㅎ", "ㅠㅠ", "ㅜㅜ", "ㅠㅜ", "ㅜㅠ"),
    *(part for parts, _ in _OF_WORDS.values() for part in parts),
)
"""Signs of a text in small letters in which `laughs_in` finds a laugh."""


def plain_laugh(word: str) -> str:
    """Return the laugh of `LAUGHS` that a word of any length is, or empty."""
    small = word.lower()
    if not small.strip(LAUGHING):
        return next((laugh for laugh in _KOREAN if laugh in small.replace("ㅜ", "ㅠ")), "")
    if not _PARTS.search(small):
        return ""
    return next((name for name, pattern in _PATTERNS.items() if pattern.fullmatch(small)), "")


def laughs_in(text: str) -> set[str]:
    small = text.lower()
    crying = "" if small.isascii() else small.replace("ㅜ", "ㅠ")
    laughs = {laugh for laugh in _KOREAN if laugh in crying}
    # To look for the letters first takes a fraction of the time.
    if parts := _PARTS.findall(small):
        names = {_NAME_OF_PART[part] for part in parts}
        laughs |= {name for name in names if _PATTERNS[name].search(small)}
        if "笑" in laughs and not _LAUGHED_IN_JAPANESE.search(small):
            laughs.remove("笑")
    return laughs


Written = Callable[[str], str]
"""Returns a word as an output says it; empty if it must not say it."""
WordT = TypeVar("WordT", bound="Worded")


class Worded(Protocol):
    """A struct about a word of texts."""

    @property
    def text(self) -> str: ...


def written_as(listed: Iterable[WordT], written: Written) -> list[WordT]:
    """Return listed words as an output says them, without those that it must not say."""
    texts: Iterable[tuple[Any, str]] = ((word, written(word.text)) for word in listed)
    return [msgspec.structs.replace(word, text=text) for word, text in texts if text]
