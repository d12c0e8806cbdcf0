"""Downloads of TikTok: own comments and captions, and chats, in which others write, too."""

import json
from typing import Any

import pytest

from saywho.formats.reading import Skipped
from tests.archives import zip_bytes
from tests.formats.files import fields_in, read_file_records, records_in

PROFILE = {"Profile Info": {"ProfileMap": {"userName": "mina.pier", "bioDescription": "fog"}}}
COMMENTS = {
    "Comments": {
        "App": 1,
        "CommentsList": [{"date": "2024-01-05 10:00:00", "comment": "so true", "photo": "N/A"}],
    }
}
VIDEOS = [
    {"Date": "2024-01-06 10:00:00", "Link": "x", "WhoCanView": "Everyone", "Title": "my pier"},
    {"Date": "2024-01-07 10:00:00", "Link": "x", "WhoCanView": "Friends", "Title": "my room"},
    {"Date": "2024-01-08 10:00:00", "Link": "x", "WhoCanView": "Everyone", "Title": ""},
]
GONE = [{"Date": "2024-01-06 10:00:00", "DateDeleted": "2024-02-06 10:00:00", "Title": "oh no"}]
CHAT = {
    "Chat History with jun:": [
        {"Date": "2024-01-05 10:01:00", "From": "mina.pier", "Content": "did you see it"},
        {"Date": "2024-01-05 10:00:00", "From": "jun", "Content": "look at this goat"},
    ]
}


def download(
    chats: Any = None, *, privacy: str = "Disabled", activity: str = "Your Activity"
) -> bytes:
    watched = {"Watch History": {"VideoList": [{"Date": "2024-01-05 10:00:00", "Link": "x"}]}}
    found = {"Favorite Comment": {"FavoriteCommentList": [{"Date": "x", "Comment": "not mine"}]}}
    sections = {
        activity: watched | found,
        "App Settings": {"Settings": {"App": 1, "SettingsMap": {"Private Account": privacy}}},
        "Comment": COMMENTS,
        "Direct Message": {"Direct Messages": {"ChatHistory": chats or {}}},
        "Post": {"Posts": {"VideoList": VIDEOS}, "Recently Deleted Posts": {"PostList": GONE}},
        "Profile": PROFILE,
    }
    return json.dumps(sections, indent=1).encode()


@pytest.mark.parametrize("activity", ["Activity", "Your Activity", "Anything Else"])
def test_comments_and_captions_are_the_owners(activity: str) -> None:
    data = download(activity=activity)
    for target in (data, zip_bytes({"TikTok/user_data_tiktok.json": data})):
        records, items = read_file_records(target)
        assert (records.format, records.is_chat) == ("tiktok", False)
        found = [(item.username, item.text, item.visibility) for item in records_in(items)]
        assert found == [("mina.pier", "so true", None), ("mina.pier", "my pier", "public")]
        assert [item.reason for item in items if isinstance(item, Skipped)] == [
            "restricted",
            "empty",
            "deleted",
        ]


@pytest.mark.parametrize("name", ["ShareHistoryList", "ItemFavoriteList", "RepostList"])
def test_titles_of_others_videos_are_not_the_owners(name: str) -> None:
    theirs = {"Date": "2024-01-05 10:00:00", "Link": "x", "Title": "not mine"}
    activity = {"History": {name: [theirs]}}
    sections = {"Comment": COMMENTS, "Profile": PROFILE, "Your Activity": activity}
    assert fields_in("text", json.dumps(sections).encode()) == ["so true"]


def test_a_caption_of_a_private_account_is_not_public_if_its_audience_is_empty() -> None:
    video = VIDEOS[0] | {"WhoCanView": ""}
    settings = {"Settings": {"SettingsMap": {"Private Account": "Enabled"}}}
    post = {"Posts": {"VideoList": [video]}}
    sections = {"Comment": COMMENTS, "Profile": PROFILE, "App Settings": settings, "Post": post}
    assert fields_in("text", json.dumps(sections).encode()) == ["so true"]


def test_captions_of_a_private_account_are_not_public() -> None:
    assert fields_in("text", download(privacy="Enabled")) == ["so true"]


def test_what_others_wrote_is_theirs() -> None:
    records, items = read_file_records(download(CHAT))
    assert (records.format, records.is_chat) == ("tiktok-chats", True)
    assert [(item.username, item.text) for item in records_in(items)] == [
        ("mina.pier", "did you see it"),
        ("jun", "look at this goat"),
    ]
    assert {item.room.name for item in records_in(items) if item.room} == {"jun"}
    assert [part.format for part in records.left_out] == ["tiktok"]
    assert fields_in("text", download(CHAT), "tiktok") == ["so true", "my pier"]
