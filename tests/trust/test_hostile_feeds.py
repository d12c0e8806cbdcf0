"""Sources at a real server: hostile ones, and posts that their platforms deleted."""

from pathlib import Path

import pytest

from tests.installation import Installation
from tests.live_platforms import live_platform
from tests.serving.test_server import SERVE, serving
from tests.trust.feeds import follow


@pytest.mark.timeout(300)
def test_hostile_sources_replace_no_worker_and_hold_up_no_request(tmp_path: Path) -> None:
    report = follow(12, tmp_path)
    assert report.replaced == 0, report
    assert report.outcomes.total() == 12, report
    assert report.median_s < 0.5, report  # Of a busy machine; `python -m tests.trust.feeds` tells.


@pytest.mark.parametrize("kind", ["bluesky", "mastodon"])
def test_what_the_platform_says_is_gone_is_deleted_here(tmp_path: Path, kind: str) -> None:
    """Wherever it stood: the newest, one between, and the oldest on the page; then the last one."""
    with live_platform() as platform:
        posts = [platform.add("sky", f"number {n}") for n in range(5)]
        settings = {
            "SAYWHO_FOLLOW_DELETIONS": "1",
            "SAYWHO_FOLLOW_PRIVATE": "1",
            "SAYWHO_BLUESKY_URL": platform.address,
        }
        installation = Installation(tmp_path / "instance", settings)
        source = "bluesky:sky" if kind == "bluesky" else f"mastodon:sky@{platform.host}"
        with serving(installation, *SERVE, "--workers", "1") as server:
            server.token = installation.json("token", "add", "test", "--scope", "admin")["token"]
            sent = {"source": source, "username": "mina"}
            source_id = server.send("POST", "/api/v1/sources", sent)[2]["id"]

            def texts() -> set[str]:
                status, _, found = server.send("GET", "/api/v1/users/mina/tweets")
                return {each["text"] for each in found["items"]} if status == 200 else set()

            installation.wait_until(lambda: len(texts()) == 5)
            for place in (4, 2, 0):
                platform.delete("sky", posts[place], 410 if place == 2 else 404)
            server.send("POST", f"/api/v1/sources/{source_id}/visit")
            installation.wait_until(lambda: texts() == {"number 1", "number 3"})
            for place in (1, 3):
                platform.delete("sky", posts[place])
            server.send("POST", f"/api/v1/sources/{source_id}/visit")
            installation.wait_until(lambda: texts() == set())
            assert server.send("GET", "/api/v1/sources")[2]["items"][0]["last_error"] is None
