"""How often people of many languages are called likely: for strangers' texts, and for their own.

`python -m benchmarks.languages [FOLDER] [--base COMMIT] [--crowd PEOPLE]`

FOLDER has a file of JSON lines for each language (`pl.jsonl`): {text, author}. Without authors,
texts that follow each other are one person's, and repeated ones count once. `en.jsonl` and
`ko.jsonl` are the people beside whom the others are asked about. Without FOLDER they are sentences
of the Universal Declaration of Human Rights (`benchmarks/sentences/`), which is in nobody's
copyright.

Small sites are made, of three people of a language: alone, beside six English or six Korean people,
and beside both; and of nine people of it. Asked of each person, and of all together, are sentences
by others of the language, the people's own newest ones, and sentences in a language that the person
never wrote. Prints how many are called likely, and with `--base` first those of an earlier commit.

With `--crowd 9`, nine people of a language are drawn four times, nobody of which is then shipped,
and each of three is asked about alone: whether texts by others of the same file are theirs, and
their own newest. Then a file may be a kind of writing (`es-blog.jsonl`), or have all: {text,
author, lang, kind}. Nobody is a stranger whose texts stand next to the person's in one document.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import msgspec

from app.views.comparing.verdicts import UNKNOWN_LANGUAGE
from benchmarks import machine
from benchmarks.paired import checkout, imports_of
from saywho.engine.fitting import CorpusAuthor, chained, fit_corpus
from saywho.engine.judgement import FURTHER_LIKELY, judge
from saywho.engine.population import Shipped
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from saywho.text import has_words

SENTENCES: Final = Path(__file__).with_name("sentences")
BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "alone": (),
    "beside English": ("en",),
    "beside Korean": ("ko",),
    "beside both": ("en", "ko"),
}
FEW: Final = 3
MANY: Final = 9
"""People of the language in a site; the second number makes ratios possible."""
OTHERS: Final = 6
"""People of each other language."""
MOST_KNOWN: Final = 250
FEWEST_KNOWN: Final = 25
"""Sentences of a person."""
ASKED: Final = 15
"""Newest sentences of each person that are asked about."""
STRANGE: Final = 45
FOREIGN: Final = 3
"""Sentences of each other language that are asked about a person."""
DRAWS: Final = 4
"""Sites of each kind of crowd."""
WRITERS: Final = 15
TEXTS: Final = 3
"""Texts of so many others that are asked about a crowd, and half as many sets of five."""
FIVE: Final = 5
PIECES: Final = 40
"""People of a crowd whom a document by nobody is cut into, with at least 45 texts each."""


class Person(NamedTuple):
    known: list[str]
    asked: list[str]
    place: int | None = None
    """Of this piece of a document, if no author is known."""

    def is_beside(self, other: "Person") -> bool:
        """Return whether both are pieces next to each other, which may be by one author."""
        if self.place is None or other.place is None:
            return False
        return abs(self.place - other.place) <= 1


class Asked(msgspec.Struct, frozen=True):
    kind: str
    """`strange`, `own` or `foreign`."""
    text: str
    named: list[str]
    further: list[str] = []
    """More texts by the same person."""


class Site(msgspec.Struct, frozen=True):
    language: str
    label: str
    people: dict[str, list[str]]
    korean: list[str]
    """Names of the people whose posts are Korean, as the program tells by their letters."""
    questions: list[Asked]
    unshipped: str = ""
    """Language whose shipped people are left out."""


class Sentences(NamedTuple):
    """What is known of a language."""

    people: list[Person]
    strange: list[str]
    """By nobody of the people."""


def read(folder: Path) -> dict[str, Sentences]:
    """Return the people of each language. Raises OSError and ValueError."""
    found = {}
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        if not rows:
            raise ValueError(f"{path.name} has no lines")
        found[path.stem] = _divided(rows)
    if not {"en", "ko"} < found.keys():
        raise ValueError("needs en.jsonl, ko.jsonl and another language")
    return found


def _divided(rows: Sequence[Mapping[str, str]]) -> Sentences:
    texts = defaultdict[str, list[str]](list)
    for row in rows:
        if has_words(row["text"]):
            texts[row.get("author", "")].append(row["text"])
    everything = list(dict.fromkeys(texts.pop("", [])))
    strange = everything[-min(STRANGE, len(everything) // 5) :] if everything else []
    del everything[len(everything) - len(strange) :]
    size = max(FEWEST_KNOWN + 5, min(MOST_KNOWN + ASKED, len(everything) // MANY))
    whole = [everything[start : start + size] for start in range(0, len(everything), size)]
    whole += texts.values()
    people = [_person(posts) for posts in whole if len(posts) >= FEWEST_KNOWN + 5]
    if not strange:  # The last authors are the strangers.
        strange = [text for each in people[MANY:] for text in each.asked]
        people = people[:MANY]
    return Sentences(people, strange[:STRANGE])


def _person(posts: Sequence[str], place: int | None = None) -> Person:
    asked = min(ASKED, len(posts) - FEWEST_KNOWN)
    return Person(list(posts[:-asked][-MOST_KNOWN:]), list(posts[-asked:]), place)


def read_people(folder: Path) -> dict[str, list[Person]]:
    """Return all people of each language, or kind of writing. Raises OSError and ValueError."""
    texts = defaultdict[str, defaultdict[str, list[str]]](lambda: defaultdict(list))
    for path in sorted(folder.glob("*.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            kind = "-".join(filter(None, (row.get("lang", path.stem), row.get("kind"))))
            if has_words(row["text"]):
                texts[kind][row.get("author", "")].append(row["text"])
    if not texts:
        raise ValueError("there is no file of JSON lines")
    return {kind: list(_people_of(of_each)) for kind, of_each in sorted(texts.items())}


def _people_of(texts: dict[str, list[str]]) -> Iterator[Person]:
    document = list(dict.fromkeys(texts.pop("", [])))
    size = min(max(FEWEST_KNOWN + ASKED + 5, len(document) // PIECES), MOST_KNOWN + ASKED)
    for place, end in enumerate(range(size, len(document) + 1, size)):
        yield _person(document[end - size : end], place)
    yield from (_person(posts) for posts in texts.values() if len(posts) >= FEWEST_KNOWN + 5)


def sites(found: Mapping[str, Sentences], seed: int = 1) -> Iterator[Site]:
    for language, sentences in found.items():
        chance = random.Random(f"{seed} {language}")
        foreign = [
            text
            for other, some in found.items()
            if other not in {language, "ko"} or language == "en"
            for text in chance.sample(some.strange, min(FOREIGN, len(some.strange)))
            if other != language
        ]
        for label, others in BESIDE.items():
            if language not in others:
                yield _site(found, language, label, FEW, others, foreign, chance)
        if len(sentences.people) >= MANY:
            yield _site(found, language, "nine of them", MANY, ("en",), foreign, chance)


def _site(
    found: Mapping[str, Sentences],
    language: str,
    label: str,
    count: int,
    others: Sequence[str],
    foreign: Sequence[str],
    chance: random.Random,
) -> Site:
    here = {f"{language}{n}": each for n, each in enumerate(found[language].people[:count])}
    people = {name: each.known for name, each in here.items()}
    for other in others:
        if other != language:
            some = found[other].people[:OTHERS]
            people |= {f"{other}{n}": each.known for n, each in enumerate(some)}
    asked_about = list(here)[:FEW]
    questions = [
        Asked("strange", text, named)
        for text in found[language].strange
        for named in [[name] for name in asked_about] + [asked_about]
    ]
    for name in asked_about:
        own = here[name].asked
        questions += [Asked("own", text, [name]) for text in own]
        questions += [Asked("own of all", text, [name, *_rest(here, name)]) for text in own]
    questions += [Asked("foreign", text, [chance.choice(asked_about)]) for text in foreign]
    korean = [name for name in people if name.startswith("ko")]
    return Site(language, label, people, korean, questions)


def crowds(found: Mapping[str, Sequence[Person]], size: int, seed: int = 1) -> Iterator[Site]:
    """Yield sites of so many people of each language, without those whose threshold was measured
    with shipped people (`benchmarks.shipped_languages`).
    """
    for kind, people in found.items():
        language = kind.partition("-")[0]
        if language in FURTHER_LIKELY or len(people) < size + 2:
            continue
        for draw in range(DRAWS):
            chance = random.Random(f"{seed} {kind} {size} {draw}")
            here = chance.sample(people, len(people))
            questions = list(_asked_of_crowd(here[:FEW], here[size:], chance))
            for label, others in BESIDE.items():
                if len(others) > 1 or language in others:
                    continue
                known = {f"person{n}": each.known for n, each in enumerate(here[:size])}
                korean = list(known) if language == "ko" else []
                for other in others:
                    some = [each for name, each in _all_of(found) if name.startswith(other)]
                    drawn = chance.sample(some, min(OTHERS, len(some)))
                    known |= {f"{other}{n}": each.known for n, each in enumerate(drawn)}
                    korean += [name for name in known if name.startswith("ko")]
                yield Site(kind, label, known, korean, questions, language)


def _all_of(found: Mapping[str, Sequence[Person]]) -> Iterator[tuple[str, Person]]:
    return ((name, each) for name, people in found.items() for each in people)


def _asked_of_crowd(
    named: Sequence[Person], others: Sequence[Person], chance: random.Random
) -> Iterator[Asked]:
    """Yield questions about each of these alone: others' texts, and their own newest."""
    writers = chance.sample(others, min(WRITERS, len(others)))
    for number, person in enumerate(named):
        name = [f"person{number}"]
        yield from (Asked("own", text, name) for text in person.asked)
        for kind, writer in [("own", person)] * TEXTS + [("strange", each) for each in writers]:
            if kind == "strange" and writer.is_beside(person):
                continue
            if kind == "strange":
                texts = chance.sample(writer.asked, min(TEXTS, len(writer.asked)))
                yield from (Asked(kind, text, name) for text in texts)
            if len(writer.asked) >= FIVE:
                first, *rest = chance.sample(writer.asked, FIVE)
                yield Asked(f"five {kind}", first, name, rest)


def _rest(here: Mapping[str, Person], name: str) -> list[str]:
    return [each for each in here if each != name]


def answers(site: Site) -> list[str]:
    """Return the verdict of each question, `no ratio` where it would be a guess."""
    shipped, left_out = shipped_authors(), {site.unshipped}
    corpus = fit_corpus(
        {
            name: CorpusAuthor(
                profile_of(posts),
                chained(enumerate(posts[::-1]), {}),
                "ko" if name in site.korean else None,
            )
            for name, posts in site.people.items()
        },
        Shipped(
            {each: shipped.populations[each] for each in shipped.populations.keys() - left_out},
            "",
            shipped.chatters,
            shipped.further,
        )
        if site.unshipped
        else shipped,
    )
    found = []
    for asked in site.questions:
        judgement = judge(corpus.case([asked.text, *asked.further], asked.named))
        is_named = asked.kind != "own of all" or judgement.order[0] == 0
        is_likely = judgement.verdict == "likely"
        wrong = "likely" if is_named else "wrong"
        found.append(
            wrong if is_likely else "no ratio" if judgement.none is None else judgement.verdict
        )
    return found


def answer_file(path: Path) -> None:
    """Print the answers to the sites of a file, a line for each."""
    with ProcessPoolExecutor(max_workers=len(machine.cores())) as pool:
        for found in pool.map(_answers_of_line, path.read_bytes().splitlines()):
            print(json.dumps(found), flush=True)


def _answers_of_line(line: bytes) -> list[str]:
    return answers(msgspec.json.decode(line, type=Site))


def answered(path: Path, root: Path) -> list[list[str]]:
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks.languages", "--answer", str(path)),
        env=machine.environment(imports_of(root)),
        cwd=root,
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- Tables ---

KINDS: Final = ("strange", "foreign", "own", "own of all")


def print_tables(asked: Sequence[Site], sides: Sequence[Sequence[Sequence[str]]]) -> None:
    """Print, for each language and site, the share of answers that are likely."""
    cells = defaultdict[tuple[str, str, str], list[Counter[str]]](
        lambda: [Counter() for _ in sides]
    )
    for place, site in enumerate(asked):
        for number, side in enumerate(sides):
            for question, answer in zip(site.questions, side[place], strict=True):
                for language in (site.language, "all"):
                    cells[language, site.label, question.kind][number][answer] += 1
    labels = list(dict.fromkeys(site.label for site in asked))
    languages = [*dict.fromkeys(site.language for site in asked), "all"]
    print(f"| language | site | {' | '.join(KINDS)} | no ratio | wrong |")
    print(f"|{' --- |' * (len(KINDS) + 4)}")
    for language in languages:
        for label in labels:
            row = [
                cells[language, label, kind] for kind in KINDS if (language, label, kind) in cells
            ]
            if not row:
                continue
            shown = [_shown(counts, "likely") for counts in row]
            together = [
                sum((counts[n] for counts in row), Counter[str]()) for n in range(len(sides))
            ]
            shown += [_shown(together, "no ratio"), _shown(together, "wrong")]
            print(f"| {language} | {label} | {' | '.join(shown)} |")


def print_crowds(
    people: Mapping[str, Sequence[Person]],
    asked: Sequence[Site],
    sides: Sequence[Sequence[Sequence[str]]],
) -> None:
    """Print, for each language, the shares of strangers who are likely on each site, and of own
    texts on the sites of this language alone.
    """
    cells = defaultdict[tuple[str, str, str], list[Counter[str]]](
        lambda: [Counter() for _ in sides]
    )
    for place, site in enumerate(asked):
        for number, side in enumerate(sides):
            for question, answer in zip(site.questions, side[place], strict=True):
                cells[site.language, site.label, question.kind][number][answer] += 1
    labels = [label for label in BESIDE if any(site.label == label for site in asked)]
    columns = [("strange", label) for label in labels] + [
        (kind, "alone") for kind in ("own", "five strange", "five own")
    ]
    shown = [f"{kind}, {label}" for kind, label in columns]
    print(f"| language | people | asked: strange, own | {' | '.join(shown)} |")
    print(f"|{' --- |' * (len(columns) + 3)}")
    for language in dict.fromkeys(site.language for site in asked):
        row = [_shown(cells[language, label, kind], "likely") for kind, label in columns]
        sizes = [f"{cells[language, 'alone', kind][0].total():,}" for kind in ("strange", "own")]
        print(f"| {language} | {len(people[language])} | {', '.join(sizes)} | {' | '.join(row)} |")


def _shown(counts: Sequence[Counter[str]], answer: str) -> str:
    if not any(counts):
        return "–"
    return " → ".join(f"{100 * each[answer] / max(each.total(), 1):.1f}" for each in counts)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the folder cannot be used."""
    options = _options(argv)
    if options.answer:
        answer_file(options.answer)
        return 0
    found, people = dict[str, Sentences](), dict[str, list[Person]]()
    try:
        if options.crowd:
            people = read_people(options.folder)
        else:
            found = read(options.folder)
    except (OSError, ValueError, LookupError) as error:
        print(f"languages: {error}", file=sys.stderr)
        return 2
    every = crowds(people, options.crowd, options.seed) if people else sites(found, options.seed)
    drawn = [site for site in every if not options.only or site.language in options.only]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sites.jsonl"
        path.write_bytes(b"\n".join(map(msgspec.json.encode, drawn)))
        roots = [machine.ROOT]
        if options.base:
            roots.insert(0, checkout(options.base, Path(folder)))
            shutil.copy(Path(__file__), roots[0] / "benchmarks")
        sides = [answered(path, root) for root in roots]
    if people:
        print_crowds(people, drawn, sides)
        return 0
    for language, some in found.items():
        print(f"{language}: {len(some.people)} people, {len(some.strange)} sentences by others")
    print_tables(drawn, sides)
    print(f"Where there is no ratio, saywho says: “{UNKNOWN_LANGUAGE}”")
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="languages", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=SENTENCES, metavar="FOLDER")
    parser.add_argument("--base", metavar="COMMIT", help="an earlier commit to compare with")
    parser.add_argument("--crowd", type=int, metavar="PEOPLE", help="so many of each language")
    parser.add_argument("--only", action="append", metavar="LANGUAGE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
