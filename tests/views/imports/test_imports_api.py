"""Imports in the API: queued, run by a process of their own, watched, cancelled, gone on with."""

import asyncio
import gzip
import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from quart import Quart
from quart.datastructures import FileStorage
from sqlalchemy import func, select, update

from app import create_app
from app.config import PREFIX, Durability
from app.db.engine import Database
from app.models import ImportJob, Tweet
from app.services.checks import find_faults
from app.services.imports import job_runner, jobs
from app.services.imports.storing_batch import BATCH
from app.views.bodies import MOST_PARTS, MOST_UNPARSED_BYTES
from saywho.processes import STILL_S
from tests.archives import tar, x_members, x_zip
from tests.browsing import parts_of, signed_in
from tests.children import run_here
from tests.conftest import Client, MakeConfig, Outside, Shared, app_of, client_with
from tests.uploading import jsonl, queued, until_uploads, upload
from tests.waiting import eventually, until_some_are_imported

IMPORTS = "/api/v1/imports"
LONG = 16 * BATCH
"""Posts of an import that is still under way when somebody acts, also on a busy machine."""
FACTS = {
    *("id", "state", "format", "bytes_read", "bytes_total", "accepted", "duplicates"),
    *("rejected", "reposts", "restricted", "skipped", "errors", "assumptions", "doubts", "unread"),
    "questions",
    *("undo", "removed", "seen", "started_at", "finished_at"),
}
POST = {"username": "ann", "text": "오늘의 바다", "source_id": "1"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=xxx"}


def large_file(size: int) -> tuple[bytes, dict[str, int]]:
    """Return so many posts, some without ids, some twice, some bad; and what is to come of them."""
    records = []
    for n in range(size):
        record = {"username": f"author{n % 3}", "text": f"글 {n // 2} 오늘은 무엇을 할까요"}
        if n % 2:
            record["source_id"] = str(n)
        else:
            record["created_at"] = f"20{n % 10 + 10}-01-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:00Z"
        records.append(record)
    twice = [record for record in records if "source_id" in record][:1_000]
    bad = [{"username": "author0", "text": None}] * 50
    # What comes twice stands at the end of the file, so that a second run meets it once more.
    body = jsonl(*records[: size // 2], *bad, *records[size // 2 :], *twice)
    return body, {"accepted": size, "duplicates": 1_000, "rejected": 50}


async def facts(client: Client, address: str) -> dict[str, Any]:
    job: dict[str, Any] = await client.json(address)
    assert job.keys() == FACTS
    return job


async def ended(client: Client, address: str) -> dict[str, Any]:
    """Wait until the import has ended; return it."""
    return await eventually(
        lambda: facts(client, address), until=lambda job: job["state"] in jobs.ENDED
    )


async def under_way(client: Client, address: str) -> None:
    """Wait until the import has stored some posts, and is not done."""
    await until_some_are_imported(parts_of(client.app).db)
    job = await facts(client, address)
    assert (job["state"], job["accepted"] > 0) == ("running", True)


async def send(client: Client, body: bytes, query: str = "", **headers: str) -> str:
    answer = await client.post(f"{IMPORTS}{query}", data=body, headers=headers, status=202)
    assert (await answer.get_json()).keys() == FACTS
    return str(answer.headers["Location"])


async def count(client: Client) -> int:
    """Return how many posts all authors have."""
    return sum(user["tweets"] for user in (await client.json("/api/v1/users"))["items"])


async def keeps_nothing(client: Client) -> None:
    """Wait until no upload is left; there is no import either."""
    await until_uploads(client.app, 0)
    assert (await client.json(IMPORTS))["items"] == []


async def test_file_as_the_body_is_imported(app: Quart, writer: Client) -> None:
    body = jsonl(POST, POST, {"username": "ann"}, POST | {"source_id": "2", "text": "둘째"})
    answer = await writer.post(IMPORTS, data=body, status=202)
    assert answer.headers["Saywho-Event"] == "0"
    queued = await answer.get_json()
    assert answer.headers["Location"] == f"{IMPORTS}/{queued['id']}"
    assert (queued["state"], queued["bytes_total"]) == ("running", len(body))
    job = await ended(writer, answer.headers["Location"])
    assert job["state"] == "done"
    assert job["format"] == "jsonl"
    assert (job["accepted"], job["duplicates"], job["rejected"]) == (2, 1, 1)
    assert job["bytes_read"] == job["bytes_total"] == len(body)
    assert [error["record"] for error in job["errors"]] == [3]
    assert job["started_at"] <= job["finished_at"]
    page = await writer.json("/api/v1/users/ann/tweets")
    assert {tweet["text"] for tweet in page["items"]} == {"오늘의 바다", "둘째"}
    # A file of white space is one without posts.
    assert (await ended(writer, await send(writer, b" \n")))["state"] == "done"
    job = await ended(writer, await send(writer, gzip.compress(body)[:-9]))
    assert (job["state"], job["finished_at"] is None) == ("failed", False)
    assert "truncated or damaged" in job["errors"][0]["detail"]
    job = await ended(writer, await send(writer, b"[[[["))
    assert (job["state"], job["accepted"]) == ("failed", 0)
    assert "in line 1, column 2: a value is not closed" in job["errors"][0]["detail"]
    await until_uploads(app, 0)


async def test_file_of_a_form_is_imported_under_the_name_given(
    app: Quart, writer: Client, tmp_path: Path
) -> None:
    with x_zip(tmp_path / "twitter.zip").open("rb") as file:
        files = {"file": FileStorage(file, "twitter.zip")}
        answer = await writer.post(f"{IMPORTS}?format=x&username=Mina2", files=files)
    assert answer.status_code == 202, await answer.get_data()
    job = await ended(writer, answer.headers["Location"])
    assert (job["state"], job["format"], job["accepted"]) == ("done", "x", 5)
    user = await writer.json("/api/v1/users/mina2")
    assert (user["tweets"], user["platform"]) == (5, "x")
    await until_uploads(app, 0)


async def test_all_bad_parameters_are_named_at_once_and_nothing_is_kept(shared: Shared) -> None:
    wrong = dict.fromkeys(("dates", "encoding", "column", "room", "replace"), "nonsense")
    wrong |= {"format": "nonsense", "username": "a b", "timezone": "Nowhere/Quay"}
    queries = ("format=nonsense", "username=a%20b", "column=x=y", "keep_earlier=1")
    for query in (*queries, "replace_earlier=1", urlencode(wrong)):
        answer = await shared.writer.post(f"{IMPORTS}?{query}", data=jsonl(POST), status=400)
        named = {error["loc"] for error in (await answer.get_json())["errors"]}
    assert named == wrong.keys()
    await keeps_nothing(shared.writer)


def form(*parts: bytes, boundary: bytes = b"xxx") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + (
        b"--" + boundary + b"--\r\n"
    )


FILE = b'Content-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n' + jsonl(POST)
FIELD = b'Content-Disposition: form-data; name="note"\r\n\r\nhello'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (form(FILE.removesuffix(jsonl(POST))), 422),
        (b"not a form at all", 400),
        (form(FIELD), 422),
        (form(FILE.replace(b"file", b"files", 1)), 422),
        (form(FILE)[:-4], 400),
        (form(b"Content-Disposition: form-data; name=\xff\r\n\r\nhello"), 400),
        (form(FIELD.replace(b"hello", b"h" * 5_000), FILE), 413),
        (form(*[FIELD] * (MOST_PARTS + 1), FILE), 413),
        (b"p" * (MOST_UNPARSED_BYTES + 1) + form(FILE), 413),
        (form(b"X-Long: " + b"h" * MOST_UNPARSED_BYTES + b"\r\n" + FILE), 413),
    ],
    ids=[
        *("empty", "empty-file", "no-form", "no-file", "other-field", "no-end", "name-not-utf-8"),
        *("long-field", "many-fields", "long-preamble", "long-header"),
    ],
)
async def test_bad_form_is_refused_and_keeps_nothing(
    shared: Shared, body: bytes, status: int
) -> None:
    answer = await shared.writer.post(IMPORTS, data=body, headers=MULTIPART, status=status)
    if status == 413:
        assert f"at most {MOST_PARTS} parts" in (await answer.get_json())["detail"]
    await keeps_nothing(shared.writer)


async def test_a_body_without_a_byte_is_422_and_keeps_nothing(shared: Shared) -> None:
    answer = await shared.writer.post(IMPORTS, data=b"", status=422)
    assert (await answer.get_json())["errors"] == [{"loc": "body", "detail": "The file is empty"}]
    await keeps_nothing(shared.writer)


@pytest.mark.soak
@pytest.mark.databases("postgresql")
async def test_the_name_of_a_file_may_hold_what_the_database_refuses(writer: Client) -> None:
    body = form(FILE.replace(b"a.jsonl", b"a\0.jsonl"))
    assert (await writer.post(IMPORTS, data=body, headers=MULTIPART)).status_code == 202


async def test_history_is_by_page_and_the_newest_first(app: Quart, writer: Client) -> None:
    async with parts_of(app).db.write() as session:
        for n in range(7):
            job = await jobs.add_job(
                session, jobs.UploadedFile(f"none-{n}", "a", 0), is_started=n != 3
            )
            if n != 3:
                await jobs.cancel_job(session, job.id, scope="admin")
    seen: list[int] = []
    query: str | None = "?limit=2"
    while query is not None:
        page = await writer.json(IMPORTS + query)
        seen += [job["id"] for job in page["items"]]
        query = f"?limit=2&cursor={page['next']}" if page["next"] else None
    # The upload that nobody started is no import yet.
    assert seen == [7, 6, 5, 3, 2, 1]
    for number in ("4", "0", "999", "x"):
        assert (await writer.get(f"{IMPORTS}/{number}")).status_code == 404
        assert (await writer.delete(f"{IMPORTS}/{number}")).status_code == 404


async def test_an_upload_that_is_not_here_keeps_no_other_waiting(
    app: Quart, writer: Client, outside: Outside
) -> None:
    async with parts_of(app).db.write() as session:
        await jobs.add_job(session, jobs.UploadedFile("gone", "a", 1), is_started=True)
    assert (await ended(writer, await send(writer, jsonl(POST))))["state"] == "done"
    # On PostgreSQL another machine may have the file.
    expected = "running" if outside.kind == "postgresql" else "failed"
    assert (await facts(writer, f"{IMPORTS}/1"))["state"] == expected


async def test_more_than_the_limit_is_413_and_keeps_nothing(make_config: MakeConfig) -> None:
    app = create_app(make_config(max_import_mb=1))
    too_much = b"a" * (2**20 + 1)
    async with app.test_app():
        writer = await client_with(app, "write")
        answers = [
            await writer.post(IMPORTS, data=too_much),
            await writer.post(IMPORTS, data=form(FILE + too_much), headers=MULTIPART),
            await in_chunks(writer, too_much),
            await writer.post(
                "/api/v1/tweets", data=too_much, headers={"Content-Type": "application/x-ndjson"}
            ),
        ]
        for answer in answers:
            assert answer.status_code == 413
            assert answer.content_type == "application/problem+json"
            assert "at most 1 MB" in (await answer.get_json())["detail"]
        await keeps_nothing(writer)


@pytest.mark.full
async def test_what_unpacks_to_more_than_the_limit_is_told_through_each_door(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    app = create_app(make_config(max_import_mb=1))
    post = json.dumps(POST).encode()
    blanks = post + b" " * (50 * 2**20)
    bombs = {
        "posts.json.gz": gzip.compress(blanks),
        "posts.tar.gz": tar(tmp_path / "a.tar.gz", {"outbox.json": blanks}).read_bytes(),
        "x.zip": x_zip(
            tmp_path / "x.zip",
            {"data/tweets.js": x_members()["data/tweets.js"][:-1] + b" " * 50 * 2**20},
        ).read_bytes(),
    }
    reason = "is larger than 1 MB, the limit of an import"
    async with app.test_app():
        writer, browser = await client_with(app, "write"), await signed_in(app)
        for name, data in bombs.items():
            assert len(data) < 100_000
            assert reason in await browser.page(await upload(browser, data, name))
            job = await ended(writer, await send(writer, data, "?username=mina"))
            assert job["state"] == "failed"
            assert reason in job["errors"][0]["detail"]


async def in_chunks(client: Client, body: bytes) -> Any:
    """Send a body whose length nobody said."""
    request = client.app.test_client().request(IMPORTS, method="POST", headers=client.headers)
    async with request as connection:
        for start in range(0, len(body), 100_000):
            await connection.send(body[start : start + 100_000])
        await connection.send_complete()
    return await connection.as_response()


async def test_a_client_that_breaks_off_leaves_nothing(app: Quart, writer: Client) -> None:
    for headers in (writer.headers, writer.headers | MULTIPART):
        request = app.test_client().request(IMPORTS, method="POST", headers=headers)
        async with request as connection:
            await connection.send(form(FILE)[:-10])
            await until_uploads(app, 1)
            await connection.disconnect()
        await keeps_nothing(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
async def test_a_full_disk_is_507_and_keeps_nothing(
    writer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "/dev/full"
    monkeypatch.setattr(tempfile, "mkstemp", lambda **_: (os.open(full, os.O_RDWR), full))
    for body, headers in ((b" " * 100, {}), (form(FILE + b" " * 20_000), MULTIPART)):
        answer = await writer.post(IMPORTS, data=body, headers=headers, status=507)
        assert "full" in (await answer.get_json())["detail"]
    await keeps_nothing(writer)


async def test_an_import_is_ended_by_the_token_that_began_it_or_by_admin(
    app: Quart, writer: Client, admin: Client
) -> None:
    browser, another = await signed_in(app), await client_with(app, "write")
    body, _ = large_file(LONG)
    begun = [await send(client, body) for client in (admin, writer, another, another)]
    for address in (begun[0], *begun[2:]):
        refused = await writer.delete(address, status=403)
        assert "this needs admin" in (await refused.get_json())["detail"]
        assert (await facts(writer, address))["state"] == "running"
    # Also of an import that an earlier version began.
    async with parts_of(app).db.write() as session:
        await session.execute(update(ImportJob).where(ImportJob.id == 4).values(begun_by=None))
    assert (await another.delete(begun[3])).status_code == 403
    for client, address in zip((admin, writer, admin), begun, strict=False):
        assert (await client.delete(address)).status_code == 204
    assert (await browser.post("/imports/4/cancel")).status_code == 303
    for address in begun:
        assert (await facts(writer, address))["state"] == "cancelled"


async def test_cancelling(app: Quart, writer: Client) -> None:
    body, _ = large_file(LONG)
    running = await send(writer, body)
    waiting = await send(writer, jsonl(POST))
    await under_way(writer, running)
    # One at a time: the second has not begun, and does not.
    assert (await facts(writer, waiting))["started_at"] is None
    assert (await writer.delete(waiting)).status_code == 204
    assert (await writer.delete(running)).status_code == 204
    for address in (waiting, running):
        job = await facts(writer, address)
        assert job["state"] == "cancelled"
        assert job["finished_at"]
        assert (await writer.delete(address)).status_code == 409
    await until_uploads(app, 0)
    assert (await writer.get("/api/v1/users/ann")).status_code == 404
    # What was stored stays, and is counted; a later import runs.
    later = await ended(writer, await send(writer, jsonl(POST)))
    assert (later["state"], later["accepted"]) == ("done", 1)

    async def agree() -> bool:
        return bool((await facts(writer, running))["accepted"] == await count(writer) - 1)

    await eventually(agree)
    job = await facts(writer, running)
    assert job["state"] == "cancelled"
    assert 0 < job["accepted"] < LONG
    assert await find_faults(parts_of(app).db) == []


@pytest.mark.full
async def test_an_import_broken_off_by_a_stop_goes_on_after_the_next_start(
    make_config: MakeConfig, db: Database
) -> None:
    body, expected = large_file(LONG)
    async with app_of(make_config()) as first:
        writer = await client_with(first, "write")
        address = await send(writer, body)
        await under_way(writer, address)
    async with db.read() as session:
        between = await jobs.get_job(session, 1)
    assert (between.state, between.attempts, between.finished_at) == ("interrupted", 0, None)
    assert 0 < between.accepted < LONG
    async with app_of(make_config()) as second:
        job = await ended(Client(second, writer.headers), address)
    assert job["state"] == "done"
    assert {name: job[name] for name in expected} == expected
    assert job["bytes_read"] == len(body)
    assert await find_faults(db) == []


async def test_an_import_whose_process_was_killed_is_resumed_and_counted_once(
    make_config: MakeConfig, db: Database
) -> None:
    body, expected = large_file(3 * BATCH)
    config = make_config()
    job = await queued(db, config.data_dir, body)

    async def look() -> ImportJob:
        async with db.read() as session:
            return await jobs.get_job(session, job.id)

    async def start() -> asyncio.subprocess.Process:
        others = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        numbers = map(str, (os.getpid(), job.id, STILL_S))
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.services.imports.job_runner", *numbers),
            env=others | config.to_env(),
        )

    async def resumed() -> int:
        arguments = ("0", str(job.id))
        return await run_here(job_runner.__name__, *arguments, settings=config.to_env())

    async def kill_within_the_import() -> int:
        # While it waits for this transaction, it can come to no end.
        async with db.write() as session:
            accepted = (await jobs.get_job(session, job.id)).accepted
            if accepted:
                process.kill()
        return accepted

    process = await start()
    await eventually(kill_within_the_import, until=bool)
    await process.wait()
    killed = await look()
    async with db.read() as session:
        stored = await session.scalar(select(func.count()).select_from(Tweet))
    assert (killed.state, killed.accepted) == ("running", stored)
    async with db.exclusive_in_turn(jobs.IMPORTING):
        # One that is not alone stores nothing.
        assert await resumed() == 0
        assert (await look()).accepted == stored
    assert await resumed() == 0
    ended_job = await look()
    assert ended_job.state == "done"
    assert {name: getattr(ended_job, name) for name in expected} == expected
    assert not jobs.upload_path(config.data_dir, job.spool).exists()
    assert await find_faults(db) == []


@pytest.mark.databases("postgresql")
async def test_another_machine_leaves_an_upload_to_the_one_that_has_it(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    first = make_config()
    second = replace(first, data_dir=tmp_path / "another machine")
    second.data_dir.mkdir()
    app = create_app(second)
    async with app.test_app():
        client = await client_with(app, "write")
        started = await queued(parts_of(app).db, first.data_dir, jsonl(POST))
        shown = await queued(parts_of(app).db, first.data_dir, jsonl(POST), is_started=False)
        address = f"{IMPORTS}/{started.id}"
        # One that was queued later is done, so the other one was looked at and left.
        assert (await ended(client, await send(client, jsonl(POST))))["state"] == "done"
        assert (await client.json(address))["state"] == "running"
        assert (await (await signed_in(app)).get(f"/imports/{shown.id}")).status_code == 503
    app = create_app(first)
    async with app.test_app():
        client = Client(app, client.headers)
        assert (await ended(client, address))["state"] == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="open files are told by Linux's /proc")
@pytest.mark.parametrize("durability", ["full", "normal"])
async def test_an_acknowledged_upload_outlives_a_loss_of_power(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, durability: Durability
) -> None:
    app = create_app(make_config(durability=durability))
    synced: list[tuple[Path, int]] = []
    fsync = os.fsync

    def watched(number: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{number}"))
        synced.append((path, path.stat().st_size))
        fsync(number)

    async with app.test_app():
        writer = await client_with(app, "write")
        monkeypatch.setattr(os, "fsync", watched)
        body = jsonl(POST)
        await send(writer, body)
    folder = parts_of(app).config.data_dir / jobs.FOLDER
    files = {size for path, size in synced if path.parent == folder}
    folders = [path for path, _ in synced if path == folder]
    is_safe = len(body) in files and bool(folders)
    assert is_safe == (durability == "full")


@pytest.mark.full
async def test_after_a_reset_nothing_more_is_imported(app: Quart, writer: Client) -> None:
    body, _ = large_file(LONG)
    running = await send(writer, body)
    waiting = await send(writer, jsonl(POST))
    await under_way(writer, running)
    admin = await client_with(app, "admin")
    await admin.post("/reset", form={"confirm": "yes"}, status=303)
    for address in (running, waiting):
        assert (await facts(writer, address))["state"] == "cancelled"
    # What is sent from now on is imported; the one under way brings nothing more.
    later = await ended(writer, await send(writer, jsonl(POST)))
    assert (later["state"], later["accepted"]) == ("done", 1)
    await until_uploads(app, 0)
    assert await count(writer) == 1


async def test_unread_times_fail_with_the_ways_out_unless_accepted(writer: Client) -> None:
    body = b"author,text,date\nmina,hello,sometime\njun,bye,later\n"
    job = await ended(writer, await send(writer, body))
    assert (job["state"], job["accepted"]) == ("failed", 0)
    assert "most times cannot be read" in job["errors"][0]["detail"]
    assert "--" not in job["errors"][0]["detail"]
    assert job["errors"][0]["parameters"] == ["column", "dates", "accept_unread"]
    assert job["unread"] == [{"kind": "time", "what": "date", "count": 2}]
    job = await ended(writer, await send(writer, body, "?accept_unread=true"))
    assert (job["state"], job["accepted"]) == ("done", 2)
    (kept,) = (each for each in (await writer.json(IMPORTS))["items"] if each["state"] == "done")
    assert kept["unread"] == job["unread"]


async def test_a_strange_table_fails_with_questions_and_its_first_rows(writer: Client) -> None:
    rows = [f"{'AB'[n % 2]},안개 {n}번째다,2024-01-0{n} 10:00" for n in range(1, 6)]
    body = "\n".join(["작성자,한마디,언제", *rows, ""])
    sent = "?format=csv"
    job = await ended(writer, await send(writer, body.encode(), sent))
    assert (job["state"], job["accepted"]) == ("failed", 0)
    strange = body.replace("작성자", "이").replace("한마디", "첫").encode()
    for kind, roles in (("text/csv", ["author", "text"]), ("text/plain", [])):
        failed = await ended(writer, await send(writer, strange, **{"Content-Type": kind}))
        assert [question["role"] for question in failed["questions"][:2]] == roles
    asked = {question["role"]: question for question in job["questions"]}
    assert {role: question["columns"][0] for role, question in asked.items()} == {
        "text": "한마디",
        "time": "언제",
    }
    assert asked["text"]["rows"][0] == ["안개 1번째다", "B", "2024-01-01 10:00"]
    assert len(asked["text"]["rows"]) == 3
    assert (await writer.json("/api/v1/users"))["items"] == []
    sent += f"&{urlencode({'column': 'text=한마디'})}&column=time%3Dnone"
    job = await ended(writer, await send(writer, body.encode(), sent))
    assert (job["state"], job["accepted"], job["questions"]) == ("done", 5, [])


async def test_a_grave_doubt_fails_until_it_is_accepted(writer: Client) -> None:
    ids = [{"username": "mina", "text": f"fog {n}", "id": "4711"} for n in range(3)]
    job = await ended(writer, await send(writer, jsonl(*ids)))
    assert (job["state"], job["accepted"]) == ("failed", 0)
    assert "nothing is stored" in job["errors"][0]["detail"]
    assert job["errors"][0]["parameters"] == ["accept_doubts"]
    evidence = "Posts with an id that stands at another text of the same author"
    doubt = {"kind": "ids", "count": 2, "examples": ["4711"], "alternatives": [], "grave": True}
    assert job["doubts"] == [doubt | {"evidence": evidence}]
    job = await ended(writer, await send(writer, jsonl(*ids), "?accept_doubts=1"))
    assert (job["state"], job["accepted"]) == ("done", 1)
    assert job["doubts"] == [doubt | {"evidence": evidence}]


async def test_ids_that_are_here_without_an_import_are_gravely_doubted(writer: Client) -> None:
    sent = ({"username": "mina", "text": f"fog {n}", "source_id": f"{n}"} for n in range(70, 73))
    headers = {"Content-Type": "application/x-ndjson"}
    await writer.post("/api/v1/tweets", data=jsonl(*sent), headers=headers, status=200)
    other = jsonl(*({"username": "mina", "text": f"rain {n}", "id": f"{n}"} for n in range(70, 73)))
    job = await ended(writer, await send(writer, other))
    assert (job["state"], job["accepted"]) == ("failed", 0)
    (doubt,) = job["doubts"]
    assert (doubt["kind"], doubt["count"], doubt["grave"]) == ("known", 3, True)
    assert doubt["examples"] == ["rain 70", "rain 71", "rain 72"]
    job = await ended(writer, await send(writer, other, "?accept_doubts=1"))
    assert (job["state"], job["duplicates"]) == ("done", 3)


async def test_examples_of_doubts_go_with_what_is_deleted(app: Quart, writer: Client) -> None:
    posts = [{"username": "mina", "text": "<p>fog</p>"}, {"username": "jun", "text": "rain"}]
    address = await send(writer, jsonl(*posts))
    (doubt,) = (await ended(writer, address))["doubts"]
    assert doubt["examples"] == ["<p>fog</p>"]
    assert (await (await client_with(app, "admin")).delete("/api/v1/users/mina")).status_code == 204
    (doubt,) = (await facts(writer, address))["doubts"]
    assert (doubt["count"], doubt["examples"]) == (1, [])


async def test_an_answer_about_who_may_read_may_come_later(app: Quart, writer: Client) -> None:
    body = jsonl(*({"username": "ann", "text": f"안개 {n}", "state": n} for n in range(3)))
    job = await ended(writer, await send(writer, body))
    assert (job["state"], job["accepted"], job["restricted"]) == ("done", 0, 3)
    (asked,) = (part for part in job["assumptions"] if part["kind"] == "audience")
    assert (asked["value"], asked["alternatives"]) == ("state", ["0", "1", "2"])
    answer = f"{IMPORTS}?column=audience%3Dstate&public_values=1&public_values=2"
    later = await writer.post(answer, data=body)
    job = await ended(writer, later.headers["Location"])
    assert (job["accepted"], job["restricted"]) == (2, 1)
