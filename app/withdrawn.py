"""What version 2.0 had and this one has not, with what to use instead; 4.0 knows it no more."""

import re
from collections.abc import Mapping
from typing import Final

from saywho.errors import Message

_ADDRESSES: Final = (
    (
        r"(/api/v1)?/mirror|/compare/case",
        Message("This address is gone. A comparison shows how a text gives its author away"),
    ),
    (
        r"/user/[^/]+/website(\.zip)?",
        Message("This page is gone. The command saywho publish writes an author’s website"),
    ),
    (
        r"/(room|user)/[^/]+/\d+/cards\.zip",
        Message("This file is gone. The page of the cards saves and shares each of them"),
    ),
    (
        r"/dashboard/table/(apart|likeness)(\.csv)?",
        Message("This table is gone. The page of how well authors are recognised has the figures"),
    ),
    (
        r"/api/v1/(games(/\d+(/next|/again|/players/\d+)?)?|play)",
        Message("This address is gone. The pages of games can do it"),
    ),
)
COMMANDS: Final[Mapping[str, str]] = {
    "case": "use compare -u NAME --json, which has a ratio and its evidence",
    "import --explain": "use import --dry-run --json, which says how a file is read",
    "import --keep-earlier": "use --room new, which makes another chat",
    "import --replace-earlier": "use --replace N or --replace file",
    "import --words": "use import --dry-run --json, which says how a file is read",
    "mirror": "use compare -u NAME, which shows how a text gives its author away",
    "publish --status-pages": "link to the page of the post's month",
    "publish --url": "leave it out: no page needs the address",
    "replay": "use version 2.0 for the reports that it wrote",
}
"""Commands, and options with their command."""
SETTINGS: Final = frozenset({"event_retention", "log_addresses"})
"""Fields of the settings, which are ignored with a line."""
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "explain": (),
    "mirror": (),
    "cases": (),
    "evidence": ("tables",),
}
"""Names in `SAYWHO_WITHOUT`, which are ignored with a line, and the parts that they leave out."""


def withdrawn(path: str) -> Message | None:
    """Return what to use in place of an address."""
    return next((instead for known, instead in _ADDRESSES if re.fullmatch(known, path)), None)
