"""A person's habits as rows: the value, a bar, and what is usual here."""

from collections.abc import Callable, Sequence

from app.drawing.drawings import Row
from app.language.i18n import gettext, show_list, show_percent
from app.views.cast import shown_name
from app.views.tell import Peers, label_of, short_name, value_of
from saywho.people.fingerprint import Measure


def habit_rows(
    measures: Sequence[Measure], beside: Peers, path_of: Callable[[Measure], str] = lambda _: ""
) -> list[Row]:
    """Return a row for each measure; all shares have one scale, lengths one of their own."""

    def most(*, is_length: bool) -> float:
        of_kind = [one for one in measures if one.habit.is_mean == is_length]
        # Few must not look many.
        return max((0.25, *(value for one in of_kind for value in _values(one, beside))))

    full = {is_length: most(is_length=is_length) for is_length in (True, False)}
    return [_row(one, beside, full[one.habit.is_mean], path_of) for one in measures]


def habit_row(measure: Measure, beside: Peers) -> Row:
    """Return a row on its own scale: of a share, a whole bar is every message."""
    full = max(_values(measure, beside)) or 1 if measure.habit.is_mean else 1
    return _row(measure, beside, full, lambda _: "")


def _values(measure: Measure, beside: Peers) -> list[float]:
    each = [value for value in measure.each if value is not None]
    return [measure.own, *((measure.beside, *each) if beside.others else ())]


def _row(measure: Measure, beside: Peers, full: float, path_of: Callable[[Measure], str]) -> Row:
    return Row(
        label=label_of(measure),
        value=value_of(measure, measure.own, measure.beside if beside.others else 0),
        # A mark at the beginning of the bar says that others never do.
        beside=usual_told(measure, beside) if beside.others and show_told(measure) else "",
        is_clear=measure.is_clear,
        length=round(100 * min(measure.own / full, 1), 1),
        mark=round(100 * min(measure.beside / full, 1), 1) if beside.others else None,
        path=path_of(measure),
    )


def show_told(measure: Measure) -> bool:
    return measure.habit.is_mean or bool(measure.script) or measure.beside >= 0.005


def usual_told(measure: Measure, beside: Peers) -> str:
    # In one box, percentages are compared faster than “every third” and “4 of 100”.
    value = value_of(measure, measure.beside)
    if not measure.habit.is_mean:
        value = show_percent(measure.beside, measure.own)
    others = gettext("The others compared") if beside.is_of_some else gettext("Everyone else")
    if measure.script and len(beside.each) == len(measure.each):
        # Who mixes scripts would be left out in silence.
        named = zip(beside.each, measure.each, strict=True)
        others = show_list([shown_name(name) for name, value in named if value is not None])
    else:
        others = others_of_script(measure) or others
    return f"{short_name(beside.only_other) or others}: {value}"


def others_of_script(measure: Measure) -> str:
    """Return what those are called who are compared; empty if it is everyone else."""
    if not measure.script:
        return ""
    if measure.behind + measure.not_behind == 1:
        return gettext("The other person with the same alphabet")
    return gettext("Others with the same alphabet")
