"""Whether bulk jobs answer as the single machine does, with very many posts or texts.

`python -m benchmarks.spark_equal DATA --copies N` stores the posts N times, each time of other
authors, by `import` and by `bulk prepare` and `bulk load`, and compares the export and all tables
by their digests. With `--texts N` it judges N texts, made of parts of the posts, by `compare
--file` and by `bulk compare`. It ends with status 1 if anything differs.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from pyarrow.parquet import ParquetFile

from app.db.postgresql.connection import UNLIMITED_S, connect
from benchmarks.spark import PROGRAM, copies, filled, print_ratio, run
from tests.bulk.content import QUERIES

CLOSE: Final = 1e-9
NAMED: Final = 20
"""Authors among whom the texts are judged."""


async def digests(url: str) -> dict[str, str]:
    """Return a digest of the rows of each query; they are many, so none is kept."""
    connection = await connect(url)
    found = {}
    try:
        for name, query in QUERIES.items():
            digest = hashlib.sha256()

            async def take(lines: bytes, digest: Any = digest) -> None:
                digest.update(lines)

            await connection.copy_from_query(query, output=take, timeout=UNLIMITED_S)
            found[name] = digest.hexdigest()
    finally:
        await connection.close()
    return found


def export_digest(url: str) -> str:
    digest = hashlib.sha256()
    with printed("export", SAYWHO_DATABASE_URL=url) as lines:
        for line in lines:
            digest.update(line)
    return digest.hexdigest()


@contextlib.contextmanager
def printed(*arguments: object, **settings: str) -> Iterator[Iterator[bytes]]:
    """Run a command, and yield the lines that it prints."""
    command = [str(PROGRAM), *map(str, arguments)]
    own = os.environ | {"SAYWHO_ENV": "testing"} | settings
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=own) as process:
        assert process.stdout is not None
        yield iter(process.stdout)
    if process.returncode:
        sys.exit(f"{arguments[0]} failed")


def content(url: str) -> dict[str, str]:
    """Return the digests of all that a database holds, if its check is clean."""
    run("check", SAYWHO_DATABASE_URL=url)
    return {"export": export_digest(url)} | asyncio.run(digests(url))


def compare_posts(folder: Path, data: Path, count: int, master: str) -> bool:
    """Store the posts both ways, and print what is equal; return whether all is."""
    file, prepared = folder / "posts.jsonl", folder / "prepared"
    posts = copies(data, file, count)
    importing = filled(posts, "import", file, then=content)
    run("bulk", "prepare", file, "-o", prepared, "--master", master)
    loading = filled(posts, "bulk", "load", prepared, "--no-check", then=content)
    for name, digest in importing.rest.items():
        print(f"{name}: {'equal' if loading.rest[name] == digest else 'DIFFERENT'} {digest[:16]}")
    print(f"{posts:,} posts by import, and by prepare and load; both checks are clean")
    print_ratio(loading, importing)
    return loading.rest == importing.rest


def write_texts(data: Path, path: Path, count: int) -> None:
    """Write texts made of the beginning of one post and the end of another."""
    texts = [json.loads(line)["text"] for line in data.read_text(encoding="utf-8").splitlines()]
    chance = random.Random(3)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            first, second = chance.choices(texts, k=2)
            start, end = chance.randrange(len(first) + 1), chance.randrange(1, 200)
            text = f"{first[:start]} {second[-end:]}"
            file.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")


def answers(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the answers of a job: its files are those of the parts, in their order."""
    for path in sorted(folder.glob("*.parquet")):
        for batch in ParquetFile(path).iter_batches(1_000):
            yield from batch.to_pylist()


def distance(one: dict[str, Any], many: dict[str, Any]) -> float | None:
    """Return the largest difference of a probability; None for answers that differ otherwise."""
    first, second = one.get("ranking", []), many["ranking"] or []
    same = [(each["username"], each["tweets"]) for each in first]
    if (
        str(one["id"]) != many["id"]
        or (one.get("verdict"), one.get("error")) != (many["verdict"], many["error"])
        or same != [(each["username"], each["tweets"]) for each in second]
    ):
        return None
    pairs = zip(first, second, strict=True)
    return max((abs(a["probability"] - b["probability"]) for a, b in pairs), default=0.0)


def compare_texts(folder: Path, data: Path, count: int, master: str) -> bool:
    """Judge the texts both ways, and print how far apart the answers are; return if they agree."""
    posts, texts, model = folder / "posts.jsonl", folder / "texts.jsonl", folder / "model"
    copies(data, posts, 1)
    write_texts(data, texts, count)
    names = sorted({json.loads(line)["username"] for line in posts.open(encoding="utf-8")})
    named = [part for name in names[:NAMED] for part in ("-u", name)]
    run("import", posts)
    run("model", "export", *named, "-o", model)
    run("bulk", "compare", texts, "--model", model, "-o", folder / "out", "--master", master)
    different, judged, largest = 0, 0, 0.0
    with printed("compare", "--file", texts, *named) as lines:
        for one, many in zip_longest(map(json.loads, lines), answers(folder / "out")):
            found = distance(one, many) if one and many else None
            judged, different = judged + 1, different + (found is None)
            largest = max(largest, found or 0.0)
    authors = len(names[:NAMED])
    print(f"{judged:,} texts among {authors} authors by compare --file and by bulk compare:")
    print(f"  {different:,} answers differ in ranking, verdict or error,")
    print(f"  and the probabilities of the others by {largest:.1e} at most")
    return judged == count and not different and largest <= CLOSE


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--texts", type=int)
    parser.add_argument("--master", default="local[2]")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SAYWHO_DATA_DIR"] = name
        if asked.texts is None:
            is_equal = compare_posts(folder, asked.data, asked.copies, asked.master)
        else:
            is_equal = compare_texts(folder, asked.data, asked.texts, asked.master)
    sys.exit(not is_equal)


if __name__ == "__main__":
    main()
