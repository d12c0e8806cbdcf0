"""What is in a file: its first records, or all of a chat, read before anything is stored."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import decode_entities, drop_controls
from app.db.backend import backend_of
from app.errors import ImportFileError, Message, message_of
from app.formats.records import Archive, BadRecord, Record, Skipped
from app.formats.registry import WITH_ENTITIES, open_archive
from app.formats.source.file import Source
from app.models import Tweet, User

LOOKED_AT: Final = 1_000
"""Records that a preview reads: enough to know a file by, in well under a second."""
SHOWN: Final = 5
LEAST_TELLING: Final = 8
"""Characters of a message by which a chat is known again; many rooms have shorter ones."""
SAMPLES_EACH: Final = 2
SAMPLE_LENGTH: Final = 300
"""Messages that are shown of each speaker of a chat, and characters of each."""


@dataclass(slots=True)
class Speaker:
    """Somebody in a chat."""

    name: str
    """As it stands there."""
    username: str | None
    """None for who exported the chat, if it says no name."""
    messages: int = 0
    samples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """Facts about the first records of a file, or about all of a chat."""

    archive: Archive
    counts: Counter[str] = field(default_factory=Counter)
    """Records that are posts, `bad`, `repost`, `restricted`, and others, `skipped`."""
    is_whole: bool = True
    """Whether the file ended within the records that were read."""
    records: list[Record] = field(default_factory=list)
    """The first posts, as the file has them."""
    bad: list[BadRecord] = field(default_factory=list)
    """The first bad records."""
    speakers: dict[str | None, Speaker] = field(default_factory=dict)
    """Who speaks in a chat, by their usernames."""
    files: int | None = None
    """Files of media that the archive holds for these records; None where it can hold none."""
    failure: Message | None = None

    @property
    def username(self) -> str | None:
        """The one author; None for many, or where the file does not say."""
        return self.archive.account.username if self.archive.account else None

    @property
    def authors(self) -> list[tuple[str, int]]:
        """Names and how many posts of each, the most frequent first."""
        named = (record.username or record.author_id for record in self.records)
        return Counter(name for name in named if name).most_common()

    @property
    def speakers_by_messages(self) -> list[Speaker]:
        return sorted(self.speakers.values(), key=lambda speaker: -speaker.messages)

    @property
    def with_entities(self) -> int:
        """Posts that hold `&amp;` and the like, in a format that leaves them as they stand."""
        texts = [record.text for record in self.records if self.archive.format in WITH_ENTITIES]
        return sum(decode_entities(text) != text for text in texts)

    def read(self) -> None:
        """Read the records, and find their files; of a chat all count, and the first are kept."""
        items = (
            self.archive.items if self.archive.is_chat else islice(self.archive.items, LOOKED_AT)
        )
        try:
            for item in items:
                if isinstance(item, Skipped):
                    known = item.reason in {"repost", "restricted"}
                    self.counts[item.reason if known else "skipped"] += 1
                elif isinstance(item, BadRecord):
                    self.counts["bad"] += 1
                    self.bad += [item] if len(self.bad) < SHOWN else []
                else:
                    self._add(item)
            self.is_whole = next(self.archive.items, None) is None
        except ImportFileError as error:
            self.failure = message_of(error)
        if self.archive.files:
            names = {name for record in self.records for name in record.files if name}
            self.files = sum(map(self.archive.files.has, names))

    def _add(self, record: Record) -> None:
        self.counts["posts"] += 1
        if len(self.records) < LOOKED_AT:
            self.records.append(record)
        if self.archive.is_chat:
            name = record.display_name or record.username or ""
            speaker = self.speakers.setdefault(record.username, Speaker(name, record.username))
            speaker.messages += 1
            if len(speaker.samples) < SAMPLES_EACH:
                speaker.samples.append(record.text[:SAMPLE_LENGTH])


def preview(path: Path, file_name: str, *, limit_bytes: int) -> Preview:
    """Return the facts about a file's first records; runs in a thread. Raises ImportFileError."""
    with Source(path, name=file_name, limit_bytes=limit_bytes) as source:
        found = Preview(open_archive(source))
        found.read()
    return found


async def earlier_names(session: AsyncSession, seen: Preview) -> dict[str | None, str]:
    """Return the names that an earlier import of this chat gave, "" for whom it has left out.

    Those who keep the name that they have in the chat are not among them. Nothing says so but the
    posts: most messages of somebody are here, under one name, or they are not.
    """
    if not seen.archive.is_chat:
        return {}
    said = [(each.username, drop_controls(each.text)) for each in seen.records]
    said = [(name, text) for name, text in said if len(text) >= LEAST_TELLING]
    texts = backend_of(session).listed([(text,) for text in {text for _, text in said}], Tweet.text)
    of_chats = (User.is_of_chat, User.deleted_at.is_(None), Tweet.text.in_(select(texts)))
    stored = select(Tweet.text, User.username).join(User, User.id == Tweet.user_id).where(*of_chats)
    writers: defaultdict[str, set[str]] = defaultdict(set)
    for text, writer in await session.execute(stored.distinct()):
        writers[text].add(writer)
    count, by = Counter(name for name, _ in said), defaultdict[str | None, Counter[str]](Counter)
    here = Counter(name for name, text in said if text in writers)
    for name, text in said:
        by[name].update(writers.get(text, ()))
    names: dict[str | None, str] = {}
    for name, all_of_them in count.items():
        if 2 * here[name] < all_of_them:
            names[name] = ""
        elif 2 * by[name][name or ""] < all_of_them <= 2 * max(by[name].values()):
            names[name] = max(sorted(by[name]), key=by[name].__getitem__)
    return {} if [*names.values()] == [""] * len(count) else names
