"""Links of a text written out, where a post shows them shortened or by other words."""

import re
from typing import Final

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://(?:www\.)?", re.IGNORECASE)
_ENDS: Final = "….\u200b"


def written_out(shown: str, address: str) -> str:
    """Return the address in place of its own beginning; other words keep it behind them.

    Addresses that are no web addresses are left out.
    """
    if not address.lower().startswith(("http://", "https://")):
        return shown
    words = _SCHEME.sub("", shown.strip()).rstrip(_ENDS)
    if _SCHEME.sub("", address).casefold().startswith(words.casefold()):
        return address
    if shown.strip().lower().startswith(("http://", "https://")):
        return address
    return f"{shown} ({address})"
