"""Files that other packages read in another way than one expects (findings/), as saywho does."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

import saywho

Said = list[tuple[str, str]]


def telegram(*messages: dict[str, Any]) -> str:
    own = [
        {"id": n, "type": "message", "date": f"2025-03-07T15:{n:02}:00"} | {"text": ""} | message
        for n, message in enumerate(messages, 1)
    ]
    return json.dumps({"name": "Pier", "type": "private_group", "id": 5, "messages": own})


def bluesky(text: str, *links: str) -> str:
    """Return a feed whose post lists its shortened links in this order."""
    facets = []
    for link in links:
        start = text.index(link.removeprefix("https://")[:13])
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": link}
        facets.append({"index": {"byteStart": start, "byteEnd": start + 16}, "features": [feature]})
    record = {"$type": "app.bsky.feed.post", "text": text, "facets": facets}
    author = {"did": "did:plc:jiu", "handle": "jiu.example.org"}
    uri = "at://did:plc:jiu/app.bsky.feed.post/1"
    post = {"uri": uri, "cid": "x", "author": author}
    return json.dumps(
        {"feed": [{"post": post | {"record": record | {"createdAt": "2025-01-07T10:00:00Z"}}}]}
    )


ANNA: Final = {"from": "Anna", "from_id": "user11"}
ANNA_2: Final = {"from": "Anna", "from_id": "user22"}
MINA: Final = {"from": "Mina", "from_id": "user33"}
FILES: Final[dict[str, tuple[str, Said]]] = {
    "a name in brackets, and the last message": (
        "산책 모임 님과 카카오톡 대화\n저장한 날짜 : 2025-01-09 09:00:00\n\n"
        "--------------- 2025년 1월 7일 화요일 ---------------\n"
        "[김지우] [오전 10:01] 배가 늦는대요\n[[총무] 박서연] [오전 10:02] 표는 제가 살게요\n"
        "[이준호] [오전 10:03] 고마워요\n",
        [
            ("김지우", "배가 늦는대요"),
            ("[총무]_박서연", "표는 제가 살게요"),
            ("이준호", "고마워요"),
        ],
    ),
    "a day in a message": (
        "[LINE] Minaとのトーク履歴\n保存日時：2025/03/10 10:00\n\n2025/01/07(火)\n"
        '10:01\tMina\tThe ferry is "late"\n'
        '10:02\tJiu\t"The plan is\n\n2025/02/01(土)\nat the pier"\n10:03\tMina\tGood\n',
        [
            ("Mina", 'The ferry is "late"'),
            ("Jiu", "The plan is\n\n2025/02/01(土)\nat the pier"),
            ("Mina", "Good"),
        ],
    ),
    "notices between messages": (
        "07/01/2025, 10:01 - Mina: the ferry is late\n07/01/2025, 10:02 - Jiu added Ann\n"
        "07/01/2025, 10:03 - Jiu: bring tea\nand the map\n07/01/2025, 10:04 - Ann left\n"
        "27/01/2025, 10:05 - Mina: see you\n",
        [("Mina", "the ferry is late"), ("Jiu", "bring tea\nand the map"), ("Mina", "see you")],
    ),
    "the same word twice in a minute": (
        "[2025-01-07 10:01:00] Mina: Is it late?  \n[2025-01-07 10:01:02] Jiu: yes  \n"
        "[2025-01-07 10:01:20] Mina: Will you wait?  \n[2025-01-07 10:01:40] Jiu: yes  \n",
        [("Mina", "Is it late?"), ("Jiu", "yes"), ("Mina", "Will you wait?"), ("Jiu", "yes")],
    ),
    "two people of one name": (
        telegram(
            ANNA | {"text": "I bring tea"}, ANNA_2 | {"text": "the map"}, MINA | {"text": "?"}
        ),
        [("Anna", "I bring tea"), ("Anna_2", "the map"), ("Mina", "?")],
    ),
    "a bold letter and the choices of a poll": (
        telegram(
            MINA | {"text": ["un", {"type": "bold", "text": "believ"}, "able."]},
            ANNA | {"poll": {"question": "Where?", "answers": [{"text": "the harbour"}]}},
        ),
        [("Mina", "unbelievable."), ("Anna", "Where?\nthe harbour")],
    ),
    "links of a post in another order": (
        bluesky(
            "the ferry: example.org/a... and tea: example.com/b...",
            "https://example.com/b/tea",
            "https://example.org/a/ferry",
        ),
        [
            (
                "jiu.example.org",
                "the ferry: https://example.org/a/ferry and tea: https://example.com/b/tea",
            )
        ],
    ),
    "two posts on a line": (
        '{"author": "Mina", "text": "the ferry is late"}\n'
        '{"author": "Mina", "text": "bring tea"}{"author": "Jiu", "text": "and the map"}\n',
        [("Mina", "the ferry is late"), ("Mina", "bring tea"), ("Jiu", "and the map")],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_a_finding_is_read_as_one_expects(name: str, tmp_path: Path) -> None:
    text, expected = FILES[name]
    file = tmp_path / "file"
    file.write_text(text)
    assert [(post.author, post.text) for post in saywho.read(file, accept_doubts=True)] == expected
