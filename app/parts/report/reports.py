"""How a subject becomes one file: its sender's choice, and the frame of all files; style and script
are inside, and there is no link.
"""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import NotFound

from app.config import Config, Locale
from app.errors import InvalidInputError
from app.language import of_request
from app.language.i18n import gettext, ngettext, show_date, show_number, speaking
from app.parts.report.words import Pseudonyms
from app.services.posts.tweets import Post
from app.services.rooms.chats import room_of_author
from app.views.cast import Cast, bound, cast_of, named_in
from app.views.filters import day_of
from app.views.page import Parts, WebPage, add_parts, init_app, parts_here, values_of
from app.views.phone import ProgramHome, qr_code
from app.views.quart_app import VisitorGlobals
from app.views.subjects import Address, Caches, Chat, Figures, OneAuthor, Shown, Subject, SubjectT

MOST_BYTES: Final = 300_000
OnPage = Sequence[tuple[str, Sequence[Post]]]
"""Messages that a page shows, by their heading there."""
_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE.parents[1] / "static"
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_INDENT: Final = re.compile(r"\n\s*")
_LINK: Final = re.compile(r"</?a(?: [^<>]*)?>")
"""The beginning or end of a link; they are never in a text, where `<` is written otherwise."""


class FileAssets(NamedTuple):
    """The program's own style and script, as each file has them."""

    style: Markup
    script: Markup
    policy: str
    """The only resources that a browser may load and run for the file."""


@cache
def file_assets() -> FileAssets:
    style = _COMMENT.sub("", _read(_STATIC / "style.css", _HERE / "report.css"))
    style = _INDENT.sub("\n", style).strip()
    script = _read(_STATIC / "values.js", _HERE / "report.js").strip()
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)};"
        " img-src data:; base-uri 'none'; form-action 'none'"
    )
    return FileAssets(Markup(style), Markup(script), policy)  # noqa: S704 - our own files


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _read(*files: Path) -> str:
    return "".join(file.read_text("utf-8") for file in files)


@asynccontextmanager
async def opened_environment(config: Config, parts: Parts) -> AsyncIterator[Environment]:
    """Open the templates of the core and of these parts without a server, for files that a browser
    opens from a disk.
    """
    app = Quart("app")
    app.app_ctx_globals_class = VisitorGlobals
    of_request.init_app(app)
    init_app(app, config)
    add_parts(app, {name: replace(part, pages=(), api=()) for name, part in parts.items()})
    # What a file does not have is at an address of a character that no text has.
    app.url_build_error_handlers.append(lambda *_: "\x01")
    async with app.test_request_context("/"):
        yield app.jinja_env


class ReportFrame(Struct, frozen=True):
    """The frame of every file."""

    title: str
    language: Locale
    told: str
    """The first sentence at the foot: its kind and its day."""
    home: ProgramHome
    """Where readers find the program."""

    @property
    def code(self) -> Markup | None:
        return qr_code(self.home.link) if self.home.link else None


async def render_report(
    environment: Environment, page: WebPage, frame: ReportFrame, cast: Cast
) -> bytes:
    """Return the file. Raises InvalidInputError if it is too large to be sent."""
    with bound(cast), speaking(frame.language):
        own = {"frame": frame, "inside": file_assets(), "locale": frame.language}
        template = environment.get_template(page.template)
        html = await asyncio.to_thread(template.render, values_of(page) | own)
    file = _LINK.sub("", html).encode()
    if len(file) > MOST_BYTES:
        raise InvalidInputError(
            "The file would have {size} KB, and may have {most}; choose fewer messages",
            size=len(file) // 1_000,
            most=MOST_BYTES // 1_000,
        )
    return file


MODULES: Final = {"rooms": None, "authors": "portraits", "years": "years"}
"""Modules with `REPORTS`, and the part that each needs."""


@dataclass(frozen=True)
class ReportChoice:
    """The sender's choice."""

    zone: ZoneInfo
    language: Locale
    home: Callable[[], ProgramHome]
    """Returns where readers find the program, in the language of the file."""
    has_names: bool = False
    """Whether people have their real names."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Typed names, by username."""
    quotes: Sequence[int] = ()
    """Messages that the file quotes."""


class Draft(NamedTuple):
    """Values that the page of a file is made of."""

    session: AsyncSession
    choice: ReportChoice
    calling: Pseudonyms

    @property
    def zone(self) -> ZoneInfo:
        return self.choice.zone


@dataclass(frozen=True)
class Report(Generic[SubjectT, Shown]):
    """How subjects of a kind become files."""

    kind: type[SubjectT]
    read: Figures[SubjectT, Shown]
    shows: Callable[[Shown], OnPage]
    """Returns the messages that the subject's page shows."""
    draft: Callable[[Draft, SubjectT, Shown], Awaitable[Any]]
    """Returns the page of the file; its `shown` is what may be given away."""


async def find_report(
    session: AsyncSession, kind: type[Subject], address: Address
) -> tuple[Report[Any, Any], Any]:
    """Return how the subject of an address becomes a file, and the subject: of the kind, or a year
    of one if the address has a year. Raises NotFound if the site lacks the part of it.
    """
    is_of_year = address["year"] is not None
    for report in _reports_here():
        is_year = issubclass(report.kind, kind) and "<year:" in report.kind.path
        if is_year if is_of_year else report.kind is kind:
            return report, await report.kind.find(session, address)
    raise NotFound


def _reports_here() -> Iterator[Report[Any, Any]]:
    parts = parts_here()
    names = {listed.name for listed in parts}
    for module, part in MODULES.items():
        if part is None or part in names:
            yield from import_module(f"app.parts.report.{module}").REPORTS
    for brought in parts.values():
        yield from brought.reports


async def _making(session: AsyncSession, subject: Subject, choice: ReportChoice) -> Draft:
    names, people = choice.names, [*subject.people]
    if isinstance(subject, OneAuthor):
        if room := await room_of_author(session, subject.author):
            people += [person for person in room.people if person.username not in subject.about]
        if len(people) == 1 and not choice.has_names:  # A letter would tell nothing of them.
            own = subject.author.username
            anybody = gettext("The person") if room else gettext("The author")
            names = {own: names.get(own) or anybody}
    all_names, has_names = await subject.names_around(session), choice.has_names
    calling = Pseudonyms(people, names, has_names=has_names, all_names=all_names)
    return Draft(session, choice, calling)


async def make_report(
    session: AsyncSession,
    kept: Caches,
    environment: Environment,
    chosen: tuple[Report[SubjectT, Any], SubjectT],
    choice: ReportChoice,
) -> bytes:
    """Return the file. Raises NotFoundError, and InvalidInputError if it is too large."""
    report, subject = chosen
    with speaking(choice.language):
        making = await _making(session, subject, choice)
        read = await report.read(session, kept, subject, lambda _: choice.zone)
        page = await report.draft(making, subject, read)
        called, is_over = _called(subject, making), getattr(page.shown, "is_over", True)
        frame = _frame_of(subject, subject.title(called, is_over=is_over), choice)
    cast = await cast_of(
        session,
        {*subject.about, *named_in(page.shown).usernames},
        about=subject.about,
        in_chat=subject.in_chat,
    )
    named = cast.with_names(making.calling.of(cast.people))
    return await render_report(environment, page, frame, named)


def _called(subject: Subject, making: Draft) -> str:
    """Return what the file calls its subject in the place of its name; empty for its own name."""
    if not isinstance(subject, Chat):
        (person,) = subject.people
        own = person.display_name or person.username
        return making.calling.called.get(person.username, own)
    if making.choice.has_names:
        return ""
    total = subject.room.people_total
    people = ngettext("A chat of {count} person", "A chat of {count} people", total)
    return people.format(count=show_number(total))


def _frame_of(subject: Subject, title: str, choice: ReportChoice) -> ReportFrame:
    told, newest = (
        gettext("{title}: one file, made with saywho."),
        day_of(subject.newest_at, choice.zone),
    )
    year = subject.of_year
    if newest:
        told = gettext("{title}, up to {day}: one file, made with saywho.")
        newest = min(newest, date(year, 12, 31)) if year else newest
    return ReportFrame(
        title=title,
        language=choice.language,
        told=told.format(title=title, day=show_date(newest) if newest else ""),
        home=choice.home(),
    )
