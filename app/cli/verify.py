"""`saywho verify`: did this one author write it?"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli.compare import file_option, flat, open_texts
from app.cli.running import BAD_INPUT, fail, json_option, print_result, with_database
from app.config import Config, Locale
from app.db.engine import Database
from app.services.compare.background import BackgroundStore
from app.services.compare.materials import Models
from app.services.compare.profiles import ProfileStore
from app.services.verify.reporting import report
from app.services.verify.sentences import NOT_FOR
from app.services.verify.verifying import Verification, Verifier


@click.command("verify")
@click.argument("texts", metavar="TEXT", nargs=-1)
@click.option("-u", "--username", required=True, help="The author.")
@file_option
@click.option(
    "--report",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the report too: an HTML file that is the same for the same posts.",
)
@click.option("--locale", type=click.Choice(["ko", "en"]), help="The report's language.")
@json_option
def verify_command(
    texts: tuple[str, ...],
    username: str,
    path: Path | None,
    target: Path | None,
    locale: Locale | None,
) -> None:
    """Say whether one author wrote each TEXT, all by one hand.

    - as TEXT reads standard input.
    """
    questioned = [sys.stdin.read() if text == "-" else text for text in texts]
    if path is not None:
        questioned += _texts_of(path)
    if not questioned:
        raise click.UsageError("Give one TEXT or more, or a file of texts with --file.")

    async def verify(db: Database, config: Config) -> Verification:
        verifier = Verifier(db, Models(ProfileStore(), BackgroundStore()))
        if target is None:
            return (await verifier.verify(questioned, username)).verification
        # The pages take a while to import, which most runs can do without.
        from app.views.pages.verify_report import render_report

        made = await report(verifier, questioned, username)
        _write(target, render_report(made, locale or config.locale or "en"))
        return made.finding.verification

    verification = with_database(verify)
    print_result(verification, *_lines(verification))


def _write(target: Path, page: str) -> None:
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        fail(f"{target} cannot be written: {error.strerror}")


def _texts_of(path: Path) -> Iterator[str]:
    try:
        with open_texts(path) as lines:
            for line in lines:
                if line.given is None:
                    fail(f"{path}: line {line.line}: {line.error}", BAD_INPUT)
                yield line.given.text
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8", BAD_INPUT)


def _lines(found: Verification) -> Iterator[str]:
    yield found.statement
    yield f"verdict: {found.verdict}" + (f", {found.support}" if found.support else "")
    if found.log10_lr is not None and found.parts is not None:
        yield f"  {found.log10_lr:+.3f}  log10 of the likelihood ratio, within its bounds"
        yield f"  {found.parts.others:+.3f}  more like {found.username} than the others here"
        yield f"  {found.parts.own:+.3f}  compared with {found.username}'s own newest posts"
    others = found.population
    yield f"  {found.tweets:,} posts, {others.posts:,} of {others.authors} other authors"
    for mark in found.evidence:
        side = "for" if mark.weight > 0 else "against"
        yield f"  {mark.weight:+5.2f}  {side}: \u201c{flat(mark.text)}\u201d"
    yield "limits:"
    yield from (f"  {limit}" for limit in (*found.limits, NOT_FOR))
