"""Authors' names as a page's address or form gives them."""

from collections.abc import Iterable


def given_names(given: Iterable[str]) -> list[str]:
    """Return the names without the empty fields of a form."""
    return [name.strip() for name in given if name.strip()]
