"""The machine: one core for the server, another for who asks it."""

import contextlib
import os
import platform
import re
import resource
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
START_TIMEOUT_S: Final = 180.0
STOP_TIMEOUT_S: Final = 20.0


def cores() -> list[int]:
    """Return the cores that this process may use; several stand for one where that is unknown."""
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


SERVER_CORE: Final = cores()[0]
CLIENT_CORE: Final = cores()[-1]


def pinned(command: Sequence[str], *on: int) -> list[str]:
    """Return the command bound to some cores; as it is where there is no `taskset`."""
    if shutil.which("taskset") is None or not on:
        return list(command)
    return ["taskset", "-c", ",".join(map(str, on)), *command]


def description() -> str:
    """Return what the machine is, without its name."""
    kind = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
        kind = found[1] if found else kind
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{len(cores())} cores of a virtual machine or computer ({kind}, {platform.machine()}), "
        f"{pages / 2**30:.0f} GiB, {platform.system()}, Python {platform.python_version()}, "
        f"load average before {os.getloadavg()[0]:.1f}"
    )


def environment(own: dict[str, str]) -> dict[str, str]:
    """Return the environment with `own`, and nothing of the tester's own settings."""
    rest = {key: value for key, value in os.environ.items() if not key.startswith("SAYWHO_")}
    rest.pop("PYTHONDONTWRITEBYTECODE", None)  # Where it is set, each start compiles everything.
    return rest | {"PYTHONPATH": str(ROOT)} | own


@contextlib.contextmanager
def running(
    command: Sequence[str], env: dict[str, str], *, on: Sequence[int], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server on some cores, with its output in a file; end it afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned(command, *on),
            env=environment(env),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> float:
    """Wait until an address answers with 200; return the seconds. Ends the program otherwise."""
    started, trusting = time.perf_counter(), ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5, context=trusting) as answer:  # noqa: S310 - our own
                answer.read()
                return time.perf_counter() - started
        except (OSError, urllib.error.URLError):
            is_late = time.perf_counter() - started > START_TIMEOUT_S
            if process.poll() is not None or is_late:
                sys.exit(f"{address} does not answer:\n{log.read_text()[-2_000:]}")
            time.sleep(0.01)


def processes_of(pids: Iterable[int]) -> list[int]:
    """Return the processes and all that they started, as Linux tells."""
    found = list(pids)
    for each in found:
        with contextlib.suppress(OSError):
            tasks = Path(f"/proc/{each}/task").glob("*/children")
            found += [int(child) for task in tasks for child in task.read_text().split()]
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Return the processor time that the processes and their children have taken.

    A child that has ended counts once its parent has asked for its end.
    """
    ticks = 0
    for each in processes_of(pids):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def children_cpu_s() -> float:
    """Return the processor time that ended children of this process have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory_mib(pid: int) -> float:
    """Return the resident memory of one process."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def shared_out_kib(pids: Iterable[int]) -> int:
    """Return the memory of processes, of which each page counts once (Pss)."""
    rollups = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in processes_of(pids))
    return sum(int(kib) for text in rollups for kib in re.findall(r"^Pss:\s+(\d+)", text, re.M))


def private_mib(pid: int) -> float:
    """Return the memory that a process shares with nobody, else its resident memory."""
    with contextlib.suppress(OSError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return sum(int(kib) for kib in re.findall(r"Private_\w+:\s+(\d+)", rollup)) / 1024
    return memory_mib(pid)


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="saywho-bench-") as name:
        yield Path(name)
