"""Imports as answers and pages show them."""

import json
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from app.models import ImportJob


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
    errors: Annotated[
        list[dict[str, Any]],
        Meta(description="The first records that were not stored, with their place and why."),
    ]
    started_at: datetime | None
    finished_at: datetime | None


class ImportDetails(ImportFacts, frozen=True):
    """An import as pages show one."""

    file_name: str
    reposts: int
    restricted: int


def facts(job: ImportJob) -> ImportFacts:
    """Return the import as answers show it."""
    return ImportFacts(**_shared(job))


def details(job: ImportJob) -> ImportDetails:
    """Return the import as pages show it."""
    return ImportDetails(
        **_shared(job),
        file_name=job.file_name,
        reposts=job.reposts,
        restricted=job.restricted,
    )


def _shared(job: ImportJob) -> dict[str, Any]:
    errors = json.loads(job.errors)
    if job.detail:
        errors.insert(0, {"detail": job.detail})
    names = [name for name in ImportFacts.__struct_fields__ if name != "errors"]
    return {name: getattr(job, name) for name in names} | {"errors": errors}
