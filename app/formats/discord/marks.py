"""What Discord writes into texts in place of names and emoji."""

import re
from collections.abc import Mapping
from typing import Final

_PERSON: Final = re.compile(r"<@!?(\d{1,20})>")
_EMOJI: Final = re.compile(r"<a?(:\w{1,100}:)\d{1,20}>")


def written_out(text: str, names: Mapping[str, str]) -> str:
    """Return a text with emoji, and people of these names by their ids, as words; others stay."""
    if "<" not in text:
        return text
    named = _PERSON.sub(
        lambda match: f"@{names[match[1]]}" if match[1] in names else match[0], text
    )
    return _EMOJI.sub(r"\1", named)
