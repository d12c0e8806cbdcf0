"""Lines sent with a key: broken off and sent again, each is stored once."""

import io

import pytest
from sqlalchemy import func, select

from app.db.engine import Database
from app.models import Tweet
from app.services.idempotency import RequestKey
from app.services.imports import ndjson
from app.services.imports.ndjson import store_lines


class BreakingOff(io.BytesIO):
    """A file whose reading fails after some lines."""

    def __init__(self, data: bytes, lines: int) -> None:
        super().__init__(data)
        self._left = lines

    def readline(self, size: int | None = -1, /) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise OSError("the disk is gone")
        return super().readline(size)


async def test_a_request_broken_off_goes_on_where_it_was(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "BATCH", 10)
    lines = [b'{"username": "a", "text": "post %d"}\n' % number for number in range(45)]
    lines[3], lines[30] = b"{bad\n", b'{"username": "a", "text": ""}\n'
    data = b"".join(lines)
    key = RequestKey("token 1", "POST", "/api/v1/tweets", "k", b"digest")
    for broken_after in (0, 15, 38):
        with pytest.raises(OSError, match="gone"):
            await store_lines(db, BreakingOff(data, broken_after), key=key)
    report, event_id = await store_lines(db, io.BytesIO(data), key=key)
    assert b'"accepted":43,"duplicates":0,"rejected":2' in report
    assert (report, event_id) == await store_lines(db, io.BytesIO(data), key=key)
    async with db.read() as session:
        texts = list(await session.scalars(select(Tweet.text).order_by(Tweet.id)))
        assert await session.scalar(select(func.count()).select_from(Tweet)) == 43
    assert texts == [f"post {number}" for number in range(45) if number not in {3, 30}]
