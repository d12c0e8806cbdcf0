"""Questions about texts: whether they are their author's words, and letters."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Final

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.kakaotalk import HEADING as KAKAOTALK
from saywho.formats.chats.learnt_sentences import LearntSentences
from saywho.formats.chats.line import HEADING as LINE
from saywho.formats.chats.sentence_tables import Matcher, has_table, matcher
from saywho.formats.chats.text_chat import LONGEST_HEADING
from saywho.formats.records import Record
from saywho.formats.source.times import is_time
from saywho.formats.tables.own_words import MARK, TAG, names_speaker
from saywho.formats.tally import MOST_KEPT, Doubts, Sightings

_ODD: Final = re.compile("[<&\\\\\x80-\x9f\ufffdÂÃâð]|!\\[")
_LETTERS: Final[dict[str, re.Pattern[str]]] = {
    "markup": re.compile(
        rf"{TAG.pattern}|<(?-i:[A-Z]{{3,12}})>|<\?xml\b|!\[[^\]\n]{{0,200}}\]\([^()\n]{{1,300}}\)",
        re.I,
    ),
    "entities": re.compile(
        r"&(?:#\d{2,7}|#x[0-9a-fA-F]{2,6}|amp|lt|gt|quot|nbsp|apos|hellip|[rl][sd]quo);"
    ),
    "escapes": re.compile(r"<U\+[0-9A-F]{4,8}>|\\u[0-9a-fA-F]{4}"),
    "misread": re.compile("[\x80-\x84\x86-\x9f\ufffd]|Ã[\xa1-\xbf]|Â[\xa0-\xbf]|â€|ðŸ"),
}
_LETTER_SENTENCES: Final = {
    "markup": Message("Texts with tags or other markup"),
    "entities": Message("Texts with HTML entities, such as &amp;"),
    "escapes": Message("Texts with escapes in place of letters, such as <U+2019>"),
    "misread": Message("Texts with letters that another program misread"),
}
_OF_TABLE: Final = Message("Texts with tags, which can be taken off", choice="strip_tags")


def _may_be_odd(text: str) -> bool:
    if text.isascii():  # Faster than the pattern.
        return "<" in text or "&" in text or "\\" in text or "![" in text
    return _ODD.search(text) is not None


_CUT_END: Final = re.compile(
    r"(?:…|\.\.\.)[^\S\n]{0,3}(?:https?://\S{1,80}|[^\W\d_][^\n.…]{0,20}|\[\+\d{1,9} \w{1,9}\])?"
    r"[^\S\n]{0,3}\Z|\[\+\d{1,9} \w{1,9}\]\s{0,3}\Z"
)
"""End of a text that a program has cut: an ellipsis with an address or the words of a button."""
_FEWEST_CUT: Final = 0.05


class CutTexts:
    """Texts that a program has cut: many end with an ellipsis and something that all share."""

    def __init__(self) -> None:
        self._ends = Counter[str]()
        finding = Message("Texts that a program has cut, so that their ends are missing")
        self._cut = Sightings("words", finding, share=_FEWEST_CUT)

    def see(self, record: Record, _name: str) -> None:
        text = record.text[-120:]
        if ("…" in text or "..." in text or "[+" in text) and (end := _CUT_END.search(text)):
            kind = re.sub(r"https?://\S+", "URL", re.sub(r"\d+", "0", end[0])).strip()
            if kind.strip(".… "):  # People end with an ellipsis, too.
                self._ends[kind] += 1
                self._cut.add(record.text[-60:])

    def doubts(self, records: int) -> Doubts:
        if any(count > 1 for count in self._ends.values()):
            yield from self._cut.doubts(records)


class Letters:
    """Markup, entities, escapes, and letters that another program misread."""

    def __init__(
        self, *, may_have_entities: bool, may_show_code: bool = False, may_strip: bool = False
    ) -> None:
        self._patterns = dict(_LETTERS)
        if may_have_entities or may_show_code:  # Decoded once, a text may show one.
            del self._patterns["entities"]
        if may_show_code:
            del self._patterns["markup"]
        sentences = _LETTER_SENTENCES | ({"markup": _OF_TABLE} if may_strip else {})
        self._found = {n: Sightings("letters", sentences[n]) for n in self._patterns}

    def see(self, record: Record, _name: str) -> None:
        text = record.text
        if _may_be_odd(text):
            for name, pattern in self._patterns.items():
                if pattern.search(text):
                    self._found[name].add(text)

    def doubts(self, records: int) -> Doubts:
        for tally in self._found.values():
            yield from tally.doubts(records)


_QUOTED: Final = re.compile(
    r"\A>+ \S|//@[\w·-]{1,30}[::]|(?:转发内容|原始用户|转发理由)[::]|\A转发微博\Z"
    r"|\[(?!(?:url|img|email|size|font|code|php|list|align|color|colour|style|spoiler|video|media"
    r"|youtube|attach|user|mention|member|indent|table)\b)([^\W\d_]{2,20})[=:][^\[\]\n]{1,80}\]"
    r"(?s:.{1,800}?)\[/\1\]|[\"“„«][@＠][^\s:：]{1,40}[:：]"
    r"|\AReplying to\b|^-{3,} ?(?:Original|Forwarded) [Mm]essage ?-{3,}|^On .{8,60} wrote:$",
    re.MULTILINE,
)
_HEADINGS: Final = (KAKAOTALK, LINE)
_IN_ANGLES: Final = re.compile(
    r"\A(?:<[^<>\n]{2,60}>[ \t]*)+(?:\n(?:(?:<[^<>\n]{2,60}>[ \t]*)+|\S*))*\Z"
)
"""Notes in angle brackets, and names of files; a heading of a person has sentences below it."""
_IN_BRACKETS: Final = re.compile(
    r"\A[(\[](?:이모티콘|emoticon|sticker|스티커|사진|photo|동영상|video|image|gif|audio|voice)"
    r"[^\n)\]]{0,60}[)\]]",
    re.IGNORECASE,
)
_ACCOUNT: Final = re.compile(
    r"(?=[a-z0-9]{0,20}[._])(?=[a-z0-9._]{0,20}[a-z0-9]{2})"
    r"[a-z][a-z0-9_]{0,20}(?:\.[a-z0-9_]{1,20}){0,5}(?= [^\W\d_])"
)
"""The name of an account with a dot or a low line in it; a word that ends in dots is nobody's."""
_PREFIX: Final = re.compile(r"([^\n:@][^\n:]{1,29}): \S")
_TITLE: Final = re.compile(r"\A\[[^\]\n]{1,60}\] ?")
_OPENING: Final = "“„«「『\"‘'"
_CLOSING: Final = "”“»」』\"’'"
_KINDS: Final = (
    *("line", "joined", "left", "renamed", "alone", "deed", "gone"),
    *("omitted", "sent", "reaction", "note"),
)


def _table(app: str, *kinds: str) -> Matcher | None:
    name = "meta" if app in {"messenger", "instagram"} else app
    return matcher(name, *kinds) if has_table(name) else None


_PART_OF_FINDING: Final = Message("")
"""For tallies that are joined into one finding."""
ASKED_ALL: Final = 4_000
ASKED_ONE_IN: Final = 8
"""Messages behind the first `ASKED_ALL` for each that is looked at closely."""


class ChatWords:
    """Messages that their app or someone else may have written."""

    def __init__(self, app: str) -> None:
        self._table, self._titled = _table(app, *_KINDS), _table(app, *_KINDS, "media")
        of_app = Message("Texts like sentences of the app")
        self._by_app, self._glued = _in_words(of_app), _in_words(of_app, fewest=1)
        self._bracketed = _in_words(Message("Texts in brackets, like the app's notes about media"))
        self._about_names: list[tuple[str, Sightings]] = []
        """Lines that people may write as well, such as "the bus left", and what they would be."""
        self._reactions = _in_words(Message("Texts that quote another message"))
        self._learnt = LearntSentences(ReadNotes())
        self._seen = self._asked = 0
        self._texts: set[int] = set()
        self._beginnings: dict[str, tuple[str, ...]] = {}
        """How a speaker's name may begin a text, by username."""
        self._named: list[tuple[str, str, str]] = []
        """Texts that begin with their author's name, the next two words, and the author."""
        self._accounts: dict[tuple[str, str], Sightings] = {}
        self._prefixes: dict[tuple[str, str], Sightings] = {}
        self._spoken: defaultdict[str, int] = defaultdict(int)
        self._tails: dict[tuple[str, str, str], int] = {}
        """Counts by the text behind the first word, the author and this word."""
        self._heads: dict[str, str] = {}
        """Who begins texts with a word; empty for several people."""

    def see(self, record: Record, name: str) -> None:
        text = record.text
        self._seen += 1
        first = text[:1]
        if first in "<([" and (_IN_ANGLES.match(text) or _IN_BRACKETS.match(text)):
            self._bracketed.add(text)
        if first == "[" or "\n" in text:
            self._see_heading(text)
        if len(text) > 600:
            return
        self._see_quotation(text)
        if self._seen > ASKED_ALL and self._seen % ASKED_ONE_IN:
            return  # So that a long chat takes little longer.
        self._asked += 1
        self._spoken[name] += 1
        self._see_name(text, name, record.display_name)
        self._learnt.learn(text, record.display_name or name)
        if ": " in text[:34] and (match := _PREFIX.match(text)) and "http" not in match[1]:
            self._add(self._prefixes, (name, match[1]), text)
        if ("." in text[:24] or "_" in text[:24]) and (match := _ACCOUNT.match(text)):
            self._add(self._accounts, (name, match[0]), text)
        if self._table is not None:
            self._see_sentence(self._table, text)
        self._see_tail(text, name)

    def _see_heading(self, text: str) -> None:
        for each in text.split("\n"):
            if len(each) <= LONGEST_HEADING and any(of.fullmatch(each) for of in _HEADINGS):
                self._glued.add(each)

    @staticmethod
    def _add(tallies: dict[tuple[str, str], Sightings], key: tuple[str, str], text: str) -> None:
        if key in tallies or len(tallies) < MOST_KEPT:
            tallies.setdefault(key, _in_words()).add(text)

    def _see_quotation(self, text: str) -> None:
        if text[-1:] and text[-1] in _CLOSING and len(text) > 4:
            begin = min((at for mark in _OPENING if (at := text.find(mark)) > 0), default=0)
            if begin and hash(text[begin + 1 : -1].rstrip("…. ")) in self._texts:
                self._reactions.add(text)
        if len(self._texts) < MOST_KEPT:
            self._texts.add(hash(text.rstrip("…. ")))

    def _see_name(self, text: str, name: str, display_name: str | None) -> None:
        own = self._beginnings.get(name)
        if own is None:
            full = display_name or name
            names = {full, full.replace(" ", ""), full.split(" ")[0], name}
            own = tuple(called for called in names if len(called) > 1)
            if len(self._beginnings) < MOST_KEPT:
                self._beginnings[name] = own
        bare = text.removeprefix("@")
        if own and bare.startswith(own):
            called = max((part for part in own if bare.startswith(part)), key=len)
            after = bare[len(called) :]
            if after[:1] in {" ", "님"} and len(after) > 6 and len(self._named) < MOST_KEPT:
                self._named.append((text, " ".join(after.split()[:2]), name))

    def _see_sentence(self, table: Matcher, text: str) -> None:
        for line in text.split("\n", 4)[:4]:
            bare = line.strip()
            if len(bare) < 6:
                continue
            sentence, stop, rest = bare.partition(".")
            if stop and rest and rest[0] != " " and table.has(f"{sentence}."):
                tally, bare = self._glued, f"{sentence}."
            elif table.has(bare) or self._is_titled(bare):
                tally = self._by_app
            else:
                continue
            if "님" not in bare and table.begins_with_name(bare):
                self._about_names += [(line, tally)] if len(self._about_names) < MOST_KEPT else []
            else:
                tally.add(line)

    def _is_titled(self, line: str) -> bool:
        titled = self._titled if line[0] == "[" else None
        return titled is not None and titled.has(_TITLE.sub("", line))

    def _see_tail(self, text: str, name: str) -> None:
        head, _, tail = text.partition(" ")
        if self._heads.get(head, name) != name:
            self._heads[head] = ""
        elif len(self._heads) < MOST_KEPT:
            self._heads[head] = name
        if len(tail) < 12 or len(text) > 120:
            return
        key = (tail, name, head)
        if (count := self._tails.get(key, 0)) or len(self._tails) < MOST_KEPT // 2:
            self._tails[key] = count + 1

    def doubts(self, records: int) -> Doubts:
        names = {part for own in self._beginnings.values() for part in own}
        self._judge_about_names(names)
        by_app = self._by_app if self._by_app.count >= self._glued.count else self._glued
        accounts = self._accounts_of_authors()
        prefixed = [
            tally
            for (name, prefix), tally in self._prefixes.items()
            if tally.count > 2 and 2 * tally.count >= self._spoken[name] and prefix not in names
        ]
        yield from by_app.doubts(self._asked)
        yield from self._bracketed.doubts(records)
        yield from self._like_others().doubts(self._asked)
        yield from self._reactions.doubts(records)
        learnt = _in_words(Message("Texts that are the same but for a name, a sign or a number"))
        for text in self._learnt.learnt():
            learnt.add(text)
        yield from learnt.doubts(self._asked)
        for finding, tallies in (
            (Message("Texts that begin with the name of an account"), accounts),
            (Message("Equal texts that begin with different words"), self._shared_tails()),
            (Message("Texts that begin with a part of a name"), prefixed),
        ):
            yield from _joined(finding, tallies).doubts(self._asked)

    def _accounts_of_authors(self) -> list[Sightings]:
        """Return texts that begin with an account that is their author's, as far as can be told.

        Nobody else begins a text with it, and the author with no other. Since people begin texts
        with "next.js" too, others have accounts of their own, or the same words follow twice.
        """
        own = [key for key in self._accounts if self._heads.get(key[1]) == key[0]]
        of_each = Counter(name for name, _ in own)
        found = {key: self._accounts[key] for key in own if of_each[key[0]] == 1}
        again = {(name, head) for (_, name, head), count in self._tails.items() if count > 1}
        some = [key for key in found if len(found) > 1 or key in again]
        return [found[key] for key in some if found[key].count > 1]

    def _like_others(self) -> Sightings:
        """Return texts after whose author's name the words are those of others after theirs.

        People may speak of themselves by name, or to others with the same first name.
        """
        people: defaultdict[str, set[str]] = defaultdict(set)
        for _, words, name in self._named:
            people[words].add(name)
        named = _in_words(Message("Texts that begin with their author's name"))
        for text, words, _ in self._named:
            if len(people[words]) > 1:
                named.add(text)
        return named

    def _judge_about_names(self, names: set[str]) -> None:
        """Count the sentences about people of the chat; the rest may be people's own words."""
        longest = max(map(len, names), default=0)
        for line, tally in self._about_names:
            called = line.lstrip("@~\u202f\u200e\u2068 ")
            ends = (at for at, letter in enumerate(called[: longest + 1]) if not letter.isalnum())
            if called[:1] == "+" or any(called[:end] in names for end in ends):
                tally.add(line)
        self._about_names.clear()

    def _shared_tails(self) -> list[Sightings]:
        by_tail: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
        for (tail, name, head), count in self._tails.items():
            if count > 2 and self._heads.get(head):  # A word of several people is no name.
                by_tail[tail][name, head] = count
        found: list[Sightings] = []
        for tail, often in by_tail.items():
            if len({name for name, _ in often}) > 1 and len({head for _, head in often}) > 1:
                tally = _in_words()
                for (_, head), count in often.items():
                    tally.add(f"{head} {tail}", count)
                found.append(tally)
        return found


def _in_words(finding: Message = _PART_OF_FINDING, *, fewest: int = 2) -> Sightings:
    return Sightings("words", finding, fewest, share=0.002)


def _joined(finding: Message, tallies: list[Sightings]) -> Sightings:
    whole = _in_words(finding)
    for tally in sorted(tallies, key=lambda tally: -tally.count):
        whole.add_all(tally.examples, tally.count)
    return whole


def _may_quote(text: str) -> bool:
    """Return whether a text has the signs of a quotation; this is faster than the pattern."""
    return (
        text[0] == ">"
        or "//@" in text
        or "转发" in text
        or "---" in text
        or " wrote:" in text
        or text.startswith("Replying to")
        or "[" in text
        or "<b" in text
        or "@" in text[1:2]
    )


@dataclass(slots=True)
class _Repeated:
    names: tuple[str, ...]
    count: int

    @property
    def is_odd(self) -> bool:
        return self.count >= 100 or (self.count >= 5 and len(self.names) > 2)


class PostWords:
    """Quotations and repeated texts, in chats and elsewhere."""

    def __init__(self) -> None:
        self._quoted = Sightings("words", Message("Texts with words of someone else"), share=0.02)
        self._first: dict[int, str] = {}
        """The first author of a text, by its hash."""
        self._again: dict[str, _Repeated] = {}

    def see(self, record: Record, name: str) -> None:
        text = record.text
        if _may_quote(text) and (_QUOTED.search(text[:2_000]) or MARK.search(text)):
            self._quoted.add(text)
        if 40 <= len(text) <= 400:
            self._see_again(text, name)

    def _see_again(self, text: str, name: str) -> None:
        key = hash(text)  # The texts themselves would take new memory, and so time.
        first = self._first.get(key)
        if first is None:
            if len(self._first) < MOST_KEPT:
                self._first[key] = name
            return
        if (seen := self._again.get(text)) is None:
            seen = self._again[text] = _Repeated((first,), 1)
        seen.count += 1
        if len(seen.names) < 3 and name not in seen.names:
            seen.names += (name,)

    def doubts(self, records: int) -> Doubts:
        yield from self._quoted.doubts(records)
        again = Sightings("words", Message("Equal texts, again and again"), share=0.01)
        for text, seen in self._again.items():
            if seen.is_odd:
                again.add(text, seen.count)
        yield from again.doubts(records)


_ADDRESS: Final = re.compile(r"\s*https?://\S+\s*")
_LONGEST_END: Final = 60


_SPEAKER: Final = re.compile(
    r"(?:\A|\n|(?<=[.?!…。？！\])”\"]))[^\S\n]{0,3}(?P<label>[○◯●◎◆◇]?[^\W\d_a-zа-я][^\n:：.,;!?—]{0,30}?)"
    r"[:：](?!\S?\d|//)"
)
_FEWEST_TURNS: Final = 3


def _speakers_in(text: str) -> list[str]:
    """Return the labels of several speakers who take turns in a text, each a few times."""
    if text.count(":") + text.count("：") < 2 * _FEWEST_TURNS:
        return []
    turns = [found["label"].strip() for found in _SPEAKER.finditer(text)]
    often = [label for label in dict.fromkeys(turns) if turns.count(label) >= _FEWEST_TURNS]
    return often if len(often) > 1 and sum(map(turns.count, often)) * 2 > len(turns) else []


_HEAD: Final = re.compile(r"(?=.{0,3}\d)([^\n;|\t]{8,40}?) ?[;|\t] ?[^\n;|\t]{1,60}[;|\t]")
"""The time and the name of who wrote a comment, as Jira puts them into its cell."""
_NOTE: Final = re.compile(
    r"\[[^\W\d_][^\[\]\n=<>{}\"]{0,80} [^\[\]\n=<>{}\"]{1,80}\](?![(\[:])|〔[^〔〕\n]{2,80}〕"
)
"""A note of several words; links of Markdown have an address behind."""


class PostKinds:
    """Texts that are only addresses or `NA`, talks, notes, and last lines of several authors."""

    def __init__(self) -> None:
        addresses = Message("Texts that are only addresses")
        self._addresses = Sightings("words", addresses, fewest=3, share=0.9)
        self._missing = Sightings("words", Message("Texts or authors that are only NA"))
        self._turns = Sightings(
            "words", Message("Texts in which several speakers take turns"), fewest=3
        )
        of_author = Message("Texts in which the author and others take turns to speak")
        self._own_turns = Sightings("words", of_author, share=0.0, is_grave=True)
        headed = Message("Texts that begin with a time and a name, as another’s words")
        self._headed = Sightings("words", headed, share=0.2, is_grave=True)
        quoted = Message("Texts that stand in quotation marks")
        self._quoted = Sightings("words", quoted, fewest=3, share=0.5)
        notes = Message("Texts with notes in brackets, such as what a speaker does")
        self._notes = Sightings("words", notes, fewest=3, share=0.1)
        self._ends: dict[str, tuple[str, bool, int]] = {}
        """By last line: an author, whether another author has it, and the number of texts."""

    def see(self, record: Record, name: str) -> None:
        text = record.text
        if text[:4] == "http" and _ADDRESS.fullmatch(text):
            self._addresses.add(text)
        elif text == "NA" or name == "NA":
            self._missing.add(text)
        if len(text) > 200 and (speakers := _speakers_in(text)):
            are_sure = any(names_speaker(label, name) for label in speakers)
            (self._own_turns if are_sure else self._turns).add(", ".join(speakers[:5]))
        if text[:1] == '"':
            self._quoted.add(text)
        if (head := _HEAD.match(text)) and is_time(head[1]):
            self._headed.add(text)
        if len(text) < 1_000 and ("[" in text or "〔" in text) and _NOTE.search(text):
            self._notes.add(text)
        at = text.rfind("\n") + 1
        if at and 3 <= len(text) - at <= _LONGEST_END:
            end = text[at:].strip()
            first, is_shared, count = self._ends.get(end, (name, False, 0))
            if count or len(self._ends) < MOST_KEPT:
                self._ends[end] = first, is_shared or name != first, count + 1

    def doubts(self, records: int) -> Doubts:
        yield from self._addresses.doubts(records, is_grave=True)
        yield from self._missing.doubts()
        yield from self._quoted.doubts(records)
        yield from self._headed.doubts(records)
        yield from self._notes.doubts(records)
        yield from self._turns.doubts(records)
        yield from self._own_turns.doubts(records)
        finding = Message("Texts that end with the same line as other people’s")
        shared = Sightings("words", finding)
        for end, (_, is_shared, count) in self._ends.items():
            if is_shared and count >= max(3, 0.02 * records):
                shared.add(end, count)
        yield from shared.doubts()
