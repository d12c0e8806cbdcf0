"""Private messages come onto a public site with consent alone, whatever has them."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any, Final

import pytest
from quart import Quart

from tests.browsing import signed_in
from tests.conftest import NDJSON, client_with
from tests.formats.files import read_file_records
from tests.installation import Installation
from tests.uploading import ended as page_of_ended, start, upload
from tests.views.imports.test_imports_api import ended, send

Rows = list[dict[str, Any]]


def table(rows: Rows) -> bytes:
    out = io.StringIO()
    written = csv.DictWriter(out, [*rows[0]])
    written.writeheader()
    written.writerows(rows)
    return out.getvalue().encode()


def letters(sender: str, text: str, **columns: object) -> Rows:
    """Return messages of two people, one of whom writes more; `{to}` stands for the other."""
    people = "Mina Pier", "Jun Reef"
    return [
        {
            **{
                name: str(value).replace("{to}", people[n % 2 - 1])
                for name, value in columns.items()
            },
            sender: people[n % 2],
            "date": f"2024-03-2{n}T15:09:26Z",
            text: f"shall we meet at pier {n}?",
        }
        for n in range(5)
    ]


LINKEDIN: Final = letters("FROM", "CONTENT", TO="{to}", **{"CONVERSATION ID": "2-a=="})
CHATLOG: Final = [
    row | {"isSelf": n % 2 == 0}
    for n, row in enumerate(letters("senderName", "content", talker="wxid_9"))
]
SMS: Final = [
    {"_id": str(n), "thread_id": "1", "address": "+15550100", "date": str(1768298400000 + n * 1000)}
    | {"type": str(1 + n % 2), "body": f"the ferry {n} is late", "display_name": "Mina Tide"}
    for n in range(5)
]
JABBER: Final = letters("from_jid", "message", to_jid="{to}", encryption="none")
REDDIT: Final = letters("from", "body", to="{to}", permalink="https://a.example/m", subject="pier")
MATTERMOST: Final = letters(
    "Username", "Message", **{"Channel Id": "c", "Channel Name": "dm", "Channel Type": "direct"}
)
REDDIT_CHAT: Final = letters(
    "username", "message", channel_url="/c/1", subreddit="", conversation_type="direct"
)
GROUP: Final = letters("author", "text", chatId="44")
MESSAGES: Final = {
    "linkedin.csv": table(LINKEDIN),
    "wechat.json": json.dumps(CHATLOG).encode(),
    "sms.json": json.dumps(SMS).encode(),
    "jabber.csv": table(JABBER),
    "jabber.jsonl": "".join(json.dumps(row) + "\n" for row in JABBER).encode(),
    "group.json": json.dumps(GROUP).encode(),
    "korean.csv": table(letters("보낸사람", "내용", 받는사람="{to}")),
    "reddit.csv": table(REDDIT),
    "reddit-chat.csv": table(REDDIT_CHAT),
    "mattermost.csv": table(MATTERMOST),
    "coach.csv": table(letters("Sender", "Message")),
    "viber.csv": table(letters("Sender", "Message", Phone="+15550100")),
    "sms.csv": table(letters("Sender", "Content", Type="SMS Sent")),
    "room.json": json.dumps(letters("sender", "text", room_id="r")).encode(),
    "teams.csv": table(letters("From", "Message", Conversation="c1")),
}
SHAPES: Final = sorted((Path(__file__).parents[2] / "formats" / "cases" / "shapes").iterdir())
"""A small file of each app whose chats are described as data."""
POSTS: Final = {
    "videos.csv": table(letters("username", "text", channel_name="Pier", channel_id="UC1")),
    "reviews.csv": table(letters("author", "review", status="sent", phone="+15550100")),
    "x.csv": table(
        [
            row | {"id": str(170 + n), "conversation_id": "170", "retweet_count": n}
            for n, row in enumerate(letters("username", "text", to="{to}"))
        ]
    ),
    "threads.json": json.dumps(
        [
            row | {"id": str(170 + n), "conversation_id": str(170 + n // 2)}
            for n, row in enumerate(letters("username", "text"))
        ]
    ).encode(),
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_a_table_of_private_messages_is_a_chat(app: Quart, name: str) -> None:
    writer = await client_with(app, "write")
    for query, state in (("", "failed"), ("&publish=1", "done")):
        job = await ended(writer, await send(writer, MESSAGES[name], f"?timezone=UTC{query}"))
        assert job["state"] == state, job
        if state == "failed":
            assert "this is a chat" in job["errors"][0]["detail"]
            assert (await writer.json("/api/v1/users"))["items"] == []
    found = [
        post
        for user in (await writer.json("/api/v1/users"))["items"]
        for post in (await writer.json(f"/api/v1/users/{user['username']}/tweets"))["items"]
    ]
    assert found
    assert len({post["room"]["id"] for post in found}) == 1
    if name == "sms.json":
        # The name is that of the other person, also where the owner of the phone wrote.
        assert {post["username"] for post in found} == {"Mina_Tide"}
        assert sorted(post["text"][10] for post in found) == ["0", "2", "4"]
    else:
        assert len(found) == 5
        assert {post["username"] for post in found} == {"Mina_Pier", "Jun_Reef"}


@pytest.mark.parametrize("name", POSTS)
def test_a_table_of_posts_is_no_chat(name: str) -> None:
    stream, items = read_file_records(POSTS[name])
    assert not stream.is_chat
    assert len(items) == 5


@pytest.mark.parametrize("file", SHAPES, ids=lambda file: file.name)
async def test_without_consent_no_chat_of_an_app_is_stored(app: Quart, file: Path) -> None:
    writer, data = await client_with(app, "write"), await asyncio.to_thread(file.read_bytes)
    job = await ended(writer, await send(writer, data, "?timezone=UTC"))
    assert job["state"] == "failed"
    assert "this is a chat" in job["errors"][0]["detail"]
    browser = await signed_in(app)
    address = await upload(browser, data, file.name)
    assert 'name="publish"' in await browser.page(address)
    assert await start(browser, address, timezone="UTC", username="zoe") == 303
    assert "this is a chat" in await page_of_ended(browser, address)
    assert (await writer.json("/api/v1/users"))["items"] == []


def test_the_command_stores_no_chat_of_an_app_without_consent(installation: Installation) -> None:
    for file in SHAPES:
        refused = installation.run("import", file, "--timezone", "UTC", "--username", "zoe")
        assert refused.exit_code != 0
        assert "this is a chat" in refused.output
    assert installation.json("users")["items"] == []


async def test_requests_with_a_room_need_consent(app: Quart) -> None:
    writer = await client_with(app, "write")
    await writer.add_user("mina")
    post = {"text": "said in private", "room": {"name": "Pier", "id": None}}
    one, many = "/api/v1/users/mina/tweets", "/api/v1/tweets"
    lines = json.dumps({"username": "mina"} | post).encode()
    answer = await writer.post(one, json=post, status=422)
    assert (await answer.get_json())["errors"][0]["loc"] == "publish"
    answer = await (await writer.post(many, data=lines, headers=NDJSON)).get_json()
    assert (answer["accepted"], answer["rejected"]) == (0, 1)
    assert "publish=1" in answer["errors"][0]["detail"]
    assert (await writer.json(one))["items"] == []
    assert (await writer.post(f"{one}?publish=1", json=post)).status_code == 201
    answer = await writer.post(f"{many}?publish=1", data=lines, headers=NDJSON)
    assert (await answer.get_json())["accepted"] == 1


async def test_an_export_with_messages_needs_consent(app: Quart) -> None:
    writer = await client_with(app, "write")
    await writer.add_posts(
        {"username": "mina", "text": "said in private", "room": {"name": "Pier"}}
    )
    exported = await (await writer.get("/api/v1/export")).get_data()
    await (await client_with(app, "admin")).delete("/api/v1/users/mina")
    job = await ended(writer, await send(writer, exported))
    assert (job["accepted"], job["rejected"]) == (0, 1)
    assert "this is a chat" in job["errors"][0]["detail"]
    assert (await ended(writer, await send(writer, exported, "?publish=1")))["accepted"] == 1
