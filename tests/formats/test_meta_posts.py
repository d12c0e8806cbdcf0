"""Own posts and comments of Instagram, Facebook and Threads, as Meta's downloads hold them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from app.formats.post import ReplyTarget
from app.formats.records import Account, BadRecord, Record, Skipped
from tests.archives import EMAIL, picture, zip_bytes
from tests.formats.files import read_broken, read_file_records
from tests.formats.meta_variants import written

SECONDS = 1735689600
TIME = datetime(2025, 1, 1, tzinfo=UTC)


def medium(uri: str = "", title: str = "", **fields: Any) -> dict[str, Any]:
    return {"uri": uri, "creation_timestamp": SECONDS, "title": title} | fields


def thread(title: str, *, is_reply: bool = False) -> dict[str, Any]:
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


def instagram(*, username: str = "Username") -> dict[str, bytes]:
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
            {"text_post_app_text_posts": [thread("hallo ë"), thread("yes", is_reply=True)]}
        ),
        "media/posts/202501/1.jpg": picture(1),
        "media/posts/202501/3.mp4": b"",
    }


def read(data: bytes) -> tuple[Account | None, list[Record]]:
    records, items = read_file_records(data)
    assert (records.format, records.is_chat) == ("meta", False)
    return records.account, [item for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("username", ["Username", "사용자 이름"])
@pytest.mark.parametrize("top", ["", "instagram-rene-2025/"])
def test_a_download_of_instagram_holds_posts_comments_and_threads(username: str, top: str) -> None:
    files = {f"{top}{name}": data for name, data in instagram(username=username).items()}
    account, posts = read(zip_bytes(files))
    assert account == Account("rene.vale", "rene.vale", "instagram")
    said = [(post.kind, post.text, len(post.media)) for post in posts]
    assert said == [
        *[("reply", "so nice ❤", 0), ("post", "한 장", 1), ("post", "two of them ❤", 2)],
        *[("post", "", 1), ("post", "hallo ë", 0), ("reply", "yes", 0)],
    ]
    assert {(post.username, post.platform, post.created_at) for post in posts} == {
        ("rene.vale", "instagram", TIME)
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
    account, posts = read(zip_bytes(files))
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
        ({"text_post_app_text_posts": [thread("hallo ë")]}, "threads", ["hallo ë"]),
        ([comment("좋다", "댓글", "미디어 소유자")], "instagram", ["좋다"]),
        ([comment("bra", "Kommentaren", "Ägare")], "instagram", ["bra"]),
        ({"ig_reels_media": [INSTAGRAM[0]]}, "instagram", ["한 장"]),
    ],
)
def test_lone_files_are_told_by_their_shape(value: Any, platform: str, texts: list[str]) -> None:
    account, posts = read(written(value))
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
        read(data)
