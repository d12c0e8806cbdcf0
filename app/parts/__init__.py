"""The parts: subjects that a site may leave out, each in a folder of its own.

The core imports this module, and no module of a part; these are imported when an app with the part
is made.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from quart import Blueprint, Quart

FOLDER: Final = Path(__file__).parent


class Listed(NamedTuple):
    name: str
    needs: tuple[str, ...] = ()
    """Parts that it cannot work without."""
    uses: tuple[str, ...] = ()
    """Parts that it imports from if a site has them."""
    commands: tuple[str, ...] = ()
    """Commands of `app/parts/<name>/commands.py`."""
    adds_to: tuple[str, ...] = ()
    """Commands of the core that `add_to_<command>` of that module adds options to."""

    @property
    def templates(self) -> Path:
        return FOLDER / self.name / "templates"


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
    mounts: "Callable[[Quart], None] | None" = None
    """Registers on the app what is not a blueprint."""
    opens: Callable[[Any], AbstractAsyncContextManager[object]] | None = None
    """Opens what the part's views work with, given the app's resources."""
    jobs: Callable[[Any], Iterable[Any]] | None = None
    """Returns jobs of maintenance, given the app's resources and what the part has opened."""
    menu: tuple[MenuEntry, ...] = ()
    cards: Collection[str] = ()
    """Places on pages of the core where macros of its `_cards.html` show something."""
    reads: Mapping[str, Read] | None = None
    """Functions that read the values of a card, by its place."""


PARTS: Final[tuple[Listed, ...]] = (
    Listed("explain", adds_to=("import",)),
    Listed("sources", commands=("follow",)),
    Listed("dashboard"),
    Listed("portraits"),
    Listed("years"),
    Listed("pictures", uses=("portraits", "quiz", "years", "games")),
    Listed("evidence", commands=("mirror", "case", "replay")),
    Listed("quiz"),
    Listed("games", needs=("quiz",)),
    Listed("publish", commands=("publish",)),
    Listed("report", uses=("portraits", "years"), commands=("report",)),
    Listed("spark", commands=("spark",)),
)


def names() -> list[str]:
    return [part.name for part in PARTS]


def check_without(without: Collection[str]) -> None:
    """Raise ValueError for an unknown name, or if a remaining part needs one left out."""
    for name in sorted(set(without) - set(names())):
        raise ValueError(f"has no part {name!r}; the parts are {', '.join(sorted(names()))}")
    for part in PARTS:
        for needed in part.needs:
            if needed in without and part.name not in without:
                raise ValueError(f"leaves out {needed}, which {part.name} needs; leave out both")


def load_all(without: Collection[str] = ()) -> dict[Listed, Part]:
    """Import the parts of a site; return the additions of each."""
    return load_parts(set(names()) - set(without))


def load_parts(wanted: Collection[str]) -> dict[Listed, Part]:
    """Import these parts; return the additions of each."""
    here = {part.name: part for part in PARTS if part.name in wanted}
    loaded = {}
    for name, listed in here.items():
        package = f"{__name__}.{name}"
        added: Part = import_module(f"{package}.part").PART
        more = [
            blueprint
            for other in added.pages_with
            if other in here
            for blueprint in import_module(f"{package}.{other}").blueprints
        ]
        loaded[listed] = replace(added, pages=(*added.pages, *more))
    return loaded
