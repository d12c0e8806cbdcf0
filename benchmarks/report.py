"""The figures as tables in Markdown, put between two marks of a document."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.load import ratio

BEGIN: Final = "<!-- {name}: written by `make bench` -->"
END: Final = "<!-- end of {name} -->"

OURS: Final = "saywho"
FLASK: Final = ("Flask, gunicorn sync", "Flask, gunicorn gthread")
FASTAPI: Final = "FastAPI, uvicorn"
COURSE: Final = "the course's way"
BARE: Final = "bare ASGI, hypercorn"
NAIVE: Final = "naive Quart, hypercorn"
BATCHED: Final = "naive Quart + Batch"
UNCACHED: Final = "saywho, cache off"

MOST_SHOWN: Final = 1_000.0
WORKLOADS: Final = {
    "hot": "hot reads: an author's 20 posts",
    "cold_lists": "cold reads: 20 posts, the cache off",
    "cold_users": "cold reads: an author, the cache off",
    "inserts": "durable inserts",
    "mixed": "95 % hot reads, 5 % inserts",
    "compare": "comparing two authors",
}
HEADLINES: Final = (
    "With the same processor time as Flask without a cache, saywho answers {reads} times as many\n"
    "requests for something that was read before, and stores {inserts} times as many posts.",
    "같은 CPU 시간에 캐시 없는 Flask보다 반복 조회는 {reads}배, 글 저장은 {inserts}배 처리합니다.",
)
Figures = Mapping[str, Any]
"""What one contestant did, lists with a figure for each round."""


def best_flask(results: Mapping[str, Figures]) -> str:
    """Return which of gunicorn's workers did better, or the course's way."""
    there = [name for name in FLASK if name in results] or [COURSE]
    return max(there, key=lambda name: statistics.median(results[name]["per_second"]))


def ratio_to(results: Mapping[str, Figures], other: str, figure: str = "per_second") -> float:
    """Return how much more this program does than another one: the median over the rounds."""
    ours, theirs = results[OURS][figure], results[other][figure]
    return ratio(theirs, ours) if figure == "cpu_us" else ratio(ours, theirs)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def summary(results: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return the table of all ratios, by processor time: they hold on a busy machine too."""
    head = ("answers for the same processor time", "Flask", "FastAPI", "naive Quart")
    rows = []
    for name, title in WORKLOADS.items():
        if (found := results.get(name)) is None:
            continue
        others = (best_flask(found), FASTAPI, NAIVE)
        rows.append(
            [title, *(_times(ratio_to(found, o, "cpu_us")) if o in found else "" for o in others)]
        )
    return table(head, rows)


def headline(results: Mapping[str, Mapping[str, Figures]], language: int) -> str:
    """Return the sentence for the README; 0 is English, 1 Korean."""
    reads, inserts = (
        _times(ratio_to(results[name], best_flask(results[name]), "cpu_us")).removesuffix(" ×")
        for name in ("hot", "inserts")
    )
    return HEADLINES[language].format(reads=reads, inserts=inserts)


def _times(value: float) -> str:
    return f"{value:,.0f} ×" if value >= 10 else f"{value:.1f} ×"


def details(results: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return a table for each workload, with all contestants."""
    parts = []
    for name, title in WORKLOADS.items():
        if (found := results.get(name)) is None:
            continue
        rows = [_row(found, each) for each in found]
        head = ["", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "saywho is", "range"]
        if any(figures["errors"] for figures in found.values()):
            head.append("errors")
            rows = [[*row, str(found[row[0]]["errors"])] for row in rows]
        parts.append(f"### {title.capitalize()}\n\n{table(head, rows)}")
        if any(figures["checked"] for figures in found.values()):
            parts.append(_staleness(found))
    return "\n\n".join(parts)


def _row(found: Mapping[str, Figures], name: str) -> list[str]:
    figures = found[name]
    medians = [statistics.median(figures[each]) for each in ("per_second", "p50_ms", "p99_ms")]
    cpu = statistics.median(figures["cpu_us"])
    row = [name, f"{medians[0]:,.0f}", f"{medians[1]:.1f}", f"{medians[2]:.1f}", f"{cpu:,.0f}"]
    if name == OURS or name.endswith("all cores"):
        return [*row, "", ""]
    pairs = zip(found[OURS]["cpu_us"], figures["cpu_us"], strict=True)
    each = sorted(their / our for our, their in pairs)
    # A peer may answer nothing in a round.
    most = f"{each[-1]:.1f}" if each[-1] < MOST_SHOWN else "∞"
    return [*row, _times(ratio_to(found, name, "cpu_us")), f"{each[0]:.1f} to {most}"]


def _staleness(found: Mapping[str, Figures]) -> str:
    rows = [
        [name, f"{figures['checked']:,}", f"{figures['stale']:,}"]
        for name, figures in found.items()
    ]
    return table(("", "answers checked", "stale"), rows)


def ablation(results: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return what each idea brings: processor time of a request, and its ratio to the naive one."""
    rows = []
    for workload in ("hot", "cold_lists", "cold_users", "inserts"):
        found = results.get(workload, {})
        if not {NAIVE, OURS} <= set(found):
            continue
        uncached = UNCACHED if workload == "hot" else OURS
        naive = found[NAIVE]["cpu_us"]
        row = [WORKLOADS[workload], f"{statistics.median(naive):,.0f}"]
        for step in (BATCHED, uncached, *([OURS] if workload == "hot" else [])):
            figures = found[step]["cpu_us"] if step in found else None
            row.append(
                f"{statistics.median(figures):,.0f} ({ratio(naive, figures):.1f} ×)"
                if figures
                else ""
            )
        rows.append([*row, *([] if workload == "hot" else [""])])
    head = ("naive Quart", "+ Batch", "this program, cache off", "+ the cache")
    return table(("CPU µs/request", *head), rows)


def live(measured: Sequence[Figures]) -> str:
    rows = [
        [
            f"{each['clients']:,} clients, {each['per_second']:g} posts/s",
            *(f"{each[name]:,.0f}" for name in ("p50_ms", "p99_ms", "max_ms")),
            f"{each['deliveries']:,}",
            f"{each['lost']} / {each['twice']}",
            f"{each['kib_per_client']:.1f}",
            *(f"{each[name]:.2f}" for name in ("cpu_us", "server_cores", "listeners_cores")),
        ]
        for each in measured
    ]
    head = (
        *("", "p50 ms", "p99 ms", "max ms", "deliveries", "lost / twice", "KiB a client"),
        *("CPU µs/delivery", "cores, saywho", "cores, clients"),
    )
    return table(head, rows)


def start(measured: Figures) -> str:
    head = (
        *("", "ready, median of starts", "processor time", "comparison p50"),
        *("worker at the start", "worker afterwards"),
    )
    row = [
        f"{measured['tweets']:,} posts of {measured['authors']:,} authors",
        f"{measured['ready_s']:.2f} s ({', '.join(map(str, measured['starts_s']))})",
        f"{measured['cpu_s']:.2f} s",
        f"{measured['compare_p50_ms']:.1f} ms, {measured['comparisons']:,} times",
        f"{measured['worker_mib_at_start']} MiB",
        f"{measured['worker_mib']} MiB",
    ]
    return table(head, [row])


def put_into(path: Path, name: str, text: str) -> None:
    """Replace what is between the two marks of that name in a document."""
    begin, end = BEGIN.format(name=name), END.format(name=name)
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    if not found:
        raise ValueError(f"{path} has no mark {begin}")
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
