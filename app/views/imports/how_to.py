"""Steps to get the file of a chat out of its app (docs/chats.md)."""

from typing import Final, NamedTuple

from app.formats.registry import FORMATS
from app.language.i18n import gettext, gettext_noop, translate_message


class HowTo(NamedTuple):
    """How one app gives a chat."""

    app: str
    steps: list[str]


_STEPS: Final[dict[str, tuple[str, str, str]]] = {
    "kakaotalk": (
        gettext_noop("Open the chat, then its menu (≡), then the settings (⚙)."),
        gettext_noop("Choose “Export chat”."),
        gettext_noop("Choose the exported file here: a .txt file (on a Mac, a .csv file)."),
    ),
    "whatsapp": (
        gettext_noop("Open the chat and its menu (⋮). On an iPhone, tap its name at the top."),
        gettext_noop("Choose “More”, then “Export chat”. On an iPhone, “More” is not needed."),
        gettext_noop("Choose the exported file here: a .txt file (on an iPhone, a .zip file)."),
    ),
    "telegram": (
        gettext_noop("In Telegram Desktop, on a computer, open the chat and its menu (⋮)."),
        gettext_noop("Choose “Export chat history”. JSON creates one file, HTML a folder."),
        gettext_noop("Choose result.json here, or a zip of the folder."),
    ),
    "line": (
        gettext_noop("Open the chat, then its menu (≡), then “Other settings”."),
        gettext_noop("Choose “Export chat history”."),
        gettext_noop("Choose the exported .txt file here. On a computer, use “Save chat” instead."),
    ),
}
"""By format, the apps that people ask for first."""


def how_to_get() -> list[HowTo]:
    """Return how each of these apps gives a chat, in the visitor's language."""
    return [
        HowTo(translate_message(FORMATS[name].label), [gettext(step) for step in steps])
        for name, steps in _STEPS.items()
    ]
