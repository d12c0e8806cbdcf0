"""All questions about the records of one file, asked while they are read."""

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from string import ascii_uppercase
from typing import Final, NamedTuple

from msgspec import structs

from saywho.clock import now
from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.doubts.words import ChatWords, CutTexts, Letters, PostKinds, PostWords
from saywho.formats.file_chats import FileChats
from saywho.formats.post import RoomReference
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Item, ReadOptions, Record, RecordStream
from saywho.formats.registry import FORMATS, TABLES
from saywho.formats.tables.cells import lines_of
from saywho.formats.tables.left_words import LeftWords
from saywho.formats.tables.rows import WORDS_FOR_NOTHING
from saywho.formats.tally import MOST_KEPT, Doubt, Doubts, Sightings
from saywho.processes import watched

_BOTS: Final = frozenset(
    {"방장봇", "오픈채팅봇", "meta ai", "slackbot", "automoderator", "groupme"}
)
_WITH_ADDRESS: Final = re.compile(r"\s?\(\d{1,3}\.\d{1,3}\)$")
"""The beginning of an address, which boards write behind every name."""
_LISTED: Final = re.compile(r"(?<!\s)(?:\s*+[;,、&]\s*+|\s++(?:and|und|et|y)\s++)")
_MASK: Final = re.compile(r"\*\*|^.{1,3}\*$|^.\*.$|●●|○○")
ASKED_EVERY: Final = 20_000
"""Items after which doubts are looked for again while a large file is stored."""
_TEXTS: Final = re.compile(r"\b([Tt]ext|[Pp]ost)s\b|(?<=every )text\b")
"""Words for messages in findings about any file."""
_FIRST_YEAR: Final = 1985
_WEEK: Final = timedelta(days=7)
_MIDNIGHT: Final = datetime.min.time()
_TURN: Final = timedelta(minutes=20)
"""Longest time in which a person, another one and the first again write in a talk."""


MOST_IDS: Final = 5_000
"""Posts with ids that are kept, so that stored posts with their ids can be compared."""
_BEGINNING: Final = 200
"""Characters of a text that are kept for this comparison."""


class SeenId(NamedTuple):
    username: str
    source_id: str
    text: str
    """The beginning of the text."""


class RecordQuestions:
    """Looks at all items of a file, and gives doubts at any time; memory is bounded."""

    def __init__(
        self,
        records: RecordStream,
        options: ReadOptions,
        *,
        has_chats: bool = True,
        accepts_unread: bool = False,
    ) -> None:
        self._notes: ReadNotes = records.notes
        self._is_chat = records.is_chat
        account = records.account
        self._named = options.username or (account.username if account else None)
        self._owner = self._named if account else None
        # Who accepts unread authors knows that these posts are left out.
        self._is_named = records.is_chat or account is not None or accepts_unread
        self._columns = {name.strip().casefold() for name, _ in records.columns}
        self._records = self._items = 0
        self._found: tuple[Doubt, ...] = ()
        self._next = 0
        """Number of items from which doubts are looked for again."""
        self._people = _People(is_of_many=records.account is None)
        form = FORMATS.get(records.format)
        self._times = _Times(form.began if form else None)
        self._is_in_order = records.is_chat and (form is None or form.is_in_order)
        self._ids = _Ids()
        is_public = records.account is not None or records.is_chat or records.is_export
        self._talk = _Talk(is_public=is_public)
        self.ids: list[SeenId] = []
        """The first posts with ids."""
        self.chats, self._has_chats = FileChats(), has_chats
        self._known: Doubt | None = None
        self._left_out = _LeftOut(has_empty=not records.is_chat and records.account is None)
        fields = dict(records.columns).values()
        self._lacks_text = bool(records.columns) and "text" not in fields
        """Whether someone must choose a column before anything is read."""
        letters = Letters(
            may_have_entities=options.decode_entities,
            may_show_code=form is not None and form.shows_code,
            may_strip=records.format in TABLES and not options.strip_tags,
        )
        self._of_texts = (
            (ChatWords(records.format), PostWords(), letters)
            if records.is_chat
            else (PostWords(), PostKinds(), CutTexts(), letters)
        )

    def see(self, item: Item) -> None:
        self._items += 1
        if not isinstance(item, Record):
            self._left_out.see(item)
            return
        self._records += 1
        name = item.username or self._named or item.author_id or ""
        text = item.text
        if text:
            for question in self._of_texts:
                question.see(item, name)
        self._people.see(item, name)
        if not (name or self._is_named or self._notes.is_author_open):
            self._left_out.nameless += 1  # If no column names authors, the import stops for it.
        if item.created_at is not None:
            self._times.see(item.created_at, item.room)
        self._ids.see(item, name)
        if item.source_id is not None and len(self.ids) < MOST_IDS:
            self.ids.append(SeenId(self._owner or name, item.source_id, text[:_BEGINNING]))
        if item.room is None:
            self._talk.see(item, name)
        elif self._has_chats:
            self.chats.see(item)

    def note_known(self, doubt: Doubt | None) -> None:
        """Add the findings about stored posts with the same ids."""
        self._known, self._next = doubt, 0

    @watched
    def doubts(self, *, newest: bool = False) -> tuple[Doubt, ...]:
        """Return the doubts, the grave ones first; by default they may lag behind."""
        if newest or self._items >= self._next:
            found = map(of_messages, self._doubts()) if self._is_chat else self._doubts()
            self._found = tuple(sorted(found, key=lambda doubt: not doubt.grave))
            self._next = self._items + ASKED_EVERY
        return self._found

    def of(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the items, and look at each."""
        try:
            for item in items:
                self.see(item)
                yield item
        finally:
            self._next = 0

    def _doubts(self) -> Doubts:
        records = self._records
        yield from self._people.doubts(records, self._columns)
        notes = self._notes
        for question in self._of_texts:
            yield from question.doubts(records)
        yield from self._times.doubts(is_in_order=self._is_in_order)
        if not self._lacks_text:
            # Most books of a list have no review.
            nothing = sum(
                odd.count for (_, found), odd in notes.odd.items() if found is WORDS_FOR_NOTHING
            )
            yield from self._left_out.doubts(
                self._items, may_be_empty=bool(notes.works), said=nothing
            )
        if isinstance(notes.words, LeftWords):
            yield from notes.words.doubts(self._items)
        yield from self._ids.doubts(records)
        yield from self._talk.doubts(records)
        yield from (odd.doubt() for odd in notes.odd.values())
        if self._known is not None:
            yield self._known


class Doubted(NamedTuple):
    """The doubts of a file after its last item."""

    found: tuple[Doubt, ...]

    def doubts(self) -> tuple[Doubt, ...]:
        return self.found


def of_messages(doubt: Doubt) -> Doubt:
    """Return the doubt with a finding about messages, in place of texts or posts."""

    def word(match: re.Match[str]) -> str:
        noun = "Message" if match[0][0].isupper() else "message"
        return noun + "s" * match[0].endswith("s")

    finding = doubt.finding
    worded = Message(_TEXTS.sub(word, finding.template), **finding.values)
    return structs.replace(doubt, finding=worded)


def asked(
    records: RecordStream,
    options: ReadOptions,
    *,
    has_chats: bool = True,
    accepts_unread: bool = False,
) -> tuple[RecordStream, RecordQuestions]:
    """Return the records, and the questions about them while they are read.

    has_chats: whether to collect the chats, to find them among others. accepts_unread: whether
    posts without an author are known to be left out.
    """
    questions = RecordQuestions(
        records, options, has_chats=has_chats, accepts_unread=accepts_unread
    )
    records.notes.questions = questions
    return replace(records, items=questions.of(records.items)), questions


class _People:
    def __init__(self, *, is_of_many: bool) -> None:
        self._is_of_many = is_of_many
        self._counts: dict[str, int] = {}
        self._called: dict[str, str] = {}
        self._rooms: dict[str, str] = {}
        """The last chat's name of a username that is equal to it."""
        self._with_id = 0
        """Posts whose author's name has their id."""

    def see(self, record: Record, name: str) -> None:
        counts = self._counts
        if name in counts:
            counts[name] += 1
        elif len(counts) < MOST_KEPT:
            counts[name] = 1
            self._called[name] = record.display_name or name
        source_id = record.source_id
        if source_id is not None and len(source_id) > 4 and source_id in name:
            self._with_id += 1

    def doubts(self, records: int, columns: set[str]) -> Doubts:
        if self._is_of_many:
            yield from self._each_their_own(records)
        are_numbered = _are_numbered([*self._called.values()])
        names = {*self._called.values()}
        for evidence, is_such in (
            (
                Message("Masked names, which several people may share"),
                lambda called: _MASK.search(called),
            ),
            (Message("Names that are not people"), _is_nobody),
            (
                Message("Names that are numbered anew in each recording or file"),
                lambda _: are_numbered,
            ),
            (Message("Names of bots"), lambda called: _plain(called) in _BOTS),
            (
                Message("Names of several people, as one author"),
                lambda called: _is_of_several(called, names),
            ),
            (
                Message("Names that are names of columns"),
                lambda called: called.strip().casefold() in columns,
            ),
        ):
            tally = Sightings("names", evidence)
            for name, count in self._counts.items():
                if is_such(called := self._called[name]):
                    tally.add(called, count)
            yield from tally.doubts()

    def _each_their_own(self, records: int) -> Doubts:
        authors = len(self._counts)
        is_by_id = records > 1 and self._with_id == records == authors
        if is_by_id or (records >= 50 and authors >= 0.97 * records and authors < MOST_KEPT):
            tally = Sightings("people", Message("Nearly every text has an author of its own"))
            tally.add_all([*self._called.values()][:3], authors)
            yield tally.doubt(is_grave=is_by_id)


_NUMBERED: Final = re.compile(r"([^\W\d_]++)[\s_-]?\d++")
_MOST_SPEAKERS: Final = 30
"""Number of people in a recording; more numbered names are of accounts."""


def _are_numbered(names: list[str]) -> bool:
    """Return whether all names are one word with numbers, or letters: `SPEAKER_00`, `A`."""
    if len(names) > 1 and sorted(names) == [*ascii_uppercase[: len(names)]]:
        return True
    found = [_NUMBERED.fullmatch(name) for name in names]
    words = {match[1].casefold() if match else None for match in found}
    return 1 < len(names) <= _MOST_SPEAKERS and len(words) == 1 and None not in words


def _plain(called: str) -> str:
    return called.replace("_", " ").strip().casefold()


def _is_nobody(called: str) -> bool:
    name = _WITH_ADDRESS.sub("", _plain(called))
    if re.fullmatch(r"\[[^\[\]]*\]|\([^()]*\)", name):  # As scripts note what nobody says.
        return True
    return not {name, name.replace(" ", "")}.isdisjoint(_nobody())


@cache
def _nobody() -> frozenset[str]:
    lines = lines_of(__package__, "nobody.txt")
    return frozenset(written for line in lines for written in (line, line.replace(" ", "")))


def _is_of_several(called: str, known: Container[str]) -> bool:
    parts = _LISTED.split(called.replace("_", " ")) if _LISTED.search(called) else []
    return len(parts) > 1 and all(part in known or _is_full_name(part) for part in parts)


def _is_full_name(part: str) -> bool:
    """Return whether a part may be a person's whole name, and not a degree or a title."""
    words = part.split()
    are_short = any(len(word) > 1 and word.isupper() and word.isascii() for word in words)
    return len(words) > 1 and not are_short and not re.search(r"[\d()]", part)


class _Times:
    def __init__(self, began: int | None) -> None:
        self._begin = datetime(began or _FIRST_YEAR, 1, 1, tzinfo=UTC)
        self._end = now() + timedelta(days=2)
        self._count = 0
        self._first: datetime | None = None
        self._is_one = True
        self._is_of_service = began is not None
        self._early = Sightings("times", Message("Times before the service existed"))
        self._early_days = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))
        self._late = Sightings("times", Message("Times in the future"))
        self._last: dict[RoomReference, datetime] = {}
        jumps = Message("The chat jumps by weeks inside its file")
        self._back, self._forth = Sightings("times", jumps), Sightings("times", jumps)
        self._ups = self._downs = 0

    def see(self, time: datetime, room: RoomReference | None) -> None:
        self._count += 1
        if self._first is None:
            self._first = time
        elif self._is_one:
            self._is_one = time == self._first
        if time < self._begin:
            self._early.add(str(time.date()))
            self._early_days = (min(self._early_days[0], time), max(self._early_days[1], time))
        elif time > self._end:
            self._late.add(str(time.date()))
        if room is not None:
            last = self._last.get(room)
            if last is not None:
                self._see_step(last, time)
            if last is not None or len(self._last) < MOST_KEPT:
                self._last[room] = time

    def _see_step(self, last: datetime, time: datetime) -> None:
        if time > last:
            self._ups += 1
            if time - last >= _WEEK:
                self._forth.add(f"{last.date()} → {time.date()}")
        elif time < last:
            self._downs += 1
            if last - time >= _WEEK:
                self._back.add(f"{last.date()} → {time.date()}")

    def doubts(self, *, is_in_order: bool) -> Doubts:
        jumps = self._back if self._ups >= self._downs else self._forth
        if is_in_order:
            yield from jumps.doubts(is_grave=True)
        # Letters and novels are older than any service; a misread clock begins at one day.
        is_old = 2 * self._early.count > self._count and not self._is_of_service
        if not (is_old and self._early_days[1] - self._early_days[0] > _WEEK):
            yield from self._early.doubts()
        yield from self._late.doubts()
        if self._count >= 5 and self._is_one:
            tally = Sightings("times", Message("All posts are of the same second"))
            tally.add(f"{self._first:%Y-%m-%d %H:%M:%S}", self._count)
            yield tally.doubt()


class _Talk:
    """Rows that read like a private talk: the same people take turns within minutes, and nothing
    says that everybody may read them.
    """

    def __init__(self, *, is_public: bool) -> None:
        self._is_public = is_public
        self._last: list[tuple[str, datetime]] = []
        """The newest authors with their times, without repetitions in a row."""
        finding = Message(
            "People answer each other within minutes, and no column (likes, reposts, addresses of"
            " posts) says that everybody may read it"
        )
        self._turns = Sightings("column", finding, fewest=3, share=0.1, is_grave=True)

    def see(self, record: Record, name: str) -> None:
        if self._is_public or record.created_at is None or not name:
            return
        self._is_public = bool(
            record.counts or record.url or record.platform or record.kind != "post" or record.media
        )
        if self._last and self._last[-1][0] == name:
            return
        self._last = [*self._last[-2:], (name, record.created_at)]
        if len(self._last) == 3 and self._last[0][0] == name:
            times = [time for _, time in self._last]
            is_day = times[0] == times[1] == times[2] and times[0].time() == _MIDNIGHT
            if max(times) - min(times) <= _TURN and not is_day:
                self._turns.add(record.text)

    def doubts(self, records: int) -> Doubts:
        if not self._is_public:
            yield from self._turns.doubts(records)


class _Ids:
    """Ids that stand at several texts, and replies outside of chats that name the answered post by
    its id alone.
    """

    def __init__(self) -> None:
        self._posts: dict[str, tuple[str, datetime | None, int]] = {}
        """Author, time and hash of the text of the first post with an id, outside of chats."""
        self._others: dict[tuple[str, str], int] = {}
        """Hash of the text by author and id, of messages and of the further authors of an id."""
        self._several: set[str] = set()
        """Ids that posts of several people have."""
        self._replies: list[tuple[str, str, datetime | None]] = []
        """Author, id of the answered post, and time."""
        evidence = Message("Posts with an id that stands at another text of the same author")
        self._odd = Sightings("ids", evidence, share=0.01)

    def see(self, record: Record, name: str) -> None:
        source_id, target, time = record.source_id, record.reply_to, record.created_at
        if source_id is not None:
            value = hash(record.text)
            if record.room is not None:
                self._see_other(name, source_id, value)
            elif (first := self._posts.get(source_id)) is None:
                if len(self._posts) < 5 * MOST_KEPT:
                    self._posts[source_id] = name, time, value
            elif first[0] != name:
                self._several.add(source_id)
                self._see_other(name, source_id, value)
            elif first[2] != value:
                self._odd.add(source_id)
        if target is not None and record.room is None and not target.username and target.source_id:
            self._replies += [(name, target.source_id, time)][: MOST_KEPT - len(self._replies)]

    def _see_other(self, name: str, source_id: str, value: int) -> None:
        before = self._others.get((name, source_id))
        if before is None and len(self._others) < 5 * MOST_KEPT:
            self._others[name, source_id] = value
        elif before not in {None, value}:
            self._odd.add(source_id)

    def doubts(self, records: int) -> Doubts:
        shared = Sightings("ids", Message("Replies to an id that several people’s posts have"))
        early = Sightings("ids", Message("Replies that are older than the post with this id"))
        for name, source_id, time in self._replies:
            post = self._posts.get(source_id)
            if post is None:
                continue
            if source_id in self._several:
                shared.add(source_id)
            elif post[0] != name and time and post[1] and time < post[1]:
                early.add(source_id)
        yield from self._odd.doubts(records, is_grave=2 * self._odd.count > records)
        yield from shared.doubts(records)
        yield from early.doubts(records)


class _LeftOut:
    def __init__(self, *, has_empty: bool) -> None:
        self._has_empty = has_empty
        self._bad = self._empty = self._reposts = self._deleted = self.nameless = 0

    def see(self, item: BadRecord | Skipped) -> None:
        if isinstance(item, BadRecord):
            self._bad += 1  # The reasons are listed anyway.
        elif item.reason == "repost":
            self._reposts += 1
        elif item.reason == "empty" and self._has_empty:
            self._empty += 1
        elif item.reason == "deleted" and not self._has_empty:
            self._deleted += 1

    def doubts(self, items: int, *, may_be_empty: bool, said: int) -> Doubts:
        """said: number of records without a text that another doubt counts."""
        for count, finding, may_be_grave in (
            (self._bad, Message("Records that cannot be read are over a tenth"), True),
            (self.nameless, Message("Posts without an author are over a tenth"), True),
            (
                self._deleted,
                Message("Deleted posts, and posts of deleted accounts, are over a tenth"),
                False,
            ),
            (
                0 if may_be_empty else self._empty - said,
                Message("Posts without a text are over a tenth"),
                False,
            ),
        ):
            if count > 0.1 * items:
                is_grave = may_be_grave and 2 * count > items and count >= 5
                yield Doubt("left_out", count, grave=is_grave, finding=finding)
        if self._reposts == items > 1:
            evidence = Message("All posts are left out as reposts")
            yield Doubt("left_out", items, grave=True, finding=evidence)
