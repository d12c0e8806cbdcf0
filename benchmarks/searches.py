"""What a search by the API costs, beside the same words in a plain FTS5 table of SQLite.

`python -m benchmarks.signed_in` prints it. 80,000 posts in made words and 20,000 in Korean ones are
stored; each search is for other words, so that nothing is kept. Plain is `MATCH` with the best 20,
and the number of all matches, in this process.
"""

import json
import random
import re
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx

from benchmarks import machine
from benchmarks.contestants import Server, ours, serving
from benchmarks.databases import TOKEN, Shape, copy, made_texts, username
from benchmarks.paired import imports_of
from tests.korean_words import forms

POSTS: Final = Shape("searched", 1_000, 80, has_profiles=True)
IN_KOREAN: Final = 20_000
ASKED: Final = 60
"""Requests of each kind, the first ten of which are not counted."""


def korean_texts() -> list[str]:
    """Return posts of six Korean words each, some words more often than others."""
    chance, words = random.Random(7), [*forms().values()]
    weights = [1 / (rank + 20) for rank in range(len(words))]
    written = [chance.choice(made) for made in chance.choices(words, weights, k=6 * IN_KOREAN)]
    return [" ".join(written[place : place + 6]) for place in range(0, len(written), 6)]


def asked() -> dict[str, list[list[str]]]:
    """Return the words of the searches of each kind."""
    chance, texts = random.Random(1), made_texts()
    found = {}
    for count, name in ((1, "one word"), (2, "two words"), (4, "four words")):
        drawn = (re.findall("[a-z]{2,}", chance.choice(texts)) for _ in range(ASKED))
        found[name] = [chance.sample(words, count) for words in drawn]
    for name, is_verb in (("a Korean noun", False), ("a Korean verb", True)):
        words = [made[0] for word, made in forms().items() if word.endswith("다") == is_verb]
        found[name] = [[word] for word in words[:ASKED]]
    return found


def measured(root: Path, folder: Path, settle: Callable[[Server, httpx.Client], None]) -> None:
    """Print the cost of each kind of search with the code of a folder, in milliseconds."""
    path = copy(POSTS, folder)
    with ExitStack() as stack:
        program = ours(settings=imports_of(root))
        server = stack.enter_context(serving(program, path, folder, "/readyz"))
        client = stack.enter_context(httpx.Client(base_url=server.address, timeout=120))
        texts = korean_texts()
        for first in range(0, IN_KOREAN, 1_000):
            posts = ({"username": "korean", "text": text} for text in texts[first : first + 1_000])
            headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {TOKEN}"}
            content = "\n".join(map(json.dumps, posts))
            client.post("/api/v1/tweets", content=content, headers=headers).raise_for_status()
        settle(server, client)

        def cost(paths: Sequence[str]) -> float:
            for number, asked_for in enumerate(paths):
                if number == 10:
                    used = machine.cpu_s(server.pids)
                assert client.get(asked_for).status_code == 200, asked_for
            return 1_000 * (machine.cpu_s(server.pids) - used) / (len(paths) - 10)

        unit = cost([f"/api/v1/users/{username(number)}/tweets" for number in range(150)])
        plain = stack.enter_context(closing(sqlite3.connect(":memory:")))
        plain.execute("CREATE VIRTUAL TABLE posts USING fts5(text)")
        with closing(sqlite3.connect(path)) as stored:
            rows = stored.execute('SELECT id, text FROM "Tweet"')
            plain.executemany("INSERT INTO posts (rowid, text) VALUES (?, ?)", rows)
        print(f"{server.name}: a cold list takes {unit:.1f} ms")
        print("| search | by the API, ms | plain FTS5, ms | 2.5 times this and four lists, ms |")
        print("| --- | --: | --: | --: |")
        for name, kind in asked().items():
            paths = ["/api/v1/search?" + urlencode({"q": " ".join(words)}) for words in kind]
            beside = statistics.fmean(_plain_ms(plain, words) for words in kind)
            goal = 2.5 * beside + 4 * unit
            print(f"| {name} | {cost(paths):.1f} | {beside:.1f} | {goal:.1f} |")


def _plain_ms(plain: sqlite3.Connection, words: Sequence[str]) -> float:
    match, used = (" ".join(words),), time.process_time()
    best = "SELECT rowid FROM posts WHERE posts MATCH ? ORDER BY rank LIMIT 20"
    plain.execute(best, match).fetchall()
    plain.execute("SELECT count(*) FROM posts WHERE posts MATCH ?", match).fetchall()
    return 1_000 * (time.process_time() - used)
