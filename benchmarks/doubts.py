"""What doubts find, and what they cost: `python -m benchmarks.doubts [CASES]`.

The files of a folder of cases are read, and those with a doubt are listed. Then chats, an archive
of X and a table are imported without doubts, and read with and without them. The cost is what the
doubts add to the processor time of the import.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.bulk import import_once
from benchmarks.cases import ROOT, Sites, cases_in, programs
from benchmarks.chats import APPS, room
from saywho.formats.doubts.questions import RecordQuestions
from saywho.formats.records import ReadOptions
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import x_file, x_members, x_tweet, zip_bytes

READINGS: Final = 4
"""Readings for each import: they are short, and so differ more."""
OPTIONS: Final = ReadOptions(timezone="UTC")


def list_doubts(folder: Path) -> None:
    """Print the doubts about each case as the present program reads it."""
    cases = cases_in(folder)
    doubted = grave = 0
    with tempfile.TemporaryDirectory() as sites, programs(ROOT) as (program,):
        data = Sites(program, Path(sites) / "new").make()
        for case in cases:
            *_, path = case.paths
            ways = (*case.arguments, "--dry-run", "--accept-doubts", "--json")
            output = program.run(data, "import", path, *ways).output
            report = next((line for line in output.splitlines() if line.startswith("{")), "{}")
            doubts = json.loads(report).get("doubts", [])
            doubted += bool(doubts)
            grave += any(doubt["grave"] for doubt in doubts)
            for doubt in doubts:
                label = "grave" if doubt["grave"] else "doubt"
                print(f"{case.name}: {label}: {doubt['kind']}: {doubt['evidence']}", flush=True)
    print(f"files: {len(cases)}, with a doubt: {doubted}, with a grave one: {grave}")


def chat_of(app: str) -> Callable[[int], bytes]:
    return lambda posts: APPS[app](room(posts))


def archive(posts: int) -> bytes:
    tweets = (x_tweet(1_000 + n, f"{said.text} {n}") for n, said in enumerate(room(posts)))
    return zip_bytes(x_members() | {"data/tweets.js": x_file("tweets", *tweets)})


def table(posts: int) -> bytes:
    rows = (f"mina,{said.when.isoformat()},{said.text}" for said in room(posts))
    return "\n".join(["username,created_at,text", *rows, ""]).encode()


FILES: Final = {
    "kakaotalk.txt": chat_of("kakaotalk windows ko"),
    "whatsapp.txt": chat_of("whatsapp android"),
    "x.zip": archive,
    "table.csv": table,
}


def read_s(path: Path, *, doubts: bool) -> float:
    """Return the processor seconds of reading a file."""
    with Source(path, name=path.name) as source:
        records = open_records(source, options=OPTIONS)
        questions = RecordQuestions(records, OPTIONS)
        items = questions.of(records.items) if doubts else records.items
        start = time.process_time()
        for _ in items:
            pass
        if doubts:
            questions.doubts(newest=True)
        return time.process_time() - start


def measure(posts: int, rounds: int) -> None:
    print("| file | import, s of processor | doubts, s | cost |")
    print("| --- | --: | --: | --: |")
    with machine.work_folder() as folder:
        for name, write in FILES.items():
            path = folder / name
            path.write_bytes(write(posts))
            imported = min(import_once(path)["cpu_s"] for _ in range(rounds))
            pairs = [
                (read_s(path, doubts=True), read_s(path, doubts=False))
                for _ in range(READINGS * rounds)
            ]
            asked = min(one for one, _ in pairs) - min(other for _, other in pairs)
            print(f"| {name} | {imported:.1f} | {asked:.2f} | {asked / imported:.1%} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="?")
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print(machine.description())
    if args.cases:
        list_doubts(args.cases)
    if args.posts:
        measure(args.posts, args.rounds)


if __name__ == "__main__":
    main()
