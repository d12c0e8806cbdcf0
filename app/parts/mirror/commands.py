"""`saywho mirror`: the words and signs that give away a draft's author."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import click

from app.cli import with_database
from app.cli.compare import flat, renew
from app.cli.outputs import BAD_INPUT, fail, json_option, print_result
from app.config import Config

if TYPE_CHECKING:
    from app.db.engine import Database
    from app.parts.mirror.reflection import Mirrored, Suggested


@click.command("mirror", epilog="Example: saywho mirror draft.txt -u mina")
@click.argument(
    "files", metavar="FILE…", nargs=-1, required=True, type=click.File(encoding="utf-8-sig")
)
@click.option(
    "-u", "--username", metavar="NAME", default="", help="The author (default: the site's own)."
)
@json_option
def mirror_command(files: tuple[IO[str], ...], username: str) -> None:
    """Show the words that give away the author of the draft in FILE.

    Several FILEs are drafts by the same person. Use - to read standard input. Nothing is stored.
    """
    from app.parts.mirror.reflection import check_length, named_author, reflect
    from app.services.compare.comparing import case_of
    from app.services.compare.habits import Models
    from app.views.cast import NOBODY, bound
    from saywho.comparing.question import Question

    try:
        texts = [file.read() for file in files]
    except UnicodeDecodeError:
        fail("a draft is not UTF-8", BAD_INPUT)

    async def ask(db: Database, _: Config) -> Mirrored:
        check_length(texts)
        await renew(db)
        async with db.read() as session:
            name = await named_author(session, username)
            case = await case_of(session, Models(), Question(texts, [name]))
        return reflect(case, name)

    found = with_database(ask, only_reads=True)
    with bound(NOBODY):  # Commands name people by their usernames.
        lines = [*_lines(found)]
    print_result(found, *lines)


def _lines(found: Mirrored) -> Iterator[str]:
    from app.parts.mirror.mirror_page import is_at_goal, lead_sentence, state_of, warnings_of

    yield state_of(found)
    if found.lead is not None:
        yield lead_sentence(found.lead)
    if is_at_goal(found):
        yield from warnings_of()
        return
    if found.suggestions:
        yield "Each of these alone would change it so:"
    for each in found.suggestions:
        yield _line(each, found.lead)
    if found.habits:
        yield "These would make the draft only unlike its author, and help little:"
        for each in found.habits:
            yield _line(each, found.lead)
    yield from warnings_of()


def _line(each: Suggested, now: float | None) -> str:
    from app.parts.mirror.mirror_page import how_often, lead_told, what_to_do

    told = how_often(each)
    what = flat(what_to_do(each)) + (f" ({told})" if told else "")
    return f"- {what}: {lead_told(each.lead_after, now)}"
