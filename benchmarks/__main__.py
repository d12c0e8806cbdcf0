"""This program against what people would use instead: `python -m benchmarks [PART…]`.

Writes tables into the documents, and the figures beside them as JSON. Parts that are not measured
keep the figures of the last run. A quick run shows that everything works; its figures
mean nothing, and it writes only where `--out` says.
"""

import argparse
import json
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks import comparison, contestants, live_streams, machine, report, start
from benchmarks.comparison import FULL, QUICK, Plan

DOCS: Final = machine.ROOT / "docs"
COMPARISONS: Final = tuple(report.WORKLOADS)
PARTS: Final = (*COMPARISONS, "live", "start")
AUDIENCES: Final = (live_streams.Audience(10_000, 20, 20), live_streams.Audience(18_000, 1, 30))
QUICK_AUDIENCES: Final = (live_streams.Audience(20, 20, 1),)


def measure(part: str, plan: Plan, folder: Path, *, quick: bool) -> Any:
    """Return the figures of one part."""
    if part == "live":
        audiences = QUICK_AUDIENCES if quick else AUDIENCES
        measured = [
            live_streams.measure(audience, plan.popular, folder / str(number))
            for number, audience in enumerate(audiences)
        ]
        return [each for each in measured if each is not None]
    if part == "start":
        counts = (20, 1) if quick else (1_000, 5)
        return start.measure(
            plan.million, folder / "start", comparisons=counts[0], starts=counts[1]
        )
    rounds = getattr(comparison, part)(plan, folder)
    return {name: each.as_json() for name, each in rounds.items()}


def write(results: dict[str, Any], out: Path) -> None:
    """Write the figures and the tables."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "benchmarks.json").write_text(json.dumps(results, indent=1) + "\n")
    document = out / "benchmarks.md"
    if not document.exists():
        names = ("speed", "machine", "details", "ablation", "live", "start")
        marks = (report.BEGIN.format(name=n) + report.END.format(name=n) for n in names)
        document.write_text("\n".join(marks))
    report.put_into(document, "speed", report.summary(results))
    report.put_into(document, "machine", f"Measured on {results['machine']}.")
    report.put_into(document, "details", report.details(results))
    report.put_into(document, "ablation", report.ablation(results))
    if results.get("live"):
        report.put_into(document, "live", report.live(results["live"]))
    if "start" in results:
        report.put_into(document, "start", report.start(results["start"]))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; or all")
    parser.add_argument("--quick", action="store_true", help="few requests, to see that it works")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each round")
    parser.add_argument("--out", type=Path, help="a folder instead of docs/")
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    plan = QUICK if arguments.quick else FULL
    plan = replace(
        plan, rounds=arguments.rounds or plan.rounds, seconds=arguments.seconds or plan.seconds
    )
    out = arguments.out or (None if arguments.quick else DOCS)
    # A stop ends the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results: dict[str, Any] = {}
    if out is not None and (out / "benchmarks.json").exists():
        results = json.loads((out / "benchmarks.json").read_text())
    results["machine"] = machine.description()
    if not arguments.quick and not contestants.install("wrk"):
        print("skipped: wrk (there is none); benchmarks.client asks instead, and is slower")
    for part in parts:
        started = time.perf_counter()
        with machine.work_folder() as folder:
            results[part] = measure(part, plan, folder, quick=arguments.quick)
        print(f"{part}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        if out is not None:
            write(results, out)
    print(report.details({part: results[part] for part in parts if part in COMPARISONS}))
    if "live" in parts and results["live"]:
        print(report.live(results["live"]))
    if "start" in parts:
        print(report.start(results["start"]))
    if out == DOCS:
        report.put_into(machine.ROOT / "README.md", "speed", report.headline(results, 0))
        report.put_into(machine.ROOT / "README.ko.md", "speed", report.headline(results, 1))


if __name__ == "__main__":
    main()
