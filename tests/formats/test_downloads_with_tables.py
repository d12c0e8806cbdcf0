"""Downloads of LinkedIn and Letterboxd: tables of posts, by the owner whom the profile names."""

from collections.abc import Mapping

import pytest

from tests.archives import zip_bytes
from tests.formats.files import read_file_records, records_in

LINKEDIN: Mapping[str, str] = {
    "Profile.csv": "First Name,Last Name,Maiden Name,Headline\nMina,Pier,,Keeper\n",
    "Connections.csv": "First Name,Last Name,Position,Connected On\nJun,Reef,Captain,5 Jan 2024\n",
    "Shares.csv": "Date,ShareLink,ShareCommentary,SharedURL,MediaURL,Visibility\n"
    "2024-01-05 10:00:00,https://l.example/1,Fog again at the pier,,,MEMBER_NETWORK\n",
    "Comments.csv": "Date,Link,Message\n2024-01-06 10:00:00,https://l.example/2,The ferry waits\n",
    "messages.csv": "CONVERSATION ID,FROM,TO,DATE,SUBJECT,CONTENT,FOLDER\n"
    "1,Jun Reef,Mina Pier,2024-01-07 10:00:00 UTC,,Shall we meet?,INBOX\n",
}
REVIEWS = (
    "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date\n"
    '2024-01-05,Fog Hill,1999,https://b.example/1,4,,"Slow, but I liked it.",,2024-01-04\n'
)
LETTERBOXD: Mapping[str, str] = {
    "profile.csv": "Date Joined,Username,Given Name,Family Name,Email Address\n"
    "2020-01-01,mina_pier,Mina,,m@quay.example\n",
    "reviews.csv": REVIEWS,
    "comments.csv": "Date,Content,Comment\n2024-01-06,https://b.example/2,The ferry waits\n",
    "deleted/reviews.csv": REVIEWS.replace("Slow", "Fast"),
    "likes/reviews.csv": "Date,Letterboxd URI\n2024-01-07,https://b.example/3\n",
    "ratings.csv": "Date,Name,Year,Letterboxd URI,Rating\n2024-01-05,Fog Hill,1999,https://b,4\n",
}
DOWNLOADS = {
    "linkedin": (LINKEDIN, "Mina_Pier", {"Fog again at the pier", "The ferry waits"}),
    "letterboxd": (LETTERBOXD, "mina_pier", {"Slow, but I liked it.", "The ferry waits"}),
}


@pytest.mark.parametrize("folder", ["", "download/"])
@pytest.mark.parametrize("app", DOWNLOADS)
def test_the_posts_of_a_download_are_its_owners(app: str, folder: str) -> None:
    files, owner, texts = DOWNLOADS[app]
    archive = zip_bytes({f"{folder}{name}": text.encode() for name, text in files.items()})
    records, items = read_file_records(archive, include_restricted=True)
    said = records_in(items)
    assert {item.username for item in said} == {owner}
    assert {item.text for item in said} == texts
    assert not records.is_chat
    left = {part.what.removeprefix(folder) for part in records.notes.unread}
    assert left >= set(files) - {"Shares.csv", "Comments.csv", "reviews.csv", "comments.csv"}


def test_a_chosen_name_comes_before_the_profiles() -> None:
    archive = zip_bytes({name: text.encode() for name, text in LETTERBOXD.items()})
    _, items = read_file_records(archive, username="mina")
    assert {item.username for item in records_in(items)} == {"mina"}
