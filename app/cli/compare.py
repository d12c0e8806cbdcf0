"""`saywho compare` and `saywho verify`: authors ranked for a text, and one author weighed."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli.running import BAD_INPUT, fail, json_option, print_json, print_result, with_database
from app.config import Config, Locale
from app.db.engine import Database
from app.services.compare.batch_compare import (
    BatchLine,
    csv_heading,
    csv_line,
    csv_texts,
    json_texts,
    open_panel,
    plain_texts,
)
from app.services.compare.judging import Comparison, add_reasons, judge
from app.services.compare.materials import Models, gather_material
from app.services.verify.reporting import report
from app.services.verify.sentences import NOT_FOR
from app.services.verify.verifying import Verification, Verifier

file_option = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True),
    help="A file of texts: one a line, JSON lines (.jsonl), or a CSV column text (.csv).",
)


@click.command("compare")
@click.argument("text", required=False)
@click.option("-u", "--username", "usernames", multiple=True, help="An author; two or more.")
@click.option("--passages", is_flag=True, help="Judge each sentence too.")
@file_option
@click.option("--csv", "as_csv", is_flag=True, help="With --file: print CSV, not JSON lines.")
@json_option
def compare_command(
    text: str | None, usernames: tuple[str, ...], passages: bool, path: Path | None, as_csv: bool
) -> None:
    """Rank authors for TEXT, with the evidence.

    The authors named are ranked, or all; - as TEXT reads standard input.
    """
    if (text is None) == (path is None):
        raise click.UsageError("Give one TEXT, or a file of texts with --file.")
    if path is not None:
        _compare_file(path, usernames, as_csv=as_csv)
        return
    if as_csv:
        raise click.UsageError("--csv goes with --file.")
    asked = sys.stdin.read() if text == "-" else text or ""

    async def compare(db: Database, _: Config) -> Comparison:
        models = Models()
        async with db.read() as session:
            material = await gather_material(session, models, text=asked, usernames=usernames)
            comparison = await judge(material, with_passages=passages)
            return await add_reasons(session, material, comparison)

    comparison = with_database(compare)
    print_result(comparison, *_comparison_lines(comparison))


def _compare_file(path: Path, usernames: tuple[str, ...], *, as_csv: bool) -> None:
    async def judge_all(db: Database, _: Config) -> None:
        panel = await open_panel(db, Models(), usernames)
        if as_csv:
            click.echo(csv_heading())
        with open_texts(path) as lines:
            async for some in panel.judge(lines):
                for judged in some:
                    click.echo(csv_line(judged)) if as_csv else print_json(judged)

    try:
        with_database(judge_all)
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8", BAD_INPUT)


@contextlib.contextmanager
def open_texts(path: Path) -> Iterator[Iterator[BatchLine]]:
    """Open a file of texts; its suffix names the format."""
    if path.suffix in {".jsonl", ".ndjson"}:
        with path.open("rb") as binary:
            yield json_texts(binary)
    elif str(path) == "-":
        yield plain_texts(sys.stdin)
    else:
        is_csv = path.suffix == ".csv"
        with path.open(encoding="utf-8-sig", newline="" if is_csv else None) as file:
            yield csv_texts(file) if is_csv else plain_texts(file)


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    for ranked in comparison.ranking:
        posts = "post" if ranked.tweets == 1 else "posts"
        yield f"{ranked.probability:7.1%}  {ranked.username}  ({ranked.tweets:,} {posts})"
    yield f"verdict: {comparison.verdict}"
    for mark in comparison.evidence:
        yield f"  {mark.weight:+5.2f}  {mark.username}: \u201c{flat(mark.text)}\u201d"
    for layout in comparison.layout:
        if layout.weight > 0:
            yield f"  {layout.weight:+5.2f}  {layout.username}: layout and punctuation"
    yield from _reasons(comparison)


def _reasons(comparison: Comparison) -> Iterator[str]:
    if comparison.passages:
        yield "sentence by sentence:"
    for passage in comparison.passages:
        yield f"  {passage.probability:6.1%}  {passage.username}: {flat(passage.text)}"
    if comparison.nearest:
        yield "the most similar real posts:"
    for post in comparison.nearest:
        yield f"  {post.similarity:5.2f}  {post.username}: {flat(post.text)}"
    if comparison.typical:
        yield "what sets them apart:"
    for typical in comparison.typical:
        words = " · ".join(word.text for word in [*typical.words, *typical.signs])
        yield f"  {typical.username}: {words or 'no word that stands out'}"


def flat(text: str) -> str:
    return " ".join(text.split())


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
        verifier = Verifier(db, Models())
        if target is None:
            return (await verifier.verify(questioned, username)).verification
        # The pages take a while to import, which most runs can do without.
        from app.views.pages.verify import render_report

        made = await report(verifier, questioned, username)
        _write(target, render_report(made, locale or config.locale or "en"))
        return made.finding.verification

    verification = with_database(verify)
    print_result(verification, *_verification_lines(verification))


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


def _verification_lines(found: Verification) -> Iterator[str]:
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
