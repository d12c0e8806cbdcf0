"""Uploads: files of posts, what lies among the uploads, and imports that wait for their turn."""

import io
import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from quart import Quart
from quart.datastructures import FileStorage

from app.db.engine import Database
from app.models import ImportJob
from app.services.imports.jobs import FOLDER, UploadedFile, add_job, open_upload
from tests.browsing import Browser, parts_of
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

    return await eventually(look, until=lambda jobs: len(jobs) == number)


async def queued(db: Database, place: Path, data: bytes, **chosen: Any) -> ImportJob:
    """Queue the import of a file with these bytes, as an upload does; chosen: as for `add_job`."""
    spool, file = open_upload(place)
    with file:
        file.write(data)
    async with db.write() as session:
        file_of_job = UploadedFile(spool, "posts.jsonl", len(data))
        return await add_job(session, file_of_job, **{"is_started": True} | chosen)


async def upload(browser: Browser, data: bytes, name: str = "posts.jsonl") -> str:
    """Upload a file; return the address that this leads to."""
    files = {"file": FileStorage(io.BytesIO(data), name)}
    answer = await browser.post("/imports", files=files, status=303)
    assert re.fullmatch(r"/imports/\d+", answer.headers["Location"])
    return str(answer.headers["Location"])


async def ended(browser: Browser, address: str) -> str:
    """Wait until the page says that the import has ended; return it."""
    return await eventually(
        lambda: browser.page(address), until=lambda page: 'hx-trigger="every' not in page
    )


async def start(browser: Browser, address: str, **form: str | list[str]) -> int:
    """Send the form that starts an import; return the status."""
    return int((await _sent(browser, f"{address}/start", form)).status_code)


async def choose(browser: Browser, address: str, **form: str | list[str]) -> Any:
    """Send the form of the preview with new choices."""
    return await _sent(browser, f"{address}/choices", form)


async def _sent(browser: Browser, address: str, form: dict[str, str | list[str]]) -> Any:
    headers = browser.headers | {"Content-Type": "application/x-www-form-urlencoded"}
    return await browser.post(address, data=urlencode(form, doseq=True), headers=headers)


def shown(page: str) -> str:
    """Return the text of a page in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
