"""Two names of one person: joined and parted, whatever is imported before, between and after."""

import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from quart import Quart
from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import create_app
from app.db.backend import table_of
from app.db.engine import Database
from app.errors import NotFoundError
from app.models import PostCount, Room, RoomMove, RoomPerson, Tweet, User
from app.services import joined_names
from app.services.access.accounts import READER, add_account
from app.services.access.rights import switch_site
from app.services.checks import find_faults, find_warnings
from app.services.imports.job_report import ImportReport
from app.services.imports.jobs import UploadedFile, add_job, end_job
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, import_records
from app.services.imports.undo import request_undo, undo_imports
from app.services.joined_names import Writing, join_names, part_names
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.browsing import PASSWORD_HASH, Browser, missing_in, parts_of, signed_in
from tests.conftest import Client, MakeConfig, client_with
from tests.installation import Installation
from tests.parts.games.playing import host_game, join
from tests.uploading import ended, start, upload

OLD: Final = "Nadia"
NEW: Final = "Nadia_Berlin"
DAYS: Final = 12
CONSENT: Final = ("--timezone", "UTC", "--accept-doubts", "--publish")


def chat(*days: int, changes: int = 6, people: tuple[str, ...] = ("Ann",)) -> bytes:
    """Return a WhatsApp chat of these days; Nadia has another name from the day of change on."""
    lines = []
    for day in days:
        start = datetime(2024, 5, 1, 9, tzinfo=UTC) + timedelta(day)
        if day == changes:
            lines.append(f"{start:%d/%m/%y, %H:%M} - Nadia changed to Nadia Berlin")
        name = "Nadia" if day < changes else "Nadia Berlin"
        for minute, who in enumerate([name, *people, name, *people], 1):
            said = f"{who if who in people else 'N'} says words {day} of {minute} here"
            lines.append(f"{start + timedelta(minutes=minute):%d/%m/%y, %H:%M} - {who}: {said}")
    return "\n".join(lines).encode()


ALL: Final = chat(*range(DAYS))


async def brought(
    db: Database, data: bytes, title: str = "Trip", **options: Any
) -> tuple[int, ImportReport]:
    name = f"WhatsApp Chat with {title}.txt"
    chosen = ImportOptions(timezone="UTC", accept_doubts=True, **options)
    async with db.write() as session:
        job = await add_job(session, UploadedFile("", name, len(data)), is_started=True)
    with Source(BytesIO(data), name=name) as source:
        storing = StoreOptions(options=chosen, import_id=job.id, scope="admin")
        records = open_records(source, options=chosen)
        report = await import_records(db, records, username=None, storing=storing)
    async with db.write() as session:
        await end_job(session, job.id, None)
    return job.id, report


async def imported(db: Database, data: bytes, title: str = "Trip") -> int:
    return (await brought(db, data, title))[0]


async def undone(db: Database, job_id: int) -> None:
    async with db.write() as session:
        await request_undo(session, job_id, scope="admin")
    await undo_imports(db)


async def authors(client: Client) -> dict[str, int]:
    return {user["username"]: user["tweets"] for user in await client.walk("/api/v1/users", 50)}


NOT_COMPARED: Final = {
    "Users": {"version", "created_at", "deleted_at"},
    "Tweet": {"event_id", "met_by"},
    "Room": {"judged_messages", "fit", "told", "created_at"},
    "RoomPerson": {"asked", "recognised"},
}


async def rows(db: Database) -> dict[str, list[Any]]:
    """Return what is stored, without what follows the log."""
    found = {}
    async with db.read() as session:
        for model in (User, Tweet, Room, RoomPerson, RoomMove, PostCount):
            table: Table = table_of(model)
            columns = [c for c in table.c if c.name not in NOT_COMPARED.get(table.name, set())]
            found[table.name] = sorted(map(repr, await session.execute(select(*columns))))
    return found


async def test_a_change_of_name_is_suggested_joined_and_parted(app: Quart) -> None:
    db, admin = parts_of(app).db, await client_with(app, "admin")
    await imported(db, ALL)
    before = await rows(db)
    assert await authors(admin) == {"Ann": 24, OLD: 12, NEW: 12}
    assert await admin.json("/api/v1/names") == {
        "joined": [],
        "suggested": [{"username": OLD, "into": NEW, "room": 1, "at": "2024-05-07T09:00:00Z"}],
    }
    await admin.send("POST", f"/api/v1/users/{NEW}/names/{OLD}", status=200)
    assert await authors(admin) == {"Ann": 24, NEW: 24}
    assert (await admin.json(f"/api/v1/users/{OLD}"))["username"] == NEW
    names = await admin.json("/api/v1/names")
    assert names["suggested"] == []
    assert [(each["username"], each["posts"]) for each in names["joined"]] == [(OLD, 12)]
    assert await find_faults(db) == []
    await admin.delete(f"/api/v1/users/{NEW}/names/{OLD}", status=204)
    assert await rows(db) == before
    assert await find_faults(db) == []


FILES: Final = {
    "old": chat(*range(5)),
    "middle": chat(*range(3, 9)),
    "all": ALL,
    "elsewhere": chat(20, 21, 22, changes=99, people=("Bo",)),
}
"""Exports of one chat, and of another chat in which Nadia has the old name."""


async def replayed(
    db: Database, files: list[str], undo: int | None, joined: tuple[int, int] | None
) -> dict[str, list[Any]]:
    """Return what is stored after imports, of which one is undone; the names are joined from one of
    them until after another."""
    jobs: list[int] = []
    is_joined = False
    for place, name in enumerate(files):
        if joined is not None and place == joined[0]:
            try:
                await join_names(db.write, OLD, NEW)
                is_joined = True
            except NotFoundError:  # Nobody has both names yet.
                joined = (place + 1, max(joined[1], place + 1))
        jobs.append(await imported(db, FILES[name], "Work" if name == "elsewhere" else "Trip"))
        if place == undo:
            await undone(db, jobs[-1])
        assert await find_faults(db) == []
        if is_joined and joined is not None and place == joined[1]:
            await part_names(db.write, OLD)
            is_joined = False
    if is_joined:
        await part_names(db.write, OLD)
    assert await find_faults(db) == []
    return await rows(db)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("seed", range(6))
async def test_parted_names_are_as_if_they_had_never_been_joined(
    make_config: MakeConfig, tmp_path: Path, seed: int
) -> None:
    drawn = random.Random(seed)  # noqa: S311
    files = drawn.sample([*FILES], 4)
    undo = drawn.choice([None, 1, 2])
    first = drawn.randrange(1, 4)
    found = list[dict[str, list[Any]]]()
    for joined in (None, (first, drawn.randrange(first, 4))):
        async with Database(make_config(data_dir=tmp_path / f"site-{len(found)}")) as db:
            found.append(await replayed(db, files, undo, joined))
    assert found[0] == found[1], (files, undo, first)


async def test_a_later_file_brings_no_name_back_and_no_message_twice(app: Quart) -> None:
    db, admin = parts_of(app).db, await client_with(app, "admin")
    await imported(db, FILES["middle"])
    await join_names(db.write, OLD, NEW)
    await imported(db, ALL)
    # A phone with the new name in its contacts writes it into all of the chat's history.
    await imported(db, ALL.replace(b" - Nadia: ", b" - Nadia Berlin: "))
    assert await authors(admin) == {"Ann": 24, NEW: 24}
    await part_names(db.write, OLD)
    assert await authors(admin) == {"Ann": 24, OLD: 12, NEW: 12}
    assert await find_faults(db) == []


async def test_all_that_counts_by_author_follows_in_every_process(make_config: MakeConfig) -> None:
    config = make_config()
    here, there = create_app(config), create_app(config)
    async with here.test_app(), there.test_app():
        db, admin = parts_of(here).db, await client_with(here, "admin")
        other = Client(there, {"Accept-Language": "en"})
        await imported(db, ALL)
        path = f"/api/v1/users/{NEW}/names/{OLD}"

        async def changed(method: str) -> None:
            """Join or part, and let the other process answer as of then."""
            other.headers["Saywho-After"] = (await admin.send(method, path)).headers["Saywho-Event"]

        text = {"text": "N says words 3 of 1 here", "username": [OLD, "Ann"]}

        async def seen() -> dict[str, Any]:
            """Return what the other process says of the two names."""
            room = await other.json("/api/v1/rooms/1")
            portrait = await other.json("/api/v1/rooms/1/portrait")
            stats = await other.json("/api/v1/stats")
            found = await other.json("/api/v1/search", query_string={"q": f"words from:{OLD}"})
            compared = await other.json("/api/v1/compare", query_string=text)
            return {
                "people": {each["username"]: each["messages"] for each in room["people"]},
                "portrait": {each["username"]: each["messages"] for each in portrait["people"]},
                "absences": portrait["absences"],
                "authors": await authors(other),
                "stats": stats["users"],
                "found": sorted({hit["username"] for hit in found["items"]}),
                "read_of": compared["read_of"],
                "compared": sorted(each["username"] for each in compared["ranking"]),
            }

        apart = await seen()
        assert apart["people"] == apart["portrait"] == {"Ann": 24, OLD: 12, NEW: 12}
        assert (apart["stats"], apart["found"]) == (3, [OLD])
        await changed("POST")
        joined = await seen()
        assert joined["people"] == joined["portrait"] == {"Ann": 24, NEW: 24}
        assert (joined["stats"], joined["found"], joined["authors"]) == (2, [NEW], joined["people"])
        assert joined["read_of"] == [NEW]
        assert joined["absences"] == apart["absences"] == []
        await changed("DELETE")
        assert await seen() == apart
        assert await find_faults(db) == []


@pytest.mark.databases("sqlite", "postgresql")
async def test_a_joined_name_has_the_answers_of_its_author_at_each_address(app: Quart) -> None:
    await imported(parts_of(app).db, ALL)
    await join_names(parts_of(app).db.write, OLD, NEW)
    admin, given = await client_with(app, "admin"), {"room_id": 1, "year": 2024}
    paths = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and rule.rule.startswith("/api/")
        and "username" in rule.arguments <= {"username", *given}
    ]
    assert len(paths) > 5
    for path in paths:
        filled = re.sub(r"<(?:\w+:)?(room_id|year)>", lambda part: str(given[part[1]]), path)
        texts = [
            await (await admin.get(re.sub("<.*?>", name, filled))).get_data(as_text=True)
            for name in (OLD, NEW)
        ]
        # A cursor belongs to its address.
        assert len({re.sub(r'"next":"[^"]+"', "", text) for text in texts}) == 1, path
        assert NEW in texts[0], path


async def test_what_cannot_be_joined_or_parted_says_why(app: Quart) -> None:
    db, admin = parts_of(app).db, await client_with(app, "admin")
    await imported(db, ALL)
    await imported(db, chat(20, 21, 22, people=("Bo", "Cy")), "Work")
    await admin.add_posts({"username": "poster", "text": "a post of no chat"})
    await join_names(db.write, "Cy", "Bo")
    before = await rows(db)
    for method, path, status, detail in [
        ("POST", f"{NEW}/names/nobody", 404, "User 'nobody' doesn't exist"),
        ("POST", f"nobody/names/{OLD}", 404, "User 'nobody' doesn't exist"),
        ("POST", f"{OLD}/names/{OLD}", 422, "Choose two different authors"),
        ("POST", f"{NEW}/names/poster", 409, "'poster' and 'Nadia_Berlin' must both be people"),
        ("POST", "Ann/names/Cy", 409, "'Cy' is joined to 'Bo'; part them first"),
        ("POST", "Cy/names/Ann", 409, "'Cy' is joined to 'Bo'; part them first"),
        ("POST", "Ann/names/Bo", 409, "Other names are joined to 'Bo'; part them first, or join"),
        ("POST", "Bo/names/Cy", 200, ""),
        ("DELETE", f"{NEW}/names/{OLD}", 409, "'Nadia' is not joined to this author"),
        ("DELETE", "Ann/names/Cy", 409, "'Cy' is not joined to this author"),
        ("DELETE", "Cy", 409, "'Cy' is joined to 'Bo'; part them first"),
        ("PATCH", "Cy", 409, "'Cy' is joined to 'Bo'; part them first"),
    ]:
        body = {"json": {"display_name": "x"}} if method == "PATCH" else {}
        answer = await admin.send(method, f"/api/v1/users/{path}", **body)
        assert answer.status_code == status, (path, await answer.get_data())
        assert (await answer.get_json(force=True)).get("detail", "").startswith(detail)
    assert await rows(db) == before


async def guest_of(app: Quart, room_id: int, name: str = "jun") -> Browser:
    async with parts_of(app).db.write() as session:
        await switch_site(session, None, is_public=False)
        await add_account(session, name, READER, password_hash=PASSWORD_HASH, room_id=room_id)
    guest = Browser(app)
    assert (await guest.sign_in(name)).status_code == 303
    return guest


async def test_guests_learn_no_name_of_another_chat(app: Quart) -> None:
    db, admin = parts_of(app).db, await client_with(app, "admin")
    await imported(db, ALL)
    await imported(db, FILES["elsewhere"], "Work")
    guest = await guest_of(app, 2)
    refused = await admin.send("POST", f"/api/v1/users/{NEW}/names/{OLD}", status=409)
    assert "Guests of chat 2 would learn the name 'Nadia_Berlin'" in str(await refused.get_json())
    await join_names(db.write, NEW, OLD)
    room = await (await guest.get("/api/v1/rooms/2")).get_json()
    assert {each["username"]: each["messages"] for each in room["people"]} == {"Bo": 6, OLD: 6}
    assert (await guest.get(f"/room/2/person/{OLD}")).status_code == 200
    assert (await guest.get(f"/room/2/person/{NEW}")).status_code == 404
    assert "Nadia" in await (await guest_of(app, 1, "kim")).page(f"/room/1/person/{NEW}")
    # A file of the second chat in which the other name writes for the first time.
    await part_names(db.write, NEW)
    await join_names(db.write, "Ann", NEW)
    lines = FILES["elsewhere"].replace(b" - Bo: ", b" - Ann: ")
    _, report = await brought(db, lines, "Work", rooms=("2",))
    assert report.rejected == 6
    assert "guests of chat 2 would learn its author's name" in report.errors[0].detail
    assert NEW not in str(await (await guest.get("/api/v1/rooms/2")).get_json())
    sent = {"text": "hello", "room": {"id": 2, "name": "Work"}}
    await admin.post("/api/v1/users/Ann/tweets", json=sent, status=409)
    assert await find_faults(db) == []


@pytest.mark.parametrize("people", [("Ann",), ()])
async def test_a_game_goes_on_or_ends_with_a_sentence(
    app: Quart, admin: Client, people: tuple[str, ...]
) -> None:
    """Also a game of both names alone, whose results stay."""
    db, operator = parts_of(app).db, await signed_in(app)
    await imported(db, chat(*range(DAYS), people=people))
    host = await host_game(admin, OLD, NEW, *people)
    (kim,), phone = await join(app, host, "Kim"), Browser(app)
    await phone.post("/play", form={"code": host.code, "name": "Lee"})
    await host.does("next")
    await kim.chooses(1, await host.wrong())
    await host.does("next")
    await join_names(db.write, OLD, NEW)
    view, page = await host.see(), await operator.page(f"/games/{host.game}")
    assert view["players"] == 2
    if people:
        assert sorted(view["options"]) == sorted([NEW, *people])
        await host.does("next")
        right = await host.truth()
        assert right in (NEW, *people)
        assert (await kim.chooses(2, right))["username"] == right
        view = await host.ends()
        assert view["ranking"][0]["points"] >= 500
    else:
        assert view["state"] == "ended"
        for of_page in (page, await phone.page(f"/play/{host.game}")):
            assert "All names in this game are one person’s now. The results stay." in of_page
        assert "Play again" not in page
    results = await (await admin.get(f"{host.address}/results.csv")).get_data(as_text=True)
    assert "Kim" in results
    assert OLD not in results.replace(NEW, "")


async def test_pages_offer_both_with_one_press(app: Quart) -> None:
    operator, visitor = await signed_in(app), Browser(app, {"Accept-Language": "en"})
    address = await upload(operator, ALL, "WhatsApp Chat with Trip.txt")
    people: dict[str, str | list[str]] = {key: ["Ann", OLD, NEW] for key in ("speaker", "only")}
    people |= {"renamed": [""] * 3, "publish": "on", "accept_doubts": "on"}
    assert await start(operator, address, timezone="UTC", **people) == 303
    page = await ended(operator, address)
    question = "says that <bdi>Nadia</bdi> changed name to <bdi>Nadia Berlin</bdi> on "
    assert question in await operator.page("/room/1")
    assert not missing_in(page, question, '<a href="/room/1#names">Count them as one person</a>')
    assert "changed name to" not in await visitor.page("/room/1")
    form = {"username": OLD, "into": NEW, "next": "/room/1"}
    answer = await operator.post("/settings/authors/join", form=form)
    assert (answer.status_code, answer.location) == (303, "/room/1")
    said = "<bdi>Nadia Berlin</bdi> is also <bdi>Nadia</bdi>, with 12 messages."
    for path in ("/room/1", f"/user/{NEW}", f"/user/{OLD}"):
        page = await operator.page(path)
        assert said in page
        assert question not in page
    assert question not in await operator.page(address)
    assert "is also" not in await visitor.page(f"/user/{NEW}")
    answer = await operator.post("/settings/authors/part", form={"username": OLD})
    assert (answer.status_code, answer.location) == (303, f"/user/{OLD}")
    assert question in await operator.page("/room/1")
    operator.headers["Accept-Language"] = "ko"
    assert "대화 파일에 따르면" in await operator.page("/room/1")


async def test_an_interrupted_move_goes_on_in_either_direction(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, admin = parts_of(app).db, await client_with(app, "admin")
    await imported(db, ALL)
    before = await rows(db)
    monkeypatch.setattr(joined_names, "MOVED_AT_ONCE", 5)

    class StoppedError(Exception):
        pass

    def stopping(chunks: int) -> Writing:
        """Return what opens so many transactions and then no more."""
        left = iter(range(chunks))

        @asynccontextmanager
        async def opening() -> AsyncIterator[AsyncSession]:
            if next(left, None) is None:
                raise StoppedError
            async with db.write() as session:
                yield session

        return opening

    for chunks in (1, 2):
        with pytest.raises(StoppedError):
            await join_names(stopping(chunks), OLD, NEW)
        assert sum((await authors(admin)).values()) == 48
        assert (await authors(admin))[OLD] == 12 - 5 * chunks
        assert await find_faults(db) == []
        (warning,) = await find_warnings(db)
        assert warning.endswith(f"in part; to end that, run: saywho user join {OLD} {NEW}")
        if chunks == 1:
            await part_names(db.write, OLD)
            assert await rows(db) == before
    # What comes under the name meanwhile moves, too.
    await imported(db, chat(*range(20, 22), changes=99))
    await join_names(db.write, OLD, NEW)
    assert await authors(admin) == {"Ann": 28, NEW: 28}
    with pytest.raises(StoppedError):
        await part_names(stopping(2), OLD)
    assert len(await find_warnings(db)) == 1
    assert await authors(admin) == {"Ann": 28, OLD: 10, NEW: 18}
    await part_names(db.write, OLD)
    assert await authors(admin) == {"Ann": 28, OLD: 16, NEW: 12}
    assert await find_faults(db) == []
    assert await find_warnings(db) == []


async def test_a_deleted_author_takes_the_joined_name_along(app: Quart) -> None:
    db, admin = parts_of(app).db, await client_with(app, "admin")
    await imported(db, ALL)
    await join_names(db.write, OLD, NEW)
    assert (await admin.delete(f"/api/v1/users/{NEW}")).status_code == 204
    assert await authors(admin) == {"Ann": 24}
    # Both names are free again, and are those of new people.
    await imported(db, chat(30, 31, changes=31), "Later")
    assert await authors(admin) == {"Ann": 28, OLD: 2, NEW: 2}
    assert await find_faults(db) == []


def test_commands_join_and_part(installation: Installation, tmp_path: Path) -> None:
    file = tmp_path / "WhatsApp Chat with Trip.txt"
    file.write_bytes(ALL)
    installation.done("import", file, *CONSENT)
    listed = installation.run("user", "names").stdout.split()
    assert listed == ["?", OLD, "=", NEW, "(chat", "1,", "2024-05-07)"]
    assert installation.run("user", "join", OLD, NEW).stdout == f"joined {OLD} to {NEW}\n"
    assert installation.run("user", "names").stdout.split() == ["12", OLD, "=", NEW]
    refused = installation.run("user", "delete", OLD, "--yes")
    assert (refused.exit_code, refused.stderr) == (
        *(2, f"saywho: '{OLD}' is joined to '{NEW}'; part them first\n"),
    )
    assert installation.run("user", "part", OLD, "--json").exit_code == 0
    assert installation.run("user", "part", OLD).exit_code == 2
    users = json.loads(installation.run("users", "--json").stdout)["items"]
    assert {user["username"]: user["tweets"] for user in users} == {"Ann": 24, OLD: 12, NEW: 12}
    assert installation.run("check").exit_code == 0


async def test_a_check_names_posts_that_a_joined_name_has_lost(app: Quart) -> None:
    db = parts_of(app).db
    await imported(db, ALL)
    await join_names(db.write, OLD, NEW)
    async with db.write() as session:
        ann = select(User.id).where(User.username == "Ann").scalar_subquery()
        await session.execute(update(User).where(User.username == OLD).values(joined_to_id=ann))
    assert await find_faults(db) == ["12 posts are not those of the author whom their name joined"]


async def test_who_left_under_the_old_name_is_back_under_the_new_one(app: Quart) -> None:
    db, browser = parts_of(app).db, Client(app, {})
    alone = [
        f"0{day}/05/24, 09:0{n} - Ann: {day} is quiet {n}" for day in (4, 5, 6) for n in (1, 2)
    ]
    lines = "\n".join(["03/05/24, 12:00 - Nadia left", *alone]).encode()
    await imported(db, b"\n".join([chat(0, 1, 2), lines, chat(6, 7, 8)]))

    async def absences() -> list[tuple[str, str, str | None]]:
        portrait = await browser.json("/api/v1/rooms/1/portrait")
        return [(each["username"], each["since"], each["until"]) for each in portrait["absences"]]

    left, back = "2024-05-03T12:00:00Z", "2024-05-07T09:01:00Z"
    assert await absences() == [(OLD, left, None)]
    await join_names(db.write, OLD, NEW)
    assert await absences() == [(NEW, left, back)]
    await part_names(db.write, OLD)
    assert await absences() == [(OLD, left, None)]
