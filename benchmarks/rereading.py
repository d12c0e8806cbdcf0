"""Files that an earlier revision read wrongly, imported again: `python -m benchmarks.rereading
CASES REVISION`.

Each file of a folder of cases is imported by the earlier revision. Then the present program imports
the same file into that site, and into an empty one. A post that only the empty site has is lost. A
post that only the first site has is left: it was read wrongly before. `--replace` lets that import
replace the first import.
"""

import argparse
import tempfile
from collections import Counter
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("revision")
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
