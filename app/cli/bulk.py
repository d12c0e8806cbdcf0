"""`saywho bulk …`: archives of any size, by jobs on Spark."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from app.cli.imports import entities_option, restricted_option, username_option
from app.cli.running import BAD_INPUT, FAILED, Progress, fail, json_option, print_result, reading
from app.config import Config
from app.formats import FORMATS

if TYPE_CHECKING:
    from app.bulk.target import Manifest

SHOWN_REASONS: Final = 20
SCRIPT: Final = '''"""Runs a bulk job: spark-submit … saywho_bulk.py prepare INPUT… -o DIR"""

import sys

from app.cli import saywho

saywho(["bulk", *sys.argv[1:]], prog_name="saywho")
'''
master_option = click.option(
    "--master",
    default="local[*]",
    show_default=True,
    help="Where Spark runs: this machine, spark://HOST:PORT, yarn, k8s://…",
)
output_option = click.option(
    "-o", "--output", "target", required=True, help="The new folder, here or in a store."
)


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    """End the program with one line where a package of the extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        fail(f"bulk jobs need {error.name}; run: pip install 'saywho[spark]'", BAD_INPUT)


@click.group("bulk")
def bulk_command() -> None:
    """Work on archives of any size, by jobs on Spark.

    It comes with saywho[spark], and needs Java 17 or later.
    """


@bulk_command.command("prepare")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@output_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["auto", "parquet", *(known.name for known in FORMATS)]),
    default="auto",
    show_default=True,
)
@username_option
@restricted_option
@entities_option
@master_option
@json_option
def prepare_command(
    inputs: tuple[str, ...],
    target: str,
    format_name: str,
    username: str | None,
    include_restricted: bool,
    decode_entities: bool,
    master: str,
) -> None:
    """Turn files of posts into the rows of an empty database, for `bulk load`.

    Each INPUT is a file, a folder of files or a pattern, here or in a store (hdfs://, s3a://).
    """
    with _extra():
        from app.bulk.prepare import PrepareJob, prepare

        manifest = prepare(
            PrepareJob(
                inputs=inputs,
                target=target,
                format=format_name,
                username=username,
                include_restricted=include_restricted,
                decode_entities=decode_entities,
                master=master,
            )
        )
    print_result(manifest, _counts("prepared", manifest), notes=_reasons(manifest))


@bulk_command.command("load")
@click.argument("folder")
@click.option("--no-check", is_flag=True, help="Do not compare all that was loaded with the posts.")
@json_option
def load_command(folder: str, no_check: bool) -> None:
    """Load a prepared FOLDER into an empty PostgreSQL database; one that broke off goes on."""
    config = Config.from_env()
    with _extra(), Progress(folder, item_show_func=lambda item: item) as progress:
        from app.bulk.load import load

        manifest, faults = load(config, folder, with_check=not no_check, show=progress.show)
    facts = msgspec.to_builtins(manifest) | {"faults": faults}
    print_result(facts, _counts("loaded", manifest), notes=faults)
    if faults:
        sys.exit(FAILED)


@bulk_command.command("compare")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option("--model", required=True, help="A file that `saywho model export` wrote.")
@output_option
@master_option
@json_option
def bulk_compare_command(inputs: tuple[str, ...], model: str, target: str, master: str) -> None:
    """Rank the authors of a model for each text of the inputs; the answers are Parquet.

    An INPUT is a file of texts as for `saywho compare --file`, a folder of them or a pattern.
    """
    with _extra():
        from app.bulk.compare import compare

        verdicts = compare(inputs, model, target, master)
    words = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(verdicts.items()))
    print_result(verdicts, f"judged {sum(verdicts.values()):,} texts: {words or 'none'}")


@bulk_command.command("script")
def script_command() -> None:
    """Print the program that `spark-submit` runs with the arguments of a bulk command."""
    click.echo(SCRIPT, nl=False)


@click.group("model")
def model_command() -> None:
    """Take out what comparisons rest on."""


@model_command.command("export")
@click.option("-u", "--username", "usernames", multiple=True, help="An author; all without it.")
@click.option(
    "-o", "--output", "path", type=click.Path(path_type=Path, dir_okay=False), required=True
)
@json_option
def model_export_command(usernames: tuple[str, ...], path: Path) -> None:
    """Write the model of the authors to the new FILE, for `bulk compare`."""
    from app.services.compare.model_file import export_model

    if path.exists():
        fail(f"{path} exists already; name another file", BAD_INPUT)
    content = reading(lambda session: export_model(session, usernames))
    try:
        path.write_bytes(content)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
    print_result({"bytes": len(content)}, f"wrote {len(content):,} bytes to {path}")


def _counts(done: str, manifest: "Manifest") -> str:
    return (
        f"{done} {manifest.accepted:,} posts of {manifest.authors:,} authors; "
        f"{manifest.duplicates:,} repeated, {manifest.rejected:,} rejected, "
        f"{manifest.reposts:,} reposts and {manifest.restricted:,} restricted posts left out, "
        f"{manifest.skipped:,} others skipped"
    )


def _reasons(manifest: "Manifest") -> list[str]:
    found = [each for each in manifest.left_out if each.fate == "rejected"]
    lines = [f"{each.file}: {each.records:,} from {each.first} on: {each.detail}" for each in found]
    return lines[:SHOWN_REASONS] + (["… (--json lists more)"] if len(lines) > SHOWN_REASONS else [])
