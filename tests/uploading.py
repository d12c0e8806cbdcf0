"""Uploads: files of posts, what lies among the uploads, and imports that wait for their turn."""

import json
import os
from pathlib import Path
from typing import Any

from quart import Quart

from app.db.engine import Database
from app.models import ImportJob
from app.services.imports.jobs import FOLDER, add_job, open_upload
from tests.browsing import parts_of
from tests.waiting import eventually


def jsonl(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def uploads(app: Quart) -> list[Path]:
    """Return what lies there; unlike `rglob`, bears that something goes meanwhile."""
    places = os.walk(parts_of(app).config.data_dir / FOLDER)
    return [Path(place, name) for place, folders, files in places for name in [*folders, *files]]


async def until_uploads(app: Quart, number: int) -> list[Path]:
    """Wait until so many uploads lie there; return them."""

    async def look() -> list[Path]:
        return uploads(app)

    return await eventually(look, until=lambda found: len(found) == number)


async def queued(db: Database, place: Path, data: bytes, *, is_started: bool = True) -> ImportJob:
    """Queue the import of a file with these bytes, as an upload does."""
    spool, file = open_upload(place)
    with file:
        file.write(data)
    async with db.write() as session:
        return await add_job(
            session,
            spool=spool,
            file_name="posts.jsonl",
            bytes_total=len(data),
            is_started=is_started,
        )
