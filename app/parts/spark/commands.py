"""`saywho spark …`: jobs on Spark for corpora of any size."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli import authors_option
from app.cli.compare import sure_option
from app.cli.outputs import BAD_INPUT, error_lines, fail, json_option, print_result
from app.config import Config
from app.runtime.extras import install_command

master_option = click.option(
    "--master",
    default="local[*]",
    show_default=True,
    help="Where Spark runs: local[*] (this machine), spark://HOST:PORT, yarn, k8s://…",
)


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        command = install_command("spark")
        fail(f"{error.name} is not installed; to use saywho spark, run: {command}", BAD_INPUT)


@click.group("spark")
def spark_command() -> None:
    """Fit models on Spark, and judge texts with them.

    The corpus may have any size. saywho spark needs the packages of the extra "spark" and Java 17
    or later. Each INPUT is a file, a folder or a pattern. Its files are JSON lines, CSV or Parquet,
    on this machine or in a store (hdfs://, s3a://).
    """


@spark_command.command("fit", epilog="Example: saywho spark fit 'posts/*.jsonl' -o authors.model")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Model file to create."
)
@authors_option("An author of the model; repeatable (default: the 300 with the most posts).")
@master_option
@json_option
def fit_command(
    inputs: tuple[str, ...], output: Path, usernames: tuple[str, ...], master: str
) -> None:
    """Fit a model of the authors of the inputs."""
    has_population = Config.from_env().population
    with _extra():
        from app.parts.spark.model import fit

        result = fit(
            inputs, output, usernames=usernames, master=master, has_population=has_population
        )
    print_result(
        result,
        f"fitted {result.authors:,} authors to {output}, from {result.accepted:,} posts; "
        f"{result.duplicates:,} repeated, {result.rejected:,} rejected, {result.skipped:,} skipped",
        notes=error_lines(result.errors),
    )


@spark_command.command(
    "compare", epilog="Example: saywho spark compare texts.csv --model authors.model -o answers"
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    required=True,
    help="Model file from saywho spark fit.",
)
@click.option("-o", "--output", required=True, help="Folder to create, local or in a store.")
@sure_option
@master_option
@json_option
def compare_command(
    inputs: tuple[str, ...], model: Path, output: str, sure: float, master: str
) -> None:
    """Find who would have said each text; write Parquet."""
    with _extra():
        from app.parts.spark.model import compare

        result = compare(inputs, model, output, sure=sure, master=master)
    summary = ", ".join(
        f"{verdict} {count:,}" for verdict, count in sorted(result.verdicts.items())
    )
    print_result(result, f"{output}: {summary}", notes=error_lines(result.errors))
