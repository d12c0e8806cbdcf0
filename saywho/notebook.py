"""What a notebook shows: of a value a sentence and a table, of a long call how far it is."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Yields the items of a long call and shows how many were taken, such as `tqdm.auto.tqdm`."""

    def __call__(self, items: Iterable[T], /) -> Iterable[T]: ...


def silent(items: Iterable[T], /) -> Iterable[T]:
    return items


def shown(
    sentence: str, heads: Sequence[str], rows: Iterable[Sequence[object]], most: int = 20
) -> str:
    """Return HTML; the last value of each row is also drawn, in shares of the largest."""
    rows = list(rows)
    largest = max((float(str(row[-1])) for row in rows), default=0) or 1
    lines = []
    for row in rows[:most]:
        *words, number = row
        bar = f"<rect width='{100 * float(str(number)) / largest:.0f}' height='10' fill='#888'/>"
        cells = [*map(str, words), f"{number:,}" if isinstance(number, int) else f"{number:.3g}"]
        lines.append(
            "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            + f"<td><svg width='100' height='10' aria-hidden='true'>{bar}</svg></td>"
        )
    more = f"<p>and {len(rows) - most:,} more</p>" if len(rows) > most else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in (*heads, ""))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<p>{escape(sentence)}</p><table><tr>{head}</tr>{body}</table>{more}"
