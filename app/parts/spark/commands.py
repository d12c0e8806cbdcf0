"""`saywho spark …`: corpora of any size, by jobs on Spark."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli.compare import sure_option
from app.cli.running import BAD_INPUT, error_lines, fail, json_option, print_result
from app.config import Config

master_option = click.option(
    "--master",
    default="local[*]",
    show_default=True,
    help="Where Spark runs: this machine, spark://HOST:PORT, yarn, k8s://…",
)


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    """End the program with one line where a package of the extra is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        fail(f"Spark's commands need {error.name}; run: pip install 'saywho[spark]'", BAD_INPUT)


@click.group("spark")
def spark_command() -> None:
    """Fit models on Spark, and judge texts by them.

    Corpora may be of any size. It comes with saywho[spark], and needs Java 17 or later. Each INPUT
    is a file, a folder or a pattern of JSON lines, CSV or Parquet, here or in a store (hdfs://,
    s3a://).
    """


@spark_command.command("fit")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="The new file."
)
@click.option("-u", "--username", "usernames", multiple=True, help="An author to choose from.")
@master_option
@json_option
def fit_command(
    inputs: tuple[str, ...], output: Path, usernames: tuple[str, ...], master: str
) -> None:
    """Write a model of the authors of the inputs.

    They are those named, or the 300 with the most posts.
    """
    has_population = Config.from_env().population
    with _extra():
        from app.parts.spark.fit import run

        result = run(
            inputs, output, usernames=usernames, master=master, has_population=has_population
        )
    print_result(
        result,
        f"fitted {result.authors:,} authors to {output}, by {result.accepted:,} posts; "
        f"{result.duplicates:,} repeated, {result.rejected:,} rejected, {result.skipped:,} skipped",
        notes=error_lines(result.errors),
    )


@spark_command.command("compare")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option("--model", type=click.Path(path_type=Path), required=True, help="What fit wrote.")
@click.option("-o", "--output", required=True, help="The new folder, here or in a store.")
@sure_option
@master_option
@json_option
def compare_command(
    inputs: tuple[str, ...], model: Path, output: str, sure: float, master: str
) -> None:
    """Say who would have said each text of the inputs, as Parquet."""
    with _extra():
        from app.parts.spark.compare import run

        result = run(inputs, model, output, sure=sure, master=master)
    summary = ", ".join(
        f"{verdict} {count:,}" for verdict, count in sorted(result.verdicts.items())
    )
    print_result(result, f"{output}: {summary}", notes=error_lines(result.errors))
