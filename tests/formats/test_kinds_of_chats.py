"""Kinds of chats whose words were lost, doubled, or attributed to somebody else."""

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.learnt_sentences import LearntSentences
from saywho.formats.doubts.questions import asked
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import NO_OPTIONS, FileRoom
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, records_in

CASES = Path(__file__).parent / "cases" / "chats"
FERRY, PIER, MORE = "the ferry is late", "I wait at the pier", "twenty minutes more"
TALK: list[tuple[str | None, str]] = [("Mina", FERRY), ("Jun", PIER), ("Mina", MORE)]
Said = list[tuple[str | None, str]]
"""Author, None for who exported, and words of each message."""


def said_by(names: str, *texts: str) -> Said:
    """Return messages of people, of whom `me` is who exported."""
    authors = (None if name == "me" else name for name in names.split(", "))
    return [*zip(authors, texts, strict=True)]


FILES: dict[str, Said] = {
    "chatgpt-spoken-words-lost.json": said_by(
        "me, ChatGPT, me", "when does the ferry come", "In twenty minutes.", "thank you"
    ),
    "teams-answers-inside-of-messages-are-lost.json": said_by(
        "Mina, Jun, Mina, Ada", FERRY, PIER, MORE, "the market opens at nine"
    ),
    "ig-each-message-stands-twice": said_by("Mina, Jun, Mina, Jun", FERRY, PIER, MORE, "good"),
    "ig-ta-reactions-as-words": said_by(
        "Jun, Jun, Jun, Mina, Jun, Jun",
        FERRY,
        PIER,
        MORE,
        "bring the tickets",
        "I have them",
        "good",
    ),
    "fb-fr-calls-as-words": said_by(
        "Manon Rive, Jean Quai, Manon Rive",
        "le bateau est en retard",
        "je suis au quai",
        "à tout de suite",
    ),
    "fb-nickname-of-five-words-before-sent-an-attachment": said_by(
        "Mina Tide, Mina Tide, Mina Tide, Jun Pier",
        FERRY,
        "I wait",
        "what is it",
        "three pictures of the boat",
    ),
    "zulip-quoted-words-in-markdown-are-the-answerers.json": TALK,
    "rocketchat-mark-of-a-quotation-in-the-words.json": TALK,
    "skype-edited-previous-message-in-the-words.json": said_by(
        "live:mina, live:jun, live:mina", FERRY, PIER, MORE
    ),
    "discord-messages-of-the-interface-bots-and-notices-as-people.json": said_by(
        "mina.tide, jun_pier, mina.tide", FERRY, PIER, "see you @Jun"
    ),
    "groupme-download-with-its-folders": said_by(
        "Mina Tide, Jun Pier, Mina Tide", FERRY, PIER, "see you there"
    ),
    "google-chat-space-without-its-name": said_by("Mina Tide, Jun Pier", FERRY, PIER),
    "kk-en-gb-day-before-month-refused.txt": said_by(
        "Jun, Mina, Ada, Mina", FERRY, PIER, "two lines\nof words", "good morning"
    ),
    "imessage-bagoup-me-is-a-person-of-whatsapp.txt": said_by(
        "Mina Tide, me, Mina Tide, Mina Tide", FERRY, PIER, "look at this", MORE
    ),
    "imessage-stickers-places-and-transcripts-as-words.txt": said_by(
        "Mina Tide, me, Mina Tide", FERRY, PIER, MORE
    ),
    "irc-mirc-log-refused-for-its-dates.log": said_by(
        "mina, jun, mina, mina", FERRY, PIER, "waves", MORE
    ),
}
ROOMS = {
    "groupme-download-with-its-folders": "Harbour club",
    "google-chat-space-without-its-name": "Harbour club",
}


def said_in(source: bytes | Path) -> Said:
    records, items = read_file_records(source)
    assert records.is_chat
    assert not [part for part in records.notes.unread if part.kind == "column"]
    assert not [item for item in items if isinstance(item, BadRecord)]
    said = sorted(records_in(items), key=lambda m: str(m.created_at))
    return [(m.display_name if m.username else None, m.text) for m in said]


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_the_words_of_its_people(name: str) -> None:
    assert said_in(CASES / name) == FILES[name]


@pytest.mark.parametrize("name", ROOMS)
def test_a_chat_has_the_name_in_the_file_beside(name: str) -> None:
    records, items = read_file_records(CASES / name)
    rooms = {room.name for m in records_in(items) if isinstance(room := m.room, FileRoom)}
    assert rooms == {ROOMS[name]}
    assert not [part for part in records.notes.unread if part.what.endswith(".json")]


def event(number: int, text: str, sender: str = "mina", **content: Any) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "event_id": f"$e{number}",
        "sender": f"@{sender}:example.org",
        "origin_server_ts": 1768298400000 + 1000 * number,
        "room_id": "!r:example.org",
        "content": {"msgtype": "m.text", "body": text, **content},
    }


def edit(number: int, old: int, text: str, sender: str = "mina") -> dict[str, Any]:
    newer = {"msgtype": "m.text", "body": text}
    target = {"rel_type": "m.replace", "event_id": f"$e{old}"}
    return event(number, f"* {text}", sender, **{"m.new_content": newer, "m.relates_to": target})


@pytest.mark.parametrize("step", [1, -1])
def test_the_last_version_of_a_matrix_message_counts(step: int) -> None:
    events = [event(1, "the fery"), edit(2, 1, "the ferry"), edit(3, 1, FERRY), event(4, MORE)]
    events.append(edit(5, 4, "mine now", "jun"))  # Nobody edits the words of another.
    data = json.dumps({"room_name": "Pier", "messages": events[::step]}).encode()
    assert [text for _, text in said_in(data)] == [FERRY, MORE]


@pytest.mark.parametrize(
    "text",
    [
        "@_**Mina|40** [schrieb](https://z.example.org/#narrow/near/1):\n```quote\nno\n```\nyes",
        "@_**Mina|40** [said](https://z.example.org/#narrow/near/1):\n"
        "````quote\n```quote\nno\n```\nno\n````\nyes",
        "```quote\nno\n```\n\nyes",
        "~~~ quote\nno\n~~~\nyes",
    ],
)
def test_quotations_in_markdown_are_not_the_answerers(text: str) -> None:
    said = {"id": 1, "sender_id": 2, "sender_full_name": "Jun", "display_recipient": "pier"}
    page = {"messages": [{**said, "content": text, "timestamp": 1768298400}]}
    assert said_in(json.dumps(page).encode()) == [("Jun", "yes")]


def test_code_in_markdown_stays() -> None:
    text = "```python\nquote\n```\nyes"
    said = {"id": 1, "sender_id": 2, "sender_full_name": "Jun", "display_recipient": "pier"}
    page = {"messages": [{**said, "content": text, "timestamp": 1768298400}]}
    assert said_in(json.dumps(page).encode()) == [("Jun", text)]


def test_messages_of_google_chats_interface_are_by_their_senders() -> None:
    messages = [
        {
            "name": f"spaces/A/messages/{number}",
            "sender": {"name": f"users/{name}", "displayName": name, "type": kind},
            "createTime": f"2026-01-13T10:0{number}:00Z",
            "text": text,
            "space": {"name": "spaces/A", "displayName": "Pier"},
        }
        for number, (name, kind, text) in enumerate(
            [("Mina", "HUMAN", FERRY), ("Zo", "BOT", "tickets"), ("Jun", "HUMAN", PIER)]
        )
    ]
    assert said_in(json.dumps({"messages": messages}).encode()) == TALK[:2]


def test_chunks_of_one_chat_of_qq_are_one_room() -> None:
    def chunk(minute: int, text: str) -> bytes:
        message = {
            "id": f"m{minute}",
            "timestamp": 1768298400000 + 60_000 * minute,
            "sender": {"uid": "u_5", "uin": "5", "name": "米娜"},
            "content": {"text": text, "elements": [{"type": "text", "data": {"text": text}}]},
            "recalled": False,
        }
        return json.dumps(message, ensure_ascii=False).encode() + b"\n"

    manifest = {"metadata": {"name": "QQChatExporter V5"}, "chatInfo": {"name": "码头"}}
    files = {
        "qq/manifest.json": json.dumps(manifest).encode(),
        "qq/chunks/chunk_0001.jsonl": chunk(0, "船晚了"),
        "qq/chunks/chunk_0002.jsonl": chunk(1, "我在码头"),
    }
    _, items = read_file_records(zip_bytes(files))
    found = records_in(items)
    assert [m.text for m in found] == ["船晚了", "我在码头"]
    assert len({m.room for m in found}) == 1
    assert {room.name for m in found if isinstance(room := m.room, FileRoom)} == {"码头"}


def message(text: str, minute: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"m{minute}",
        "messageType": "message",
        "createdDateTime": f"2026-01-13T10:{minute:02}:00.000Z",
        "from": {"user": {"id": "u1", "displayName": "Mina"}},
        "body": {"contentType": "text", "content": text},
        "channelIdentity": {"channelId": "c"},
        **more,
    }


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


def test_direct_messages_of_mattermost_are_left_out_and_told() -> None:
    said = {"user": "mina", "message": FERRY, "create_at": 1768298400000}
    direct: dict[str, Any] = {"channel_members": ["mina", "jun"], **said}
    direct["replies"] = [{"user": "jun", "message": PIER, "create_at": 1768298460000}]
    lines = [
        {"type": "version", "version": 1},
        {"type": "post", "post": {"channel": "pier", **said}},
        {"type": "direct_post", "direct_post": direct},
    ]
    records, items = read_file_records("\n".join(map(json.dumps, lines)).encode())
    assert [(m.username, m.text) for m in records_in(items)] == [("mina", FERRY)]
    assert [item.reason for item in items if isinstance(item, Skipped)] == ["restricted"] * 2
    assert [(part.what, part.count) for part in records.notes.unread] == [("direct_post", 1)]


def chat_of(said: Sequence[tuple[str | None, str]]) -> bytes:
    messages = [
        {"sender_name": name, "content": text, "timestamp_ms": 1768298400000 + 60_000 * minute}
        for minute, (name, text) in enumerate(said)
    ]
    return json.dumps({"participants": [], "messages": messages[::-1], "title": "Jun"}).encode()


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


@pytest.mark.parametrize(
    "day", ["13 January 2026, 7:3{} PM", "13 January 2026 at 19:3{}", "19:3{}, 13 January 2026"]
)
def test_kakaotalk_may_write_the_day_before_the_month(day: str) -> None:
    lines = ["KakaoTalk Chats Ferry club", "Date Saved : 14 January 2026, 3:22 PM", ""]
    lines += [f"{day.format(n)}, {name} : {text}" for n, (name, text) in enumerate(TALK)]
    assert said_in("\n".join(lines).encode()) == TALK


@pytest.mark.parametrize(
    "head",
    [
        "[2026-01-13 10:0{}:30]",
        "[Tue Jan 13 2026] [10:0{}:30]",
        "[Tuesday, January 13, 2026] [10:0{}:30]",
    ],
)
def test_logs_of_irc_clients_have_the_words_of_their_people(head: str) -> None:
    lines = [f"{head.format(0)} * Joined channel #pier"]
    lines += [f"{head.format(n)} <{name}> {text}" for n, (name, text) in enumerate(TALK)]
    _, items = read_file_records("\n".join(lines).encode(), "irc")
    found = records_in(items)
    assert [(m.username, m.text) for m in found] == TALK
    assert {f"{m.created_at:%F}" for m in found} == {"2026-01-13"}


@given(
    st.lists(st.sampled_from(["అఆ", "ఇఈ", "ab", "cd", "ef", "गघ", "चछ"]), min_size=4, max_size=7),
    st.sets(st.integers(1, 99_999), min_size=4, max_size=9),
)
def test_a_sentence_with_numbers_that_several_people_have_is_the_apps(
    words: list[str], numbers: set[int]
) -> None:
    """Without its end, by one person, or with other words, it is people's own."""

    def learnt(ends: str, people: str, *, is_varied: bool = False) -> int:
        learner = LearntSentences(ReadNotes())
        texts = [
            " ".join([*words[:2], str(number), *words[2:], *(["x"] * n if is_varied else [])])
            + ends
            for n, number in enumerate(numbers)
        ]
        for n, text in enumerate(texts):
            learner.learn(text, people[n % len(people)])
        return sum(map(learner.has, texts))

    assert learnt(".", "ab") == len(numbers)
    assert learnt("", "ab") == learnt(".", "a") == learnt(".", "ab", is_varied=True) == 0


def test_sentences_of_an_app_under_peoples_names_are_a_doubt(tmp_path: Path) -> None:
    lines = [
        f"[13/01/2026, 10:00:{n:02}] {'MJ'[n % 2]}ina: Ainu level {n} of the long game is done.\n"
        for n in range(12)
    ]
    path = tmp_path / "chat.txt"
    path.write_text("".join(lines))
    with Source(path, name=path.name) as source:
        records, questions = asked(open_records(source), NO_OPTIONS)
        assert len([*records.items]) == 12
        found = [str(doubt.finding) for doubt in questions.doubts(newest=True)]
    assert "Messages that are the same but for a name, a sign or a number" in found


@given(
    st.lists(st.text("abcdeदधन", min_size=2, max_size=6), min_size=3, max_size=5),
    st.sets(st.text("fghij._", min_size=3, max_size=9), min_size=3, max_size=6),
    st.integers(2, 4),
)
def test_a_sentence_behind_an_account_of_each_is_the_apps(
    words: list[str], accounts: set[str], times: int
) -> None:
    """Where another person begins with the same word, or only two do so, it is people's own."""

    def learnt(heads: list[str], *more: tuple[str, str]) -> int:
        learner = LearntSentences(ReadNotes())
        said = [(" ".join([head, *words]), head.upper()) for head in heads] * times
        for text, name in [*said, *more]:
            learner.learn(text, name)
        return sum(learner.has(text) for text, _ in said)

    heads = sorted(accounts)
    assert learnt(heads) == len(heads) * times
    assert learnt(heads[:2]) == 0
    assert learnt(heads, (f"{heads[0]} is late", "Mina")) == 0


def test_words_of_deleted_accounts_that_are_left_out_are_told() -> None:
    file = chat_of([*TALK, ("Other User", "fog again"), ("Instagram User", "fog")])
    with Source(BytesIO(file), name="message_1.json") as source:
        records, questions = asked(open_records(source), NO_OPTIONS)
        assert len([*records.items]) == 5
        found = [(str(doubt.finding), doubt.count) for doubt in questions.doubts(newest=True)]
    assert ("Deleted messages, and messages of deleted accounts, are over a tenth", 2) in found


def claude(name: str, parent: str, minute: int, **more: str) -> dict[str, Any]:
    time = f"2026-01-13T10:{minute:02}:00Z"
    sender = "human" if name[0] == "h" else "assistant"
    said = {"uuid": name, "parent_message_uuid": parent, "text": name, "sender": sender}
    return said | {"created_at": time} | more


def deepseek(name: str, parent: str | None, minute: int) -> dict[str, Any]:
    kind = "REQUEST" if name[0] == "h" else "RESPONSE"
    said: dict[str, Any] = {"inserted_at": f"2026-01-13T10:{minute:02}:00Z", "model": "chat"}
    said["fragments"] = [{"type": kind, "content": name}]
    return {"id": name, "parent": parent, "children": [], "message": said}


BRANCHES = (("h1", None, 1), ("a1", "h1", 2), ("h2", None, 3), ("a2", "h2", 4), ("a0", "h1", 0))


@pytest.mark.parametrize("app", ["claude", "deepseek"])
def test_the_branch_of_the_newest_message_counts_without_a_word_of_the_file(app: str) -> None:
    if app == "claude":
        messages = [claude(name, up or "0", at) for name, up, at in BRANCHES]
        talk: dict[str, Any] = {"uuid": "c", "name": "Ferry", "chat_messages": messages}
    else:
        root = {"id": "root", "parent": None, "children": ["h1", "h2"], "message": None}
        nodes = {name: deepseek(name, up or "root", at) for name, up, at in BRANCHES}
        talk = {"id": "c", "inserted_at": "2026-01-13", "mapping": {"root": root, **nodes}}
    found, items = read_file_records(json.dumps([talk]).encode())
    assert (found.format, [item.text for item in records_in(items)]) == (app, ["h2", "a2"])
