"""Many texts judged at once: whatever the lines are, others get their turn."""

import asyncio
import itertools

import pytest

from app.clock import now
from app.db.engine import Database
from app.services.compare.batch_compare import AT_ONCE, JudgedText, Panel, json_texts, open_panel
from app.services.compare.material import Models
from app.services.posts.new_tweet import new_tweet
from app.services.posts.users import add_user
from tests.posting import add_posts


async def opened(db: Database) -> Panel:
    async with db.write() as session:
        for name, text in (("ann", "the lamp is lit"), ("ben", "fresh rolls at dawn")):
            user, _ = await add_user(session, name)
            await add_posts(session, user.id, [new_tweet(text, arrived_at=now())])
    return await open_panel(db, Models(), ["ann", "ben"])


async def judged(panel: Panel, *lines: bytes) -> list[JudgedText]:
    return [each async for some in panel.judge(json_texts(lines)) for each in some]


async def test_lines_that_are_no_texts_leave_others_their_turn(db: Database) -> None:
    panel = await opened(db)
    turns = itertools.count()

    async def count_turns() -> None:
        while True:
            next(turns)
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    portions = 50
    answers = await judged(panel, *[b"no text"] * (portions * AT_ONCE))
    counting.cancel()
    assert all(answer.error for answer in answers)
    assert next(turns) >= portions


@pytest.mark.parametrize(
    "line",
    [
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b', "text": "a"}',
        b'{"text": "a\\ud800"}',
        b'{"text": "a", "id": ' + b"9" * 5_000 + b"}",
        b'{"text": NaN}',
        b'"\xff"',
        b'{"text": ""}',
    ],
    ids=["deep", "surrogate", "huge id", "NaN", "no UTF-8", "empty"],
)
async def test_a_bad_line_spoils_nothing_but_itself(db: Database, line: bytes) -> None:
    panel = await opened(db)
    bad, good = await judged(panel, line, b'{"text": "the lamp", "id": "x"}')
    assert bad.error
    assert (good.id, good.line, good.error, len(good.ranking)) == ("x", 2, "", 2)
