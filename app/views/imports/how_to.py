"""How somebody gets the file of a chat out of its app, in three steps (docs/importing.md)."""

from typing import Final, NamedTuple

from app.formats.registry import FORMATS
from app.i18n import gettext, gettext_noop, translate_message


class HowTo(NamedTuple):
    """How one app gives a chat."""

    app: str
    steps: list[str]


_STEPS: Final[dict[str, tuple[str, str, str]]] = {
    "kakaotalk": (
        gettext_noop("Open the chat, its menu (≡), and there its settings (⚙)."),
        gettext_noop("Choose “Export chat”."),
        gettext_noop("Then choose that file here: a .txt, from a Mac a .csv."),
    ),
    "whatsapp": (
        gettext_noop("Open the chat and its menu (⋮)."),
        gettext_noop("Choose “More”, then “Export chat”."),
        gettext_noop("Then choose that file here: a .txt, from an iPhone a .zip."),
    ),
    "telegram": (
        gettext_noop("In Telegram Desktop, on a computer, open the chat and its menu (⋮)."),
        gettext_noop("Choose “Export chat history”: JSON gives a file, HTML a folder."),
        gettext_noop("Then choose result.json here, or a zip of the folder."),
    ),
    "line": (
        gettext_noop("Open the chat and its menu (≡), and there “Other settings”."),
        gettext_noop("Choose “Export chat history”."),
        gettext_noop("Then choose the .txt here. On a computer “Save chat” gives one, too."),
    ),
}
"""By format, the apps that people ask for first."""


def how_to_get() -> list[HowTo]:
    """Return how each of these apps gives a chat, in the visitor's language."""
    return [
        HowTo(translate_message(FORMATS[name].label), [gettext(step) for step in steps])
        for name, steps in _STEPS.items()
    ]
