"""The longest silence of a chat and of a period of it."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from app.compute.portrait import SilenceSpan
from app.db.engine import Database
from app.services.rooms.periods import longest_silence
from tests.chats import import_chat, telegram

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_longest_silence_of_a_period_ends_within_it(db: Database) -> None:
    chance = random.Random(7)  # noqa: S311 - Any times do.
    hours = sorted(chance.sample(range(2_000), 60))
    times = [BEGIN + hour * HOUR for hour in hours]
    said = [(f"{time:%Y-%m-%d %H:%M}", "ann", str(number)) for number, time in enumerate(times)]
    await import_chat(db, telegram(7, "a chat", *said), timezone="UTC")

    def longest(since: datetime, until: datetime) -> SilenceSpan | None:
        within = [time for time in times if since <= time < until]
        spans = [SilenceSpan(*pair) for pair in pairwise(within) if pair[1] - pair[0] > 48 * HOUR]
        return max(spans, key=lambda span: span.until - span.since, default=None)

    found: set[SilenceSpan | None] = set()
    async with db.read() as session:
        for _ in range(60):
            first, last = sorted(chance.sample(range(-100, 2_100), 2))
            ends = {"since": BEGIN + first * HOUR, "until": BEGIN + last * HOUR}
            silence = await longest_silence(session, 1, [], ends)
            assert silence == longest(**ends)
            found.add(silence)
            for end, other in (("since", BEGIN + 2_100 * HOUR), ("until", BEGIN - 100 * HOUR)):
                alone = await longest_silence(session, 1, [], {end: ends[end]})
                assert alone == longest(*sorted((ends[end], other)))
    assert None in found
    assert len(found) > 5
