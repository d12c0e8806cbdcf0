"""The hours of the day, of somebody beside others or beside another time: in words, and drawn."""

from collections.abc import Sequence
from typing import Final

from app.compute.hours import BUSY_H, DAY_H
from app.language.i18n import gettext, gettext_noop
from app.views.drawings import HOURS, Clock
from app.views.in_words import part_of
from app.views.names import post_count

LEAST_PART: Final = 0.3
"""Of all posts, in a part of the day that is called the busiest; four equal ones have 0.25."""
PARTS: Final = (
    gettext_noop("night, 0:00 to 6:00"),
    gettext_noop("morning, 6:00 to 12:00"),
    gettext_noop("afternoon, 12:00 to 18:00"),
    gettext_noop("evening, 18:00 to 24:00"),
)


def busiest(hours: Sequence[int], start: int | None) -> str:
    """Return in a sentence when most is written, of the posts of each hour; some has any.

    start: the first of the hours that clearly have most; None where none stand out, of which
    nothing is said.
    """
    if start is None:
        return ""
    busy = [hours[(start + step) % DAY_H] for step in range(BUSY_H)]
    return gettext("Busiest between {start}:00 and {end}:00: {part}").format(
        start=start, end=(start + BUSY_H) % DAY_H, part=part_of(sum(busy) / sum(hours))
    )


def how_told() -> str:
    """Return in a sentence when hours are called the busiest."""
    return gettext(
        "Three hours are shown as the busiest only if, compared by day, they are ahead of any "
        "other three by more than chance."
    )


def how_counted(start: int | None) -> str:
    """Return the same of somebody's hours, and that none are the busiest where none stand out."""
    if start is not None:
        return how_told()
    return f"{gettext('No hours are clearly the busiest.')} {how_told()}"


def busiest_briefly(start: int | None) -> str:
    """Return the same briefly; an empty text where no hours stand out."""
    if start is None:
        return ""
    return gettext("Busiest {start}:00–{end}:00").format(start=start, end=(start + BUSY_H) % DAY_H)


def clock_of(
    hue: str, caption: str, hours: Sequence[int], beside: Sequence[int], labelled_by: str = ""
) -> Clock | None:
    """Return the drawing of the posts of each hour, as shares; None where there are none."""
    if not any(hours):
        return None
    shares, outline = _shares(hours), _shares(beside)
    most = max(*shares, *outline)
    return Clock(
        hue,
        caption,
        tuple(100 * share / most for share in shares),
        tuple(100 * share / most for share in outline) if any(beside) else (),
        labelled_by,
        tuple(told_by_hour(hours)),  # Drawings are hashed: pictures are cached by them.
    )


def told_by_hour(hours: Sequence[int]) -> list[str]:
    """Return the hours of the day with the number of posts of each; nothing for one without."""
    texts = {count: post_count(count) for count in {*hours} if count}
    named = zip(HOURS, hours, strict=True)
    return [f"{name}: {texts[count]}" if count else "" for name, count in named]


def _shares(hours: Sequence[int]) -> list[float]:
    return [count / max(sum(hours), 1) for count in hours]
