"""Why a file or a record could not be imported, in the reader's language."""

import functools
import re
from typing import Final

from markupsafe import Markup

from app.i18n import gettext, gettext_noop

# As those who read and store files say it; what stands in braces is put in there.
REASONS: Final = (
    gettext_noop("no text"),
    gettext_noop("no text beside the post's own media"),
    gettext_noop("the text is not a string"),
    gettext_noop("not a post"),
    gettext_noop("neither a post nor a repost"),
    gettext_noop("the content is not a string"),
    gettext_noop("the content is not valid HTML"),
    gettext_noop("the content is too long"),
    gettext_noop("by {username}, while the file begins with another author"),
    gettext_noop("no author; --username NAME names one"),
    gettext_noop("unreadable time {time}"),
    gettext_noop("not valid UTF-8"),
    gettext_noop("not valid CP949"),
    gettext_noop("not valid JSON"),
    gettext_noop("not a JSON object"),
    gettext_noop("nested too deeply"),
    gettext_noop("longer than {size} MB"),
    gettext_noop("the line is {fault}"),
    gettext_noop("the row is {fault}"),
    gettext_noop("the row has {count} fields, the header {width}"),
    gettext_noop("the row holds a NUL"),
    gettext_noop("a long post whose whole text cannot be read"),
    gettext_noop("a long post: {fault}"),
    "'{username}' is known from {known} already, not from {platform}",
    gettext_noop("line {line}: the row is longer than 1 MB; is a quote open?"),
    gettext_noop("line {line}: the quote that opens in this row is never closed"),
    gettext_noop("the file ends in the middle of a character"),
    gettext_noop("the file does not say whose posts these are; add --username NAME"),
    gettext_noop("{fault}; choose another name with --username NAME"),
    gettext_noop("{fault}; choose a name with --username NAME"),
    gettext_noop("{name} is not in any known format"),
    gettext_noop("{name} does not hold a list of posts"),
    gettext_noop("{name} is not a plain file"),
    gettext_noop(
        "{name} is a zip file whose directory cannot be read; was it downloaded to its end?"
    ),
    gettext_noop("{name} is encrypted; unpack it with its password first"),
    gettext_noop("{name} is compressed by a method that is not supported"),
    gettext_noop("{name} holds several X archives: {names}"),
    gettext_noop("{name} holds several archives: {names}"),
    gettext_noop("{name} holds too many files"),
    gettext_noop("{name} holds a header that is too large"),
    gettext_noop("{name} breaks off before any posts"),
    gettext_noop("{name} holds more than {limit}, the limit of an import"),
    gettext_noop("{name} lacks {missing}"),
    gettext_noop("{name} breaks off or is damaged after {count} items: {fault}"),
    gettext_noop("{name} breaks off or is damaged after {count} records: {fault}"),
    gettext_noop("{name} is damaged and breaks off"),
    gettext_noop("{name} is damaged"),
    gettext_noop("{name} cannot be opened: {why}"),
    gettext_noop("a value is not closed"),
    gettext_noop("something stands after the last value"),
    gettext_noop("something stands between the values"),
    gettext_noop("the brackets do not match"),
    gettext_noop("the import failed unexpectedly; the server's log says why"),
    gettext_noop("the import ended its process each time it was tried"),
)
INSIDE: Final = "fault"
"""Stands for a reason in itself."""


def reason_in_words(detail: str) -> Markup:
    """Return the reason in the request's language; marked as English where nobody translated it."""
    return Markup("{}").format(
        _translated(detail) or Markup('<span lang="en">{}</span>').format(detail)
    )


def _translated(detail: str) -> str | None:
    if (plain := gettext(detail)) != detail:
        return plain
    for template, pattern in _patterns():
        match = pattern.fullmatch(detail)
        if match and (message := gettext(template)) != template:
            values = match.groupdict()
            if INSIDE in values:
                values[INSIDE] = _translated(values[INSIDE]) or values[INSIDE]
            return message.format(**values)
    return None


@functools.cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (
            template,
            re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(template)), re.DOTALL),
        )
        for template in REASONS
        if "{" in template
    ]
