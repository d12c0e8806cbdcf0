"""Spark: a session of its own for a job, and its failures as one line."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final

from app.errors import InvalidInputError


class JobError(InvalidInputError):
    """A job cannot begin, or an input cannot be read."""


ATTEMPTS: Final = 4
"""Runs of a task until its job fails; on one machine Spark would give up at the first."""
_OWN_MACHINE: Final = re.compile(r"local\[(\*|\d+)\]")
_SETTINGS: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
    "spark.sql.execution.arrow.maxBytesPerBatch": "16m",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.unionOutputPartitioning": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    # A partition is a minute of Python, however few bytes it has; its file is loaded in one go.
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.maxPartitionBytes": "32m",
}
_ONE_MACHINE: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
}
_CAUSE: Final = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception): (.+)$", re.MULTILINE)


@contextmanager
def session(master: str, name: str) -> Iterator[Any]:
    """Start Spark, and stop it at the end. Raises JobError where it cannot be had, or fails.

    Under `spark-submit` its master counts.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    _check_java()
    builder = SparkSession.builder.appName(name)
    is_submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    settings, is_here = dict(_SETTINGS), master.startswith("local") and not is_submitted
    if not is_submitted:
        found = _OWN_MACHINE.fullmatch(master)
        builder = builder.master(f"local[{found[1]},{ATTEMPTS}]" if found else master)
    if is_here:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= _ONE_MACHINE
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        with _silence() if is_here else nullcontext():
            spark = builder.getOrCreate()
    except (PySparkException, Py4JError, OSError) as error:
        raise JobError("Spark does not start: {error}", error=_cause(error)) from error
    try:
        spark.sparkContext.setLogLevel("OFF")
        yield spark
    except (PySparkException, Py4JError, ConnectionError) as error:
        raise JobError("the job failed: {error}", error=_cause(error)) from error
    finally:
        with suppress(Py4JError, ConnectionError):  # Java has ended already.
            spark.stop()


@contextmanager
def _silence() -> Iterator[None]:
    """Let Java start without standard error, where it would write a page of notices."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else "java"
    try:
        subprocess.run([java, "-version"], capture_output=True, check=True)  # noqa: S603 # no shell
    except (OSError, subprocess.CalledProcessError) as error:
        raise JobError("Spark needs Java 17 or later, and there is none here") from error


def _cause(error: BaseException) -> str:
    """Return the last cause that a failure of many lines names, as one line."""
    text = str(error)
    causes = _CAUSE.findall(text)
    return " ".join((causes[-1] if causes else text).split())[:300]
