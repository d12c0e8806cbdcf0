"""A text without the names that would give its author away."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

HIDDEN: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where a name was; no text to be guessed holds it otherwise."""
_BETWEEN = re.compile(r"[\W_]+")
_SHORTEST_INSIDE: Final = 4
"""A shorter name of Latin letters is a part of too many words to be hidden inside them."""


def mask_names(text: str, names: Iterable[str]) -> str:
    """Return the text with each of the names replaced by `HIDDEN`, an @ before it too.

    However a name is written: `night_ferry` is also found in `Night Ferry` and `@nightferry`.
    """
    text = text.replace(HIDDEN, "")
    patterns = sorted({p for name in names for p in _patterns(name)}, key=len, reverse=True)
    return re.sub(f"@?(?:{'|'.join(patterns)})", HIDDEN, text, flags=re.I) if patterns else text


def _patterns(name: str) -> Iterator[str]:
    """Yield what a name looks like in a text: whole, and without the host of a handle."""
    forms = {name, name.partition("@")[0]}
    if name.count(".") > 1:
        forms.add(name.partition(".")[0])
    for form in forms:
        parts = [re.escape(part) for part in _BETWEEN.split(form) if part]
        if not parts:
            continue
        pattern = r"[\W_]*".join(parts)
        is_short = form.isascii() and len(form) < _SHORTEST_INSIDE
        # Korean particles follow a name without a space, so its end is no end of a word.
        yield rf"\b{pattern}\b" if is_short else pattern
