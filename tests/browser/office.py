"""The pages of accounts, and how to bring about what they show."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Page
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.db.lock import file_lock
from app.models import ImportJob, LiveSource
from app.parts.dashboard.panels import PANELS
from app.services.imports.jobs import IMPORTING

if TYPE_CHECKING:
    from .website import Website

UNDER_WAY, INTERRUPTED, DONE, FAILED, CANCELLED, LOOKED_AT, UNREADABLE, CHAT, TOLD = range(21, 30)
"""The imports that `add_imports` adds."""
OPERATOR_PAGES: Final = {
    "imports": "/imports",
    "imports-failure": "/imports",
    "import-preview": f"/imports/{LOOKED_AT}",
    "import-unreadable": f"/imports/{UNREADABLE}",
    "import-chat": f"/imports/{CHAT}",
    "import-under-way": f"/imports/{UNDER_WAY}",
    "import-done": f"/imports/{DONE}",
    "import-told": f"/imports/{TOLD}",
    "import-failed": f"/imports/{FAILED}",
    "import-cancelled": f"/imports/{CANCELLED}",
    "sources": "/sources",
    "sources-failure": "/sources",
    "settings": "/settings",
    "settings-data": "/settings#data",
    "settings-token": "/settings#technical",
    "settings-invitation": "/settings",
    "invitation-passed-on": "/setup",
    "room-owned": "/room/1",
    "room-deletion": "/settings/rooms/1/delete",
    "author-operator": "/user/neighbour_01",
    "tweet-operator": "/tweet/1",
    "api": "/api/v1/docs",
}
"""What an operator sees on a site of `crowd_records` with imports."""
ACCESS_PAGES: Final = {
    "login": "/login",
    "login-failure": "/login",
    "setup": "/setup",
    "invitation": "/setup",
    "invitation-unknown": "/setup?token=invitation_",
}
"""What whoever has no account yet sees there."""
READER_PAGES: Final = {"reader-settings": "/settings", "reader-refused": "/imports"}
"""What a reader sees there."""
AWAITED: Final = {
    "card": ["#measured-heading"],
    "dashboard": [f"#{figure}[aria-busy=false]" for figure in (*PANELS, "posts")],
    "dashboard-none": ["#timeline[aria-busy=false]", "#posts[aria-busy=false]"],
    "dashboard-failure": ["#timeline[aria-busy=false]", "#posts[aria-busy=false]"],
    "quiz-answered": [".ranking"],
    "quiz-room-answered": [".ranking"],
    "settings-token": ["#new_token"],
    "settings-invitation": ["#new_link"],
}
"""What a page shows when it has come into its state."""


LINKS: Final[dict[str, Callable[["Website"], str]]] = {
    "setup": lambda site: site.invitation_path("두리"),
    "invitation": lambda site: site.reader_path("동생"),
    "invitation-passed-on": lambda site: site.reader_path("동생"),
}
"""Where links lead that a page shows once."""


async def reach(page: Page, site: "Website", name: str, path: str) -> None:
    """Open a page, and bring it into the state of that name."""
    if name in LINKS:
        path = LINKS[name](site)
    await page.goto(site.address(path))
    if name in {"quiz-answered", "quiz-room-answered"}:
        await page.locator(".guesses button").first.click()
    elif name == "login-failure":
        await page.locator("#name").fill("nobody")
        await page.locator("#password").fill("a wrong password")
        await page.locator("main button").click()
    elif name == "imports-failure":
        await page.locator("#file").evaluate("field => field.required = false")
        async with page.expect_navigation():
            await page.locator("#upload").evaluate(
                "form => HTMLFormElement.prototype.submit.call(form)"
            )
    elif name == "sources-failure":
        await page.locator("#source").fill("골목빵집")
        await page.locator("main form button").first.click()
    elif name == "settings-token":
        await page.locator("#token_name").fill("아침 보고서")
        await page.locator("#token_name").press("Enter")
    elif name == "settings-invitation":
        await page.locator("#invited").fill("긴 이름을 가진 사촌 동생")
        await page.locator("#invited").press("Enter")
    elif name.endswith("-operator"):
        await page.locator(".ask summary").last.click()
    for shown in AWAITED.get(name, ()):
        await page.locator(shown).first.wait_for(state="attached")


_locks: Final = contextlib.ExitStack()


def add_imports(data_dir: Path) -> None:
    """Add an import in each state to the database of an installation."""
    now = datetime.now(UTC)
    errors = [{"record": 7, "detail": "no text"}, {"record": 1204, "detail": "not valid JSON"}]
    rows = [f"골목빵집,{n}시에 빵이 나왔어요.,{n}" for n in range(9)]
    header = "author,text,how_warm_the_bread_was_" + "0123456789" * 4
    said = [f"January 15, 2024, 3:0{n} PM, 골목빵집 {n} : {n}시에 빵이 나왔어요." for n in range(3)]
    uploads = {LOOKED_AT: "\n".join([header, *rows, "broken"]), UNREADABLE: "\0\1\2"}
    uploads[CHAT] = "\n".join(["KakaoTalk Chats with the neighbours", "", *said])
    states: dict[int, dict[str, Any]] = {
        # This process holds the lock of imports.
        UNDER_WAY: {"state": "running", "bytes_read": 400_000, "accepted": 1500},
        INTERRUPTED: {"state": "interrupted", "bytes_read": 700_000, "accepted": 2600},
        DONE: {"state": "done", "accepted": 4210, "duplicates": 96, "reposts": 1033},
        TOLD: {"state": "done", "format": "kakaotalk", "stored": b'{"rooms": [1]}'},
        FAILED: {"state": "failed", "errors": b'[{"detail": "mina-archive.zip is damaged"}]'},
        CANCELLED: {"state": "cancelled", "accepted": 812, "rejected": 2, "restricted": 3},
        LOOKED_AT: {"state": "uploaded", "file_name": "빵집 글 모음.csv"},
        UNREADABLE: {"state": "uploaded", "file_name": "holiday.jpg"},
        CHAT: {"state": "uploaded", "file_name": "KakaoTalkChats.txt", "format": "auto"},
    }
    engine = create_engine(f"sqlite:///{data_dir / 'testing.db'}")
    with Session(engine) as session:
        for job_id, fields in states.items():
            spool = f"spool-{job_id}"
            if job_id in uploads:
                upload = data_dir / "uploads" / spool
                upload.parent.mkdir(parents=True, exist_ok=True)
                upload.write_text(uploads[job_id])
            common = {
                "file_name": f"twitter-2026-11-{job_id}-" + "0123456789abcdef" * 3 + ".zip",
                "format": "x",
                "spool": spool,
                "bytes_total": 1_000_000,
                "created_at": now,
                "started_at": now - timedelta(seconds=100),
                "errors": json.dumps(errors).encode() if "rejected" in fields else b"[]",
            }
            session.add(ImportJob(id=job_id, **common | fields))
        session.add_all(_followed(now))
        session.commit()
    engine.dispose()
    _locks.enter_context(file_lock(data_dir / f"testing.db.{IMPORTING}.lock"))


def _followed(now: datetime) -> list[LiveSource]:
    """Return sources that nobody is going to visit."""
    names = [
        "bluesky:saltmarsh.bsky.social",
        "mastodon:골목빵집@toot.blue-" + "0123456789" * 4 + ".example",
        "rss:https://blog.example/2026/a-rather-long-address-of-a-feed/feed.xml?format=rss2",
    ]
    failure = ("{host} did not respond in time", {"host": "blog.example"})
    return [
        LiveSource(
            source=source,
            platform=source.partition(":")[0],
            host=source,
            username="neighbour_01",
            username_key="neighbour_01",
            accepted=[4210, 0, 1][place],
            last_error=json.dumps(failure) if place == 2 else None,
            added_at=now,
            success_at=[now, None, now - timedelta(days=2)][place],
            next_visit_at=now + timedelta(days=9),
        )
        for place, source in enumerate(names)
    ]
