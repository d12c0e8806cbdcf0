"""Chats of iMessage as imessage-exporter writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from saywho.formats.reading import Skipped
from saywho.formats.records import FileRoom, Record
from tests.archives import zip_bytes
from tests.formats.files import reads, records_in, texts

ANSWERED = "This message responded to an earlier message."
TIME = "Jan 03, 2026  9:15:02 PM"


read = reads("imessage", is_chat=True, timezone="UTC")


def written(*messages: str) -> bytes:
    return "".join(f"{message}\n\n" for message in messages).encode()


def said(name: str, text: str, time: str = TIME) -> str:
    return f"{time}\n{name}\n{text}"


def records_of(data: bytes, **options: str) -> list[Record]:
    return records_in(read(data, **options))


def test_messages_have_a_time_a_sender_and_lines() -> None:
    first, second = records_of(
        written(
            said("Fox Den", "did the kettle\n\nsurvive?", f"{TIME} (Read by you after 4 seconds)"),
            said("Me", "it did", "May 17, 2022  5:29:42\u202fPM"),
        ),
        username="ann",
        timezone="Asia/Seoul",
    )
    assert (first.username, first.display_name, first.text) == (
        *("Fox_Den", "Fox Den", "did the kettle\n\nsurvive?"),
    )
    assert first.created_at == datetime(2026, 1, 3, 12, 15, 2, tzinfo=UTC)
    assert (second.username, second.text) == ("ann", "it did")
    assert second.created_at == datetime(2022, 5, 17, 8, 29, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "title"),
    [("Tea table - 12.txt", "Tea table"), ("+15558675309, Fox Den.txt", "+15558675309, Fox Den")],
)
def test_each_file_is_a_chat(name: str, title: str) -> None:
    data = zip_bytes(
        {f"out/{name}": written(said("Fox", "hi")), "out/b.txt": written(said("Bo", "x"))}
    )
    first, second = sorted(records_of(data), key=lambda record: record.text)
    assert first.room == FileRoom(platform="imessage", name=title, file=f"out/{name}")
    assert second.room == FileRoom(platform="imessage", name="b", file="out/b.txt")


def test_an_answer_below_a_message_is_read_at_its_own_place_alone() -> None:
    below = f"    {TIME}\n    Bo\n    two lines\nof an answer"
    items = read(
        written(
            f"{said('Fox', 'tea?')}\n{below}",
            f"{said('Bo', 'two lines')}\nof an answer\n{ANSWERED}",
        )
    )
    assert texts(items) == ["tea?", "two lines\nof an answer"]
    assert [item.username for item in records_in(items)] == ["Fox", "Bo"]


@pytest.mark.parametrize("head", ["Reactions:", "Tapbacks:"])
@pytest.mark.parametrize("indent", ["", "    "])
def test_reactions_and_effects_are_no_words(head: str, indent: str) -> None:
    below = f"{head}\n{indent}Loved by Bo\n{indent}Sticker from Me: a.heic"
    assert texts(read(written(f"{said('Fox', 'tea')}\nSent with Confetti\n{below}"))) == ["tea"]
    assert texts(read(written(said("Fox", "Reactions:\nnone so far")))) == [
        "Reactions:\nnone so far"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"{TIME} teh\nEdited 5 seconds later: tea?\nEdited 1 hour, 2 seconds later: tea!",
        "teh\nEdited 5 seconds later: tea!",
    ],
)
def test_the_last_text_of_an_edited_message_counts(text: str) -> None:
    assert texts(read(written(said("Fox", text), said("Bo", "yes")))) == ["tea!", "yes"]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (f"{TIME} Fox renamed the conversation to Kettle", "system"),
        (f"{TIME} You changed the group photo.", "system"),
        (said("Me", "This message was deleted from the conversation!\nHello"), "deleted"),
        (said("Me", "You deleted a message."), "deleted"),
        (said("Fox", "Fox unsent this message part 2 seconds after sending!"), "deleted"),
        (said("Fox", "attachments/12/3456.HEIC"), "media"),
        (said("Fox", "Attachment missing!"), "media"),
    ],
)
def test_what_nobody_said_is_left_out(block: str, reason: str) -> None:
    items = read(written(said("Bo", "hello"), block))
    assert [getattr(item, "reason", "") for item in items] == ["", reason]


@pytest.mark.parametrize(
    "text", ["I deleted a message.", "Edited by Bo later: tea", "Sent with love", "Bo said: by me"]
)
def test_words_like_those_of_the_program_stay(text: str) -> None:
    assert texts(read(written(said("Fox", text)))) == [text]


def test_files_stand_beside_the_words() -> None:
    text = "attachments/12/3456.jpg\nlook\n/Users/me/Library/Messages/Attachments/a b/IMG_1.mov"
    data = zip_bytes({"out/b.txt": written(said("Fox", text)), "out/attachments/12/3456.jpg": b"x"})
    (record,) = records_of(data)
    assert (record.text, [medium.kind for medium in record.media]) == ("look", ["photo", "video"])
    assert record.files[0] == "out/attachments/12/3456.jpg"


def test_a_day_that_is_none_costs_no_other_message() -> None:
    items = read(written(said("Fox", "tea"), said("Bo", "x", "Feb 30, 2026  9:15:02 PM")))
    assert items[1:] == [Skipped(5, "system")]


PLACEHOLDER = "Attachment missing!"
"""What the program writes in the place of a file that it did not find."""
WORDS = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20
).filter(lambda line: line != PLACEHOLDER)


@given(st.lists(st.tuples(st.sampled_from(["Fox", "Bo", "Kon"]), st.lists(WORDS, min_size=1))))
def test_any_words_come_out_under_their_names(messages: list[tuple[str, list[str]]]) -> None:
    data = written(said("Fox", "first"), *(said(name, "\n".join(text)) for name, text in messages))
    found = [(record.username, record.text.split()) for record in records_of(data)]
    expected = [(name, "\n".join(text).split()) for name, text in messages]
    assert found == [("Fox", ["first"]), *(each for each in expected if each[1])]
