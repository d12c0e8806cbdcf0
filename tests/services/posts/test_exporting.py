"""Exports from a real database: what is in them, and that they come back in without loss."""

import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from app.db.engine import Database
from app.services.imports.storing import import_records
from app.services.posts import exporting
from app.services.posts.exporting import begin_export, exported
from saywho.formats.post import Platform, ReplyTarget
from saywho.formats.records import ExportedPost
from saywho.formats.registry import WRITERS, open_records
from saywho.formats.source.file import Source
from tests.conftest import MakeConfig
from tests.posting import post, remove_author, remove_post

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
JSONL = WRITERS["jsonl"]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 3)


async def file_of(db: Database, form: Any, username: str | None = None) -> bytes:
    async with db.read() as session:
        export = await begin_export(session, username)
    return b"".join([piece async for piece in exported(db, export, form)])


@pytest.mark.parametrize("username", [None, "mina"])
async def test_an_export_has_no_later_posts_and_no_deleted_ones(
    db: Database, username: str | None
) -> None:
    await post(db, "mina", *(f"m{number}" for number in range(7)))
    async with db.read() as session:
        export = await begin_export(session, username)
    pieces = exported(db, export, JSONL)
    first = await anext(pieces)
    assert db.backend.readers.pool.checkedout() == 0  # type: ignore[attr-defined]
    await post(db, "mina", "too late")
    await remove_post(db, 5)
    data = first + b"".join([piece async for piece in pieces])
    assert [text for text in ("m3", "m4", "m5", "too") if text.encode() in data] == ["m3", "m5"]
    assert data.count(b"\n") == 6
    assert data.endswith(b"}\n")


AUTHORS: Final[list[tuple[str, Platform]]] = [("@mina", "x"), ("'지호", "mastodon")]


def some_posts() -> dict[int, ExportedPost]:
    """Return invented posts: known and unknown times and ids, equal ones, two platforms."""
    chance = random.Random(11)  # noqa: S311 - no secret
    texts = ["=1+1", "'quoted'", '두 줄\n"인용", 쉼표', "-", "same", "same", "https://a.example/"]
    return {
        number: ExportedPost(
            *chance.choice(AUTHORS),
            text=chance.choice(texts),
            kind=chance.choice(["post", "reply", "quote"]),
            created_at=chance.choice([None, NOON, NOON + timedelta(days=number)]),
            lang=chance.choice(["ko", "en", "ja"]),
            source_id=chance.choice([None, f"{number}", f" =id {number} ", f"{number}e+18"]),
            url=chance.choice([None, "https://a.example/1"]),
            reply_to=chance.choice([None, ReplyTarget("3", "@mina"), ReplyTarget(f"{number - 1}")]),
        )
        for number in range(120)
    }


async def stored(db: Database) -> list[bytes]:
    """Return all posts but for their ids, in an order of their own."""
    return sorted((await file_of(db, JSONL)).splitlines())


async def bring_in(db: Database, data: bytes) -> tuple[int, int, int]:
    with Source(io.BytesIO(data)) as source:
        report = await import_records(db, open_records(source), username=None)
    return report.accepted, report.duplicates, report.rejected


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("format_name", WRITERS)
async def test_an_export_comes_in_without_loss_and_only_once(
    make_config: MakeConfig, tmp_path: Any, format_name: str
) -> None:
    first = Database(make_config())
    second = Database(make_config(data_dir=tmp_path / "second"))
    form = WRITERS[format_name]
    try:
        posts = some_posts()
        assert await bring_in(first, form.heading + form.encode(posts)) == (len(posts), 0, 0)
        data = await file_of(first, form)
        assert await bring_in(second, data) == (len(posts), 0, 0)
        assert await stored(second) == await stored(first)
        assert sorted(JSONL.encode(posts).splitlines()) == await stored(first)
        for db in (first, second):
            assert await bring_in(db, data) == (0, len(posts), 0)
        one = await file_of(first, form, "@MINA")
        own = sum(post.username == "@mina" for post in posts.values())
        assert await bring_in(first, one) == (0, own, 0)
    finally:
        await first.close()
        await second.close()


@pytest.mark.parametrize("username", [None, "mina"])
async def test_an_author_deleted_meanwhile_is_left_out_from_then_on(
    db: Database, username: str | None
) -> None:
    await post(db, "mina", *(f"m{number}" for number in range(7)))
    await post(db, "jiho", "j")
    async with db.read() as session:
        export = await begin_export(session, username)
    pieces = exported(db, export, JSONL)
    assert (await anext(pieces)).count(b"\n") == export.posts == 3
    await remove_author(db, "mina")
    assert [piece.count(b"\n") async for piece in pieces] == ([] if username else [1])
