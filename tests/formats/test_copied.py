"""Laws of messages that were copied out of a chat, for texts that mix the heads of all apps."""

from time import process_time

import pytest
from hypothesis import given, strategies as st

from saywho.formats.chats.copied import copied_chat

LINES = (
    "[21:06, 1/15/2024] {name}: {words}",
    "15/01/2024, 21:05 - {name}: {words}",
    "[{name}] [오후 9:06] {words}",
    "2024년 1월 15일 오후 3:02, {name} : {words}",
    "--------------- 2024년 1월 15일 월요일 ---------------",
    "21:06\t{name}\t{words}",
    "2024.01.15 월요일",
    "오후 9:06 {name} {words}",
    "{name}, [15.01.2024 21:06]",
    "{name} — Today at 9:06 PM",
    "{name}\n —\n오늘 오후 9:06",
    "{name}  9:41 AM",
    "{name}\n  9:41 AM",
    "[9:42 AM] {words}",
    "9:42",
    "{words}",
    "> {words} (edited)",
    "",
)
NAMES = st.sampled_from(["Mina", "준", "~ Jun Kim", "a:b", "[x]", "9:30", "\u200eM"])
WORDS = st.sampled_from(["ok", "<Media omitted>", "사진", "", "  two\t", "at 12:30: so", '"', "—"])


@st.composite
def pastes(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=12))
    return "\n".join(line.format(name=draw(NAMES), words=draw(WORDS)) for line in lines)


@given(st.one_of(pastes(), st.text()))
def test_every_word_is_in_one_head_or_message(text: str) -> None:
    chat = copied_chat(text)
    if chat is None:
        return
    assert chat.messages
    pieces = sorted([*chat.heads, *chat.messages], key=lambda piece: (piece.start, piece.end))
    rest, place = "", 0
    for piece in pieces:
        assert place <= piece.start < piece.end <= len(text)
        assert text[piece.start : piece.end] == text[piece.start : piece.end].strip()
        rest += text[place : piece.start]
        place = piece.end
    assert not (rest + text[place:]).strip()
    assert all(piece.name is None or piece.name.isprintable() for piece in pieces)


@pytest.mark.parametrize(
    "when",
    [
        "21:06, 1/15/2024",
        "9:06 de la tarde, 15/1/2024",
        "٩:٠٦ م, ١٥\u200f/١/٢٠٢٤",
        "下午9:06, 2024/1/15",
        "9:06 น., 15/1/2567",
        "Jan 15 at 9:06 PM",
        "1/15 21:06",
    ],
)
def test_a_time_and_a_day_in_brackets_are_a_head_in_any_language(when: str) -> None:
    chat = copied_chat(f"[{when}] Mina: see you")
    assert chat is not None
    assert [piece.name for piece in chat.messages] == ["Mina"]


def test_words_in_brackets_that_are_no_date_are_no_head() -> None:
    assert copied_chat("[version 2 at 9:06] Mina: see you") is None


def test_long_lines_take_no_long_time() -> None:
    blanks = " " * 20_000
    texts = (
        f"Mina  9:06 PM\na{blanks}b 9:30",
        f"Mina — Today at 9:06 PM\na{blanks}b (edited)",
        f"[{blanks}] 9:30",
        f"9:30 {'.' * 20_000} x\n9:30{blanks}",
        f"[9:30 {'1' * 20_000}",
        "[1" * 12_000 + ":30",
    )
    began = process_time()
    for text in texts:
        copied_chat(text)
    assert process_time() - began < 1  # Some of them took 0.7 s each.
