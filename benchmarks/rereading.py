"""Files that are imported again: `python -m benchmarks.rereading CASES [REVISION]`.

Without a revision, the present program imports each file of a folder of cases that has messages of
chats three times more: as before, and in another time zone with each answer to which times are
right. A message is lost or doubled if its author has fewer or more messages of its text then, or if
its time changes though the times here are right.

With an earlier revision, the files are those that it may have read wrongly.

Each file of a folder of cases is imported by the earlier revision. Then the present program imports
the same file into that site, and into an empty one. A post that only the empty site has is lost. A
post that only the first site has is left: it was read wrongly before. `--replace` lets that import
replace the first import.
"""

import argparse
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

from benchmarks.cases import (
    ROOT,
    Case,
    Program,
    Sites,
    Stored,
    cases_in,
    programs,
    stored_in,
    tree_of,
)

ZONE = "Pacific/Auckland"
AGAIN = ((), ("--timezone", ZONE, "--times", "here"), ("--timezone", ZONE, "--times", "file"))
SAID = (
    "read differently before",
    "messages with other times",
    "with an id that is here with other words or times",
)
"""Parts of the sentences by which an import tells of an earlier reading."""


def imported(program: Program, data: Path, case: Case, *more: str) -> list[str]:
    """Import the files of a case; return what the commands say."""
    return [
        program.run(
            data, "import", path, *case.arguments, *(part.format(number) for part in more)
        ).output
        for number, path in enumerate(case.paths, 1)
    ]


def differing(new: list[Stored], again: list[Stored]) -> tuple[Counter[Stored], Counter[Stored]]:
    """Return lost and left posts."""
    one, other = Counter(new), Counter(again)
    return one - other, other - one


def has_messages(data: Path) -> bool:
    """Return whether any post of a site is a message of a chat."""
    (path,) = data.glob("*.db")
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute('SELECT 1 FROM "Tweet" WHERE room_id IS NOT NULL LIMIT 1')
        return found.fetchone() is not None


def read_again(cases: list[Case], folder: Path) -> Counter[str]:
    """Import each case again by the present program; return counts of cases."""
    counts: Counter[str] = Counter()
    with programs(ROOT) as (now,):
        sites = Sites(now, folder)
        for case in cases:
            data = sites.make()
            imported(now, data, case)
            before = stored_in(data)
            for options in AGAIN if has_messages(data) else ():
                imported(now, data, case, *options)
                after = stored_in(data)
                if "file" in options:  # They may have other times.
                    before, after = (
                        [post._replace(time=None) for post in posts] for posts in (before, after)
                    )
                lost, doubled = differing(before, after)
                counts["lost"] += bool(lost)
                counts["doubled"] += bool(doubled)
                if lost or doubled:
                    found = f"lost={lost.total()} doubled={doubled.total()}"
                    print(f"{case.name} {' '.join(options)}: {found}", flush=True)
            counts["cases"] += has_messages(data)
            sites.remove(data)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("revision", nargs="?")
    parser.add_argument("names", nargs="*", help="parts of the names of cases")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--replace", action="store_true")
    args = parser.parse_args()
    more = ["--replace", "{}"] if args.replace else []
    counts: Counter[str] = Counter()
    cases = [
        case
        for case in cases_in(args.cases)
        if not args.names or any(name in case.name for name in args.names)
    ]
    if args.revision is None:
        with tempfile.TemporaryDirectory() as folder:
            counts = read_again(cases, Path(folder))
        print(", ".join(f"{name}: {count}" for name, count in counts.items()))
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        tree_of(args.revision) as tree,
        programs(tree, ROOT) as (before, now),
    ):
        old_sites = Sites(before, Path(folder) / "old")
        new_sites = Sites(now, Path(folder) / "new")
        for case in cases:
            old, new = old_sites.make(), new_sites.make()
            imported(before, old, case)
            first = stored_in(old)
            upgraded = now.run(old, "db", "upgrade")
            assert upgraded.status == 0, upgraded.output
            imported(now, new, case)
            right = stored_in(new)
            said = imported(now, old, case, *more)
            is_said = any(part in each for each in said for part in SAID)
            lost, left = differing(right, stored_in(old))
            counts["cases"] += 1
            counts["equal before"] += first == right
            counts["lost"] += bool(lost)
            counts["left"] += bool(left)
            counts["lost or left, and said"] += is_said and bool(lost or left)
            if lost or left or is_said:
                found = f"said={is_said} lost={lost.total()} left={left.total()}"
                print(f"{case.name}: {found}", flush=True)
                if args.verbose:
                    for name, posts in (("lost", lost), ("left", left)):
                        for post in [*posts][:4]:
                            print(f"    {name} {tuple(post)}")
                    if lost:
                        print("    | " + "\n    | ".join("\n".join(said).splitlines()[:12]))
            old_sites.remove(old)
            new_sites.remove(new)
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
