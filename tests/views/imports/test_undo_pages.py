"""An import is undone by its page or by the API; maintenance does it."""

from typing import Any

from quart import Quart
from sqlalchemy import update

from app.models import ImportJob
from app.services.checks import find_faults
from tests.browsing import Browser, parts_of
from tests.conftest import Client, client_with
from tests.uploading import ended, jsonl, shown, start, upload
from tests.waiting import eventually

POSTS = [{"username": "ann", "text": f"number {n}", "source_id": str(n)} for n in range(3)]


async def imported(browser: Browser, *posts: dict[str, str]) -> str:
    address = await upload(browser, jsonl(*posts))
    assert await start(browser, address) == 303
    await ended(browser, address)
    return address


async def undone(client: Client, address: str) -> Any:
    return await eventually(lambda: client.json(address), until=lambda job: job["undo"] == "done")


async def test_the_page_undoes_an_import(app: Quart, browser: Browser) -> None:
    reader = await client_with(app, "read")
    address = await imported(browser, *POSTS)
    assert "This removes the posts that this import added" in shown(await browser.page(address))
    assert (await browser.post(f"{address}/undo")).status_code == 422
    answer = await browser.post(f"{address}/undo", form={"confirm": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    page = await ended(browser, address)
    assert "This import was undone: 3 posts were removed." in shown(page)
    assert "Undo this import" not in page
    assert "undone" in shown(await browser.page("/imports"))
    assert (await reader.json("/api/v1/users"))["items"] == []
    assert await find_faults(parts_of(app).db) == []


async def test_the_api_undoes_an_import(app: Quart, browser: Browser) -> None:
    admin, writer = await client_with(app, "admin"), await client_with(app, "write")
    first = "/api/v1" + await imported(browser, *POSTS[:2])
    second = "/api/v1" + await imported(browser, *POSTS)
    assert (await writer.json(first))["undo"] == "possible"
    assert (await writer.post(f"{first}/undo")).status_code == 403
    for _ in range(2):
        assert (await (await admin.post(f"{second}/undo", status=202)).get_json())["id"] == 2
        assert (await undone(admin, second))["removed"] == 1
    assert (await admin.post(f"{first}/undo")).status_code == 202
    # Nothing but an import that is undone, too, has sent these again.
    assert (await undone(admin, first))["removed"] == 2
    assert (await admin.json("/api/v1/users"))["items"] == []
    assert (await admin.post("/api/v1/imports/9/undo")).status_code == 404


async def test_imports_of_earlier_versions_cannot_be_undone(app: Quart, browser: Browser) -> None:
    admin = await client_with(app, "admin")
    address = await imported(browser, *POSTS)
    async with parts_of(app).db.write() as session:
        await session.execute(update(ImportJob).values(undo=None))
    assert "cannot be undone, because it is from an earlier version" in (
        shown(await browser.page(address))
    )
    assert (await admin.json(f"/api/v1{address}"))["undo"] == "impossible"
    assert (await admin.post(f"/api/v1{address}/undo")).status_code == 409
    async with parts_of(app).db.write() as session:
        await session.execute(update(ImportJob).values(undo="possible", state="running", command=1))
    # No command holds this lock, so that it has ended without a word.
    assert (await admin.post(f"/api/v1{address}/undo")).status_code == 202
    assert (
        "command stopped before the end"
        in (await undone(admin, f"/api/v1{address}"))["errors"][0]["detail"]
    )
