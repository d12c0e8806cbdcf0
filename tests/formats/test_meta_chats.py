"""Chats, own posts and comments in the downloads of Meta."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.meta.chats import in_order, newest_versions
from saywho.formats.post import ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import MOST_OF_TEXTS, Account, FileRoom, Record
from tests.archives import EMAIL, picture, zip_bytes
from tests.formats import meta_variants
from tests.formats.files import only_records, read_broken, read_file_records, reads, records_in
from tests.formats.invented_rooms import ZONE, invented, messages_in
from tests.formats.meta_variants import written

CASES = Path(__file__).parent / "cases"

TIME = 1735689600000


def chat(*messages: dict[str, Any], **fields: Any) -> bytes:
    """Return a chat of Ida and René with these messages, which are written newest first."""
    full = [{"timestamp_ms": TIME + n * 1000} | message for n, message in enumerate(messages)]
    full.reverse()
    people = [{"name": "Ida Moss"}, {"name": "René Vale"}]
    about = {"title": "Ida Moss", "thread_path": "inbox/idamoss_12"} | fields
    return written({"participants": people, "messages": full} | about)


def ida(text: str | None = None, **fields: Any) -> dict[str, Any]:
    message = {"sender_name": "Ida Moss"} | fields
    return message if text is None else message | {"content": text}


read = reads("messenger", is_chat=True)


def said(data: bytes) -> list[str]:
    return [item.text for item in records_in(read(data))]


def room_of(data: bytes) -> FileRoom:
    (room,) = {item.room for item in read(data) if isinstance(item, Record)}
    assert isinstance(room, FileRoom)
    return room


@pytest.mark.parametrize("variant", meta_variants.VARIANTS)
@pytest.mark.parametrize("seed", range(3))
def test_rooms_are_read_as_they_were_written(variant: str, seed: int) -> None:
    room = invented(seed, seconds=bool(seed))
    items = read(meta_variants.VARIANTS[variant](room))
    messages = messages_in(room, has_files=variant in meta_variants.WITH_FILES)
    zone = ZoneInfo(ZONE)
    expected = [
        (said.name, said.when.replace(tzinfo=zone).astimezone(UTC), said.text) for said in messages
    ]
    records = records_in(items)
    assert [(item.display_name, item.created_at, item.text) for item in records] == expected
    assert sum(isinstance(item, Skipped) for item in items) == len(room) - len(messages)
    room_here = room_of(meta_variants.VARIANTS[variant](room))
    assert (room_here.name, room_here.platform) == ("우리 반", variant.split()[0])
    assert room_here.external_id == (None if "encrypted" in variant else "us_12")


@pytest.mark.parametrize("most", [8, 9, 10, 100])
@pytest.mark.parametrize("is_newest_first", [True, False])
def test_messages_are_put_in_order(most: int, is_newest_first: bool) -> None:
    times = [datetime.fromtimestamp(TIME // 1000 + n * 2 // 5, UTC) for n in range(9)]
    messages = [Record(place=n, text=f"{n}", created_at=time) for n, time in enumerate(times)]
    ordered = in_order(iter(messages[::-1] if is_newest_first else messages), most)
    # Of a longer file what has one time is in order.
    by_seconds = ["8", "5", "6", "7", "3", "4", "0", "1", "2"]
    is_whole = most > 9 or not is_newest_first
    expected = [f"{n}" for n in range(9)] if is_whole else by_seconds
    assert [item.text for item in records_in(ordered)] == expected


def test_few_long_messages_are_held_to_be_put_in_order() -> None:
    taken = []

    def long_messages() -> Iterator[Record]:
        for n in range(40):
            taken.append(n)
            time = datetime.fromtimestamp(TIME // 1000 - n // 20, UTC)
            yield Record(place=n, text="a" * 2**20, created_at=time)

    ordered = in_order(long_messages())
    places = []
    for item in ordered:
        places.append(item.place)
        assert len(taken) - len(places) <= 2 * MOST_OF_TEXTS // 2**20
    assert sorted(places) == taken


def test_letters_are_put_right_where_they_are_bytes() -> None:
    texts = ["café 🍰?", "세모", "plain", "ÿ"]
    assert said(chat(*map(ida, texts))) == texts
    whole = {"sender_name": "Zoë", "timestamp_ms": TIME, "content": "naïve"}
    mixed = whole | {"content": "Ã© ≠ é", "timestamp_ms": TIME + 1000}
    document = {"participants": [{"name": "Zoë"}], "messages": [mixed, whole]}
    assert said(json.dumps(document).encode()) == ["naïve", "Ã© ≠ é"]


@pytest.mark.parametrize(
    "message",
    [
        *(ida("Ida liked a message"), ida("Ida Moss named the group Tea & Co.")),
        *(ida("Reacted ❤ to your message "), ida("You set the nickname for René to Re.")),
        *(ida("Ida sent a photo.", photos=[{"uri": "photos/1.jpg"}]), ida(call_duration=4)),
        *(ida("Ida shared a link.", share={"link": "https://a.example"}), ida("hi", type="Call")),
        *(ida(sticker={"uri": "stickers/1.png"}), ida("gone", is_unsent=True), ida("")),
        {"sender_name": "Facebook user", "content": "who was I"},
        {"content": "nobody said this"},
    ],
)
def test_what_nobody_wrote_is_left_out(message: dict[str, Any]) -> None:
    items = read(chat(ida("first"), message, ida("last")))
    assert [type(item) for item in items].count(Skipped) == 1
    assert said(chat(ida("first"), message, ida("last"))) == ["first", "last"]


@pytest.mark.parametrize(
    "sentence",
    [
        *("Ida님이 메시지를 좋아합니다", "Ida hat eine Nachricht mit „Gefällt mir“ markiert."),
        *("Ida Mossさんがメッセージにいいねしました", "Ida a aimé un message", "Ida sent a photo."),
        *("Ida ha inviato un allegato.", "You sent an attachment.", "Liked a message"),
        *(
            "Du hast einen Anhang gesendet.",
            "회원님이 첨부 파일을 보냈습니다.",
            "René waved at you!",
        ),
        *("Ida voted for “Sea” in the poll: Where?", "This poll is no longer available."),
    ],
)
def test_sentences_in_the_table_are_the_apps(sentence: str) -> None:
    records, items = read_file_records(chat(ida(sentence), ida("first")))
    assert [item.text for item in records_in(items)] == ["first"]
    assert records.notes.assumptions == []


@pytest.mark.parametrize(
    "sentence", ["Ida har gillat ett meddelande", "Ida Mossさんがスタンプカードを使いました"]
)
def test_sentences_that_no_table_has_are_assumptions(sentence: str) -> None:
    often = [ida(sentence) for _ in range(3)]
    records, items = read_file_records(chat(*often, ida("first"), *often))
    assert [item.text for item in records_in(items)] == ["first"]
    assert records.notes.app_lines == 6
    assert said(chat(ida(sentence))) == [sentence]
    picture = {"photos": [{"uri": "photos/1.jpg"}]}
    assert said(chat(ida(sentence, **picture), ida("look", **picture))) == ["look"]


def test_what_three_people_say_behind_their_names_is_an_assumption() -> None:
    messages = [
        {"sender_name": name, "content": f"{name.partition(' ')[0]} har skickat en fil."}
        for name in ("Ida Moss", "René Vale", "Kim")
    ]
    assert said(chat(*messages[:2], ida("first"))) != ["first"]
    records, items = read_file_records(chat(*messages, ida("first")))
    assert [item.text for item in records_in(items)] == ["first"]
    assert records.notes.app_lines == 3


@pytest.mark.parametrize(
    "text", [*("Ida", "Idaho is far", "ㅋㅋㅋ", "yes", "You are right", "Moss")]
)
def test_what_people_repeat_stays(text: str) -> None:
    picture = {"photos": [{"uri": "photos/1.jpg"}]}
    assert said(chat(*(ida(text) for _ in range(9)), ida(text, **picture))) == [text] * 10


@pytest.mark.parametrize(
    "text",
    [
        *(
            "I liked a message of yours",
            "I sent a photo.",
            "You sent a photo",
            "we added milk to the group order",
        ),
        *("René sent a photo.", "liked a message", "who waved at you?", "see you (edited)"),
        *("Ida", "Ida likes tea", "You are kind", "they left the group", "call me"),
    ],
)
def test_sentences_of_people_stay(text: str) -> None:
    assert said(chat(ida(text))) == [text]


def test_what_the_app_says_of_who_exported_may_lack_a_full_stop() -> None:
    often = [ida("You liked a message"), ida("You sent an attachment")]
    assert said(chat(*often, ida("first"))) == ["first"]
    rene = {"sender_name": "René Vale", "content": "You left the group"}
    assert said(chat(*often, ida("first"), rene))[-1] == "You left the group"


def test_a_name_of_three_words_may_lack_the_last_in_sentences() -> None:
    ida_may = {"sender_name": "Ida May Moss", "content": "Ida May har navngivet gruppen Pier"}
    assert said(chat(ida_may, ida("first"))) == ["first"]


def instagram(*messages: dict[str, Any]) -> bytes:
    return chat(*({"is_geoblocked_for_viewer": False} | message for message in messages))


def test_of_an_edited_message_of_instagram_the_newest_version_counts() -> None:
    rene = {"sender_name": "René Vale", "content": "last year"}
    data = instagram(
        *(ida("last year"), rene, ida("ok"), ida("last year 😭 (edited)")),
        *(ida("at least two (edited)"), ida("it was last year 😭 (수정됨)"), ida("so (edited)")),
    )
    texts = ["last year", "ok", "at least two", "it was last year 😭", "so"]
    assert said(data) == texts


def test_a_version_that_is_too_old_or_too_unlike_stays() -> None:
    later = {"timestamp_ms": TIME + 3_600_000}
    assert said(instagram(ida("see you"), ida("see you then (edited)", **later))) == [
        "see you",
        "see you then",
    ]
    assert said(instagram(ida("yes"), ida("no way (edited)"))) == ["yes", "no way"]


def test_versions_of_messages_are_found_in_any_order() -> None:
    messages = [ida(f"message {n} of many") for n in range(500)]
    messages[300] |= {"content": "message 299 of so many (edited)"}
    assert len(said(instagram(*messages))) == 499
    assert [item.place for item in newest_versions(read(instagram(*messages[298:302])))]


def test_what_stands_beside_words_is_kept_with_the_name_of_its_file() -> None:
    thread = "your_instagram_activity/messages/inbox/idamoss_12"
    address = "https://gifs.example/a.gif?x=1"
    message = ida("look", photos=[{"uri": f"{thread}/photos/1.jpg"}], gifs=[{"uri": address}])
    name = f"top/{thread}/message_1.json"
    (record,) = only_records(
        read(zip_bytes({name: chat(message, ida("é", is_geoblocked_for_viewer=False))}))[:1]
    )
    assert [(m.kind, m.source_url) for m in record.media] == [("photo", None), ("gif", address)]
    assert record.files == (f"top/{thread}/photos/1.jpg", None)
    assert record.room == FileRoom(
        platform="instagram", name="Ida Moss", external_id="idamoss_12", file=name[:-15]
    )


def test_files_of_a_chat_are_one_room_in_the_order_of_their_numbers() -> None:
    files = {f"inbox/us_1/message_{n}.json": chat(ida(f"{n}")) for n in range(1, 12)}
    files["inbox/them_2/message_1.json"] = chat(
        ida("them"), title="Them", thread_path="inbox/them_2"
    )
    assert said(zip_bytes(files)) == ["them", *(f"{n}" for n in range(11, 0, -1))]
    assert len({item.room for item in read(zip_bytes(files)) if isinstance(item, Record)}) == 2


def test_encrypted_chats_of_one_name_are_different_rooms() -> None:
    def ciphered(number: int) -> bytes:
        message = {"senderName": "Mina", "text": f"of {number}", "timestamp": TIME}
        document = {"participants": ["Mina"], "threadName": f"Mina_{number}", "messages": [message]}
        return json.dumps(document).encode()

    items = read(zip_bytes({f"messages/Mina_{n}.json": ciphered(n) for n in (4, 10)}))
    rooms = [item.room for item in records_in(items)]
    assert [(room.name, room.file) for room in rooms if isinstance(room, FileRoom)] == [
        *(("Mina", "messages/Mina_10"), ("Mina", "messages/Mina_4"))
    ]


def test_a_damaged_file_ends_only_itself() -> None:
    files = {f"inbox/us_1/message_{n}.json": chat(ida(f"{n}"), ida("x")) for n in range(1, 4)}
    name = "inbox/us_1/message_1.json"
    files[name] = files[name][: files[name].index(b'"sender_name": "Ida', 200)]
    items = read_broken(zip_bytes(files), "message_1.json is truncated")
    assert [item.text for item in records_in(items)] == ["3", "x", "2", "x", "x"]


def test_bad_messages_cost_no_other() -> None:
    data = chat(ida("first"), ida("odd", timestamp_ms="soon"), ida("last"))
    whole = json.loads(data)
    whole["messages"][1] = ["no object"]
    items = sorted(read(json.dumps(whole).encode()), key=lambda item: item.place)
    assert [type(item) for item in items] == [Record, BadRecord, Record]
    timeless = sorted(read(data), key=lambda item: item.place)
    assert [getattr(item, "unread_time", "") for item in timeless] == [None, "time", None]


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE html><html><body><div class="_3-95 _a6-g">hi</div></body></html>',
        zip_bytes({"your_facebook_activity/messages/inbox/us_1/message_1.html": b"<html></html>"}),
        zip_bytes({"your_instagram_activity/media/posts_1.html": b"<html></html>"}),
    ],
)
def test_downloads_as_pages_are_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(UnrecognisedFileError, match="choose the format JSON instead of HTML"):
        read(data)


@pytest.mark.parametrize("data", [b'{"participants": [], "messages": []}', b'{"messages": [1]}'])
def test_a_chat_without_messages_is_none(data: bytes) -> None:
    with pytest.raises(UnrecognisedFileError):
        read(data)


def test_a_download_with_posts_beside_its_chats_says_that_they_are_left_out() -> None:
    posts = written([{"media": [{"uri": "", "creation_timestamp": 1, "title": "a post"}]}])
    files = {"messages/inbox/us_1/message_1.json": chat(ida("hi")), "media/posts_1.json": posts}
    records, items = read_file_records(zip_bytes(files))
    assert [item.text for item in records_in(items)] == ["hi"]
    (left_out,) = records.left_out
    assert left_out.format == "meta"
    assert "own posts, which the format meta reads, are left out" in left_out.note
    records, items = read_file_records(zip_bytes(files), "meta")
    assert [item.text for item in records_in(items)] == ["a post"]
    assert records.left_out == ()


SECONDS = 1735689600
DAY = datetime(2025, 1, 1, tzinfo=UTC)


def medium(uri: str = "", title: str = "", **fields: Any) -> dict[str, Any]:
    return {"uri": uri, "creation_timestamp": SECONDS, "title": title} | fields


def thread_of(title: str, *, is_reply: bool = False) -> dict[str, Any]:
    about = {"is_reply": is_reply, "reply_control": "everyone"}
    return {"media": [medium(title=title, text_post_app=about, media_metadata={})]}


INSTAGRAM = [
    {"media": [medium("media/posts/202501/1.jpg", "한 장")]},
    {
        "media": [medium("media/posts/202501/2.jpg"), medium("media/posts/202501/3.mp4")],
        "title": "two of them ❤",
        "creation_timestamp": SECONDS,
    },
    {"media": [medium("media/posts/202501/4.jpg")]},
]
FACEBOOK = [
    {"timestamp": SECONDS, "title": "René updated his status.", "data": [{"post": "naïve é"}]},
    {
        "timestamp": SECONDS,
        "data": [{"update_timestamp": SECONDS}, {"post": "see this"}],
        "attachments": [
            {"data": [{"external_context": {"url": "https://a.example"}}]},
            {"data": [{"media": {"uri": "posts/media/1.jpg", "description": "d"}}]},
        ],
        "tags": [{"name": "Ida"}],
    },
    {"timestamp": SECONDS, "title": "René was tagged.", "data": []},
]
SAID = {"comment": "oui é", "author": "René Vale"}
COMMENTS = {
    "comments_v2": [
        {
            "timestamp": SECONDS,
            "title": "René commented on Ida's post.",
            "data": [{"comment": {"timestamp": SECONDS} | SAID}],
        }
    ]
}


def comment(text: str, word: str, owner: str) -> dict[str, Any]:
    entries = {word: {"value": text}, owner: {"value": "ida"}, "Time": {"timestamp": SECONDS}}
    return {"media_list_data": [{"uri": ""}], "string_map_data": entries}


def instagram_files(*, username: str = "Username") -> dict[str, bytes]:
    entries = {"Email": {"value": EMAIL}, username: {"value": "rene.vale"}}
    profile = {"profile_user": [{"title": "User", "string_map_data": entries}]}
    own = "personal_information/personal_information"
    activity = "your_instagram_activity"
    return {
        f"{own}/personal_information.json": written(profile),
        f"{activity}/media/posts_1.json": written(INSTAGRAM),
        f"{activity}/comments/post_comments_1.json": written(
            [comment("so nice ❤", "Comment", "Media Owner")]
        ),
        f"{activity}/threads/threads_and_replies.json": written(
            {"text_post_app_text_posts": [thread_of("hallo ë"), thread_of("yes", is_reply=True)]}
        ),
        "media/posts/202501/1.jpg": picture(1),
        "media/posts/202501/3.mp4": b"",
    }


def read_posts(data: bytes) -> tuple[Account | None, list[Record]]:
    records, items = read_file_records(data)
    assert (records.format, records.is_chat) == ("meta", False)
    return records.account, records_in(items)


@pytest.mark.parametrize("username", ["Username", "사용자 이름"])
@pytest.mark.parametrize("top", ["", "instagram-rene-2025/"])
def test_a_download_of_instagram_holds_posts_comments_and_threads(username: str, top: str) -> None:
    files = {f"{top}{name}": data for name, data in instagram_files(username=username).items()}
    account, posts = read_posts(zip_bytes(files))
    assert account == Account("rene.vale", "rene.vale", "instagram")
    assert [(post.kind, post.text, len(post.media)) for post in posts] == [
        *[("reply", "so nice ❤", 0), ("post", "한 장", 1), ("post", "two of them ❤", 2)],
        *[("post", "", 1), ("post", "hallo ë", 0), ("reply", "yes", 0)],
    ]
    assert {(post.username, post.platform, post.created_at) for post in posts} == {
        ("rene.vale", "instagram", DAY)
    }
    assert posts[0].reply_to == ReplyTarget(None, "ida")
    names = [name for post in posts for name in post.files]
    found = [f"{top}media/posts/202501/1.jpg", f"{top}media/posts/202501/3.mp4"]
    assert [name for name in names if name in files] == found
    assert EMAIL not in str(posts)


def test_a_download_of_facebook_holds_posts_and_comments() -> None:
    profile = {"profile_v2": {"name": {"full_name": "René Vale"}, "emails": {"emails": [EMAIL]}}}
    activity = "your_facebook_activity"
    files = {
        "personal_information/profile_information/profile_information.json": written(profile),
        f"{activity}/posts/your_posts__check_ins__photos_and_videos_1.json": written(FACEBOOK),
        f"{activity}/comments_and_reactions/comments.json": written(COMMENTS),
        f"{activity}/pages/your_pages.json": written([{"timestamp": 1}]),
    }
    account, posts = read_posts(zip_bytes(files))
    assert account == Account("René_Vale", "René Vale", "facebook")
    assert [(post.kind, post.text) for post in posts] == [
        *[("reply", "oui é"), ("post", "naïve é"), ("post", "see this")]
    ]
    kinds = [(medium.kind, medium.source_url) for medium in posts[2].media]
    assert kinds == [("photo", None), ("link", "https://a.example")]


@pytest.mark.parametrize(
    ("value", "platform", "texts"),
    [
        (INSTAGRAM, "instagram", ["한 장", "two of them ❤", ""]),
        (FACEBOOK, "facebook", ["naïve é", "see this"]),
        (COMMENTS, "facebook", ["oui é"]),
        ({"text_post_app_text_posts": [thread_of("hallo ë")]}, "threads", ["hallo ë"]),
        ([comment("좋다", "댓글", "미디어 소유자")], "instagram", ["좋다"]),
        ([comment("bra", "Kommentaren", "Ägare")], "instagram", ["bra"]),
        ({"ig_reels_media": [INSTAGRAM[0]]}, "instagram", ["한 장"]),
    ],
)
def test_lone_files_are_told_by_their_shape(value: Any, platform: str, texts: list[str]) -> None:
    account, posts = read_posts(written(value))
    assert account is not None
    assert (account.platform, [post.text for post in posts]) == (platform, texts)
    assert account.username == ("René_Vale" if value is COMMENTS else None)


def test_bad_posts_cost_no_other() -> None:
    odd = [{"odd": 1}, 7, {"media": 3}, {"media": [medium()]}]
    items = read_file_records(written([INSTAGRAM[0], *odd, *INSTAGRAM[1:]]))[1]
    kinds = [Record, BadRecord, BadRecord, BadRecord, Skipped, Record, Record]
    assert [type(item) for item in items] == kinds


def test_a_cut_file_keeps_its_first_posts() -> None:
    data = written(INSTAGRAM)
    assert [item.place for item in read_broken(data[: len(data) - 80], "truncated or damaged")] == [
        1,
        2,
    ]


@pytest.mark.parametrize(
    "data",
    [
        b'[{"media": []}]',
        b'[{"string_map_data": {}}]',
        b'[{"timestamp": 1, "data": [{"like": {}}]}]',
        b'{"label_values": [{"label": "URL"}]}',
    ],
)
def test_other_files_of_a_download_hold_no_posts(data: bytes) -> None:
    with pytest.raises(UnrecognisedFileError):
        read_posts(data)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "ig-account-names-in-the-apps-sentences.json",
            ["hello", "hi", "my sister sent an attachment. look", "good night"],
        ),
        (
            "fb-vi-nicknames-in-the-apps-sentences.json",
            ["chào anh", "chào em", "Sóng biển đẹp quá", "ngủ ngon"],
        ),
    ],
)
def test_account_name_or_nickname_begins_a_sentence_of_the_app(name: str, texts: list[str]) -> None:
    _, items = read_file_records(CASES / name)
    assert [item.text for item in records_in(items)] == texts


def test_sentences_of_the_app_in_danish_and_spanish_are_no_words() -> None:
    data = chat(
        ida('Havfruen har stemt på "9 maj" i meningsmålingen.'),
        ida("Tågen har angivet René Vales kaldenavn som Kaptajn Sild."),
        ida("Du har sendt en vedhæftet fil."),
        ida("Gruppen har stemt på havnen"),
        *(ida("ida.moss cambió el estilo a Gatos"), ida("ida.moss inició una llamada de audio")),
        *(ida("Iniciaste una llamada de audio"), ida("Solo cambiaste el tema")),
    )
    assert said(data) == ["Gruppen har stemt på havnen", "Solo cambiaste el tema"]


def test_sentence_of_no_table_is_the_apps_behind_two_nicknames() -> None:
    def said(name: str, text: str) -> dict[str, Any]:
        return {"sender_name": name, "timestamp_ms": 1, "content": text}

    sentences = [said("Mina", "Sea zzz aaa bbb ccc."), said("Jun", "Fog zzz aaa bbb ccc.")] * 2
    words = [said("Mina", "Sea is calm today."), said("Jun", "so is calm today.")]
    chat = {"participants": [], "messages": [*sentences, *words], "title": "t"}
    stream, items = read_file_records(json.dumps(chat).encode())
    assert sorted(item.text for item in records_in(items)) == [
        "Sea is calm today.",
        "so is calm today.",
    ]
    assert [part.kind for part in stream.notes.assumptions] == ["app_lines"]


def test_comments_of_older_downloads_are_the_owners() -> None:
    times = [datetime(2019, 3, 4, 5, 6, second, tzinfo=UTC) for second in (7, 8)]
    said = [[time.isoformat(), "fog again", "jun_reed"] for time in times]
    file = json.dumps({"media_comments": said, "live_comments": []}).encode()
    items = records_in(read_file_records(file, username="mina")[1])
    read = [(item.text, item.reply_to, item.created_at) for item in items]
    assert read == [("fog again", ReplyTarget(None, "jun_reed"), time) for time in times]


def thread(*messages: tuple[str, str], people: Iterable[str] = ()) -> bytes:
    values = [
        {"sender_name": name, "timestamp_ms": 1_700_000_000_000 + 60_000 * n, "content": text}
        for n, (name, text) in enumerate(messages)
    ]
    return json.dumps(
        {
            "participants": [{"name": name} for name in people],
            "messages": values[::-1],
            "title": "pier",
            "thread_path": "inbox/pier_17",
        }
    ).encode("ascii")


TALK = [("Mina Tide", "the ferry is late"), ("Jun Pier", "I wait at the pier")]
OF_APP = {
    "second person": [
        ("Jun Pier", f"{verb} el grupo.") for verb in ("Creaste", "Cambiaste", "Nombraste")
    ],
    "quiet mode": [
        ("Jun Pier", "m wasn't notified about this message because they're in quiet mode.")
    ],
    "games": [(f"{name} Pier", f"Chess: {name} won again") for name in ("Jun", "Ada")],
}
OF_PEOPLE = {
    "a sentence without a stop": [
        *(("Jun Pier", f"{verb} el grupo.") for verb in ("Creaste", "Cambiaste", "Nombraste")),
        ("Jun Pier", "Olvidaste la llave"),
    ],
    "two who write so": [
        (name, f"{verb} el barco.")
        for verb in ("Olvidaste", "Pintaste", "Limpiaste")
        for name in ("Jun Pier", "Mina Tide")
    ],
    "a title once": [("Jun Pier", "PS: Jun is late")],
}


@pytest.mark.parametrize("messages", OF_APP.values(), ids=OF_APP)
def test_sentences_of_the_app_in_a_place_of_their_own_are_nobodys(
    messages: list[tuple[str, str]],
) -> None:
    _, items = read_file_records(thread(*TALK, *messages))
    assert [each.text for each in records_in(items)] == [text for _, text in TALK]


@pytest.mark.parametrize("messages", OF_PEOPLE.values(), ids=OF_PEOPLE)
def test_sentences_of_people_that_look_so_stay(messages: list[tuple[str, str]]) -> None:
    _, items = read_file_records(thread(*TALK, *messages))
    assert [each.text for each in records_in(items)] == [text for _, text in (*TALK, *messages)]


def test_sentences_of_the_app_are_learnt_from_all_files_of_a_chat() -> None:
    older = [("Ada Reef", f"ada.r left {sign} on a message") for sign in "🙂😉😀"]
    files = {
        "inbox/pier_17/message_1.json": thread(*TALK),
        "inbox/pier_17/message_2.json": thread(("Ada Reef", "I leave"), *older),
    }
    _, items = read_file_records(zip_bytes(files))
    assert [each.text for each in records_in(items)] == ["I leave", *(text for _, text in TALK)]


@pytest.mark.parametrize(
    ("people", "count"),
    [(["Instagram User", "Jun Pier"], 4), (["", "Jun Pier"], 4), (["Instagram User", "A", "B"], 2)],
)
def test_who_is_gone_in_a_chat_of_two_is_one_person(people: list[str], count: int) -> None:
    gone = [(people[0], "I was here"), (people[0], "and so was the fog")]
    _, items = read_file_records(thread(*TALK[1:], *gone, *TALK[1:], people=people))
    assert len(records_in(items)) == count
