"""Files and functions of the app that each of twelve requests runs, for `make house`.

A reader who follows a request opens these files. Each request is sent once before it is recorded,
so that modules are imported and shared figures are made. The cache of answers is off, and work of
the site itself (maintenance, live streams, games, sources) is stopped before.
"""

import asyncio
import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from app import create_app
from app.config import Config
from app.services.snapshots import Snapshots
from benchmarks.at_home import AUTHORS, FIRST_YEAR, KEEPER, fill
from tests.archives import x_members, x_zip
from tests.browsing import Browser, parts_of
from tests.house import ROOT
from tests.installation import Installation
from tests.waiting import settle

SCALE: Final = 100
"""For `benchmarks.at_home`: 2,000 posts of an archive, 2,000 messages of a chat."""
TEXT: Final = "Wind NW 4, backing. Lit 16:36, nothing to report."
CANDIDATES: Final = [("username", f"author{number}") for number in range(AUTHORS)]
PAGES: Final = {
    "front page": "/",
    "author": f"/user/{KEEPER}",
    "year": f"/user/{KEEPER}/{FIRST_YEAR + 1}",
    "chat's overview": "/room/1",
    "chat's messages": "/room/1?view=newest",
    "comparison": f"/compare?{urlencode([('text', TEXT), *CANDIDATES])}",
    "search": "/search?q=harbour",
    "dashboard": "/dashboard/",
}

COUNTED: Final = ("front page", "author", "chat's overview")
"""Pages that show what was counted of many posts."""
TASK: Final = "Task-"
"""Begins the names that asyncio gives to tasks; `app.lifespan.running` names its own."""


class Footprint(NamedTuple):
    """Files of the app whose code a request runs, and calls of their functions."""

    files: list[str]
    calls: int


class Recorder:
    """Counts the calls of the app's functions, in this thread and in threads started later."""

    def __init__(self) -> None:
        self._calls = Counter[CodeType]()
        self._is_on = False
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        if self._is_on and event == "call":
            self._calls[frame.f_code] += 1

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what runs within."""
        self._calls.clear()
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    def footprint(self) -> Footprint:
        """Return what ran during the last recording."""
        prefixes = (f"{ROOT}/app/", f"{ROOT}/saywho/")
        ours = {code: n for code, n in self._calls.items() if code.co_filename.startswith(prefixes)}
        files = {code.co_filename.removeprefix(f"{ROOT}/") for code in ours}
        return Footprint(sorted(files), sum(ours.values()))

    def close(self) -> None:
        """Stop to look at calls."""
        sys.setprofile(None)
        threading.setprofile(None)


async def _requests(recorder: Recorder, site: Installation, token: str) -> dict[str, Footprint]:
    """Send each request twice; return the footprint of the second one, and of three pages after
    one more post, which is not counted yet, and after a restart.
    """
    config = Config(
        env="testing", data_dir=site.data_dir, access_log=False, cache_mb=0, public=True
    )
    app, again = create_app(config), create_app(config)
    footprints: dict[str, Footprint] = {}
    Snapshots.part_s = 60.0  # A profiled page is slow, not uncounted.
    before = asyncio.all_tasks()
    async with app.test_app():
        await settle(app)
        await _stop_background(before)
        record = partial(_record, footprints, recorder, Browser(app))
        for name, path in PAGES.items():
            await record(name, "GET", path)
            await record(name, "GET", path)
        async with parts_of(app).db.exclusive_in_turn("snapshots") as grant:
            await parts_of(app).snapshots.renew(grant)
        headers = {"Authorization": f"Bearer {token}"}
        for text in ("The first post is not recorded", "The second post is"):
            path = f"/api/v1/users/{KEEPER}/tweets"
            await record("a post", "POST", path, headers=headers, json={"text": text})
        for name in COUNTED:
            await record(f"{name}, one more post", "GET", PAGES[name])
        async with parts_of(app).db.exclusive_in_turn("snapshots") as grant:
            await parts_of(app).snapshots.renew(grant)
    before = asyncio.all_tasks()
    async with again.test_app():
        await _stop_background(before)
        for name in COUNTED:
            record = partial(_record, footprints, recorder, Browser(again))
            await record(f"{name}, after a restart", "GET", PAGES[name])
    return footprints


async def _record(
    footprints: dict[str, Footprint],
    recorder: Recorder,
    browser: Browser,
    name: str,
    *request: str,
    **options: Any,
) -> None:
    with recorder.recording():
        answer = await browser.send(*request, **options)
        await answer.get_data()
    assert answer.status_code in {200, 201}, (request, await answer.get_data(as_text=True))
    footprints[name] = recorder.footprint()


async def _stop_background(before: set["asyncio.Task[Any]"]) -> None:
    """Stop the tasks that the app has begun by itself, but the one that ends with it."""
    begun = [task for task in asyncio.all_tasks() - before if not task.get_name().startswith(TASK)]
    for task in begun:
        task.cancel()
    await asyncio.wait(begun)


def footprints() -> dict[str, Footprint]:
    """Return the footprint of each request, on a site that is made for it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Installation(folder / "data")
        site.data_dir.mkdir()
        fill(site.data_dir, SCALE).rename(site.database)
        token = site.json("token", "add", "footprint", "--scope", "write")["token"]
        recorder = Recorder()
        try:
            requests = asyncio.run(_requests(recorder, site, token))
            for username, before in (("mina", 100), ("mira", 200)):
                members = x_members(username, before)
                archive = x_zip(folder / f"{username}.zip", members)
                with recorder.recording():
                    site.done("import", str(archive))
                requests["zip to rows"] = recorder.footprint()
        finally:
            recorder.close()
    return requests


if __name__ == "__main__":
    print(json.dumps(footprints()))  # noqa: T201 - The output is read by a test.
