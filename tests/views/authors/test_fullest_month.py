"""The fullest month, where the first or the last month is not whole."""

from datetime import date, timedelta

from app.services.archive.author_archive import fullest_month

BEGIN = date(2024, 1, 1)


def posts(days: int) -> dict[date, int]:
    """Return some fifty posts on each of some days from the first of January on."""
    return {BEGIN + timedelta(number): 50 + number % 3 for number in range(days)}


def test_a_whole_month_is_not_ahead_of_one_that_ends_early() -> None:
    assert fullest_month(posts(31 + 24)) is None


def test_a_month_is_ahead_on_the_days_that_both_have() -> None:
    found = fullest_month(posts(31 + 24) | dict.fromkeys(posts(31), 90))
    assert found is not None
    assert (found.first, found.tweets) == (BEGIN, 31 * 90)
