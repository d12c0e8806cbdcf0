"""Whether the program answers the same on other processors: `python -m benchmarks.processors`.

Each setting lets numpy and OpenBLAS compute as on another kind of processor, if this one can.
Under each the tests of computing and of the API of comparisons pass, and the API, the page, the CSV
and the command answer in the same bytes. By hand, before a release.
"""

import asyncio
import hashlib
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from app import create_app
from benchmarks import machine

KERNELS: Final = {"Nehalem": "sse4_2", "Haswell": "avx2", "SkylakeX": "avx512f"}
"""OpenBLAS's kernels, and the processor's flag that each needs."""
FEATURES: Final = ("X86_V4 AVX512_ICL", "X86_V3 X86_V4 AVX512_ICL")
"""Names of numpy 2.4; those of earlier versions would disable nothing."""
TESTS: Final = ("tests/engine", "tests/parts/tables", "tests/views/comparing/test_compare_api.py")
_SAYWHO: Final = ("-c", "from app.cli import main; main()")
_OF_NOW: Final = re.compile(rb'<time[^>]*>[^<]*</time>|"made_at": *"[^"]*"')
"""What tells the moment of an answer."""
_AUTHOR: Final = "saltmarsh_light"
_WORDS: Final = ("tide", "boat", "lamp", "rope", "sail", "fog", "wind", "pier", "tea", "gull")
_TEXTS: Final = (
    "Fog on the river again, and the last ferry is late. I made tea.",
    "오늘은 안개가 많이 껴서 배가 늦어요 ㅋㅋ 빵이나 먹을까요?",
)


def settings() -> Iterator[dict[str, str]]:
    """Yield the variables of each kind of processor that this one can stand for."""
    if platform.machine() not in {"x86_64", "AMD64"} or not Path("/proc/cpuinfo").exists():
        return
    flags = Path("/proc/cpuinfo").read_text().split()
    yield from ({"OPENBLAS_CORETYPE": kernel} for kernel, flag in KERNELS.items() if flag in flags)
    yield from ({"NPY_DISABLE_CPU_FEATURES": names} for names in FEATURES)


@contextmanager
def site() -> Iterator[Path]:
    """Yield a data folder with the sample, in which all maintenance is done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(folder, {}, *_SAYWHO, "demo")
        chat = folder / "WhatsApp Chat with Pier.txt"
        chat.write_text("\n".join(_chat()), encoding="utf-8")
        _run(folder, {}, *_SAYWHO, "import", "--publish", str(chat))
        answers(folder, {})
        yield folder


def _chat() -> Iterator[str]:
    """Yield the lines of a chat of three people."""
    draw = random.Random(1)
    ways = {"Li": "honestly the {} is wet", "Pilot": "the {} is late!!", "Mate": "no {} for me :)"}
    for number in range(600):
        name, way = [*ways.items()][number % 3]
        words = draw.choices(_WORDS, k=6)
        said = f"{way.format(words[0])} {' '.join(words[1:])}"
        yield f"11/{1 + number // 24}/24, {number % 24:02}:05 - {name}: {said}"


def answers(folder: Path, setting: dict[str, str]) -> dict[str, list[Any]]:
    """Return the status, ETag and hash of each answer under a setting, except for times."""
    printed = _run(folder, setting, "-m", "benchmarks.processors", "answers").stdout
    made: dict[str, list[Any]] = json.loads(printed.splitlines()[-1])
    for text in _TEXTS:
        done = _run(folder, setting, *_SAYWHO, "compare", text, "--json")
        made[f"compare {text}"] = [done.returncode, None, _digest(done.stdout)]
    return made


def _digest(answer: bytes | str) -> str:
    data = answer.encode() if isinstance(answer, str) else answer
    return hashlib.sha256(_OF_NOW.sub(b"", data)).hexdigest()


def _run(
    folder: Path, setting: dict[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    own = {"SAYWHO_DATA_DIR": str(folder), "SAYWHO_PUBLIC": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=machine.ROOT,
        env=machine.environment(own | setting),
        check=True,
        text=True,
        capture_output=True,
    )


async def _print_answers() -> None:
    made = {}
    app = create_app()
    async with app.test_app():
        client = app.test_client()
        listed = await (await client.get("/api/v1/users")).get_json()
        names = [user["username"] for user in listed["items"]]
        for path in _paths(names):
            response = await client.get(path)
            etag = response.headers.get("ETag") if path.startswith("/api/") else None
            made[path] = [response.status_code, etag, _digest(await response.get_data())]
        form = {"kind": "lines", "lines": "\n".join(_TEXTS), "username": names[0], "as": "csv"}
        lines = "\n".join(json.dumps({"text": text}) for text in _TEXTS * 10)
        batch = {"data": lines, "headers": {"Content-Type": "application/x-ndjson"}}
        for path, body in (
            ("/compare/table", {"form": form}),
            (f"/api/v1/compare/batch?{urlencode({'username': _AUTHOR, 'share': '0.1'})}", batch),
            ("/api/v1/compare/batch?one_hand=1", batch),
        ):
            response = await client.post(path, **body)
            made[path] = [response.status_code, None, _digest(await response.get_data())]
    sys.stdout.write(f"\n{json.dumps(made)}\n")


def _paths(names: list[str]) -> Iterator[str]:
    for text in _TEXTS:
        for compared in ([], names[:1], names[:3]):
            query = urlencode([("text", text), *(("username", name) for name in compared)])
            yield f"/api/v1/compare?{query}"
            yield f"/compare?{query}"
        yield f"/api/v1/search?{urlencode({'q': text[:8]})}"
    for name in names[:3]:
        yield f"/api/v1/users/{urlencode({'': name})[1:]}/portrait"
    yield from (f"/api/v1/tweets/{number}/similar" for number in (1, 100, 400))


def main() -> int:
    if sys.argv[1:] == ["answers"]:
        asyncio.run(_print_answers())
        return 0
    failed = []
    with site() as folder:
        usual = answers(folder, {})
        for setting in settings():
            name = " ".join(f'{key}="{value}"' for key, value in setting.items())
            other = answers(folder, setting)
            differ = [each for each in usual if usual[each] != other[each]]
            tests = [sys.executable, "-m", "pytest", "-q", "-n0", *TESTS]
            passed = subprocess.run(tests, env=os.environ | setting).returncode == 0
            print(f"{name}: {len(usual) - len(differ)} of {len(usual)} answers the same", *differ)
            if differ or not passed:
                failed.append(name)
    print("\n".join(f"failed: {name}" for name in failed) or "the same everywhere")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
