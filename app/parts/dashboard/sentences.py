"""Sentences and URLs that several figures share."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from app.language.i18n import gettext, ngettext, show_list, show_number
from app.views.cast import shown_name
from app.views.figure import Finding
from app.views.filters import View

MOST_NAMED: Final = 5
"""Largest number of authors named in a sentence."""


def nothing_dated(view: View, undated: int = 0) -> Finding:
    """Return the finding of a figure without posts, or without posts that have a time."""
    if not undated and not view.is_narrowed:
        return Finding(gettext("Nothing here yet"))
    if not undated:
        return Finding(gettext("There are no posts here. Try another filter."))
    title = ngettext("{count} post, without a time", "{count} posts, all without a time", undated)
    return Finding(title.format(count=show_number(undated)))


def some_of(displayed: int, total: int) -> str:
    """Return how many authors a figure shows, in a sentence; empty if it shows all."""
    if displayed >= total:
        return ""
    template = gettext("The {shown} of {all} authors with the most posts.")
    return template.format(shown=show_number(displayed), all=show_number(total))


def some_in_table(displayed: int, total: int) -> str:
    """Return how many authors a table lists, in a sentence."""
    template = gettext("The table has the {shown} of {all} authors with the most posts.")
    return template.format(shown=show_number(displayed), all=show_number(total))


def more_undated(undated: int) -> str:
    """Return how many more posts have no time, in a sentence; empty for 0."""
    note = ngettext("{count} more post has no time.", "{count} more posts have no time.", undated)
    return note.format(count=show_number(undated)) if undated else ""


def some_shown(usernames: Sequence[str]) -> str:
    """Return the names of the first authors, and the number of the others."""
    names = [shown_name(username) for username in usernames]
    if len(names) <= MOST_NAMED:
        return show_list(names)
    named = names[: MOST_NAMED - 1]
    template = gettext("{names} and {count} others")
    return template.format(names=", ".join(named), count=show_number(len(names) - len(named)))


def sentences(*parts: str) -> list[str]:
    """Return the sentences that are not empty."""
    return [*filter(None, parts)]


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    """Return the URL of the posts behind a row or a figure."""
    parameters = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, parameters)))
