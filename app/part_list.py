"""The list of the parts: subjects that a site may leave out, each in a folder of `app/parts/`.

The core imports this module, and no module of a part; these are imported when an app with the part
is made. Other packages bring parts by the entry point group `saywho.parts`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app import withdrawn

if TYPE_CHECKING:
    from quart import Blueprint

FOLDER: Final = Path(__file__).parent / "parts"


class PartError(Exception):
    """A part of another package that cannot be loaded, in one line."""


class Listed(NamedTuple):
    name: str
    needs: tuple[str, ...] = ()
    """Parts that it cannot work without."""
    uses: tuple[str, ...] = ()
    """Parts that it imports from if a site has them."""
    commands: tuple[tuple[str, str], ...] = ()
    """Commands of `app/parts/<name>/commands.py`, each with the first line of its help."""
    entry: str = ""
    """For a part of another package: the entry point of its `Part`, such as `package.part:PART`."""

    @property
    def folder(self) -> Path:
        """The folder of the module that has the `Part`, with `templates/<name>` and `static`."""
        if not self.entry:
            return FOLDER / self.name
        found = find_spec(self.entry.partition(":")[0])
        return Path(found.origin if found and found.origin else "").parent


class MenuEntry(NamedTuple):
    endpoint: str
    label: str
    also: tuple[str, ...] = ()
    """Endpoints of other pages that belong to it."""


Read = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The additions of a part to a site; what its blueprints declare counts as registered."""

    pages: tuple["Blueprint", ...] = ()
    pages_with: tuple[str, ...] = ()
    """Parts with which a site has more pages: the `blueprints` of the module of the same name."""
    api: tuple["Blueprint", ...] = ()
    opens: Callable[[Any], AbstractAsyncContextManager[object]] | None = None
    """Opens what the part's views work with, given the app's resources."""
    jobs: Callable[[Any], Iterable[Any]] | None = None
    """Returns jobs of maintenance, given the app's resources and what the part has opened."""
    menu: tuple[MenuEntry, ...] = ()
    cards: Collection[str] = ()
    """Places on pages of the core where macros of its `_cards.html` show something."""
    reports: tuple[Any, ...] = ()
    """How its subjects become files (`Report` of the part `report`)."""
    reads: Mapping[str, Read] | None = None
    """Functions that read the values of a card, by its place."""


PARTS: Final[tuple[Listed, ...]] = (
    Listed(
        "sources", commands=(("follow", "Follow accounts and feeds, and fetch their new posts."),)
    ),
    Listed("dashboard"),
    Listed("portraits"),
    Listed("years"),
    Listed("pictures", uses=("portraits", "years")),
    Listed("tables"),
    Listed("quiz", uses=("pictures",)),
    Listed("games", needs=("quiz",), uses=("pictures",)),
    Listed("mcp", commands=(("mcp", "Let an assistant read, over standard input and output."),)),
    Listed("publish", commands=(("publish", "Write an author's pages as a website."),)),
    Listed(
        "report",
        uses=("portraits", "years"),
        commands=(("report", "Write a chat, an author or a year as one HTML file."),),
    ),
    Listed("spark", commands=(("spark", "Fit models on Spark, and judge texts with them."),)),
)


@cache
def brought_parts() -> tuple[Listed, ...]:
    """Return the parts of other packages; of one name, the first counts."""
    found = {entry.name: entry.value for entry in reversed([*entry_points(group="saywho.parts")])}
    own = {*names(), *withdrawn.PARTS}
    return tuple(Listed(name, entry=entry) for name, entry in found.items() if name not in own)


def names() -> list[str]:
    return [part.name for part in PARTS]


def parts_without(without: Collection[str]) -> frozenset[str]:
    """Return the names with those of the parts that withdrawn names stand for.

    Raises ValueError for an unknown name, or if a remaining part needs one that is left out.
    """
    known = {*names(), *(part.name for part in brought_parts())}
    if unknown := sorted({*without} - known - withdrawn.PARTS.keys()):
        listed = ", ".join(sorted(known))
        raise ValueError(f"has no part {unknown[0]!r}; the parts are {listed}")
    out = frozenset(part for name in without for part in (name, *withdrawn.PARTS.get(name, ())))
    for part in PARTS:
        for needed in part.needs:
            if needed in out and part.name not in out:
                raise ValueError(f"leaves out {needed}, which {part.name} needs; leave out both")
    return out


def load_all(without: Collection[str] = ()) -> dict[Listed, Part]:
    """Import the parts of a site; return the additions of each. Raises PartError."""
    brought = {part: _brought(part) for part in brought_parts() if part.name not in without}
    return load_parts({*names()} - {*without}) | brought


def _brought(part: Listed) -> Part:
    module, _, name = part.entry.partition(":")
    try:
        added = getattr(import_module(module), name)
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise PartError(_left_out(part, reason)) from error
    if not isinstance(added, Part):
        raise PartError(_left_out(part, f"it is no Part, but of the type {type(added).__name__}"))
    return added


def _left_out(part: Listed, reason: str) -> str:
    start = f"the part {part.name} ({part.entry}) cannot be loaded: {reason}"
    return f"{start}; SAYWHO_WITHOUT={part.name} leaves it out"


def load_parts(wanted: Collection[str]) -> dict[Listed, Part]:
    """Import these parts; return the additions of each."""
    here = {part.name: part for part in PARTS if part.name in wanted}
    loaded = {}
    for name, listed in here.items():
        package = f"app.parts.{name}"
        added: Part = import_module(f"{package}.part").PART
        more = [
            blueprint
            for other in added.pages_with
            if other in here
            for blueprint in import_module(f"{package}.{other}").blueprints
        ]
        loaded[listed] = replace(added, pages=(*added.pages, *more))
    return loaded
