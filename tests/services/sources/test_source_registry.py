"""What people write to follow somebody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInputError
from app.services.sources.registry import parse_source


@pytest.mark.parametrize(
    ("given_name", "source", "host", "username"),
    [
        ("bluesky:Name.Bsky.social", "bluesky:name.bsky.social", "bluesky", "name.bsky.social"),
        (" Bluesky:@a.b ", "bluesky:a.b", "bluesky", "a.b"),
        ("bluesky:did:plc:aBc2", "bluesky:did:plc:aBc2", "bluesky", "did:plc:aBc2"),
        (
            "mastodon:@Me@Host.Example",
            "mastodon:Me@host.example",
            "host.example",
            "Me@host.example",
        ),
        ("mastodon:me@[::1]:80", "mastodon:me@[::1]:80", "::1", "me@[::1]:80"),
        ("mastodon:me@서버.한국", "mastodon:me@서버.한국", "서버.한국", "me@서버.한국"),
        ("@Jay.Bsky.social", "bluesky:jay.bsky.social", "bluesky", "jay.bsky.social"),
        ("@jay.example", "bluesky:jay.example", "bluesky", "jay.example"),
        ("jay.bsky.social", "bluesky:jay.bsky.social", "bluesky", "jay.bsky.social"),
        ("https://bsky.app/profile/A.b", "bluesky:a.b", "bluesky", "a.b"),
        (
            "https://bsky.app/profile/did:plc:aBc2/",
            "bluesky:did:plc:aBc2",
            "bluesky",
            "did:plc:aBc2",
        ),
        ("@me@Host.example", "mastodon:me@host.example", "host.example", "me@host.example"),
        ("me@host.example", "mastodon:me@host.example", "host.example", "me@host.example"),
        ("https://a.example/blog", "rss:https://a.example/blog", "a.example", "a.example"),
        (
            "rss:https://A.example:81/f?x=1#y",
            "rss:https://A.example:81/f?x=1",
            "a.example",
            "a.example",
        ),
    ],
)
def test_a_source_has_one_name(given_name: str, source: str, host: str, username: str) -> None:
    name = parse_source(given_name)
    assert (str(name), name.host, name.username) == (source, host, username)
    assert parse_source(str(name)) == name


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda rest: f"rss:http://{rest}"))
def test_anything_else_is_refused_with_a_reason(text: str) -> None:
    try:
        name = parse_source(text)
    except InvalidInputError:
        return
    assert parse_source(str(name)) == name
