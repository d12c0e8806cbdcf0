"""Live streams beside an earlier commit: `python -m benchmarks.listeners [COMMIT]`.

Both serve by two workers, in turn, and beside them an ASGI function on the same server that does
nothing but send. All clients leave and come back in storms; then posts come. Prints what a delivery
takes of the processor, the memory of a client after the storms, and how late the posts were.
`--stalled` measures clients that read nothing instead (`benchmarks.stalled`).
"""

import argparse
import resource
import statistics
import sys
from pathlib import Path
from typing import Any, Final

from app.services.live_streams.streaming import MOST_KEPT
from benchmarks import live_streams, machine, stalled, workloads
from benchmarks.contestants import Contestant, ours, serving
from benchmarks.databases import Shape
from benchmarks.live_streams import Audience
from benchmarks.paired import checkout, database, imports_of

SHAPE: Final = Shape("listeners", 30, 25, has_profiles=True)
BARE: Final = "nothing but send"
COLUMNS: Final = (
    f"{'':<18}{'CPU s':>8}{'us each':>9}{'KiB':>7}{'p50 ms':>8}{'p99 ms':>8}{'lost':>6}"
)


def bare_stream(workers: int) -> Contestant:
    """Return an ASGI function on hypercorn with our HTTP/1.1 that does nothing but send."""
    return Contestant(
        BARE,
        lambda port: (
            *("env", f"PEER_PORT={port}", f"PEER_WORKERS={workers}"),
            *(sys.executable, "-m", "benchmarks.peers.bare_stream"),
        ),
        {},
    )


def measure(side: Contestant, root: Path, audience: Audience, folder: Path) -> dict[str, Any]:
    """Return the figures of one side in one round, on a database of its own."""
    path = database(root, folder, SHAPE)
    ready = workloads.user_path(0)
    with serving(side, path, folder / "server", ready, on=machine.cores()) as server:
        return live_streams.with_audience(server, audience, path)


def compare(commit: str | None, audience: Audience, rounds: int) -> None:
    """Print the table of all sides and rounds, and the ratios to the commit."""
    print(f"{audience.clients:,} clients, {audience.per_second:g} posts/s for ", end="")
    print(f"{audience.seconds:g} s, after {audience.storms} storms\n{COLUMNS}", flush=True)
    figures: dict[str, list[dict[str, Any]]] = {}
    with machine.work_folder() as folder:
        roots = {"new": machine.ROOT}
        if commit is not None:
            roots = {commit: checkout(commit, folder), **roots}
        settings = {
            "SAYWHO_LIVE_CLIENTS": str(audience.clients + MOST_KEPT),
            "SAYWHO_ACCESS_LOG": "0",
        }
        sides = [
            (ours(name, workers=live_streams.WORKERS, settings=settings | imports_of(root)), root)
            for name, root in roots.items()
        ]
        sides.append((bare_stream(live_streams.WORKERS), machine.ROOT))
        for number in range(rounds):
            for side, root in sides:
                own = folder / f"{number}-{side.name}"
                row = measure(side, root, audience, own)
                figures.setdefault(side.name, []).append(row)
                print_row(side.name, row)
    if commit is not None:
        for name, key in (("processor time", "cpu_us"), ("memory", "kib_per_client")):
            ratios = [
                new[key] / max(base[key], 0.1)
                for new, base in zip(figures["new"], figures[commit], strict=True)
            ]
            spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
            print(f"{name}: {statistics.median(ratios):.2f} of before ({spread})")


def print_row(name: str, row: dict[str, Any]) -> None:
    total_s = row["cpu_us"] * row["deliveries"] / 1e6
    print(
        f"{name:<18}{total_s:>8.1f}{row['cpu_us']:>9.2f}{row['kib_per_client']:>7.1f}"
        f"{row['p50_ms']:>8.0f}{row['p99_ms']:>8.0f}{row['lost'] + row['twice']:>6}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", nargs="?", help="to compare with")
    parser.add_argument("--clients", type=int, help="5,000; with --stalled 500 that read")
    parser.add_argument("--per-second", type=float, default=20.0, help="posts")
    parser.add_argument("--seconds", type=float, default=15.0, help="of posts")
    parser.add_argument("--storms", type=int, default=3, help="in which all come back")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stalled", type=int, nargs="?", const=2_000, help="clients: 2,000")
    parser.add_argument("--minutes", type=float, default=10.0, help="of stalled clients")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    clients = arguments.clients or (500 if arguments.stalled else 5_000)
    if most < clients + (arguments.stalled or 0) + live_streams.SPARE_FILES:
        parser.error(f"this machine allows a process {most:,} open files")
    print(machine.description())
    if arguments.stalled:
        sys.exit(not stalled.measure(arguments.stalled, clients, 60 * arguments.minutes))
    audience = Audience(clients, arguments.per_second, arguments.seconds, arguments.storms)
    compare(arguments.commit, audience, arguments.rounds)


if __name__ == "__main__":
    main()
