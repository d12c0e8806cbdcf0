"""A text that somebody here wrote to the letter: saywho has read it, so the answer is no test."""

import re
from typing import Final

from quart import url_for

from app.language.i18n import gettext, show_list
from app.services.compare.verdict import Comparison
from app.views.comparing.verdicts import MOST_LISTED
from app.views.names import shown_name

LONGEST_SEARCHED: Final = 500
"""Characters of a text that is looked for as a phrase."""
_NO_PHRASE: Final = re.compile(r'"|\n\n').search
"""What ends a phrase, or stands between several texts."""


def read_before(comparison: Comparison) -> str | None:
    """Return who wrote exactly the text, as a sentence; None for too little text or a new one."""
    writers = comparison.read_of or []
    if not writers or comparison.verdict == "short":
        return None
    if len(writers) > MOST_LISTED:
        text = gettext(
            "{count} of them wrote exactly this. saywho has already read it, so the answer is more "
            "certain than for a new text."
        )
        return text.format(count=len(writers))
    text = gettext(
        "{names} wrote exactly this. saywho has already read it, so the answer is more certain "
        "than for a new text."
    )
    return text.format(names=show_list([shown_name(name) for name in writers]))


def place_of(comparison: Comparison) -> str | None:
    """Return the address of where the text was written; None where no search would lead there."""
    writers = comparison.read_of or []
    if not writers or len(comparison.text) > LONGEST_SEARCHED or _NO_PHRASE(comparison.text):
        return None
    return url_for("search.show_search", q=f'"{comparison.text}"', username=writers[0])
