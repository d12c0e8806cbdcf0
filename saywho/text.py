"""Texts and usernames: links in them, their stored form, words, quoted parts, language and gaps.

A **link** is a URL with its scheme, up to white space. In a **random** link, made by a platform,
only presence and place count. An **address** is any pointer, including `www.…`, `a.example/b`,
mail, @names and #tags. What is none of these is an author's word, for everything that counts words.

Changes of `LINK`, `RANDOM_LINK`, `LINK_BEGIN`, `LINK_TO_HOST` and `HOST` need another `RECIPE` of
the features. No other module spells out the beginning of a link (`tests/test_text.py`).
"""

import functools
import html
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby, islice
from math import ceil
from typing import Final, Literal

# --- Links ---

LINK_BEGIN: Final = r"https?://"
LINK: Final = rf"{LINK_BEGIN}\S+"
LINK_TO_HOST: Final = rf"{LINK_BEGIN}[^\s/]+"
"""Pattern of a link up to its host; the rest contains no words."""
RANDOM_BEGIN: Final = rf"{LINK_BEGIN}t\.co/|pic\.twitter\.com/"
RANDOM_LINK: Final = re.compile(rf"(?:{RANDOM_BEGIN})\w*")
RANDOM_SITES: Final = frozenset({"t.co"})
RANDOM_SIGN: Final = "\u241f"
"""Character that replaces a random link in counted text."""
LINKED_SITE: Final = re.compile(
    rf"{LINK_BEGIN}(?:www\.)?((?:[\w-]+\.)+[a-z]{{2,24}})", re.IGNORECASE
)
"""Pattern of a link's host without `www.`, up to plain letters: a Korean particle may follow."""
VISIBLE_LINK: Final = rf"(?:{LINK_BEGIN}|www\.|pic\.twitter\.com/)\S+"
_NAME: Final = "@(?<![A-Za-z0-9_/]@)[A-Za-z0-9_]+"
_LABEL: Final = "[a-z0-9]+(?:-+[a-z0-9]+)*"
_HELD: Final = "[\x01\x02][\x01\x02A-Za-z0-9_]*"
_HOST: Final = (
    rf"(?:{_HELD}|(?:(?:[.-]+[A-Za-z0-9_]+)*@(?:{_LABEL}\.)+|(?:-+[A-Za-z0-9]+)*\.(?:{_LABEL}\.)+)"
    "[a-z]{2,24}(?![A-Za-z0-9_]))"
)
HOST: Final = re.compile(rf"({_NAME})({_HOST})")
"""Pattern of a name and its host: `@name@host.example`, or `@name.bsky.social` with two dots.

Only between Latin letters and digits, and in small letters, a sign continues a name: what stands
behind `@jun` in `@jun.See you` and `@jun.안녕` is the author's. So is what follows a single dot,
since a text does not say whether somebody is called `jun.see`: whoever knows says it (`held`).
"""
MENTION: Final = rf"(?-i:{_NAME}{_HOST}|@\w+)"
_DOTTED: Final = re.compile(rf"({_NAME})([.-][A-Za-z0-9_.-]*[A-Za-z0-9_])")
POSSIBLE_NAME: Final = r"@\w+(?:(?<=[A-Za-z0-9_])[.@-]+[a-z0-9_]+)*"
"""Pattern of all that may be a name, for where names are looked up."""
ADDRESS: Final = re.compile(
    rf"(?:{LINK_BEGIN}|www\.)\S+"
    r"|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\.[a-z]{2,10}/\S*"
    r"|(?a:\w[\w.+-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})"
    rf"|{MENTION}|#\w+",
    re.IGNORECASE,
)
_LINK_BEGIN: Final = re.compile(LINK_BEGIN)


def link_count(text: str) -> int:
    return len(_LINK_BEGIN.findall(text)) if "://" in text else 0


def may_have_address(text: str) -> bool:
    """Return whether `ADDRESS` is worth a search, which costs far more."""
    return "@" in text or "#" in text or "/" in text or "www." in text.lower()


def may_have_random_link(text: str) -> bool:
    """Return whether `RANDOM_LINK` is worth a search, which costs far more."""
    return "t.co/" in text or "pic.t" in text


def without_hosts(text: str) -> str:
    """Return the text with the bare names of mentions: a host is no word of the author's."""
    return HOST.sub(r"\1", text) if "@" in text else text


def dotted_names(text: str) -> set[str]:
    """Return the keys of the first 100 names that are whole only if somebody is called so."""
    found = islice(_DOTTED.finditer(text), 100)
    return {name[0][1:].lower() for name in found if not HOST.fullmatch(name[0])}


def handles_in(text: str, names: str) -> str | None:
    """Return which of the names that a source mentions, such as `minsu.com`, stand in the text and
    show only by their source where they end; None without any. Blanks part names.
    """
    known = {f"@{name.removeprefix('@').partition('@')[0].lower()}" for name in names.split()}
    found = dict.fromkeys(match[0] for match in _DOTTED.finditer(text))
    are_known = (each[1:] for each in found if each.lower() in known and not HOST.fullmatch(each))
    return " ".join(are_known) or None


def held(text: str, names: Container[str]) -> str:
    """Return the text with some of its `dotted_names`, by key, as mentions, in the same places:
    signs that no text has are in place of their dots (`released`).
    """
    return _DOTTED.sub(
        lambda name: (
            name[0]
            if name[0][1:].lower() not in names or HOST.fullmatch(name[0])
            else name[1] + name[2].replace(".", "\x01").replace("-", "\x02")
        ),
        text,
    )


def released(text: str) -> str:
    """Return a text of `held` as it was."""
    return text.replace("\x01", ".").replace("\x02", "-")


def bare(text: str) -> str:
    """Return a text of `held` with `@minsu` for `@minsu.com`."""
    return re.sub(_HELD, "", text)


def counted_text(text: str, handles: str) -> str:
    """Return the text as it is counted: `@minsu` for the handle `minsu.com` (`handles_in`)."""
    return bare(held(text, handles.lower().split())) if handles else text


def possible_names(typed: str) -> list[str]:
    """Return the names that `@jun.see` may mean, the longest first."""
    sure = re.match(MENTION, typed) if re.fullmatch(POSSIBLE_NAME, typed) else None
    return list(dict.fromkeys((typed[1:], sure[0][1:] if sure else typed[1:])))


def without_addresses(text: str) -> str:
    may_have = "@" in text or "#" in text or "/" in text or "www." in text.lower()
    return ADDRESS.sub(" ", text) if may_have else text


# --- Stored form ---

Form = Literal["NFC", "NFKD"]

# Includes every mark that normalisation sorts; the two letters (Katakana) decompose to marks.
_MARKS: Final = re.compile(r"[\W\uff9e\uff9f]{31,}")


def normalized(text: str, form: Form = "NFC") -> str:
    """Return the text as `unicodedata.normalize` does, but in linear time."""
    # The standard library sorts combining marks by insertion: 100,000 consecutive marks take 18 s.
    # Here long runs are sorted first.
    if text.isascii():
        return text
    return unicodedata.normalize(form, _MARKS.sub(functools.partial(_in_order, form=form), text))


def _in_order(run: re.Match[str], *, form: Form) -> str:
    decomposed: Literal["NFD", "NFKD"] = "NFD" if form == "NFC" else form
    chars = "".join(unicodedata.normalize(decomposed, char) for char in run[0])
    runs = groupby(chars, key=lambda char: unicodedata.combining(char) > 0)
    return "".join(
        chain.from_iterable(
            sorted(characters, key=unicodedata.combining) if are_marks else characters
            for are_marks, characters in runs
        )
    )


MAX_TEXT_LENGTH: Final = 25_000
MAX_USERNAME_LENGTH: Final = 320
_MOST_COMPOSED: Final = 4
"""Most characters that NFC composes into one: longer input is always too long."""

_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
_LONG_NUMBER = re.compile(r"&(#[0-9]{100})")
_NEWLINES = re.compile(r"\r\n?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point, and the blank of Braille."""


def composed(text: str) -> str:
    """Return the text in NFC with LF as line end; far too long texts stay unnormalised."""
    text = _NEWLINES.sub("\n", text)
    return normalized(text) if len(text) <= _MOST_COMPOSED * MAX_TEXT_LENGTH else text


def clean_text(text: str) -> str:
    """Return the text of a post in its stored form: NFC, with LF as the only line end.

    Raises ValueError for a blank or over-long text, control characters other than tab and newline,
    and lone surrogates.
    """
    if len(text) <= MAX_TEXT_LENGTH and text.isascii() and text.isprintable() and text.strip():
        return text  # Most texts in English.
    text = composed(text)
    if not text.strip():
        raise ValueError("text must not be empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError("The text may have 25,000 characters at most; shorten it and try again")
    if _SURROGATES.search(text):
        raise ValueError("text must not contain an unpaired surrogate")
    if _CONTROLS.search(text):
        raise ValueError("text must not contain control characters other than tab and newline")
    return text


def drop_controls(text: str) -> str:
    """Return the text of an imported record without the characters that `clean_text` rejects."""
    if text.isprintable():
        return text
    return _SURROGATES.sub("", _CONTROLS.sub("", _NEWLINES.sub("\n", text)))


_LOOSE: Final = re.compile(
    r"(?<![^\0-\u024f\s\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\0-\u024f\s\u200c\u200d])"
)
"""A joiner that joins no emoji and parts no Persian word: nobody sees it."""


def clean_title(title: str | None) -> str | None:
    """Return a title or display name in one line of NFC, at most 320 characters; None if empty."""
    spaced = " ".join(drop_controls(title or "").split())
    visible = "".join(c for c in spaced if c.isprintable() or c in "\u200c\u200d")
    return normalized(_LOOSE.sub("", visible))[:MAX_USERNAME_LENGTH].strip() or None


def unescape_html(text: str) -> str:
    """Return the text with HTML's entities decoded as in browsers, even without a semicolon."""
    # Numbers of 100 digits or more stay, since Python refuses to parse very long numbers.
    return html.unescape(_LONG_NUMBER.sub(r"&amp;\1", text)) if "&" in text else text


def decode_entities(text: str) -> str:
    """Return the text with HTML's entities decoded once, if they end with a semicolon."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text


def clean_username(name: str) -> str:
    """Return the name as stored and shown, in NFC; raises ValueError for an invalid name."""
    return _cleaned(possible_name(name))


def without_at(username: str) -> str:
    """Return a new author's valid name without the @ that says only that it is a name."""
    try:
        return clean_username(username.removeprefix("@"))
    except ValueError:  # Nothing that could be a name follows it.
        return username


# The cache is bounded in bytes too, since names have a maximum length.
@functools.lru_cache(maxsize=4_000)
def _cleaned(name: str) -> str:
    name = normalized(name)
    if not name:
        raise ValueError("a username must not be empty")
    if len(name) > MAX_USERNAME_LENGTH:
        raise ValueError("a username must have at most 320 characters")
    if name in {".", ".."}:
        raise ValueError("a username must not be . or ..")
    if any(c.isspace() or c in "/\\?#%" for c in name):
        raise ValueError("a username must not contain white space or any of / \\ ? # %")
    if not is_visible(name):
        raise ValueError("a username must not contain invisible characters")
    return name


def is_visible(name: str) -> bool:
    """Return whether a name has visible characters, and no invisible ones except white space."""
    categories = {unicodedata.category(c) for c in name}
    is_seen = any(category[0] in "LNPS" for category in categories)
    return is_seen and not categories & {"Cc", "Cf", "Cs"} and not _UNSEEN.search(name)


MAX_SIGN_LENGTH: Final = 64
_JOINERS: Final = re.compile("[\u200d\ufe0e\ufe0f\U000e0020-\U000e007f]")
"""Characters that join and colour emoji, and the letters of regional flags."""


def clean_sign(sign: str) -> str | None:
    """Return a reaction's sign, an emoji or a name, in NFC; None if invalid."""
    if not 0 < len(sign) <= MAX_SIGN_LENGTH or any(map(str.isspace, sign)):
        return None
    return normalized(sign)[:MAX_SIGN_LENGTH] if is_visible(_JOINERS.sub("", sign)) else None


DIRECTIONS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Invisible marks of direction."""
_NO_DIRECTIONS: Final = str.maketrans("", "", DIRECTIONS)


def username_key(name: str) -> str:
    """Return the key of a name for uniqueness, searches and sorting: case-folded NFC, without the
    marks of direction that come with a name copied from a page.
    """
    return _key_of(possible_name(name))


@functools.lru_cache(maxsize=4_000)
def _key_of(name: str) -> str:
    # PostgreSQL refuses NUL. No username contains NUL or the character that replaces it.
    bare = name.translate(_NO_DIRECTIONS)
    return normalized(normalized(bare).casefold()).replace("\0", "\x01")


def possible_name(name: str) -> str:
    """Return the beginning of a text, which is no name if it is longer than a name can be."""
    return name[: _MOST_COMPOSED * MAX_USERNAME_LENGTH + 1]


_OTHER_BREAKS: Final = [(sign.encode(), b"\\u%04x" % ord(sign)) for sign in "\x85\u2028\u2029"]
"""Signs at which `str.splitlines` breaks, though JSON may have them in a string."""


def json_lines(encoded: bytes) -> bytes:
    """Return JSON lines that every reader breaks at their ends alone."""
    for sign, escape in _OTHER_BREAKS:
        encoded = encoded.replace(sign, escape)
    return encoded


# --- Words and quoted parts ---


def letter_count(text: str) -> int:
    return sum(map(str.isalpha, text))


FEWEST_WORDS: Final = 4
MARKS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d"
    "\u0a81-\u0acd\u0b01-\u0b4d\u0b82-\u0bcd\u0c00-\u0c4d\u0c81-\u0ccd\u0d00-\u0d4d\u0d82-\u0ddf"
    "\u0f35-\u0f3f\u0f71-\u0f84\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
"""Combining letters, such as vowels of Hindi, which are a part of a word; of a pattern."""
UNSPACED_LETTERS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese, whose words no blanks divide; of a pattern."""
_IN_TAG: Final = rf"[\w{MARKS}{UNSPACED_LETTERS}]*"
TAGS: Final = rf"(?<![\w&/#])(?:#(?={_IN_TAG}[^\W\d_]){_IN_TAG})+"
"""Pattern of a tag, which has a letter, and of others directly behind it; no part of a URL."""
_TAGS: Final = re.compile(TAGS)
_ONE_TAG: Final = re.compile("#([^#]+)")


def tags_of(text: str) -> Iterator[re.Match[str]]:
    """Yield each tag with its name, also of tags that are written together: `#한강#서울`."""
    for run in _TAGS.finditer(text) if "#" in text else ():
        yield from _ONE_TAG.finditer(text, *run.span())


UNSPACED: Final = re.compile(f"[{UNSPACED_LETTERS}]")
_DENSE: Final = re.compile("[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
"""Letters of Japanese and Chinese, of which words have fewer than of the others."""
LETTERS: Final = re.compile(rf"[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*")
_HANGUL: Final = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")


def has_no_blanks(text: str) -> bool:
    """Return whether the words of a text, or some of them, have no blanks between them."""
    return not text.isascii() and bool(UNSPACED.search(text)) and not _HANGUL.search(text)


def word_count(text: str) -> int:
    """Return the number of words (runs of letters), without addresses, @names and #tags; about the
    number where no blanks divide words.
    """
    bare = without_addresses(text)
    if not has_no_blanks(bare):
        return len(LETTERS.findall(bare))
    # Words by ICU have 1.7 letters in Japanese, 1.6 in Chinese and 3.9 in Thai, in treebanks.
    unspaced, dense = len(UNSPACED.findall(bare)), len(_DENSE.findall(bare))
    others = len(LETTERS.findall(UNSPACED.sub(" ", bare)))
    return others + ceil(dense / 2) + ceil((unspaced - dense) / 4)


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list that stands in the program."""
    return frozenset(words.split())


def has_words(text: str) -> bool:
    return word_count(text) >= FEWEST_WORDS


LONGEST_WHOLE: Final = 600
"""Characters of a text that is judged and shown whole."""
MOST_CUT: Final = 6_000
"""Characters at the beginning of a long text that are cut into pieces."""
_MOST_PIECE_WORDS: Final = 60
_SENTENCE: Final = re.compile(
    r"""[^\n]+?(?:(?:[.!?…؟۔।॥։።]["'”’)\]»]*(?=\s))|[。！？][」』”]?|(?=\n)|\Z)"""
)


def pieces_of(text: str) -> list[str]:
    """Return a long text as pieces of whole sentences, each of 20 to 60 words; a shorter one whole.

    A sentence of more words is in none. Only the first 6,000 characters are cut.
    """
    if len(text) <= LONGEST_WHOLE:
        return [text]
    spans, words = list[tuple[int, int]](), 0
    for sentence in _SENTENCE.finditer(text[:MOST_CUT]):
        start, end = sentence.span()
        count = word_count(sentence[0])
        is_last = end == MOST_CUT < len(text)  # It may go on.
        if is_last or count > _MOST_PIECE_WORDS:
            words = 0
        elif words and words + count <= _MOST_PIECE_WORDS:
            spans[-1], words = (spans[-1][0], end), words + count
        else:
            spans.append((start, end))
            words = count
    pieces = [text[start:end].strip() for start, end in spans]
    return [piece for piece in pieces if word_count(piece) >= 20]


def shown_piece(text: str, number: int) -> str:
    """Return the piece of a long text that a question shows; empty if no sentences are found.

    number: of the text, the same for each question about it.
    """
    pieces = pieces_of(text)
    return pieces[number % len(pieces)] if pieces else ""


_OUTER_SIGNS: Final = re.compile(r"\A[\W_]+|[\W_]+\Z")


def as_read(text: str) -> str:
    """Return the text as a reader compares it: without case, blanks, and signs around it."""
    folded = normalized(text, "NFKD").casefold()
    return _OUTER_SIGNS.sub("", " ".join(folded.split())) or folded


QUOTED: Final = re.compile(
    r"(?:\A|(?<!\s)\s+)RT @\w(?s:.*)|(?:(?:\A|\n)[ \t]*>+[ \t][^\n]*)+\Z"
    r"|^(?:[ \t]*>+[ \t][^\n]*\n)+(?:\s+RT @\w(?s:.*))?",
    re.MULTILINE,
)
"""Quoted text: a manual repost to its end, and lines that begin with `> `."""
# White space matches only from its beginning, otherwise the time would be quadratic.


def plain_text(text: str) -> str:
    """Return the text for counting: without quotations and hosts, with a sign for random links."""
    text = without_hosts(QUOTED.sub("", text) if may_quote(text) else text)
    return RANDOM_LINK.sub(RANDOM_SIGN, text) if may_have_random_link(text) else text


def may_quote(text: str) -> bool:
    return ">" in text or "RT @" in text


def own_words(text: str) -> str:
    """Return the text without quoted parts, or all if nothing else has letters."""
    words = QUOTED.sub("", text) if may_quote(text) else text
    return words if any(map(str.isalpha, words)) else text


# --- Language ---


_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def language_of(tag: str) -> str | None:
    """Return the language of a tag without its region; None for private tags (`qaa` to `qtz`, ISO
    639-2, used by X) and no language.
    """
    primary = tag.partition("-")[0].lower()
    is_private = len(primary) == 3 and "qaa" <= primary <= "qtz"
    return None if is_private or primary in {"", "und", "zxx", "art"} else primary


def is_language_tag(tag: str) -> bool:
    """Return whether this may be a language tag of BCP 47, such as en-GB."""
    return len(tag) <= 35 and _LANGUAGE_TAG.fullmatch(tag) is not None


def guess_language(text: str) -> str | None:
    """Return `ko` if at least 30% of the letters are Hangul, otherwise None."""
    syllables = len(_HANGUL.findall(text))
    if not syllables:  # Most texts have none: letters are counted last.
        return None
    is_korean = syllables >= 0.3 * letter_count(without_addresses(text))
    return "ko" if is_korean else None


def is_unspaced(text: str) -> bool:
    """Return whether a text of at least eight letters is in a script without spaces."""
    letters = len(UNSPACED.findall(text))
    return letters >= 8 and 2 * letters > letter_count(without_addresses(text))


def main_language(posts: Mapping[str | None, int]) -> str | None:
    """Return the language of most posts; among equals, None is first, then alphabetical order."""
    return max(sorted(posts, key=lambda language: language or ""), key=posts.__getitem__)


def guess_main_language(posts: Sequence[str]) -> str | None:
    is_korean = 2 * sum(guess_language(post) == "ko" for post in posts) > len(posts)
    return "ko" if is_korean else None


# --- Gaps: pieces left out of texts ---

BETWEEN: Final = "\n\n"


Gap = tuple[int, int]
"""Half-open range of code points of a text."""


def joined_gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return the gaps in order, overlapping or adjacent ones joined."""
    joined: list[Gap] = []
    for start, end in sorted(gaps):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def gaps_of_each(texts: Sequence[str], gaps: Sequence[Gap]) -> list[tuple[Gap, ...]]:
    """Return each text's gaps, at its own places; gaps: in the joined texts."""
    if not gaps:
        return [()] * len(texts)
    split, place = list[tuple[Gap, ...]](), 0
    for text in texts:
        end = place + len(text)
        split.append(
            tuple(
                (max(first, place) - place, min(last, end) - place)
                for first, last in gaps
                if first < end and last > place
            )
        )
        place = end + len(BETWEEN)
    return split


def rest_of(text: str, gaps: Sequence[Gap]) -> str:
    pieces, place = list[str](), 0
    for start, end in gaps:
        pieces += [text[place:start], " " * (end - start)]
        place = end
    return "".join([*pieces, text[place:]])
