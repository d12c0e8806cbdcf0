"""What people write to follow somebody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInputError
from app.parts.sources.platforms import parse_source


@pytest.mark.parametrize(
    ("given_name", "source", "host"),
    [
        ("bluesky:Name.Bsky.social", "bluesky:name.bsky.social", "bluesky"),
        (" Bluesky:@a.b ", "bluesky:a.b", "bluesky"),
        ("bluesky:did:plc:aBc2", "bluesky:did:plc:aBc2", "bluesky"),
        ("mastodon:@Me@Host.Example", "mastodon:Me@host.example", "host.example"),
        ("mastodon:me@[::1]:80", "mastodon:me@[::1]:80", "::1"),
        ("mastodon:me@서버.한국", "mastodon:me@서버.한국", "서버.한국"),
        ("@Jay.Bsky.social", "bluesky:jay.bsky.social", "bluesky"),
        ("@jay.example", "bluesky:jay.example", "bluesky"),
        ("jay.bsky.social", "bluesky:jay.bsky.social", "bluesky"),
        ("https://bsky.app/profile/A.b", "bluesky:a.b", "bluesky"),
        ("https://bsky.app/profile/did:plc:aBc2/", "bluesky:did:plc:aBc2", "bluesky"),
        ("@me@Host.example", "mastodon:me@host.example", "host.example"),
        ("me@host.example", "mastodon:me@host.example", "host.example"),
        ("https://a.example/blog", "rss:https://a.example/blog", "a.example"),
        ("rss:https://A.example:8081/f?x=1#y", "rss:https://A.example:8081/f?x=1", "a.example"),
    ],
)
def test_a_source_has_one_name(given_name: str, source: str, host: str) -> None:
    name = parse_source(given_name)
    platform, _, own_name = source.partition(":")
    assert (str(name), name.host) == (source, host)
    assert name.username == (host if platform == "rss" else own_name)
    assert parse_source(str(name)) == name


@pytest.mark.parametrize("given_name", ["bluesky:Nobody", "bluesky:@nobody", "bluesky: nobody"])
def test_a_name_without_a_dot_is_told_what_it_lacks(given_name: str) -> None:
    with pytest.raises(InvalidInputError, match=r"nobody\.bsky\.social"):
        parse_source(given_name)


@pytest.mark.parametrize("given_name", ["bluesky:a..b", "bluesky:.a", "bluesky:a.", "bluesky:"])
def test_a_name_with_an_empty_part_is_none(given_name: str) -> None:
    with pytest.raises(InvalidInputError, match="Enter a source as"):
        parse_source(given_name)


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda rest: f"rss:http://{rest}"))
def test_anything_else_is_refused_with_a_reason(text: str) -> None:
    try:
        name = parse_source(text)
    except InvalidInputError:
        return
    assert parse_source(str(name)) == name
