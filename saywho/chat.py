"""Files as plain values: `saywho.read`."""

import io
import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, NamedTuple, overload

from saywho import text as writing
from saywho.copies import Copies
from saywho.errors import BrokenFileError, FileError, SaywhoError, choice_of
from saywho.formats import assumptions
from saywho.formats.chats.people import zone_of
from saywho.formats.doubts.questions import RecordQuestions, asked
from saywho.formats.long_texts import parts_of
from saywho.formats.reading import BadRecord, Skipped, as_username, username_for
from saywho.formats.records import Item, ReadOptions, Record, RecordStream, by_author, nameless
from saywho.formats.registry import FORMATS, open_records
from saywho.formats.settled import check_columns, check_doubts, check_settled, owner_name
from saywho.formats.source.file import Source
from saywho.formats.texts import FORMAT as TEXTS, text_of
from saywho.notebook import Progress, shown, silent
from saywho.people.politeness import levels_in

if TYPE_CHECKING:
    import pandas
    import polars

_SKIPPED: Final = {
    "repost": "reposts",
    "restricted": "posts for a limited audience (include_restricted)",
    "empty": "posts without text and media",
    "like": "likes",
    "deleted": "deleted posts",
    "media": "media without text",
    "system": "lines of the app",
}


class Post(NamedTuple):
    """A post, or a message of a chat."""

    author: str
    """Name of the author, without blanks, as a site has it: `Kim Minah` is `Kim_Minah`. The second
    of two namesakes in a chat is `Kim_Minah_2`.
    """
    text: str
    """In NFC, with LF as the only line end; empty only if there are media."""
    created_at: datetime | None
    """In UTC, in whole seconds; None if the file has no readable time."""
    room: str | None
    """Name of the chat; None for a post."""
    reply_to: str | None
    """`id` of the answered post, if the file has it."""
    id: str | None
    """The platform's id, if the file has it; of a text in a folder, its file, and from its second
    piece on `Austen/Emma.txt#2`.
    """
    kind: Literal["post", "reply", "quote"]
    media: tuple[str, ...]
    """Kinds of its media, in order: `photo`, `video`, `gif`, `audio`, `link`."""
    lang: str | None
    """Language tag (BCP 47): that of the file, otherwise `ko` for Korean, and None."""
    platform: str
    """Where the author writes, such as `x`; `local` in chats, and if the file does not say."""
    source: str | None = None
    """Text that this is all or a piece of: a file in a folder, or the id or place of a long post
    that was cut; None for a whole post.
    """
    handles: str | None = None
    """Dotted names that the file's field of mentions has in the text, with blanks between, such as
    `minsu.com`: a `Judge` counts them as `@minsu`, as it does names of its people.
    """

    def counted(self) -> "Post":
        """Return the post with the text that counts."""
        return self._replace(text=writing.counted_text(self.text, self.handles or ""))


class Politeness(NamedTuple):
    """How polite the Korean sentences of somebody are, in all or in a month."""

    author: str
    month: str | None
    """Such as `2025-03`."""
    polite: int
    plain: int
    undecided: int
    sentences: int
    """The sum of the three."""


@dataclass(frozen=True, slots=True, eq=False)
class Chat(Sequence[Post]):
    """The posts of a file in its order, and what was not certain about reading them.

    It is a sequence of `Post`, which cannot be changed; it can be pickled. The sentences are
    English.
    """

    posts: tuple[Post, ...]
    format: str
    """Name of the file's format, such as `kakaotalk`."""
    is_chat: bool
    """Whether several people wrote to each other."""
    assumptions: tuple[str, ...]
    """Decisions that the file leaves open, with their evidence."""
    doubts: tuple[str, ...]
    """Odd findings: perhaps errors of the file, perhaps of its reader."""
    unread: tuple[str, ...]
    """What was not used: columns, files, times, and records with the reason."""

    @property
    def people(self) -> tuple[str, ...]:
        """The authors, those with the most posts first."""
        return tuple(name for name, _ in Counter(post.author for post in self.posts).most_common())

    def __len__(self) -> int:
        return len(self.posts)

    @overload
    def __getitem__(self, index: int) -> Post: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Post, ...]: ...
    def __getitem__(self, index: int | slice) -> Post | tuple[Post, ...]:
        return self.posts[index]

    def __iter__(self) -> Iterator[Post]:
        return iter(self.posts)

    def __repr__(self) -> str:
        people = len({post.author for post in self.posts})
        return f"<Chat: {self.format}, {len(self):,} posts, {people:,} people>"

    def _repr_html_(self) -> str:
        counts = Counter(post.author for post in self.posts)
        return shown(repr(self)[1:-1], ("author", "posts"), counts.most_common())

    def politeness(self, *, by_month: bool = False) -> list[Politeness]:
        """Return how polite the Korean of each person is, those with the most sentences first.

        A sentence is `polite` (존댓말) or `plain` (반말) by its end; one that ends in a noun, say,
        is `undecided`. by_month: a row for each person and month, in the order of time; months are
        those of UTC, and posts without a time have the month None.
        """
        counts: dict[tuple[str, str | None], Counter[str]] = {}
        for post in self.posts:
            levels = Counter(
                level or "undecided" for level in levels_in(post.text, is_chat=self.is_chat)
            )
            if levels:
                month = f"{post.created_at:%Y-%m}" if by_month and post.created_at else None
                counts.setdefault((post.author, month), Counter()).update(levels)
        rows = [
            Politeness(
                author,
                month,
                levels["polite"],
                levels["plain"],
                levels["undecided"],
                levels.total(),
            )
            for (author, month), levels in counts.items()
        ]
        total = Counter[str]()
        for row in rows:
            total[row.author] += row.sentences
        return sorted(rows, key=lambda row: (-total[row.author], row.author, row.month or ""))

    def to_records(self) -> list[dict[str, Any]]:
        """Return a dictionary for each post, with the fields of `Post` as keys."""
        return [post._asdict() for post in self.posts]

    def to_pandas(self) -> "pandas.DataFrame":
        """Return a table with a row for each post, and the fields of `Post` as columns.

        Raises ImportError without pandas, which saywho does not install.
        """
        import pandas

        table = pandas.DataFrame(self.to_records(), columns=list(Post._fields))
        table["created_at"] = pandas.to_datetime(table["created_at"], utc=True)
        return table

    def to_polars(self) -> "polars.DataFrame":
        """Return the same table for Polars.

        Raises ImportError without Polars, which saywho does not install.
        """
        import polars

        types = dict.fromkeys(Post._fields, polars.String) | {
            "created_at": polars.Datetime("us", "UTC"),
            "media": polars.List(polars.String),
        }
        return polars.DataFrame([[*post] for post in self.posts], schema=types, orient="row")


def read(
    file: str | os.PathLike[str] | BinaryIO,
    *,
    tz: str | None = None,
    username: str | None = None,
    columns: Mapping[str, str] | None = None,
    public_values: Iterable[str] = (),
    format: str = "auto",  # noqa: A002 # the word that the command line and the API use
    encoding: str | None = None,
    dates: Literal["day-first", "month-first", "year-first"] | None = None,
    include_restricted: bool = False,
    strip_tags: bool = False,
    accept_doubts: bool = False,
    progress: Progress = silent,
) -> Chat:
    """Return the posts of a file in any of the formats of saywho, which knows it by its content.

    file: a path of a file, a folder or an archive, or a file opened in binary mode.
    tz: time zone of a chat whose file names none, such as `Asia/Seoul`; by default the computer's.
    username: author of posts that name none; of a chat, who exported it.
    columns: roles of columns or fields, such as `{"user_name": "author"}`; the roles are author,
        text, time, name, id, lang, url, repost and audience. `none` means that no column has the
        role.
    public_values: values of the column for the audience whose posts everybody may read; posts with
        other values are left out.
    format: name of the format, if it is not known by the content.
    encoding: encoding of the texts, such as `cp949`, if the guess from the letters is wrong.
    dates: order of day, month and year in dates of numbers, if the file leaves it open.
    include_restricted: whether to read posts for a limited audience, too.
    strip_tags: whether to take HTML tags, a label before all, or a machine's translation off texts
        of tables and JSON.
    accept_doubts: whether to return what can be read of a file that an import would refuse: most
        times or authors are unreadable, a grave doubt remains, or the file breaks off.
    progress: wraps the posts while they are read, such as `tqdm.auto.tqdm`; their number is not
        known.

    Raises FileError, with the sentence that the command `saywho import` prints, for a file that
    cannot be read, and ValueError for an unknown zone, format, encoding or role. Posts of one
    author with the same id count once, as in an import.
    """
    if format != "auto" and format not in FORMATS:
        raise ValueError(f"unknown format {format}; known are {', '.join(sorted(FORMATS))}")
    options = _options(
        tz=tz,
        username=username,
        columns=columns or {},
        public_values=(*public_values,),
        encoding=encoding,
        dates=dates,
        include_restricted=include_restricted,
        strip_tags=strip_tags,
    )
    with _naming_arguments(), _source(file) as source:
        records = open_records(source, format=format, options=options)
        may_have_copies = records.is_chat and source.has_members
        records, questions = asked(
            records, options, has_chats=may_have_copies, accepts_unread=accept_doubts
        )
        check_columns(records, options)
        if may_have_copies:
            records = replace(records, items=_without_copies(records, questions))
        reading = _Reading(replace(records, items=iter(progress(records.items))), options)
        try:
            reading.read()
        except BrokenFileError as error:
            if not accept_doubts:
                raise
            reading.unread.append(str(error))
        check_settled(records, options, accepts_unread=accept_doubts)
        check_doubts(records, None if accept_doubts else ())
        return reading.chat()


def read_text(
    file: str | os.PathLike[str] | BinaryIO, *, author: str, encoding: str | None = None
) -> Chat:
    """Return a file of plain text, such as a book, as posts of its author.

    `source` is the path as given. A long text is cut as `read` does. author: name, in which blanks
    become `_`. encoding: of the text, if the guess from the letters is wrong.

    Raises FileError for a file that is no text, and ValueError for an unknown encoding and a name
    without letters.
    """
    username = author if as_username(author) else username_for(author, without="")
    options = _options(tz=None, columns={}, username=username, encoding=encoding, dates=None)
    with _source(file) as source:
        source.choose_encoding(options.encoding)
        if (item := None if source.has_members else text_of(source, 1, username)) is None:
            raise FileError("{name} is no text; use read", name=source.name)
        if isinstance(item, BadRecord):
            raise FileError(str(item.detail))
        items: Iterator[Item] = iter((item,))
        if isinstance(item, Record):
            items = parts_of(by_author(item, username), source.notes)
        reading = _Reading(
            RecordStream(TEXTS.name, "record", None, items, notes=source.notes), options
        )
        reading.read()
        source.check()
        return reading.chat()


@contextmanager
def _naming_arguments() -> Iterator[None]:
    """Say below an error which argument of `read` makes the choice that it names."""
    try:
        yield
    except SaywhoError as error:
        asking = choice_of(error.detail)
        named = {"column": "NAME", **(asking.values if asking else {})}
        arguments = {
            "author": f"columns={{{named['column']!r}: 'author'}}",
            "text": f"columns={{{named['column']!r}: 'text'}}",
            "username": "username='NAME'",
            "dates": "dates='day-first', 'month-first' or 'year-first'",
            "times": "columns={'NAME': 'time'}, or dates, or accept_doubts=True",
            "encoding": "encoding='cp949' or another one",
            "doubts": "accept_doubts=True",
        }
        if argument := arguments.get(str(named.get("choice"))):
            error.add_note(f"read(…, {argument})")
        raise


def _source(file: str | os.PathLike[str] | BinaryIO) -> Source:
    is_path = isinstance(file, str | os.PathLike)
    if isinstance(file, io.TextIOBase) or not (is_path or hasattr(file, "read")):
        raise TypeError("give a path, or a file opened in binary mode: open(path, 'rb')")
    named = getattr(file, "name", None)
    target = Path(file) if is_path else file  # type: ignore[arg-type] # is a path
    name = None if is_path else named if isinstance(named, str) else "the file"
    return Source(target, name=name)  # type: ignore[arg-type] # is no string


def _options(*, tz: str | None, columns: Mapping[str, str], **chosen: Any) -> ReadOptions:
    """Return the options of a reading. Raises ValueError."""
    if chosen["dates"] not in (None, *assumptions.DATE_ORDERS):
        raise ValueError(f"unknown order of dates; use {', '.join(assumptions.DATE_ORDERS)}")
    zone_of(tz)
    if chosen["username"] is not None:
        chosen["username"] = writing.clean_username(chosen["username"])
    if chosen["encoding"] is not None:
        chosen["encoding"] = assumptions.parse_encoding(chosen["encoding"])
    pairs = assumptions.columns_of(f"{role}={name}" for name, role in columns.items())
    return ReadOptions(timezone=tz, columns=pairs, **chosen)


def _without_copies(records: RecordStream, questions: RecordQuestions) -> Iterator[Item]:
    """Yield the items of several chats, each message once, after all are read.

    Raises BrokenFileError after the items before it.
    """
    items, fault = deque[Item](), None
    try:
        items.extend(records.items)
    except BrokenFileError as error:
        fault = error
    copies = Copies(questions.chats.found, records.notes)
    yield from copies.items(items.popleft() for _ in range(len(items)))
    if fault is not None:
        raise fault


class _Reading:
    """Collects the posts of a file's records, and what is left out."""

    def __init__(self, records: RecordStream, options: ReadOptions) -> None:
        self._records, self._options = records, options
        self._owner, self._platform = None, "local"
        if records.account is not None:
            self._owner = writing.clean_username(owner_name(records.account, options.username))
            self._platform = records.account.platform
        self._posts: list[Post] = []
        self._known: set[tuple[str, str]] = set()
        """Author and id of the posts."""
        self._pieces = Counter[str]()
        """Number of posts of each source."""
        self._skipped = Counter[str]()
        self._rejected: list[str] = []
        self._rejected_count = self._repeated = 0
        self.unread: list[str] = [str(part.note) for part in records.left_out]

    def read(self) -> None:
        for item in self._records.items:
            if isinstance(item, BadRecord):
                self._reject(item.place, item.detail)
            elif isinstance(item, Skipped) and item.reason == "repeated":
                self._repeated += 1
            elif isinstance(item, Skipped):
                self._skipped[item.reason] += 1
            else:
                try:
                    self._add(item)
                except (ValueError, FileError) as error:
                    self._reject(item.place, str(error))

    def _reject(self, place: int, detail: str) -> None:
        self._rejected_count += 1
        if len(self._rejected) < 100:
            self._rejected.append(f"{self._records.unit} {place}: {detail}")

    def _add(self, record: Record) -> None:
        author = self._owner or record.username or self._options.username
        if author is None and self._records.is_chat:
            self._skipped[f"messages by {record.display_name}; name them with username"] += 1
            return
        author = author or record.author_id
        if author is None:
            raise FileError(nameless(self._records))
        author, text = writing.clean_username(author), writing.drop_controls(record.text)
        if record.source_id is not None:
            key = writing.username_key(author), record.source_id
            if key in self._known:
                self._repeated += 1
                return
            self._known.add(key)
        text = writing.clean_text(text) if text.strip() or not record.media else ""
        source, source_id = record.source, record.source_id
        if source is not None:
            self._pieces[source] += 1
            number = self._pieces[source]
            source_id = source_id or (source if number == 1 else f"{source}#{number}")
        time, target, room, lang = record.created_at, record.reply_to, record.room, record.lang
        self._posts.append(
            Post(
                author,
                text,
                time.replace(microsecond=0) if time and time.microsecond else time,
                None if room is None else room.name,
                None if target is None else target.source_id,
                source_id,
                record.kind,
                tuple(medium.kind for medium in record.media),
                lang if lang and writing.is_language_tag(lang) else writing.guess_language(text),
                record.platform or self._platform,
                source,
                record.handles and writing.handles_in(text, record.handles),
            )
        )

    def chat(self) -> Chat:
        notes = self._records.notes.summary
        left_out = [
            f"Left out: {count:,} {_SKIPPED.get(reason, reason)}"
            for reason, count in self._skipped.most_common()
        ]
        left_out += [f"Repeated, and counted once: {self._repeated:,}"] if self._repeated else []
        more = self._rejected_count - len(self._rejected)
        return Chat(
            posts=tuple(self._posts),
            format=self._records.format,
            is_chat=self._records.is_chat,
            assumptions=tuple(
                str(assumptions.assumption_sentence(part)) for part in notes.assumptions
            ),
            doubts=tuple(str(assumptions.doubt_sentence(doubt)) for doubt in notes.doubts),
            unread=(
                *self.unread,
                *map(str, assumptions.unread_sentences(notes.unread)),
                *left_out,
                *self._rejected,
                *([f"and {more:,} more records"] if more else []),
            ),
        )
