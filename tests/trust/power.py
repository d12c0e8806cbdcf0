"""Power cuts under a writing app: what was acknowledged is there, and the database is intact.

`python -m tests.trust.power 24` cuts so often, `… 24 7 normal` with seed 7 and the durability that
promises less.
"""

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest import mock

from app import create_app
from app.config import Config
from app.db.migrate import prepare
from tests.conftest import client_with
from tests.installation import Installation
from tests.trust import apsw_driver

WRITERS: Final = 6
OPERATIONS: Final = 1_500
"""Operations of the files before a cut, at most: what some fifty commits do."""
CUT: Final = 9
TIMEOUT_S: Final = 300


@dataclass(slots=True)
class Outcome:
    cuts: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.cuts} power cuts, {self.acknowledged} posts acknowledged, {len(self.lost)} lost"
        )


def cut_often(folder: Path, cuts: int, seed: int = 0, durability: str = "full") -> Outcome:
    """Write and cut, again and again; look at the database after each cut."""
    outcome = Outcome()
    prepare(_config(folder, durability), upgrade_old=False)
    installation = Installation(folder)
    for number in range(cuts):
        command = [sys.executable, "-m", "tests.trust.power", "child", str(folder), durability]
        child = subprocess.run(
            [*command, str(seed * 1_000 + number)],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        assert child.returncode == CUT, child.stderr
        for shared in folder.glob("*-shm"):
            shared.unlink()
        with closing(sqlite3.connect(installation.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            stored = {text for (text,) in connection.execute('SELECT text FROM "Tweet"')}
        assert installation.json("check") == {"ok": True, "faults": []}
        outcome.cuts += 1
        outcome.acknowledged += len(told := child.stdout.splitlines())
        outcome.lost += [text for text in told if text not in stored]
    return outcome


def _config(folder: Path, durability: Any) -> Config:
    return Config(env="testing", data_dir=folder, durability=durability, access_log=False)


async def write(folder: Path, durability: str, seed: int) -> None:
    """Post and say what was acknowledged, until the power is cut."""
    app = create_app(_config(folder, durability))
    async with app.test_app():
        admin = await client_with(app, "admin")
        author = f"author{seed}"
        await admin.add_user(author)

        async def post(writer: int) -> None:
            for number in range(OPERATIONS):
                text = f"{seed} {writer} {number}"
                answer = await admin.post(f"/api/v1/users/{author}/tweets", json={"text": text})
                assert answer.status_code == 201, await answer.get_data()
                os.write(1, f"{text}\n".encode())

        await asyncio.gather(*map(post, range(WRITERS)))


def write_until_cut(folder: Path, durability: str, seed: int) -> None:
    random = Random(seed)
    left = random.randrange(100, OPERATIONS)
    files = apsw_driver.ForgetfulFiles(apsw_driver.Power(random, left, keeps_some=bool(seed % 2)))
    with mock.patch("sqlite3.connect", apsw_driver.Connection):
        asyncio.run(write(folder, durability, seed))
    raise AssertionError(f"{files} had no power cut")


def main(arguments: list[str]) -> int:
    if arguments[0] == "child":
        write_until_cut(Path(arguments[1]), arguments[2], int(arguments[3]))
    cuts, seed, durability = (*arguments, *("24", "0", "full")[len(arguments) :])
    with tempfile.TemporaryDirectory(prefix="saywho-trust-") as name:
        outcome = cut_often(Path(name), int(cuts), int(seed), durability)
    print(outcome)
    return 1 if outcome.lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
