"""The report of an import: counts, errors, and authors of posts."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Message, packed, unpacked
from app.models import ImportJob, User
from saywho.formats.assumptions import NO_NOTES, NotesSummary, decoded_notes
from saywho.formats.chats.people import zone_of
from saywho.formats.post import StoredMedium
from saywho.formats.records import ImportFault

COUNTS: Final = ("accepted", "duplicates", "rejected", "reposts", "restricted", "skipped")
MAX_ERRORS: Final = 100
MOST_LISTED: Final = 200


class Seen(msgspec.Struct, frozen=True):
    """The part of a file that was stored before its import."""

    state: Annotated[
        Literal["new", "known", "longer"],
        Meta(description="`longer`: a part is here; `known`: all of it, or the same bytes."),
    ] = "new"
    shifted: Annotated[
        int | None, Meta(description="Minutes to add to the times here to get the file's times.")
    ] = None
    renamed: Annotated[bool, Meta(description="Whether its people have other names here.")] = False
    import_id: Annotated[
        int | None, Meta(description="The newest import of a file with the same bytes.")
    ] = msgspec.field(default=None, name="import")
    room: Annotated[int | None, Meta(description="The chat here that the file's chat is.")] = None
    known: Annotated[int, Meta(description="Messages of the file's chats that are here.")] = 0
    new: Annotated[int, Meta(description="Messages of the file's chats that are new.")] = 0
    since: Annotated[datetime | None, Meta(description="Time of the first new message.")] = None
    zone: Annotated[str | None, Meta(description="Time zone of the chat here.")] = None

    @property
    def sentence(self) -> Message:
        """State in the first line of a preview."""
        total = f"{self.known + self.new:,}"
        if self.state == "new":
            if self.new > 1:
                return Message("This file is new: all {total} messages come in", total=total)
            return Message("This file is new")
        if not self.known:
            return Message("This file is here already (import {number})", number=self.import_id)
        if not self.new and self.known == 1:
            return Message("The message of this file is here already")
        if not self.new and self.import_id:
            return Message(
                "This file is here already: all {total} messages (import {number})",
                total=total,
                number=self.import_id,
            )
        if not self.new:
            return Message("All {total} messages of this file are here already", total=total)
        zone = zone_of(self.zone or "UTC")
        return Message(
            "{known} of {total} messages are here already; new: {new}, from {day} on",
            known=f"{self.known:,}",
            total=total,
            new=f"{self.new:,}",
            day=f"{self.since.astimezone(zone):%Y-%m-%d}" if self.since else "?",
        )


class StoredPosts(msgspec.Struct):
    """The authors of new posts, by their ids, and the number of their stored media files."""

    authors: set[int] = set()
    files: int = 0
    rooms: set[int] = set()
    """Chats of the messages, including chats that were stored before."""
    title: str = ""
    """Name of the file's only chat, from its preview, until its messages are stored."""
    seen: Seen | None = None
    """The part that was stored before; None for earlier versions."""
    zone: str | None = None
    """Time zone in which the preview compared an upload with what is stored."""

    def add(self, user_ids: Iterable[int], media: Iterable[StoredMedium]) -> None:
        self.files += sum(medium.file is not None for medium in media)
        fresh = dict.fromkeys(user_ids).keys() - self.authors
        self.authors |= {*islice(sorted(fresh), MOST_LISTED - len(self.authors))}

    def merge(self, part: "StoredPosts") -> None:
        self.files += part.files
        self.authors |= {*islice(part.authors, MOST_LISTED - len(self.authors))}
        self.add_rooms(part.rooms)

    def add_rooms(self, room_ids: Iterable[int | None]) -> None:
        """Add chats, at most `MOST_LISTED`; they have names of their own then."""
        self.rooms |= {
            room_id for room_id in room_ids if room_id is not None and len(self.rooms) < MOST_LISTED
        }
        self.title = "" if self.rooms else self.title


@dataclass(slots=True)
class ImportReport:
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reposts: int = 0
    restricted: int = 0
    skipped: int = 0
    with_entities: int = 0
    """Posts with `&amp;` and similar, in a format that does not decode them."""
    reworded: int = 0
    """Posts with an id that is stored with another text or time, which stay."""
    refused: dict[str, tuple[Message, int]] = field(default_factory=dict)
    """Rejected records that are no faults of the file: the first reason of each kind, and their
    number.
    """
    errors: list[ImportFault] = field(default_factory=list)
    stored: StoredPosts = field(default_factory=StoredPosts)
    broken: Message | None = None
    notes: NotesSummary = NO_NOTES
    """Assumptions and unused parts, up to the last record that was read."""
    is_whole: bool = False
    """Whether nothing follows, so that the transaction that stores it ends the import."""

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTS}

    def reject(self, place: int, detail: str) -> None:
        self.rejected += 1
        self.note(place, detail)

    def refuse(self, place: int, reason: Message) -> None:
        """Reject a sound record for a reason that the operator can change, such as the settings of
        the site or a name here.
        """
        self.reject(place, reason)
        self._add_refused(reason, 1)

    def _add_refused(self, reason: Message, count: int) -> None:
        first, others = self.refused.get(reason.template, (reason, 0))
        self.refused[reason.template] = first, others + count

    def note(self, place: int | None, detail: str) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(ImportFault(detail, place))

    def merge(self, part: "ImportReport") -> None:
        for name, count in part.counts.items():
            setattr(self, name, getattr(self, name) + count)
        self.with_entities += part.with_entities
        self.reworded += part.reworded
        for reason, number in part.refused.values():
            self._add_refused(reason, number)
        self.errors += part.errors[: MAX_ERRORS - len(self.errors)]
        self.stored.merge(part.stored)
        self.broken = self.broken or part.broken
        # The notes of a source are of all its records so far.
        self.notes = self.notes if part.notes.is_empty else part.notes

    def joined(self, part: "ImportReport") -> "ImportReport":
        total = deepcopy(self)
        total.merge(part)
        return total

    def in_order(self) -> list[ImportFault]:
        """Return errors by place, since reading and storing report them at different times."""
        return sorted(self.errors, key=lambda error: error.record or 0)


def notes_of(job: ImportJob) -> NotesSummary:
    return decoded_notes(job.notes) if job.notes else NO_NOTES


def encode_notes(notes: NotesSummary, *, with_examples: bool = True) -> bytes:
    """Return notes for the database; `forget_examples` removes the examples of doubts."""
    if not with_examples:
        doubts = tuple(structs.replace(doubt, examples=()) for doubt in notes.doubts)
        asked = tuple(structs.replace(part, rows=()) for part in notes.questions)
        notes = structs.replace(notes, doubts=doubts, questions=asked)
    return msgspec.json.encode(notes, enc_hook=packed)


def errors_of(job: ImportJob) -> list[ImportFault]:
    """Return why the import and single records failed; earlier versions stored sentences."""
    stored = msgspec.json.decode(job.errors)
    return [ImportFault(unpacked(error["detail"]), error.get("record")) for error in stored]


def encode_errors(errors: Iterable[ImportFault]) -> bytes:
    values = [{"record": error.record, "detail": packed(error.detail)} for error in errors]
    return msgspec.json.encode(values, enc_hook=str)


def stored_posts(job: ImportJob) -> StoredPosts:
    return msgspec.json.decode(job.stored, type=StoredPosts) if job.stored else StoredPosts()


async def stored_authors(session: AsyncSession, stored: StoredPosts) -> list[str]:
    query = select(User.username).where(User.id.in_(stored.authors), User.deleted_at.is_(None))
    return list(await session.scalars(query.order_by(User.tweet_count.desc(), User.username_key)))
