"""How often people of short messages are called likely: for strange texts, and for their own.

`python -m benchmarks.short_messages [DATA=FILE] [CHAT…] [--base COMMIT]`

Small sites are drawn: two, three or nine people, each with a habit of so many words a message and
so many messages, some beside an author of whole posts. FILE has posts as `make accuracy` takes
them, which are cut to messages; without `split`, the newest quarter of an author is asked about.
CHAT is an export of a chat app: its people keep their own messages. Without FILE the sample authors
are cut. People are asked about whom nobody was fitted on: an author of FILE who is shipped with the
program is left out of the shipped authors wherever he is here, or writes the text.

Asked are whole posts of strangers, texts in other languages, code, numbers, emoji and links;
messages of strangers with the same habit or from the same chat; and the people's own newest
messages, alone, in sets, and joined to one text. Prints the share called likely; with
`--base`, first that of an earlier commit for the same questions.
"""

import argparse
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, cast

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec
import numpy as np

from benchmarks import machine, strange_texts
from benchmarks.open_trials import Author, fitted
from benchmarks.paired import checkout, imports_of
from saywho.engine.case import query_of_texts
from saywho.engine.features import EMPTY
from saywho.engine.judgement import judge
from saywho.engine.population import Population, Shipped
from saywho.engine.profiles import profile_of
from saywho.formats.records import Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.population import shipped_authors
from saywho.text import guess_language, own_words

HABITS: Final = (1, 1.5, 2, 3, 4, 6, 10, 20)
"""Words a message; 1.5: one or two."""
KNOWN: Final = (25, 50, 100, 300)
"""Messages known of a person."""
SIZES: Final = (2, 3, 9)
"""People of a site."""
ARCHIVE: Final = 300
LENGTHS: Final = (5, 10, 20, 50, 200)
"""Words of a text by someone who is a stranger in any case."""
SETS: Final = (1, 5, 20, 50)
FEWEST_IN_CELL: Final = 300
SAMPLES: Final = Path(__file__).parents[1] / "app" / "sample"
_NO_MESSAGE: Final = re.compile(r"https?://\S+|[@#]\w+|&\w+;")


class Person(NamedTuple):
    language: str
    known: list[str]
    """Oldest first."""
    asked: list[str]
    circle: str = ""
    """The chat's file, whose messages are asked about as they are."""
    totals: tuple[int, ...] = ()
    """Features of all posts, by which a shipped author is known again."""


class Question(msgspec.Struct, frozen=True):
    column: str
    length: str
    names: list[str]
    named: str
    target: str
    texts: list[str]
    is_own: bool
    habit: str
    known: int


class Site(msgspec.Struct, frozen=True):
    language: str
    people: dict[str, tuple[str | None, list[str]]]
    left_out: list[tuple[int, ...]]
    questions: list[Question]


# --- People ---


def posts_of(path: Path) -> dict[str, Person]:
    """Return the authors of a file of posts. Raises OSError, and ValueError naming a line."""
    rows: dict[str, list[tuple[str, str | None, str]]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                author, text = str(row.get("author") or row["username"]), str(row["text"])
            except (ValueError, LookupError, AttributeError):
                raise ValueError(f"line {number} is not a post with an author") from None
            rows[author].append((text, row.get("split"), row.get("lang") or ""))
    people = {}
    for author, posts in rows.items():
        texts, language = [text for text, _, _ in posts], posts[0][2]
        known = [text for text, split, _ in posts if split == "train"]
        asked = [text for text, split, _ in posts if split == "test"]
        if not asked:
            known, asked = texts[: len(texts) * 3 // 4], texts[len(texts) * 3 // 4 :]
        most_shipped = 200
        totals = tuple(profile_of(texts[-most_shipped:]).totals.tolist())
        language = language or guess_language(" ".join(texts[:50])) or "en"
        people[author] = Person(language, known, asked, totals=totals)
    return people


def sample_posts() -> dict[str, Person]:
    people: dict[str, Person] = {}
    for path in sorted(SAMPLES.glob("*.jsonl")):
        people |= {f"{path.stem} {name}": each for name, each in posts_of(path).items()}
    return people


def chat_people(path: Path) -> dict[str, Person]:
    """Return the people of a chat with enough messages. Raises OSError and AppError."""
    said: dict[str, list[str]] = defaultdict(list)
    with Source(path) as source:
        for item in open_records(source).items:
            if isinstance(item, Record) and item.username and item.text.strip():
                said[item.username].append(item.text)
    language = guess_language("\n".join(itertools.chain.from_iterable(said.values()))) or "en"
    few = 60
    return {
        f"{path.name} {name}": Person(
            language, texts[: len(texts) * 3 // 4], texts[len(texts) * 3 // 4 :], path.name
        )
        for name, texts in said.items()
        if len(texts) >= few
    }


def cut(posts: Sequence[str], words: float, chance: random.Random) -> list[str]:
    """Return messages of so many words, one or several of each post."""
    messages = []
    for post in posts:
        rest = _NO_MESSAGE.sub(" ", post).split()[chance.randrange(3) :]
        for _ in range(3):  # Some posts have hundreds of words.
            size = chance.choice((1, 2)) if words == 1.5 else int(words)
            if rest:
                messages.append(" ".join(rest[:size]))
                rest = rest[size + chance.randrange(1 + 2 * size) :]
    return messages


def long_text(posts: Sequence[str], words: int, chance: random.Random) -> str:
    some: list[str] = []
    for post in chance.sample(posts, len(posts)):
        some += own_words(post).split()
        if len(some) >= words:
            break
    return " ".join(some[:words])


# --- Sites ---


def sites(people: Mapping[str, Person], count: int, seed: int) -> Iterator[Site]:
    """Yield sites of people who are cut, in turns of each language."""
    languages = Counter(each.language for each in people.values())
    for number in range(count):
        for language in sorted(language for language, some in languages.items() if some >= 4):
            yield _site(people, language, random.Random(f"{seed} {language} {number}"))


def _site(people: Mapping[str, Person], language: str, chance: random.Random) -> Site:
    names = sorted(name for name, each in people.items() if each.language == language)
    size = min(chance.choice(SIZES), len(names) - 2)
    drawn = chance.sample(names, min(len(names), size + 7))
    members, archive, strangers = drawn[:size], drawn[size], drawn[size + 1 :]
    habits: dict[str, float] = {name: chance.choice(HABITS) for name in members}
    known = {name: chance.choice(KNOWN) for name in members}
    here: dict[str, tuple[str | None, list[str]]] = {}
    for name in members:
        messages = cut(people[name].known, habits[name], chance)
        known[name] = min(known[name], len(messages))
        here[name] = (_tag(language), messages[-known[name] :])
    if chance.random() < 0.4:
        here[archive] = (language, list(people[archive].known[-ARCHIVE:]))
    questions: list[Question] = []
    for target in chance.sample(members, min(3, size)):
        asked = list(_asked_of_cut(people, language, target, habits[target], strangers, chance))
        questions += _questions(asked, target, list(here), habits[target], known[target], chance)
    left_out = [people[name].totals for name in (*here, *strangers)]
    return Site(language, here, left_out, questions)


def _tag(language: str) -> str | None:
    return "ko" if language == "ko" else None


Asked = tuple[str, str, list[str], bool]
"""Column, length, texts by one hand, and whether they are the person's own."""


def _asked_of_cut(
    people: Mapping[str, Person],
    language: str,
    target: str,
    habit: float,
    strangers: Sequence[str],
    chance: random.Random,
) -> Iterator[Asked]:
    yield from _strange(people, language, [people[name].asked for name in strangers], chance)
    for size in SETS[:3]:
        messages = cut(people[chance.choice(strangers)].asked, habit, chance)
        yield "habit", f"{size}m", _some(messages, size, chance), False
    other = chance.choice([each for each in (3, 6, 10) if each != habit])
    messages = cut(people[chance.choice(strangers)].asked, other, chance)
    yield "other habit", "20m", _some(messages, 20, chance), False
    yield from _own(cut(people[target].asked, habit, chance), chance)


def _strange(
    people: Mapping[str, Person],
    language: str,
    posts: Sequence[Sequence[str]],
    chance: random.Random,
) -> Iterator[Asked]:
    for words in LENGTHS:
        yield "same", f"{words}w", [long_text(chance.choice(posts), words, chance)], False
    for kind, draw in chance.sample(list(strange_texts.KINDS.items()), 4):
        words = chance.choice(LENGTHS[1:])
        yield kind, f"{words}w", [draw(words, chance)], False
    foreign = [name for name, each in sorted(people.items()) if each.language != language]
    if foreign:
        for words in chance.sample(LENGTHS, 2):
            text = long_text(people[chance.choice(foreign)].asked, words, chance)
            yield "ko/en", f"{words}w", [text], False


def _own(messages: Sequence[str], chance: random.Random) -> Iterator[Asked]:
    for size in SETS:
        if len(messages) >= size:
            yield "own", f"{size}m", _some(messages, size, chance), True
    joined = "\n".join(chance.sample(messages, min(20, len(messages))))
    yield "own joined", "20m", [joined], True


def _some(messages: Sequence[str], size: int, chance: random.Random) -> list[str]:
    return chance.sample(messages, min(size, len(messages)))


def _questions(
    asked: Sequence[Asked],
    target: str,
    here: Sequence[str],
    habit: float,
    known: int,
    chance: random.Random,
) -> Iterator[Question]:
    rest = [name for name in here if name != target]
    named = {"alone": [target], "two": [target, chance.choice(rest)]}
    if len(here) > 2:
        named["all"] = list(here)
    for column, length, texts, is_own in asked:
        distinct = list(dict.fromkeys(text for text in texts if text.strip()))
        if distinct:
            for how, names in named.items():
                yield Question(
                    column, length, names, how, target, distinct, is_own, f"{habit:g}", known
                )


def chat_sites(
    people: Mapping[str, Person], posts: Mapping[str, Person], count: int, seed: int
) -> Iterator[Site]:
    """Yield sites of people of real chats; posts: of other people, to ask about."""
    for language in sorted({each.language for each in people.values()}):
        some = {name: each for name, each in people.items() if each.language == language}
        writers = [each.asked for each in posts.values() if each.language == language]
        if len(some) >= 4 and writers:
            for number in range(count):
                chance = random.Random(f"{seed} chat {language} {number}")
                yield _chat_site(some, posts, writers, language, chance)


def _chat_site(
    some: Mapping[str, Person],
    posts: Mapping[str, Person],
    writers: Sequence[Sequence[str]],
    language: str,
    chance: random.Random,
) -> Site:
    circle = chance.choice(sorted({each.circle for each in some.values()}))
    of_chat = sorted(name for name, each in some.items() if each.circle == circle)
    others = sorted(name for name, each in some.items() if each.circle != circle)
    # Someone of the chat stays away, so that a stranger of the same chat can be asked about.
    members = chance.sample(of_chat, max(1, len(of_chat) - 1))
    members += chance.sample(others, max(0, min(chance.choice(SIZES), 9) - len(members)))
    absent = [name for name in of_chat if name not in members]
    known = {name: min(chance.choice(KNOWN), len(some[name].known)) for name in members}
    here = {name: (_tag(language), some[name].known[-known[name] :]) for name in members}
    questions: list[Question] = []
    strangers = [name for name in others if name not in members]
    for target in chance.sample(members, min(3, len(members))):
        if len(members) < 2:
            continue
        habit = _habit_of(some[target].known)
        asked = list(_strange(posts, language, writers, chance))
        for column, whose in (("same chat", absent), ("other chat", strangers)):
            if whose and (column == "other chat" or some[target].circle == circle):
                messages = some[chance.choice(whose)].asked
                asked += [
                    (column, f"{size}m", _some(messages, size, chance), False) for size in SETS[:3]
                ]
                joined = "\n".join(_some(messages, 20, chance))
                asked.append(("chat joined", "20m", [joined], False))
        asked += _own(some[target].asked, chance)
        questions += _questions(asked, target, list(here), habit, known[target], chance)
    return Site(language, dict(here), [], questions)


def _habit_of(messages: Sequence[str]) -> float:
    mean = sum(len(text.split()) for text in messages) / len(messages)
    return min(HABITS, key=lambda habit: abs(np.log(habit / max(mean, 0.5))))


# --- Answers ---

NO, RIGHT, WRONG = range(3)


def answers(site: Site) -> list[int]:
    """Return whether somebody is called likely for each question, and whether rightly."""
    authors = {
        # Someone whose language nobody states may write any language but Korean.
        name: Author(cast(str, language), known, [])
        for name, (language, known) in site.people.items()
    }
    profiles = {name: profile_of(author.known) for name, author in authors.items()}
    shipped = _shipped_without([tuple(row) for row in site.left_out])
    corpus = fitted(authors, profiles, list(authors), shipped)
    found, texts, query = [], list[str](), EMPTY
    for question in site.questions:
        if question.texts != texts:
            texts, query = question.texts, query_of_texts(question.texts)
        case = corpus.case(texts, question.names)
        judgement = judge(replace(case, known_ranking=case.rank(query)))
        is_right = question.is_own and question.names[judgement.order[0]] == question.target
        found.append((RIGHT if is_right else WRONG) if judgement.verdict == "likely" else NO)
    return found


@cache
def _all_shipped() -> Shipped:
    return shipped_authors()


def _shipped_without(left_out: Sequence[tuple[int, ...]]) -> Shipped:
    shipped, gone = _all_shipped(), set(left_out)
    populations = {
        language: _without(population, gone) for language, population in shipped.populations.items()
    }
    if all(len(populations[each]) == len(shipped.populations[each]) for each in populations):
        return shipped
    return replace(shipped, populations=populations)


def _without(population: Population, gone: set[tuple[int, ...]]) -> Population:
    is_kept = np.array([tuple(row) not in gone for row in population.totals.tolist()])
    if is_kept.all():
        return population
    uses = is_kept[population.owners]
    features = np.arange(population.keys.size).repeat(np.diff(population.edges))[uses]
    sizes = np.bincount(features, minlength=population.keys.size)
    is_used = sizes > 0
    return replace(
        population,
        members=tuple(itertools.compress(population.members, is_kept.tolist())),
        totals=population.totals[is_kept],
        keys=population.keys[is_used],
        edges=np.concatenate(([0], np.cumsum(sizes[is_used]))).astype(np.intp),
        owners=(np.cumsum(is_kept) - 1)[population.owners[uses]].astype(np.uint16),
        amounts=population.amounts[uses],
    )


def answer_file(path: Path) -> None:
    """Print the answers to the sites of a file, a line for each."""
    lines = path.read_bytes().splitlines()
    with ProcessPoolExecutor(max_workers=len(machine.cores())) as pool:
        for found in pool.map(_answers_of_line, lines, chunksize=4):
            print(json.dumps(found), flush=True)


def _answers_of_line(line: bytes) -> list[int]:
    return answers(msgspec.json.decode(line, type=Site))


def answered(path: Path, root: Path) -> list[list[int]]:
    """Return what the program in `root` answers to the sites of a file."""
    command = (sys.executable, "-m", "benchmarks.short_messages", "--answer", str(path))
    done = subprocess.run(
        command,
        env=machine.environment(imports_of(root)),
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- Tables ---

Trial = tuple[Question, str, tuple[int, ...]]
"""A question, its language, and what each program answered."""
STRANGE: Final = (*strange_texts.KINDS, "ko/en")
ROWS: Final[Mapping[str, Callable[[Question], str]]] = {
    "words a message": lambda question: question.habit,
    "messages": lambda question: str(min(KNOWN, key=lambda some: abs(some - question.known))),
    "length": lambda question: question.length,
    "named": lambda question: question.named,
    "text": lambda question: question.column,
}


def print_tables(trials: Sequence[Trial]) -> None:
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial[1]].append(trial)
    for group, some in sorted(groups.items()):
        columns = list(dict.fromkeys(_column(question) for question, _, _ in some))
        print(f"\n## {group}: {len(some):,} questions, likely in per cent\n")
        for title, row_of in ROWS.items():
            _print_table(title, columns, row_of, some)
        _print_cells(some)


def _column(question: Question) -> str:
    return "strange" if question.column in STRANGE else question.column


def _print_table(
    title: str, columns: Sequence[str], row_of: Callable[[Question], str], some: Sequence[Trial]
) -> None:
    cells: dict[tuple[str, str], list[tuple[Question, tuple[int, ...]]]] = defaultdict(list)
    for question, _, found in some:
        cells[row_of(question), _column(question)].append((question, found))
        if title != "text":
            cells["all", _column(question)].append((question, found))
    print(f"| {title} | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}")
    for row in sorted({row for row, _ in cells}, key=_order):
        shares = [_share(cells.get((row, column), [])) for column in columns]
        print(f"| {row} | {' | '.join(shares)} |")
    print()


def _order(row: str) -> tuple[bool, float, str]:
    number = re.match(r"[\d.]+", row)
    return row == "all", float(number[0]) if number else 0.0, row


def _share(some: Sequence[tuple[Question, tuple[int, ...]]]) -> str:
    if not some:
        return "–"
    return " → ".join(
        f"{100 * np.mean([_hits(question, found[k]) for question, found in some]):.1f}"
        for k in range(len(some[0][1]))
    )


def _hits(question: Question, answer: int) -> bool:
    return answer == RIGHT if question.is_own else answer != NO


def _print_cells(some: Sequence[Trial]) -> None:
    """Print how many cells of enough questions pass the promised shares, and the worst ones."""
    cells: dict[tuple[str, ...], list[tuple[int, ...]]] = defaultdict(list)
    titles = [title for title in ROWS if title != "text"]
    for question, _, found in some:
        if question.is_own:
            continue
        parts = {title: ROWS[title](question) for title in titles}
        for size in (1, 2, 3):
            for chosen in itertools.combinations(titles, size):
                key = (_column(question), *(f"{title} {parts[title]}" for title in chosen))
                cells[key].append(found)
    large = {key: rows for key, rows in cells.items() if len(rows) >= FEWEST_IN_CELL}
    for column, limit in _limits(large):
        rows = {key: _rates(found) for key, found in large.items() if key[0] == column}
        passed = [sum(each[k] > limit for each in rows.values()) for k in range(_programs(rows))]
        worst = max(rows.items(), key=lambda each: each[1][-1])
        print(
            f"{column}: {len(rows)} cells, above {100 * limit:.1f} %: "
            f"{' → '.join(map(str, passed))}; now at most "
            f"{100 * worst[1][-1]:.1f} % ({', '.join(worst[0][1:])}; {len(large[worst[0]])})"
        )
    wrong = [
        [found[k] == WRONG for q, _, found in some if q.is_own] for k in range(len(some[0][2]))
    ]
    print("a wrong person for one's own messages:", _percents(wrong))


def _limits(cells: Mapping[tuple[str, ...], object]) -> list[tuple[str, float]]:
    return [
        (column, 0.015 if column == "strange" else 0.03)
        for column in sorted({key[0] for key in cells})
    ]


def _programs(rows: Mapping[tuple[str, ...], Sequence[float]]) -> int:
    return len(next(iter(rows.values())))


def _rates(found: Sequence[tuple[int, ...]]) -> list[float]:
    return [float(np.mean([row[k] != NO for row in found])) for k in range(len(found[0]))]


def _percents(sides: Sequence[Sequence[bool]]) -> str:
    return " → ".join(f"{100 * np.mean(side):.2f} %" for side in sides if side)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where a file cannot be used."""
    options = _options(argv)
    if options.answer:
        answer_file(options.answer)
        return 0
    files = [name.removeprefix("DATA=") for name in options.files if name.startswith("DATA=")]
    try:
        posts = posts_of(Path(files[0])) if files else sample_posts()
        chats: dict[str, Person] = {}
        for name in options.files:
            if not name.startswith("DATA="):
                chats |= chat_people(Path(name))
    except (OSError, ValueError) as error:
        print(f"short_messages: {error}", file=sys.stderr)
        return 2
    drawn = []
    if options.only != "chats":
        cut_sites = sites(posts, options.sites, options.seed)
        drawn += [("posts cut, " + site.language, site) for site in cut_sites]
    if options.only != "posts":
        of_chats = chat_sites(chats, posts, options.sites, options.seed)
        drawn += [("chats, " + site.language, site) for site in of_chats]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sites.jsonl"
        path.write_bytes(b"\n".join([msgspec.json.encode(site) for _, site in drawn]))
        roots = [machine.ROOT]
        if options.base:
            roots.insert(0, checkout(options.base, Path(folder)))
            for name in ("short_messages.py", "strange_texts.py"):
                shutil.copy(Path(__file__).with_name(name), roots[0] / "benchmarks")
        sides = [answered(path, root) for root in roots]
    trials = [
        (question, label, tuple(side[place][k] for side in sides))
        for place, (label, site) in enumerate(drawn)
        for k, question in enumerate(site.questions)
    ]
    print(f"{len(posts)} authors of posts, {len(chats)} people of chats, {len(drawn)} sites")
    print_tables(trials)
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="short_messages", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="DATA=FILE or CHAT")
    parser.add_argument("--base", metavar="COMMIT", help="an earlier commit to compare with")
    parser.add_argument("--sites", type=int, default=60, help="sites of each language (60)")
    parser.add_argument("--only", choices=("posts", "chats"), help="sites of one kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
