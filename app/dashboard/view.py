"""What a dashboard looks at: the filters of its address."""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from msgspec import Struct
from werkzeug.datastructures import MultiDict

from app.errors import MalformedError
from app.services.posts.statistics import Selection
from app.views.parsing import args_of
from app.views.periods import parse_zone, selection_of

LONGEST_VIEW: Final = 8_000
MOST_FIELDS: Final = 100
Step = Literal["", "day", "week", "month"]


class ViewArgs(Struct):
    """The filters as an address names them; empty ones are none."""

    username: list[str] = []
    platform: str = ""
    lang: str = ""
    since: str = ""
    until: str = ""
    tz: str = "UTC"
    step: Step = ""

    @property
    def names(self) -> list[str]:
        """The authors named, each once, whatever the case."""
        return list(
            {
                name.strip().casefold(): name.strip() for name in self.username if name.strip()
            }.values()
        )


@dataclass(frozen=True, slots=True)
class View:
    """The filters, understood."""

    args: ViewArgs
    selection: Selection
    zone: ZoneInfo


def understood(args: ViewArgs) -> View:
    """Return the view of an address. Raises MalformedError."""
    selection = selection_of(
        usernames=args.names,
        platform=args.platform or None,
        lang=args.lang or None,
        since=args.since,
        until=args.until,
        tz=args.tz or "UTC",
    )
    return View(args, selection, parse_zone(args.tz or "UTC"))


def view_of(query: str) -> View:
    """Return the view that a query string names. Raises MalformedError."""
    if len(query) > LONGEST_VIEW:
        raise MalformedError("The view is too long")
    try:
        pairs = parse_qsl(query.removeprefix("?"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise MalformedError("The view is not a query string") from None
    return understood(args_of(MultiDict(pairs), ViewArgs, strict=False))


def query_of(args: ViewArgs, **changed: str) -> str:
    """Return the filters as a query string, some of them changed; an empty value drops one."""
    pairs = [("username", name) for name in args.names if "username" not in changed]
    single = {name: getattr(args, name) for name in ("platform", "lang", "since", "until")}
    single["tz"] = "" if args.tz == "UTC" else args.tz
    pairs += [(name, value) for name, value in (single | changed).items() if value]
    return urlencode(pairs)
