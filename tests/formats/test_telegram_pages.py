"""Chats and channels of Telegram as pages (HTML)."""

from datetime import UTC, datetime, timedelta
from html import escape

import pytest
from hypothesis import given, strategies as st

from app.errors import UnrecognisedFileError
from saywho.formats.assumptions import Assumption, Unread
from saywho.formats.post import Medium, ReplyTarget, SignCount
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account, FileRoom, Record
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import read_broken, read_file_records, reads, records_in, texts
from tests.formats.telegram_page import message, page, reaction, reactions, service

read = reads("telegram-html", is_chat=True)


def records_of(data: bytes, **options: object) -> list[Record]:
    return records_in(read(data, **options))


def test_messages_have_people_texts_times_ids_and_answers() -> None:
    first, second, third = records_of(
        page(
            service("31 January 2026"),
            message(7, "Ida Moss", "rain <strong>again</strong>,<br><br>&lt;3 &amp; wind"),
            message(8, None, "yes", time="31.01.2026 22:05:00 UTC+09:00"),
            message(9, "René", "no", reply="#go_to_message7"),
        )
    )
    assert (first.username, first.display_name, first.text) == (
        *("Ida_Moss", "Ida Moss", "rain again,\n\n<3 & wind"),
    )
    assert first.created_at == datetime(2026, 1, 31, 13, 4, 5, tzinfo=UTC)
    assert first.room == FileRoom(platform="telegram", name="Lantern Club", file="-")
    assert (second.username, second.text) == ("Ida_Moss", "yes")
    assert second.created_at == datetime(2026, 1, 31, 13, 5, tzinfo=UTC)
    assert first.source_id is not None
    assert third.reply_to is not None
    assert (third.username, third.reply_to.source_id) == ("René", first.source_id)


def test_polls_are_their_authors_words() -> None:
    media = (
        '<div class="media_poll"><div class="question bold">\nWhen do we go?\n</div>'
        '<div class="details">\nAnonymous poll\n</div><div class="answer">\n- at six &amp; a half '
        '<span class="details">2 votes</span>\n</div><div class="answer">\n- never\n</div>'
        '<div class="total details">\n2 votes\n</div></div>'
    )
    items = read(
        page(message(1, "Owl", media=media), message(2, "Wren", "six", reply="#go_to_message1"))
    )
    assert [item.text for item in records_in(items)] == [
        "When do we go?\nat six & a half\nnever",
        "six",
    ]


def test_pages_of_a_chat_are_read_in_their_order() -> None:
    pages = {f"us/messages{n}.html": page(message(n, "Ida", f"page {n}")) for n in range(2, 12)}
    pages["us/messages11.html"] = page(
        message(11, "Ida", "last", reply="messages.html#go_to_message1")
    )
    pages["us/messages.html"] = page(message(1, "Ida", "page 1"))
    pages["us/css/style.css"] = b"body {}"
    records = records_of(zip_bytes(pages))
    assert [record.text for record in records] == [*(f"page {n}" for n in range(1, 11)), "last"]
    assert {record.room for record in records} == {
        FileRoom(platform="telegram", name="Lantern Club", file="us")
    }
    assert records[-1].reply_to is not None
    assert records[-1].reply_to.source_id == records[0].source_id


def test_two_chats_of_one_title_are_two_rooms_with_ids_of_their_own() -> None:
    pages = {f"chats/chat_{n}/messages.html": page(message(5, "Ida", "hi")) for n in (1, 2)}
    records = records_of(zip_bytes(pages))
    assert len({record.room for record in records}) == 2
    assert len({record.source_id for record in records}) == 2


@pytest.mark.parametrize(
    ("title", "options", "expected"),
    [
        ("12.07.2024 10:00:05 UTC+09:00", {}, (1, 0)),
        ("12.07.2024 10:00:05 UTC-03:30", {}, (13, 30)),
        ("12.07.2024 10:00:05 UTC", {}, (10, 0)),
        ("12.07.2024 10:00:05", {"timezone": "Asia/Seoul"}, (1, 0)),
        ("12.07.2024 10:00:05 UTC+09:00", {"timezone": "Asia/Tokyo"}, (1, 0)),
        ("12.07.2024 10:00:05 UTC+01:00", {"timezone": "Asia/Seoul"}, (9, 0)),
        ("12.07.2024 10:00:05 UTC+01:00", {"timezone": "Europe/Berlin"}, (8, 0)),
        ("12.07.2024 10:00:05 UTC-05:00", {"timezone": "America/New_York"}, (14, 0)),
    ],
)
def test_the_offset_is_that_of_standard_time(
    title: str, options: dict[str, str], expected: tuple[int, int]
) -> None:
    (record,) = records_of(page(message(1, "Ida", "hi", time=title)), **options)
    assert record.created_at == datetime(2024, 7, 12, *expected, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "zones"),
    [
        ("12.07.2024 10:00:05 UTC+01:00", [("Etc/GMT-1", ("Europe/Berlin",))]),
        ("12.01.2024 10:00:05 UTC+01:00", []),
        ("12.07.2024 10:00:05 UTC+09:00", []),
    ],
)
def test_an_offset_in_summer_is_an_assumption(
    title: str, zones: list[tuple[str, tuple[str, ...]]]
) -> None:
    records, _ = read_file_records(page(message(1, "Ida", "hi", time=title)))
    assert [(each.value, each.alternatives) for each in records.notes.assumptions] == zones


def test_a_time_that_cannot_be_read_costs_the_time_alone() -> None:
    data = page(message(1, "Ida", "hi", time="31.02.2024 10:00:05 UTC+09:00"))
    records, items = read_file_records(data)
    assert [item.created_at for item in records_in(items)] == [None]
    assert [(note.kind, note.count) for note in records.notes.unread] == [("time", 1)]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (service("Ida created group «Lantern Club» with members René"), "system"),
        (message(1, "Ida via @poll_bot", "Vote"), "system"),
        (message(1, "Ida", media='<div class="media clearfix media_call">x</div>'), "system"),
        (message(1, "Ida", "words of another", forwarded="Somebody"), "repost"),
        (message(1, "Deleted Account", "hi"), "deleted"),
        (message(1, "Ida"), "media"),
        (message(1, "Ida", media='<div class="media_poll"><div>Tea?</div></div>'), "media"),
        (
            message(1, "Ida", media='<div class="media clearfix pull_left media_photo"></div>'),
            "media",
        ),
    ],
)
def test_what_nobody_said_is_left_out(written: str, reason: str) -> None:
    assert read(page(message(9, "Kon", "hello"), written))[1:] == [Skipped(2, reason)]  # type: ignore[arg-type]


def test_a_joined_message_goes_with_the_bot_or_the_forwarder_before_it() -> None:
    items = read(
        page(
            message(1, "Ida via @poll_bot", "Vote"),
            message(2, None, "Vote again"),
            message(3, "René", "from elsewhere", forwarded="Somebody"),
            message(4, None, "and more", forwarded="Somebody"),
            message(5, None, "my own words"),
        )
    )
    assert texts(items) == ["my own words"]
    assert [getattr(item, "reason", "") for item in items] == [
        *("system", "system", "repost", "repost", "")
    ]
    assert [item.username for item in records_in(items)] == ["René"]


def test_a_joined_message_behind_nobody_has_no_author() -> None:
    items = read(page(message(1, "Ida", "hi"), service("1 May 2026"), message(2, None, "orphan")))
    assert items[2] == BadRecord(3, "the author is missing")


def test_links_are_written_out_and_names_are_not() -> None:
    text = (
        '<a href="https://t.me/mina">@mina</a> <a href="" onclick="x">#tea</a> '
        '<a href="https://e.org/a?b=1&amp;c=2">https://e.org/a?b=1&amp;c=2</a> '
        '<a href="https://e.org/">read</a> <a href="mailto:a@e.org">a@e.org</a> '
        '<span class="spoiler hidden"><span aria-hidden="true">secret</span></span> '
        '<a href = "stickers/sticker.webp">👋</a><br><pre>code</pre><blockquote>said</blockquote>'
    )
    (record,) = records_of(page(message(1, "Ida", text)))
    assert record.text == (
        "@mina #tea https://e.org/a?b=1&c=2 read (https://e.org/) a@e.org secret 👋\ncodesaid"
    )


def test_reactions_are_counted_by_number_or_by_people() -> None:
    custom = '<a href="stickers/a.webp">👋</a>'
    given_ = reactions(reaction("🔥", 12), reaction("❤", people=2), reaction(custom, 3))
    first, second = records_of(
        page(message(1, "Ida", "tea", reactions=given_), message(2, "René", "milk"))
    )
    assert first.counts is not None
    assert (first.counts.likes, first.counts.signs) == (
        17,
        (SignCount("🔥", 12), SignCount("❤", 2)),
    )
    assert second.counts is not None
    assert second.counts.likes == 0


def test_media_lie_beside_the_page_or_from_the_root() -> None:
    def link(name: str, address: str) -> str:
        return f'<a class="{name}" href="{address}">\n<div class="body">x</div></a>'

    pages = {
        "a/chats/chat_1/messages.html": page(
            message(
                1,
                "Ida",
                "look",
                media=link("photo_wrap clearfix", "../../chats/chat_1/photos/a.jpg"),
            ),
            message(2, "René", media=link("animated_wrap clearfix", "video_files/b.mp4")),
            message(3, "Ida", media=link("media block_link media_voice_message", "c.ogg")),
            message(4, "René", media=link("media block_link media_file", "files/d.pdf")),
            message(5, "Ida", media=link("media media_location", "https://maps.example/?q=1")),
            message(6, "René", "up", media=link("photo_wrap", "../../../../etc/passwd.jpg")),
            message(7, "Ida", media=link("sticker_wrap clearfix", "stickers/s.webp")),
        ),
        "a/chats/chat_1/photos/a.jpg": b"x",
    }
    assert {
        item.place: [
            (medium.kind, name) for medium, name in zip(item.media, item.files, strict=True)
        ]
        for item in read(zip_bytes(pages))
        if isinstance(item, Record)
    } == {
        1: [("photo", "a/chats/chat_1/photos/a.jpg")],
        2: [("gif", "a/chats/chat_1/video_files/b.mp4")],
        3: [("audio", "a/chats/chat_1/c.ogg")],
        6: [("photo", None)],
        7: [("photo", "a/chats/chat_1/stickers/s.webp")],
    }
    assert records_of(pages["a/chats/chat_1/messages.html"])[0].media == (Medium("photo"),)


def test_a_page_that_breaks_off_keeps_its_whole_messages() -> None:
    whole = page(*(message(n, "Ida", f"tea {n}") for n in range(1, 6)))
    for at in range(whole.index(b"tea 2"), len(whole) - 8, 40):
        kept = texts(read_broken(whole[:at], "truncated or damaged"))
        assert kept == [f"tea {n}" for n in range(1, len(kept) + 1)]
        assert len(kept) >= whole[:at].count(b"</div>\n\n     </div>\n")
    damaged = {"us/messages.html": whole[: len(whole) // 2], "us/messages2.html": whole}
    assert len(texts(read_broken(zip_bytes(damaged), "truncated or damaged"))) > 6


def test_a_message_that_is_too_long_costs_no_other() -> None:
    for long in ("x" * 150_000, "<b>" * 3_000, "<i>" * 90_000):
        items = read(page(message(1, "Ida", "a"), message(2, "Ida", long), message(3, "Ida", "b")))
        assert texts(items) == ["a", "b"]
        assert items[1] == BadRecord(2, "longer than 100 KB")


def test_other_pages_of_an_export_are_refused_with_what_to_do() -> None:
    with pytest.raises(UnrecognisedFileError, match=r"messages\.html"):
        read_file_records(
            b"<!DOCTYPE html>\n<html><head><title>Exported Data</title></head></html>"
        )


def test_beside_the_same_chats_as_json_pages_are_not_read() -> None:
    data = {
        "us/result.json": SMALL_FILES["telegram"],
        "us/messages.html": page(message(1, "mina", "hi, you")),
    }
    records, items = read_file_records(zip_bytes(data))
    assert (records.format, texts(items), records.left_out) == ("telegram", ["hi, you"], ())


WORDS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["Ida", "René", "Kon"]), st.lists(WORDS, min_size=1))))
def test_any_words_come_out_under_their_names(said: list[tuple[str, list[str]]]) -> None:
    written, before = [], None
    for number, (name, lines) in enumerate(said, 1):
        html = "<br>".join(map(escape, lines))
        written.append(message(number, None if name == before else name, html))
        before = name
    found = [
        (record.display_name, "".join(record.text.split()))
        for record in records_of(page(service("1 May 2026"), *written))
    ]
    expected = [(name, "".join("".join(lines).split())) for name, lines in said]
    assert found == [(name, text) for name, text in expected if text]


CHANNEL = page(
    service("Channel &laquo;The pier news&raquo; created"),
    message(2, "The pier news", "Fog again."),
    message(3, None, "Signed", reply="#go_to_message2", time="05.01.2024 10:02:00 UTC+00:00"),
    message(4, "The pier news", "by others", forwarded="Somebody"),
    title="The pier news ",
)


def test_the_posts_of_a_channel_are_the_channels() -> None:
    records, items = read_file_records(CHANNEL)
    assert (records.format, records.is_chat) == ("telegram-channel", False)
    assert records.account == Account("The_pier_news", "The pier news", "telegram")
    posts = records_in(items)
    assert [(post.username, post.text, post.platform, post.source_id) for post in posts] == [
        ("The_pier_news", "Fog again.", "telegram", "2"),
        ("The_pier_news", "Signed", "telegram", "3"),
    ]
    assert posts[1].reply_to == ReplyTarget("2", "The_pier_news")
    assert posts[1].created_at == datetime(2024, 1, 5, 10, 2, tzinfo=UTC)
    assert {post.room for post in posts} == {None}
    assert Skipped(4, "repost") in items


@pytest.mark.parametrize(
    "more",
    [
        {"signature": '<div class="signature details">\nMina\n</div>'},
        {"reactions": reactions(reaction("🔥", 40))},
    ],
)
def test_a_channel_is_known_by_what_only_channels_have(more: dict[str, str]) -> None:
    data = page(message(2, "Pier", "Fog"), message(3, None, "again", **more), title="Pier")
    assert read_file_records(data)[0].format == "telegram-channel"


def test_a_chat_in_which_one_person_spoke_is_no_channel() -> None:
    data = page(message(2, "Pier", "Fog"), message(3, None, "again"), title="Pier")
    assert len(records_of(data)) == 2
    data = page(
        service("Channel photo changed"), message(2, "Pier", "Fog"), message(3, "Ida", "no")
    )
    assert len(records_of(data)) == 2


def test_times_of_a_channel_without_a_zone_are_utc_and_said_so() -> None:
    data = CHANNEL.replace(b" UTC+09:00", b"").replace(b" UTC+00:00", b"")
    for options, hours in (({}, 0), ({"timezone": "Asia/Seoul"}, 9)):
        records, items = read_file_records(data, **options)
        assert next(item for item in records_in(items)).created_at == datetime(
            2026, 1, 31, 22, 4, 5, tzinfo=UTC
        ) - timedelta(hours=hours)
        noted = [(note.kind, note.value) for note in records.notes.assumptions]
        assert noted == ([] if hours else [("timezone", "UTC")])


def channel_json(kind: str) -> bytes:
    return (
        b'{"name": "The pier news", "type": "%s", "id": 1234, "messages": [{"id": 1, "type": '
        b'"service", "date": "2024-01-05T10:00:00", "actor": "x", "text": ""}, {"id": 2, "type": '
        b'"message", "date": "2024-01-05T10:01:00", "date_unixtime": "1704448860", "from": '
        b'"The pier news", "from_id": "channel1234", "text": ["Fog ", {"type": "text_link", '
        b'"text": "again", "href": "https://e.org/fog"}]}, {"id": 3, "type": "message", "date": '
        b'"2024-01-05T10:02:00", "date_unixtime": "1704448920", "from": "The pier news", '
        b'"from_id": "channel1234", "author": "Mina", "text": "Signed", "reply_to_message_id": 2}]}'
    ) % kind.encode()


def test_a_channel_as_json_is_read_as_posts() -> None:
    records, items = read_file_records(channel_json("public_channel"))
    assert records.format == "telegram-channel"
    assert records.account == Account("The_pier_news", "The pier news", "telegram", "1234")
    first, second = records_in(items)
    assert (first.source_id, first.text) == ("2", "Fog again (https://e.org/fog)")
    assert (second.kind, second.reply_to) == ("reply", ReplyTarget("2", "The_pier_news"))
    assert second.created_at == datetime(2024, 1, 5, 10, 2, tzinfo=UTC)


def test_a_private_channel_is_for_those_who_were_invited() -> None:
    items = read_file_records(channel_json("private_channel"))[1]
    assert items[1:] == [Skipped(2, "restricted"), Skipped(3, "restricted")]
    items = read_file_records(channel_json("private_channel"), include_restricted=True)[1]
    assert texts(items) == ["Fog again (https://e.org/fog)", "Signed"]


def test_unreadable_parts_are_noted_once_for_each_message() -> None:
    written = [message(n, "Ida", "hi", time="yesterday") for n in range(3)]
    records, _ = read_file_records(page(*written))
    assert records.notes.unread == [Unread("time", "date", 3)]
    assert not any(isinstance(note, Assumption) for note in records.notes.assumptions)
