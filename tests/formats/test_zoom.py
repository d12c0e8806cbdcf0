"""Chats of meetings as Zoom saves them: by window, by folder and by recording."""

from functools import partial

import pytest
from hypothesis import given, strategies as st

from saywho.formats.reading import Skipped
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, records_in

WORDS = {"From": "to", "De": "para", "Von": "an", "开始": "至"}
LAYOUTS = {
    "window": "{clock} {word} {name} {to} Everyone:\n\t{text}\n",
    "folder": "{clock}\t {word}  {name} : {text}\r\n",
    "folder, to": "{clock}\t {word} {name} {to} Everyone : {text}\n",
    "private": "{clock} {word} {name} {to} Mina Tide(Direct Message): {text}\n",
    "recording": "{clock} {name}:\t{text}\n",
}
SAID = [("Mina Tide", "fog again"), ("Jun", "see http://pier.example: late"), ("Dara (she)", "?")]


def written(layout: str, word: str, said: list[tuple[str, str]]) -> str:
    form = partial(LAYOUTS[layout].format, word=word, to=WORDS[word])
    lines = (form(clock=f"10:00:{n:02}", name=who, text=t) for n, (who, t) in enumerate(said))
    return "".join(lines)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "private"])
def test_each_layout_has_names_and_words(layout: str, word: str) -> None:
    records, items = read_file_records(written(layout, word, SAID).encode())
    assert (records.format, records.is_chat) == ("zoom", True)
    assert [(item.display_name, item.text) for item in records_in(items)] == SAID
    assert all(item.created_at is None for item in records_in(items))


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[A-Z][a-zäé]{1,9}( [A-Z][a-z]{1,9}){0,2}", fullmatch=True),
            st.from_regex(r"[a-z]{1,9}( [a-z:0-9]{1,9}){0,4}[a-z]", fullmatch=True),
        ),
        min_size=2,
    ),
    st.sampled_from(["folder", "folder, to", "recording"]),
)
def test_whoever_writes_whatever_is_read_as_written(
    said: list[tuple[str, str]], layout: str
) -> None:
    _, items = read_file_records(written(layout, "From", said[:50]).encode(), "zoom")
    assert [(item.display_name, item.text) for item in records_in(items)] == said[:50]


def test_answers_have_their_own_words_and_reactions_none() -> None:
    text = written("window", "From", SAID) + (
        '10:01:00 From Jun to Everyone:\n\tReplying to "fog again"\n\n\tyes, fog\n'
        '10:02:00 From Jun to Everyone:\n\tReacted to "fog again" with 👍\n'
        '10:03:00 From Jun to Everyone:\n\tRemoved a 👍 reaction from "fog again"\n'
    )
    _, items = read_file_records(text.encode())
    assert [item.text for item in records_in(items)][3:] == ["yes, fog"]
    assert sum(isinstance(item, Skipped) for item in items) == 2


def test_the_folder_of_a_meeting_has_its_day_and_title() -> None:
    name = "2024-01-05 09.58.00 Harbour watch/meeting_saved_chat.txt"
    _, items = read_file_records(zip_bytes({name: written("window", "From", SAID).encode()}))
    first = records_in(items)[0]
    assert f"{first.created_at:%Y-%m-%dT%H:%M:%S}" == "2024-01-05T10:00:00"
    assert first.room is not None
    assert "Harbour watch" in first.room.name


@pytest.mark.parametrize(
    "text", ["10:00:00 start:\n10:05:00 water is hot:\n", "10:00:00 one : 1\n10:00:01 two : 2\n"]
)
def test_lines_with_clocks_alone_are_no_chat(text: str) -> None:
    with pytest.raises(Exception, match="format"):
        read_file_records(text.encode())
