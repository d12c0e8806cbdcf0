"""Facts about imports: how a file begins, before anything is stored, and what became of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import decode_entities, username_key
from app.db.backend import backend_of
from app.errors import ImportFileError, Message, message_of
from app.formats import WITH_ENTITIES, open_archive
from app.formats.records import BadRecord, Item, Record, Skipped
from app.formats.source.file import Source
from app.models import ImportJob, Tweet, User
from app.services.imports.bulk import BulkError, StoredPosts


class ImportFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a record was not stored, or the whole file."""

    detail: str
    record: Annotated[
        int | None, Meta(description="The place of the record; not where the whole file failed.")
    ] = None


class ImportFacts(msgspec.Struct, frozen=True):
    """An import as answers show one."""

    id: int
    state: Annotated[
        Literal["running", "done", "failed", "cancelled", "interrupted"],
        Meta(description="running as soon as it waits for its turn."),
    ]
    format: str
    bytes_read: Annotated[int, Meta(description="How far it has come.")]
    bytes_total: int
    accepted: int
    duplicates: int
    rejected: int
    reposts: int
    restricted: Annotated[int, Meta(description="Posts for a limited audience, left out.")]
    skipped: Annotated[
        int, Meta(description="Records that are no posts, or have neither text nor media.")
    ]
    errors: Annotated[
        list[ImportFault],
        Meta(description="The first that were not stored; the reason of a failure comes first."),
    ]
    started_at: datetime | None
    finished_at: datetime | None


class ImportDetails(ImportFacts, frozen=True):
    """An import as pages show one; the details of its errors are Messages."""

    file_name: str


def facts(job: ImportJob) -> ImportFacts:
    """Return the import as answers show it."""
    errors = msgspec.convert(_errors(job), list[ImportFault])
    return ImportFacts(**_values(job, ImportFacts), errors=errors)


def details(job: ImportJob) -> ImportDetails:
    """Return the import as pages show it."""
    errors = [ImportFault(_reason(each), each.get("record")) for each in _errors(job)]
    return ImportDetails(**_values(job, ImportDetails), errors=errors)


def stored_posts(job: ImportJob) -> StoredPosts:
    """Return whose posts the import has stored; nothing for imports of earlier versions."""
    return msgspec.json.decode(job.stored, type=StoredPosts) if job.stored else StoredPosts()


async def stored_authors(session: AsyncSession, stored: StoredPosts) -> list[tuple[str, int]]:
    """Return the names of the authors and how many posts were new, the most first."""
    query = select(User.id, User.username).where(
        User.id.in_(stored.posts), User.deleted_at.is_(None)
    )
    named = [(row.username, stored.posts[row.id]) for row in await session.execute(query)]
    return sorted(named, key=lambda each: (-each[1], each[0]))


def encode_errors(errors: Iterable[BulkError]) -> bytes:
    """Return the errors of records as the database keeps them."""
    return msgspec.json.encode(
        [{"record": error.line} | _stored(error.detail) for error in errors], enc_hook=str
    )


def with_failure(errors: bytes, failure: Message) -> bytes:
    """Return stored errors with the reason why the whole import failed."""
    return msgspec.json.encode([_stored(failure), *msgspec.json.decode(errors)], enc_hook=str)


def _values(job: ImportJob, shape: type[ImportFacts]) -> dict[str, Any]:
    return {name: getattr(job, name) for name in shape.__struct_fields__ if name != "errors"}


def _errors(job: ImportJob) -> list[dict[str, Any]]:
    """Return the stored errors; the reason of a failure comes first."""
    errors: list[dict[str, Any]] = msgspec.json.decode(job.errors)
    has_reason = bool(errors) and "record" not in errors[0]
    return errors if has_reason or not job.detail else [{"detail": job.detail}, *errors]


def _stored(detail: str) -> dict[str, Any]:
    if not isinstance(detail, Message):
        return {"detail": detail}
    values = {
        name: _stored(value) if isinstance(value, Message) else value
        for name, value in detail.values.items()
    }
    return {"detail": str(detail), "message": detail.template, "values": values}


def _reason(stored: dict[str, Any]) -> str:
    """Return a stored reason; earlier versions stored only its English sentence."""
    if "message" not in stored:
        return str(stored["detail"])
    values = {
        name: _reason(value) if isinstance(value, dict) else value
        for name, value in stored["values"].items()
    }
    template = stored["message"]
    return Message(template, **values)


LOOKED_AT: Final = 1_000
"""Records that a preview reads: enough to know a file by, in well under a second."""
SHOWN: Final = 5
SAMPLES_EACH: Final = 2
SAMPLE_LENGTH: Final = 300
"""Messages that are shown of each speaker of a chat, and characters of each."""


class Speaker(msgspec.Struct):
    """Somebody in a chat."""

    name: str
    """As it stands there."""
    username: str | None
    """None for who exported the chat, if it says no name."""
    messages: int = 0
    samples: list[str] = []


class Preview(msgspec.Struct, frozen=True):
    """Facts about the first records of a file, or about all of a chat."""

    format: str
    username: str | None
    """The one author; None for many, or where the file does not say."""
    is_one_account: bool
    is_whole: bool
    """Whether the file ended within the records that were read."""
    posts: int
    reposts: int
    restricted: int
    skipped: int
    files: int | None
    """Files of media that the archive holds for these records; None where it can hold none."""
    with_entities: int
    """Posts that hold `&amp;` and the like, in a format that leaves them as they stand."""
    bad: list[dict[str, Any]]
    """The first bad records: `record` and `detail`."""
    bad_total: int
    authors: list[tuple[str, int]]
    """Names and how many posts of each, the most frequent first."""
    author_total: int
    speakers: list[Speaker] | None
    """Who speaks in a chat, who says most first; None for other files."""
    samples: list[Record]
    """The first posts, as the file has them."""
    keys: set[tuple[str, str]]
    """The authors' case-folded names and the platform's ids of posts that have both."""
    failure: Message | None = None


@dataclass(slots=True)
class _Look:
    """What was seen so far of the records; only the first ones are kept."""

    first: list[Record] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    speakers: dict[str | None, Speaker] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Count a record."""
        self.kinds[item.reason if isinstance(item, Skipped) else type(item).__name__] += 1
        kept: list[Any] = self.bad if isinstance(item, BadRecord) else self.first
        if not isinstance(item, Skipped) and len(kept) < LOOKED_AT:
            kept.append(item)

    def hear(self, item: Item) -> None:
        """Count whose message it is."""
        if isinstance(item, Record):
            speaker = Speaker(item.display_name or item.username or "", item.username)
            speaker = self.speakers.setdefault(item.username, speaker)
            speaker.messages += 1
            if len(speaker.samples) < SAMPLES_EACH:
                speaker.samples.append(item.text[:SAMPLE_LENGTH])

    def by_messages(self) -> list[Speaker]:
        """Return the speakers, who says most first."""
        return sorted(self.speakers.values(), key=lambda speaker: -speaker.messages)


def preview(path: Path, file_name: str, *, limit_bytes: int) -> Preview:
    """Return the facts about a file's first records; runs in a thread. Raises ImportFileError."""
    look, failure, is_whole = _Look(), None, True
    with Source(path, name=file_name, limit_bytes=limit_bytes) as source:
        archive = open_archive(source)
        try:
            for number, item in enumerate(archive.items, 1):
                if archive.is_chat:
                    look.hear(item)
                elif number > LOOKED_AT:
                    is_whole = False
                    break
                look.add(item)
        except ImportFileError as error:
            failure = message_of(error)
        records = look.first
        names = {name for record in records for name in record.files if name}
        place_of = archive.files.place_of if archive.files else None
        files = place_of and sum(place_of(name) is not None for name in names)
    counts = look.kinds
    posts, bad_total = counts.pop(Record.__name__, 0), counts.pop(BadRecord.__name__, 0)
    reposts, restricted = counts.pop("repost", 0), counts.pop("restricted", 0)
    named = (record.username or record.author_id for record in records)
    authors = Counter(name for name in named if name)
    account = archive.account
    owner = account.username if account else None
    return Preview(
        format=archive.format,
        username=owner,
        is_one_account=account is not None,
        is_whole=is_whole,
        posts=posts,
        reposts=reposts,
        restricted=restricted,
        skipped=counts.total(),
        files=files,
        with_entities=sum(
            decode_entities(record.text) != record.text
            for record in records
            if archive.format in WITH_ENTITIES
        ),
        bad=[{"record": item.place, "detail": item.detail} for item in look.bad[:SHOWN]],
        bad_total=bad_total,
        authors=authors.most_common(SHOWN),
        author_total=len(authors),
        speakers=look.by_messages() if archive.is_chat else None,
        samples=records[:SHOWN],
        keys=_keys(records, owner),
        failure=failure,
    )


def _keys(records: Iterable[Record], owner: str | None) -> set[tuple[str, str]]:
    named = ((record.username or owner, record.source_id) for record in records)
    return {
        (username_key(name), source_id)
        for name, source_id in named
        if name and source_id and (name + source_id).isprintable()
    }


async def count_known(session: AsyncSession, seen: Preview) -> int:
    """Return how many of a preview's posts are stored already, as far as ids tell."""
    asked = backend_of(session).listed(sorted(seen.keys), User.username_key, Tweet.source_id)
    is_asked = and_(Tweet.user_id == User.id, Tweet.source_id == asked.c.source_id)
    query = (
        select(func.count())
        .select_from(asked)
        .join(User, and_(User.username_key == asked.c.username_key, User.deleted_at.is_(None)))
        .join(Tweet, is_asked)
    )
    return await session.scalar(query) or 0
