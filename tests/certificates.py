"""A certificate of localhost, made by the system's openssl."""

import shutil
import subprocess
from pathlib import Path

import pytest


def make_certificate(folder: Path) -> tuple[str, str]:
    """Return the files of a certificate and its key; skip the test without openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; the system's package manager has it")
    certificate, key = f"{folder}/site.pem", f"{folder}/site.key"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]  # uv takes no authority's.
    command = [*make.split(), "-keyout", key, "-out", certificate, *names]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
