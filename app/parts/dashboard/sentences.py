"""Sentences and URLs that several figures share."""

from collections.abc import Sequence
from urllib.parse import urlencode

from app.language.i18n import gettext, ngettext, show_list, show_number
from app.views.cast import shown_name
from app.views.figure import Finding
from app.views.filters import View


def filled(sentence: str, **values: object) -> str:
    """Return a translated sentence with its values, numbers as the language writes them."""
    return sentence.format(
        **{k: show_number(v) if isinstance(v, int) else v for k, v in values.items()}
    )


def nothing_dated(view: View, undated: int = 0) -> Finding:
    if not undated and not view.is_narrowed:
        return Finding(gettext("Nothing here yet"))
    if not undated:
        return Finding(gettext("There are no posts here. Try another filter."))
    title = ngettext("{count} post, without a time", "{count} posts, all without a time", undated)
    return Finding(filled(title, count=undated))


def some_of(displayed: int, total: int) -> str:
    """Return how many authors a figure shows, as a sentence; empty if all."""
    if displayed >= total:
        return ""
    note = gettext("The {shown} of {all} authors with the most posts.")
    return filled(note, shown=displayed, all=total)


def some_in_table(displayed: int, total: int) -> str:
    note = gettext("The table has the {shown} of {all} authors with the most posts.")
    return filled(note, shown=displayed, all=total)


def more_undated(undated: int) -> str:
    """Return how many more posts have no time, or empty for 0."""
    note = ngettext("{count} more post has no time.", "{count} more posts have no time.", undated)
    return filled(note, count=undated) if undated else ""


def some_shown(usernames: Sequence[str]) -> str:
    names = [shown_name(username) for username in usernames]
    if len(names) <= 5:
        return show_list(names)
    others = gettext("{names} and {count} others")
    return filled(others, names=", ".join(names[:4]), count=len(names) - 4)


def sentences(*parts: str) -> list[str]:
    return [*filter(None, parts)]


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    parameters = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, parameters)))
