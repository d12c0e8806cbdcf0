"""The longest silences of a chat and of a period of it."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from app.compute.portrait import SilenceSpan
from app.db.engine import Database
from app.services.rooms.messages import long_silences
from tests.chats import import_chat, telegram

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_silences_of_a_period_end_within_it(db: Database) -> None:
    chance = random.Random(7)  # noqa: S311 - Any times do.
    hours = sorted(chance.sample(range(2_000), 60))
    times = [BEGIN + hour * HOUR for hour in hours]
    said = [(f"{time:%Y-%m-%d %H:%M}", "ann", str(number)) for number, time in enumerate(times)]
    await import_chat(db, telegram(7, "a chat", *said), timezone="UTC")

    def longest(since: datetime, until: datetime) -> list[SilenceSpan]:
        within = [time for time in times if since <= time < until]
        spans = [SilenceSpan(*pair) for pair in pairwise(within) if pair[1] - pair[0] > 48 * HOUR]
        return sorted(spans, key=lambda span: span.since - span.until)

    found: set[SilenceSpan | None] = set()
    async with db.read() as session:
        for _ in range(60):
            first, last = sorted(chance.sample(range(-100, 2_100), 2))
            ends = {"since": BEGIN + first * HOUR, "until": BEGIN + last * HOUR}
            silences = await long_silences(session, 1, [], ends)
            assert silences == longest(**ends)
            found.add(next(iter(silences), None))
            for end, other in (("since", BEGIN + 2_100 * HOUR), ("until", BEGIN - 100 * HOUR)):
                alone = await long_silences(session, 1, [], {end: ends[end]})
                assert alone == longest(*sorted((ends[end], other)))
    assert None in found
    assert len(found) > 5
