"""Times as columns: the text that SQLite keeps is the one that SQLAlchemy writes by default."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from hypothesis import given, strategies as st
from sqlalchemy.dialects import sqlite

from app.models.base import UtcDateTime

DIALECT: Final = sqlite.dialect()
_DATETIME: Any = sqlite.DATETIME
DEFAULT = _DATETIME().bind_processor(DIALECT)
ZONES = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES | st.just(UTC))
    | st.none()
)
def test_a_time_is_stored_in_utc_and_whole_seconds(time: datetime | None) -> None:
    in_utc = time and time.astimezone(UTC).replace(microsecond=0)
    assert UtcDateTime().bind_processor(DIALECT)(time) == DEFAULT(in_utc)
