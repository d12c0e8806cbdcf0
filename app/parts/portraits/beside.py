"""Beside whom an author is shown, in words: of two people the other one has a name."""

from app.language.i18n import gettext
from app.services.archive.author_portrait import AuthorPortrait
from app.views.cast import display_name, shown_name


def only_other(portrait: AuthorPortrait) -> str:
    """Return what sentences call the one other person; empty where there are more, or nobody."""
    username = _only_other(portrait)
    return shown_name(username) if username else ""


def others_called(portrait: AuthorPortrait) -> str:
    """Return what a column of the others is called: of one other person the name."""
    username = _only_other(portrait)
    return display_name(username) if username else gettext("Everyone else")


def _only_other(portrait: AuthorPortrait) -> str:
    if portrait.others_total != 1:
        return ""
    people = portrait.others or (portrait.room.people if portrait.room else [])
    names = (person.username for person in people)
    return next((name for name in names if name != portrait.user.username), "")
