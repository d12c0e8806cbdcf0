"""Kinds of chats whose words were lost, doubled, or attributed to somebody else."""

import json
from pathlib import Path
from typing import Any

import pytest

from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import FileRoom
from tests.formats.files import read_file_records, records_in

CASES = Path(__file__).parent / "cases" / "chats"
FERRY, PIER, MORE = "the ferry is late", "I wait at the pier", "twenty minutes more"
Said = list[tuple[str | None, str]]
"""Author, None for who exported, and words of each message."""
FILES: dict[str, Said] = {
    "chatgpt-spoken-words-lost.json": [
        (None, "when does the ferry come"),
        ("ChatGPT", "In twenty minutes."),
        (None, "thank you"),
    ],
    "teams-answers-inside-of-messages-are-lost.json": [
        ("Mina", FERRY),
        ("Jun", PIER),
        ("Mina", MORE),
        ("Ada", "the market opens at nine"),
    ],
    "ig-each-message-stands-twice": [
        ("Mina", FERRY),
        ("Jun", PIER),
        ("Mina", MORE),
        ("Jun", "good"),
    ],
    "ig-ta-reactions-as-words": [
        ("Jun", FERRY),
        ("Jun", PIER),
        ("Jun", MORE),
        ("Mina", "bring the tickets"),
        ("Jun", "I have them"),
        ("Jun", "good"),
    ],
    "fb-fr-calls-as-words": [
        ("Manon Rive", "le bateau est en retard"),
        ("Jean Quai", "je suis au quai"),
        ("Manon Rive", "à tout de suite"),
    ],
    "fb-nickname-of-five-words-before-sent-an-attachment": [
        ("Mina Tide", FERRY),
        ("Mina Tide", "I wait"),
        ("Mina Tide", "what is it"),
        ("Jun Pier", "three pictures of the boat"),
    ],
}


def said_in(source: bytes | Path) -> Said:
    records, items = read_file_records(source)
    assert records.is_chat
    assert not [item for item in items if isinstance(item, BadRecord)]
    said = sorted(records_in(items), key=lambda m: str(m.created_at))
    return [(m.display_name if m.username else None, m.text) for m in said]


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_words_of_its_people(name: str) -> None:
    assert said_in(CASES / name) == FILES[name]


def message(text: str, minute: int, **more: Any) -> dict[str, Any]:
    time = f"2026-01-13T10:{minute:02}:00.000Z"
    return {
        "id": f"m{minute}",
        "messageType": "message",
        "createdDateTime": time,
        "from": {"user": {"id": "u1", "displayName": "Mina"}},
        "body": {"contentType": "text", "content": text},
        "channelIdentity": {"channelId": "c"},
        **more,
    }


def test_messages_in_a_list_that_is_not_read_are_told() -> None:
    page = {"value": [message(FERRY, 0, thread=[message(PIER, 1), message(MORE, 2)], mentions=[])]}
    _, items = read_file_records(json.dumps(page).encode())
    assert [item.text for item in records_in(items)] == [FERRY]
    bad = [str(item.detail) for item in items if isinstance(item, BadRecord)]
    assert bad == ["messages in `thread`, which are not read: 2"]


def test_given_up_versions_of_a_talk_with_a_machine_are_left_out() -> None:
    def node(name: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
        content = {"content_type": "text", "parts": [text]}
        said = {"id": name, "author": {"role": role}, "create_time": 1.0, "content": content}
        return {"id": name, "message": said, "parent": parent}

    nodes = [
        node("a", None, "user", "why is the fery late"),
        node("b", "a", "assistant", "Fog?"),
        node("c", None, "user", "why is the ferry late"),
        node("d", "c", "assistant", "Fog."),
    ]
    talk: dict[str, Any] = {"title": "Ferry", "mapping": {n["id"]: n for n in nodes}}
    kept = json.dumps([talk | {"current_node": "d"}]).encode()
    assert [text for _, text in said_in(kept)] == ["why is the ferry late", "Fog."]
    for last in (None, "gone", 7):  # What is not known cannot be left out.
        assert len(said_in(json.dumps([talk | {"current_node": last}]).encode())) == 4


@pytest.mark.parametrize(("digits", "stored"), [(13, 1), (10, 2)])
def test_only_in_one_millisecond_the_same_words_are_one_message(digits: int, stored: int) -> None:
    said = {"sender_name": "Mina", "content": FERRY, "timestamp_ms": int("1768298400000"[:digits])}
    file = {"participants": [], "messages": [said, {**said}], "title": "Jun"}
    _, items = read_file_records(json.dumps(file).encode())
    assert len(records_in(items)) == stored
    assert sum(isinstance(item, Skipped) for item in items) == 2 - stored


def test_direct_messages_of_mattermost_are_a_chat_of_their_members() -> None:
    said = {"user": "mina", "message": FERRY, "create_at": 1768298400000}
    direct = {"channel_members": ["mina", "jun"], **said}
    direct["replies"] = [{"user": "jun", "message": PIER, "create_at": 1768298460000}]
    lines = [{"type": "version", "version": 1}, {"type": "direct_post", "direct_post": direct}]
    data = "\n".join(map(json.dumps, lines)).encode()
    _, items = read_file_records(data)
    found = records_in(items)
    assert [(m.username, m.text) for m in found] == [("mina", FERRY), ("jun", PIER)]
    assert {room.name for m in found if isinstance(room := m.room, FileRoom)} == {"mina, jun"}


def chat_of(said: list[tuple[str, str]]) -> bytes:
    messages = [
        {"sender_name": name, "content": text, "timestamp_ms": 1768298400000 + 60_000 * minute}
        for minute, (name, text) in enumerate(said)
    ]
    return json.dumps({"participants": [], "messages": messages[::-1], "title": "Jun"}).encode()


TALK = [("Mina", FERRY), ("Jun", PIER), ("Mina", MORE)]
SIGNS = ("😂", "❤️", "👍🏽", "😂")
OF_APP = (  # Sentences in languages that no table has; the third is repeated as it stands.
    ("आपके मैसेज पर {} से रिएक्शन दिया", SIGNS, "मैसेज पसंद किया"),
    ("Отреагировал(-а) {} на ваше сообщение", SIGNS, "Нравится сообщение"),
    ("تم التفاعل بـ {} على رسالتك الآن", SIGNS, "تم الإعجاب برسالة"),
    ("আপনার মেসেজে {} দিয়ে রিঅ্যাক্ট করেছেন", SIGNS, "একটি মেসেজ লাইক করেছেন"),
)


@pytest.mark.parametrize(("sentence", "signs", "other"), OF_APP)
def test_sentences_of_an_app_are_learnt_in_any_language(
    sentence: str, signs: tuple[str, ...], other: str
) -> None:
    own = [("Mina", sentence.format(sign)) for sign in signs]
    assert said_in(chat_of([*own[:2], *TALK, *own[2:], *[("Mina", other)] * 2])) == TALK


def test_sentences_with_the_name_of_who_is_said_to_write_them_are_the_apps() -> None:
    calls = [
        ("Mina", "Je hebt een oproep van Mina gekregen."),
        ("Jun", "De oproep van Jun is weg."),
    ]
    assert said_in(chat_of([*calls, *TALK, *calls])) == TALK


@pytest.mark.parametrize(
    "texts",
    [
        ["good night 😘 my dear love"] * 4,
        ["good night 😘 my dear love", "good night ❤️❤️ my dear love", "good night 😘 my dear love"],
        ["good night 😘 my dear love", "good night ❤️ my dear love", "good night my dear love"] * 2,
        ["see you soon 😘", "see you soon ❤️", "see you soon 👍"],
        ["😘 see you all soon", "❤️ see you all soon", "👍 see you all soon"],
        ["I love you so much Jun."] * 5,
        ["Jun you are late again."] * 5,
        ["ок", "да", "привет"] * 4,
    ],
)
def test_words_of_people_that_come_again_stay(texts: list[str]) -> None:
    said = [*TALK, *(("Mina", text) for text in texts)]
    assert said_in(chat_of(said)) == said


def test_a_learnt_sentence_takes_no_other_words_of_its_script() -> None:
    own = [("Mina", f"Отреагировал(-а) {sign} на ваше сообщение") for sign in SIGNS]
    said = [("Jun", "привет"), ("Mina", "я тут"), ("Jun", "привет")]
    assert said_in(chat_of([*own, *said])) == said
