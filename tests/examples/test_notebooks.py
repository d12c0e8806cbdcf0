"""The notebooks run as scripts, and say what their text says."""

import subprocess
import sys

import pytest

from tests.installation import ROOT

NOTEBOOKS = ROOT / "examples" / "13_notebook"
SAID = {
    "a_folder_of_books": (
        "100% of 12 books; 33% by chance",
        "the nearest two by different writers: 1.08",
    ),
    "a_year": ("<Chat: whatsapp, 353 posts, 3 people>", "Aunt_Ada       38.28  0.33"),
    "how_often_right": (
        "100% of 60 posts; 25% by chance",
        "their author not among them: {'unfamiliar': 60}",
    ),
    "who_wrote_it": ("<Judge: 156 posts, 3 people>", "likely saltmarsh_light 0.0"),
}


def test_each_notebook_is_run() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.py")} == SAID.keys()


@pytest.mark.parametrize("name", SAID)
def test_a_notebook_says_what_it_promises(name: str) -> None:
    command = [sys.executable, "-W", "error", str(NOTEBOOKS / f"{name}.py")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    first, last = SAID[name]
    assert first in ran.stdout
    assert last in ran.stdout
