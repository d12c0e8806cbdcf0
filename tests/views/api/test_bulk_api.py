"""Many posts at once, as JSON lines."""

import json
from typing import Any

from tests.conftest import Client

TWEETS = "/api/v1/tweets"
NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*items: Any) -> bytes:
    return b"".join(
        item if isinstance(item, bytes) else json.dumps(item, ensure_ascii=False).encode() + b"\n"
        for item in items
    )


async def send(client: Client, body: bytes, **headers: str) -> dict[str, Any]:
    answer = await client.post(TWEETS, data=body, headers=NDJSON | headers)
    assert answer.status_code == 200, await answer.get_data()
    report: dict[str, Any] = await answer.get_json()
    return report


async def test_good_lines_are_kept_whatever_the_bad_ones(writer: Client) -> None:
    body = lines(
        {"username": "ann", "text": "하나 🚢"},
        b"\n  \r\n",
        b"not json\n",
        {"username": "ann"},
        {"username": "a b", "text": "a bad name"},
        {"username": "ann", "text": "bad\u0000text"},
        b'{"username": "ann", "text": "\xff"}\n',
        b'{"username": "ann", "text": "\\ud83d"}\n',
        b'{"username": "ann", "text": NaN}\n',
        b"[" * 100_000 + b"\n",
        {"username": "ann", "text": "extra", "likes": 1},
        {"username": "ann", "text": "a" * 25_001},
        b'{"username": "\xeb\xb2\xa4", "text": "last, without a line end"}',
    )
    content_type = "application/x-ndjson; charset=utf-8"
    report = await send(writer, body, **{"Content-Type": content_type})
    assert (report["accepted"], report["duplicates"], report["rejected"]) == (2, 0, 10)
    assert [error["line"] for error in report["errors"]] == [4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert all(error["detail"] for error in report["errors"])
    assert report["errors"][4]["detail"] == "the line is not UTF-8"
    page = await writer.json("/api/v1/users")
    assert [(user["username"], user["tweets"]) for user in page["items"]] == [("ann", 1), ("벤", 1)]


async def test_lines_of_another_platform_are_rejected_and_the_rest_goes_in(writer: Client) -> None:
    await writer.add_user("ann", platform="x")
    report = await send(
        writer,
        lines(
            {"username": "ann", "platform": "mastodon", "text": "from elsewhere"},
            {"username": "ann", "platform": "x", "text": "from there"},
            {"username": "Ann", "text": "from anywhere"},
            {"username": "new", "text": "local at first"},
            {"username": "new", "platform": "bluesky", "text": "then known"},
            {"username": "new", "platform": "mastodon", "text": "not that one"},
        ),
    )
    assert (report["accepted"], report["rejected"]) == (4, 2)
    assert [error["line"] for error in report["errors"]] == [1, 6]
    assert "known from x" in report["errors"][0]["detail"]
    new = await writer.json("/api/v1/users/new")
    assert (new["platform"], new["tweets"]) == ("bluesky", 2)


async def test_a_line_over_1_mb_is_rejected_alone(writer: Client) -> None:
    long = {"username": "ann", "text": "a" * 2**20}
    report = await send(writer, lines(long, {"username": "ann", "text": "short"}) + b"{}\n" * 150)
    assert (report["accepted"], report["rejected"]) == (1, 151)
    # The first hundred are listed.
    assert [error["line"] for error in report["errors"]] == [1, *range(3, 102)]
