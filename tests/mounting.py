"""File systems of a test's own: small disks, and folders that become read-only.

Only root may mount them; other users skip these tests.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def mounted(folder: Path, *mount: str) -> Iterator[Path]:
    """Mount a file system where the data folder of a site will be; its log is elsewhere."""
    place = folder / "instance"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with mounted_at(place, *mount):
        yield place


@contextlib.contextmanager
def mounted_at(place: Path, *mount: str) -> Iterator[None]:
    """Mount a file system on a folder."""
    command = ["mount", *mount, str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextlib.contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Make a folder read-only; what is open to be written stays so.

    A file system with such files cannot be mounted anew for reading, so one lies above it.
    """
    with mounted_at(place, "--bind", str(place)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        yield


def in_memory(size: int) -> tuple[str, ...]:
    """Return how a file system of so many bytes is mounted."""
    return ("-t", "tmpfs", "-o", f"size={size}", "saywho-test")


def resize(place: Path, size: int) -> None:
    """Give a file system in memory another size."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


def fill(place: Path, *, but: int = 0) -> Path:
    """Fill a file system to its end but for some bytes; return the file that does."""
    filler = place / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(filler, filler.stat().st_size - but)
    return filler
