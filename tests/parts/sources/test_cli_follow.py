"""`saywho follow …`: the sources of one installation."""

import pytest

from tests.installation import Installation
from tests.live_platforms import Fault, Platform


@pytest.fixture
def platform(installation: Installation, platform: Platform) -> Platform:
    installation.settings["SAYWHO_FOLLOW_PRIVATE"] = "1"
    installation.settings["SAYWHO_BLUESKY_URL"] = platform.address
    return platform


def test_following_by_commands(installation: Installation, platform: Platform) -> None:
    for command in ("list", "now"):
        result = installation.run("follow", command)
        assert (result.exit_code, result.stdout.strip()) == (0, "")
        assert "saywho follow add" in result.stderr
    platform.add("sky", "안녕하세요")
    platform.add("feed", "an entry")
    added = installation.json("follow", "add", "bluesky:@Sky.example")
    assert (added["source"], added["username"]) == ("bluesky:sky.example", "sky.example")
    feed = f"rss:{platform.address}/feed"
    installation.done("follow", "add", feed, "--username", "the_feed")
    items = installation.json("follow", "now")["items"]
    assert [(item["accepted"], item["last_error"]) for item in items] == [(1, None), (1, None)]
    assert installation.json("follow", "list")["items"] == items
    users = {item["username"]: item for item in installation.json("users")["items"]}
    assert {name: user["platform"] for name, user in users.items()} == {
        "sky.example": "bluesky",
        "the_feed": "rss",
    }
    platform.pages = {"/blog": "<link rel=alternate type=application/atom+xml href=/feed>"}
    result = installation.run("follow", "add", f"{platform.address}/blog")
    assert "is already followed" in result.stderr
    assert installation.json("follow", "remove", "1") == {"id": 1}
    assert [item["source"] for item in installation.json("follow", "list")["items"]] == [feed]
    assert installation.count_posts() == 2
    assert installation.done("check") == "ok\n"


def test_a_source_that_fails_is_status_1_and_its_reason(
    installation: Installation, platform: Platform
) -> None:
    platform.faults = [Fault(status=500)]
    added = installation.run("follow", "add", "bluesky:sky.example")
    assert "on the first visit" in added.stdout + added.stderr
    assert installation.run("follow", "add", "bluesky:SKY.example").exit_code == 2
    result = installation.run("follow", "now")
    assert result.exit_code == 1
    assert "the source answered 500" in result.stdout
    assert len(result.stderr.splitlines()) == 1


def test_bad_input_is_status_2_and_one_line(installation: Installation) -> None:
    for arguments in (
        ("add", "nonsense"),
        ("add", "rss:https://me:secret@example.org/feed"),
        ("add", "bluesky:sky"),
        ("add", "bluesky:sky.example", "--username", "a/b"),
        ("add", "rss:http://[::ffff:127.0.0.1]/feed"),
        ("add", "mastodon:me@[::1]:80"),
        ("remove", "7"),
    ):
        result = installation.run("follow", *arguments)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), arguments
