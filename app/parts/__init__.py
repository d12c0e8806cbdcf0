"""The door of the parts: subjects that a site may leave out, each with all that is its own.

The core imports this module, and no module of a part. `PARTS` names them; what a part brings is its
`PART`, whose modules are imported when an app is made that has it.
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
    """A part as the list knows it, before anything of it is imported."""

    name: str
    """The name of its folder, and in `SAYWHO_WITHOUT`."""
    needs: tuple[str, ...] = ()
    """Parts that it cannot do without."""
    uses: tuple[str, ...] = ()
    """Parts that it imports from where a site has them."""
    commands: tuple[str, ...] = ()
    """Commands of `app/parts/<name>/commands.py`."""
    adds_to: tuple[str, ...] = ()
    """Commands of the core to which `add_to_<command>` there adds options."""

    @property
    def templates(self) -> Path:
        return FOLDER / self.name / "templates"


class MenuEntry(NamedTuple):
    """A page that the menu leads to."""

    endpoint: str
    label: str
    """In English; it is translated when it is shown."""
    also: tuple[str, ...] = ()
    """Endpoints of pages that belong to it."""


Read = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All that a part adds to a site; what its blueprints declare counts as registered."""

    pages: tuple["Blueprint", ...] = ()
    pages_with: Mapping[str, tuple[str, ...]] | None = None
    """Modules of it with a `blueprint` of pages where the site has another part, by its name."""
    api: tuple["Blueprint", ...] = ()
    mounts: "Callable[[Quart], None] | None" = None
    """Called with the app for what is no blueprint."""
    opens: Callable[[Any], AbstractAsyncContextManager[object]] | None = None
    """Gets the app's resources and opens what the part's views work with."""
    jobs: Callable[[Any], Iterable[Any]] | None = None
    """Gets the app's resources, with what the part has opened, and returns jobs of maintenance."""
    menu: tuple[MenuEntry, ...] = ()
    cards: Collection[str] = ()
    """Places on pages of the core at which it shows something: macros of its `_cards.html`."""
    reads: Mapping[str, Read] | None = None
    """What a card shows that has to be read first, by its place."""


PARTS: Final[tuple[Listed, ...]] = (
    Listed("explain", adds_to=("import",)),
    Listed("sources", commands=("follow",)),
    Listed("dashboard"),
    Listed("portraits"),
    Listed("years"),
    Listed("pictures", uses=("portraits", "quiz", "years", "games")),
    Listed("quiz"),
    Listed("games", needs=("quiz",)),
    Listed("spark", commands=("spark",)),
)
"""In the order in which they stand in menus and lists."""


def names() -> list[str]:
    """Return the names of all parts."""
    return [part.name for part in PARTS]


def check_without(without: Collection[str]) -> None:
    """Raise ValueError if a name is no part's, or if a part is left that needs one of them."""
    for name in sorted(set(without) - set(names())):
        raise ValueError(f"has no part {name!r}; the parts are {', '.join(sorted(names()))}")
    for part in PARTS:
        for needed in part.needs:
            if needed in without and part.name not in without:
                raise ValueError(f"leaves out {needed}, which {part.name} needs; leave out both")


def load(part: Listed, here: Collection[str]) -> Part:
    """Import a part and return what it adds to a site that has the parts of these names."""
    package = f"{__name__}.{part.name}"
    added: Part = import_module(f"{package}.part").PART
    more = [
        import_module(f"{package}.{module}").blueprint
        for other, modules in (added.pages_with or {}).items()
        if other in here
        for module in modules
    ]
    return replace(added, pages=(*added.pages, *more))


def load_all(without: Collection[str] = ()) -> dict[Listed, Part]:
    """Import the parts of a site that leaves some out, and return what each adds."""
    here = [part.name for part in PARTS if part.name not in without]
    return {part: load(part, here) for part in PARTS if part.name in here}
