"""The sample authors, of invented places: posts to try the program with, and texts to ask about."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import Sessions
from app.formats import open_archive
from app.formats.source.file import Source
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.compare.background import renew_background
from app.services.imports.bulk import ImportReport
from app.services.imports.imports import import_archive
from app.services.posts.users import delete_user
from app.services.search.vocabulary import renew_vocabulary

SAMPLES_FOLDER: Final = Path(__file__).parents[2] / "sample"
FIRST_POSTS: Final = {
    "12번버스": "bus12-001",
    "no9_kettle_cafe": "kettle-001",
    "pier_street_museum": "museum-001",
    "saltmarsh_light": "light-001",
    "the_night_ferry": "ferry-001",
    "골목빵집": "bakery-001",
    "느티나무도서관": "library-001",
    "언덕천문대": "observatory-001",
}
"""The `source_id` that tells a sample author from somebody else of that name."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text to compare that is not among the posts."""

    text: str
    lang: str
    usernames: tuple[str, ...]
    has_several_hands: bool = False


_KOREANS: Final = ("골목빵집", "언덕천문대", "느티나무도서관", "12번버스")
_ENGLISH: Final = ("saltmarsh_light", "no9_kettle_cafe", "pier_street_museum", "the_night_ferry")
EXAMPLES: Final = (
    Example("새벽 다섯 시, 밤식빵 첫 판 나왔어요.\n오늘은 크림빵도 조금 있어요 :)", "ko", _KOREANS),
    Example(
        "오늘 관측은 20시에 시작합니다. 하늘은 맑고 바람은 약합니다.\n"
        "따끈한 호두 식빵이 방금 나왔어요.\n천천히 오세요, 오늘은 늦게까지 열어요 :)",
        "ko",
        _KOREANS,
        has_several_hands=True,
    ),
    Example("Lit 17:12. Wind NW 6, rain. One gull, no remarks. Lamp polished.", "en", _ENGLISH),
    Example(
        "Fog lifted at noon. Wind NW 4, vis 12 miles. "
        "come in for tea at three!! there's cake & the windows are steamy, bring a book",
        "en",
        _ENGLISH,
        has_several_hands=True,
    ),
)


async def load_samples(db: Sessions) -> ImportReport:
    """Store the sample posts; stored ones stay as they are."""
    total = ImportReport()
    for path in sorted(SAMPLES_FOLDER.glob("*.jsonl")):
        with Source(path) as source:
            archive = open_archive(source, format="jsonl")
            await import_archive(db, archive, username=None, report=total, renew=False)
    if total.accepted:
        await renew_background(db)
        await renew_vocabulary(db)
    return total


async def list_samples(session: AsyncSession) -> list[str]:
    """Return the names of the sample authors that are stored."""
    depends_on(EVERYTHING)
    stored = (
        select(User.username)
        .join(Tweet, Tweet.user_id == User.id)
        .where(
            User.username_key.in_([username_key(name) for name in FIRST_POSTS]),
            User.deleted_at.is_(None),
            Tweet.source_id.in_(FIRST_POSTS.values()),
        )
    )
    return list(await session.scalars(stored.order_by(User.username_key)))


async def delete_samples(session: AsyncSession) -> tuple[list[str], int | None]:
    """Delete the sample authors with all their posts; return their names and the newest event."""
    names = await list_samples(session)
    events = [await delete_user(session, name) for name in names]
    return names, max(events, default=None)
