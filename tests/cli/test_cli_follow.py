"""`saywho follow …`: the sources of one installation, asked by processes that may be killed."""

import contextlib
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import saywho
from tests.installation import Installation
from tests.live_platforms import Fault, Platform, live_platform


@pytest.fixture
def platform(installation: Installation) -> Iterator[Platform]:
    with live_platform() as platform:
        installation.settings["SAYWHO_FOLLOW_PRIVATE"] = "1"
        installation.settings["SAYWHO_BLUESKY_URL"] = platform.address
        yield platform


def test_following_by_commands(installation: Installation, platform: Platform) -> None:
    platform.add("sky", "안녕하세요")
    platform.add("feed", "an entry")
    added = installation.json("follow", "add", "bluesky:@Sky")
    assert (added["source"], added["username"]) == ("bluesky:sky", "sky")
    feed = f"rss:{platform.address}/feed"
    installation.done("follow", "add", feed, "--username", "the feed".replace(" ", "_"))
    items = installation.json("follow", "now")["items"]
    assert [(each["accepted"], each["last_error"]) for each in items] == [(1, None), (1, None)]
    assert installation.json("follow", "list")["items"] == items
    users = {each["username"]: each for each in installation.json("users")["items"]}
    assert {name: user["platform"] for name, user in users.items()} == {
        "sky": "bluesky",
        "the_feed": "rss",
    }
    platform.pages = {"/blog": "<link rel=alternate type=application/atom+xml href=/feed>"}
    result = installation.run("follow", "add", f"{platform.address}/blog")
    assert "followed already" in result.stderr
    assert installation.json("follow", "remove", "1") == {"id": 1}
    assert [each["source"] for each in installation.json("follow", "list")["items"]] == [feed]
    assert installation.count_posts() == 2
    assert installation.done("check") == "ok\n"


@pytest.mark.parametrize("command", ["list", "now"])
def test_without_sources_the_commands_say_how_to_add_one(
    installation: Installation, command: str
) -> None:
    result = installation.run("follow", command)
    assert (result.exit_code, result.stdout.strip()) == (0, "")
    assert "saywho follow add" in result.stderr


def test_a_source_that_fails_is_status_1_and_its_reason(
    installation: Installation, platform: Platform
) -> None:
    platform.faults = [Fault(status=500)]
    installation.done("follow", "add", "bluesky:sky")
    assert installation.run("follow", "add", "bluesky:SKY").exit_code == 2
    result = installation.run("follow", "now")
    assert result.exit_code == 1
    assert "the source answered 500" in result.stdout
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "nonsense"),
        ("add", "rss:https://me:secret@example.org/feed"),
        ("add", "bluesky:sky", "--username", "a/b"),
        ("add", "rss:http://[::ffff:127.0.0.1]/feed"),
        ("add", "mastodon:me@[::1]:80"),
        ("remove", "7"),
    ],
)
def test_bad_input_is_status_2_and_one_line(
    installation: Installation, arguments: tuple[str, ...]
) -> None:
    result = installation.run("follow", *arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


KILLS = int(os.environ.get("SOAK_KILLS", "8"))
PROCESSES = multiprocessing.get_context("forkserver")
"""Gives processes of the program that need not import it again, which takes most of their time."""
PROCESSES.set_forkserver_preload(["app.cli.follow", "app.db.migrate"])


def _follow_now(environment: dict[str, str], log_file: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with log_file.open("a") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    saywho(["follow", "now"])


@pytest.mark.timeout(max(600, 30 * KILLS))
@pytest.mark.parametrize("kills", sorted({1, KILLS}))
def test_kills_lose_and_double_nothing(
    installation: Installation, platform: Platform, kills: int
) -> None:
    chance = random.Random(kills)  # noqa: S311 # The same moments each time.
    log = installation.data_dir.parent / "log"
    with live_platform("127.0.0.2") as second, live_platform("127.0.0.3") as third:
        platforms = (platform, second, third)
        names = ("sky", "masto", "feed")
        sources = ("bluesky:sky", f"mastodon:masto@{second.host}", f"rss:{third.address}/feed")
        for source in sources:
            installation.done("follow", "add", source)
        platform.page = second.page = 3
        texts: list[str] = []

        def post(count: int) -> None:
            for each, name in zip(platforms, names, strict=True):
                texts.extend(each.add(name, f"{name} {len(texts)} {n}").text for n in range(count))

        post(12)
        killed = 0
        while killed < kills:
            process = PROCESSES.Process(target=_follow_now, args=(installation.environment(), log))
            process.start()
            asked = len(platform.requests) + chance.randrange(1, 4)
            installation.wait_until(
                lambda asked=asked, process=process: (  # type: ignore[misc]
                    len(platform.requests) >= asked or not process.is_alive()
                ),
                pid=process.pid,
            )
            process.join(chance.random())
            process.kill()
            process.join()
            assert process.exitcode in {0, -signal.SIGKILL}, log.read_text()
            killed += process.exitcode != 0
            post(2)
        for _ in range(10 + kills):
            installation.done("follow", "now")
            if installation.count_posts() >= len(texts):
                break
    assert stored_texts(installation) == sorted(texts)
    assert installation.done("check") == "ok\n"


def stored_texts(installation: Installation) -> list[str]:
    with contextlib.closing(sqlite3.connect(Path(installation.database))) as connection:
        return sorted(text for (text,) in connection.execute('SELECT text FROM "Tweet"'))
