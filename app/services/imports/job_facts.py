"""Imports as answers and pages show them, and their reasons as the database keeps them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Message
from app.models import ImportJob, User
from app.services.imports.bulk import BulkError, StoredPosts


class ImportFacts(msgspec.Struct, frozen=True):
    """An import as answers show one."""

    id: int
    state: Annotated[str, Meta(description="running, done, failed, cancelled or interrupted.")]
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
        list[dict[str, Any]],
        Meta(description="The first records that were not stored, with their place and why."),
    ]
    started_at: datetime | None
    finished_at: datetime | None


class ImportDetails(ImportFacts, frozen=True):
    """An import as pages show one; the details of its errors are Messages."""

    file_name: str


def facts(job: ImportJob) -> ImportFacts:
    """Return the import as answers show it."""
    errors = [
        {name: value for name, value in error.items() if name in {"record", "detail"}}
        for error in _errors(job)
    ]
    return ImportFacts(**_values(job, ImportFacts), errors=errors)


def details(job: ImportJob) -> ImportDetails:
    """Return the import as pages show it."""
    errors = [error | {"detail": _reason(error)} for error in _errors(job)]
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
