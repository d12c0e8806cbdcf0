"""Patterns of the program on inputs made of their own beginnings: time grows as they do, and no
text is read in two ways.
"""

import ast
import importlib
import pkgutil
import re
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from random import Random
from time import process_time
from types import ModuleType
from typing import Any, Final, NamedTuple

import pytest

import app
import saywho
from tests.growth import FACTOR, MOST_GROWTH, growth

codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
SIZE: Final = 1_000
"""Characters of the smaller input."""
QUICK_S: Final = 0.02
"""The larger input in this time needs no second look: a quadratic pattern takes 8,000² steps."""
MOST_BEGINNINGS: Final = 20
MOST_LONGER: Final = 8
"""How many times as many characters an input has if its beginning is long: each may be a start."""
MATCHING: Final = ("match", "fullmatch")
SEARCHING: Final = ("search", "sub", "subn", "split", "findall", "finditer", "scanner")
MOST_S: Final = 1.0
"""Processor time for a few hundred characters: what can be read in two ways takes 2⁵⁰ steps."""
OFTEN: Final = 50
"""Repetitions of what a group matches; fewer are as quick to try in each way."""
DRAWS: Final = 40
SIGNS: Final = "a-: 0\n\t<>=\"'.,_/()[]{}#@*AZ한é"
REPEATS: Final = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def modules_of(name: str) -> Iterator[ModuleType]:
    """Yield a module and all inside it."""
    # Spark is no usual dependency, what Alembic runs is no module, a former name holds nothing, and
    # `python -m app` begins when it is imported.
    if not re.match(r"app\.(formats|parts\.spark|migrations\.(env|versions)|__main__)\b", name):
        module = importlib.import_module(name)
        yield module
        for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
            yield from modules_of(f"{name}.{info.name}")


def patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, list | tuple | set | frozenset | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from patterns_in(each, depth + 1)
    elif isinstance(value, type) and value.__module__.startswith(("app.", "saywho.")):
        for each in vars(value).values():
            yield from patterns_in(each, 3)


@cache
def sources() -> dict[str, str]:
    roots = (Path(package.__path__[0]) for package in (app, saywho))
    return {
        str(path.relative_to(root.parent)): path.read_text("utf-8")
        for root in roots
        for path in root.rglob("*.py")
    }


def written_in_calls() -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Yield the patterns of `re.search(r"…", text)` and the like."""
    calls = re.compile(rf"\bre\.(?:{'|'.join((*SEARCHING, *MATCHING))})\(")
    for name, source in sources().items():
        for node in ast.walk(ast.parse(source)) if calls.search(source) else ():
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                    args=[ast.Constant(value=str() | bytes() as pattern), *_],
                ) if method != "compile":
                    yield f"{name}:{node.lineno}", re.compile(pattern), method


@cache
def all_patterns() -> dict[str, tuple[re.Pattern[Any], frozenset[str]]]:
    """Return each pattern by its place, and what is done with it; all if that is not seen."""
    found: dict[tuple[Any, int], tuple[str, re.Pattern[Any], set[str]]] = {}
    everywhere = "\n".join(sources().values())
    for module in (*modules_of("app"), *modules_of("saywho")):
        own = Path(str(module.__file__)).read_text("utf-8")
        for name, value in vars(module).items():
            for pattern in () if name.startswith("__") else patterns_in(value):
                uses = uses_of(name, own if name.startswith("_") else everywhere)
                key, place = (pattern.pattern, pattern.flags), f"{module.__name__}.{name}"
                found.setdefault(key, (place, pattern, set()))[2].update(uses)
    for place, pattern, use in written_in_calls():
        found.setdefault((pattern.pattern, pattern.flags), (place, pattern, set()))[2].add(use)
    return {
        f"{place} {number}": (pattern, frozenset(uses or SEARCHING))
        for number, (place, pattern, uses) in enumerate(found.values())
    }


class Uses(NamedTuple):
    """What a text does with names, found in one pass."""

    called: dict[str, set[str]]
    """Methods by the name that they are called of."""
    looped: dict[str, set[str]]
    """Names of each item of a name."""
    titles: set[str]
    """Names given to `title_of`, which matches them whole."""


@lru_cache(maxsize=2)
def uses_in(text: str) -> Uses:
    called, looped = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for name, method in re.findall(r"\b(\w+)\.(?=(\w+))", text):
        called[name].add(method)
    for item, listed in re.findall(r"for (?:\w+, )*(\w+) in ([^:\n]*)", text):
        for name in re.findall(r"\w+", listed):
            looped[name].add(item)
    titles = re.findall(r"\btitle_of\(([^\n]*)", text)
    return Uses(called, looped, {*re.findall(r"\w+", " ".join(titles))})


def uses_of(name: str, text: str) -> set[str]:
    """Return the methods that a text calls of a pattern, or of each of some patterns."""
    uses = uses_in(text)
    called = {
        use for each in [name, *uses.looped.get(name, ())] for use in uses.called.get(each, ())
    }
    if name in uses.titles:
        called.add("fullmatch")
    return called & {*SEARCHING, *MATCHING}


def letter_of(choices: Iterable[tuple[Any, Any]]) -> str:
    """Return a character of a class."""
    listed = list(choices)
    allowed = re.compile(
        "(?s:.)" if not listed else "[" + "".join(written(*each) for each in listed) + "]"
    )
    return next(
        (c for c in "a0 \n\t-.<[{(\"'/:=_é가\u200e" if allowed.match(c)), written_first(listed)
    )


def written(code: Any, value: Any) -> str:
    match code:
        case codes.NEGATE:
            return "^"
        case codes.LITERAL:
            return re.escape(chr(value))
        case codes.RANGE:
            return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    names = {
        codes.CATEGORY_DIGIT: r"\d",
        codes.CATEGORY_NOT_DIGIT: r"\D",
        codes.CATEGORY_SPACE: r"\s",
        codes.CATEGORY_NOT_SPACE: r"\S",
        codes.CATEGORY_WORD: r"\w",
        codes.CATEGORY_NOT_WORD: r"\W",
    }
    return names[value]


def written_first(choices: list[tuple[Any, Any]]) -> str:
    for code, value in choices:
        if code is codes.LITERAL:
            return chr(value)
        if code is codes.RANGE:
            return chr(value[0])
    return "a"


def example(code: Any, value: Any) -> str:
    """Return a text that this piece of a pattern matches, repeated once."""
    match code:
        case codes.LITERAL:
            return chr(value)
        case codes.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        case codes.ANY:
            return "a"
        case codes.IN:
            return letter_of(value)
        case codes.BRANCH:
            return examples(value[1][0])
        case codes.SUBPATTERN:
            return examples(value[3])
        case codes.ATOMIC_GROUP:
            return examples(value)
    if code in REPEATS:
        return str(examples(value[2]) * max(1, min(value[0], 20)))
    return ""  # a place, such as ^ or what stands before


def examples(pieces: Iterable[tuple[Any, Any]]) -> str:
    return "".join(example(*piece) for piece in pieces)


def beginnings(pieces: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield texts that the first pieces match, ever more of them, also inside groups."""
    before = ""
    for code, value in pieces:
        inner: list[Any] = []
        if code is codes.SUBPATTERN:
            inner = [value[3]]
        elif code is codes.ATOMIC_GROUP:
            inner = [value]
        elif code is codes.BRANCH:
            inner = value[1]
        elif code in REPEATS:
            inner = [value[2]]
        for sequence in inner:
            for each in beginnings(sequence):
                yield before + each
        before += example(code, value)
        if before:
            yield before


def inputs(pattern: re.Pattern[Any]) -> list[Callable[[int], Any]]:
    """Return functions that make inputs of a size: a beginning, or its last character, again and
    again.
    """
    distinct = islice(dict.fromkeys(beginnings(parsed_of(pattern))), MOST_BEGINNINGS)
    encode = (lambda made: made) if isinstance(pattern.pattern, str) else latin_bytes

    def repeated(beginning: str, size: int) -> Any:
        return encode(beginning * (size * min(MOST_LONGER, len(beginning)) // len(beginning) + 1))

    def last_repeated(beginning: str, size: int) -> Any:
        return encode(beginning + beginning[-1] * size + "\0")

    return [partial(make, each) for each in distinct for make in (repeated, last_repeated)]


class Drawing:
    """Draws texts that pieces of a pattern match, at random among all alternatives."""

    def __init__(self, flags: int) -> None:
        self._random = Random(7)  # noqa: S311 # the same draws each time
        self._flags = flags

    def of(self, pieces: Iterable[tuple[Any, Any]]) -> str:
        return "".join(self._drawn(*piece) for piece in pieces)

    def _drawn(self, code: Any, value: Any) -> str:
        match code:
            case codes.LITERAL:
                return str(chr(value))
            case codes.NOT_LITERAL:
                return self._random.choice(SIGNS.replace(chr(value), ""))
            case codes.ANY:
                return self._random.choice(SIGNS.replace("\n", ""))
            case codes.IN:
                allowed = "[" + "".join(written(*each) for each in value) + "]"
                signs: list[str] = re.findall(allowed, SIGNS, self._flags & re.IGNORECASE)
                return self._random.choice(signs or [letter_of(value)])
            case codes.BRANCH:
                return self.of(self._random.choice(value[1]))
            case codes.SUBPATTERN:
                return self.of(value[3])
            case codes.ATOMIC_GROUP:
                return self.of(value)
        if code in REPEATS:
            times = self._random.randint(value[0], min(value[0] + 2, value[1]))
            return "".join(self.of(value[2]) for _ in range(times))
        return ""  # a place, or what a group has matched


def repeated_groups(
    pieces: Iterable[tuple[Any, Any]], before: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield what a pattern repeats often, with the pieces before it."""
    for code, value in pieces:
        if code in REPEATS:
            if value[1] > OFTEN:
                yield before, value[2]
            yield from repeated_groups(value[2], before)
        elif code is codes.SUBPATTERN:
            yield from repeated_groups(value[3], before)
        elif code is codes.ATOMIC_GROUP:
            yield from repeated_groups(value, before)
        elif code is codes.BRANCH:
            for each in value[1]:
                yield from repeated_groups(each, before)
        before = (*before, (code, value))


def texts_of_groups(pattern: re.Pattern[Any]) -> Iterator[Any]:
    """Yield texts in which what a group matches once stands again and again, up to a wrong end."""
    is_text = isinstance(pattern.pattern, str)
    parsed = parsed_of(pattern)
    drawing = Drawing(pattern.flags)
    for before, group in repeated_groups(parsed):
        drawn = {(drawing.of(before), drawing.of(group)) for _ in range(DRAWS)}
        for begin, each in sorted(drawn):
            for end in ("\1", "a", "\n!", ""):
                text = begin + each * OFTEN + end
                yield text if is_text else latin_bytes(text)


def parsed_of(pattern: re.Pattern[Any]) -> Any:
    source: Any = pattern.pattern
    text = source if isinstance(source, str) else source.decode("latin-1")
    return parser.parse(text, pattern.flags & ~re.DEBUG)


def latin_bytes(made: str) -> bytes:
    return made.encode("latin-1", "replace")


def spent(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def work(pattern: re.Pattern[Any], uses: frozenset[str], text: Any) -> None:
    if uses.intersection(SEARCHING):
        nothing: Any = "" if isinstance(pattern.pattern, str) else b""
        pattern.sub(nothing, text)
    if "match" in uses:
        pattern.match(text)
    if "fullmatch" in uses:
        pattern.fullmatch(text)


@pytest.mark.parametrize("place", all_patterns())
def test_time_grows_as_the_text_does(place: str) -> None:
    pattern, uses = all_patterns()[place]
    ask = partial(work, pattern, uses)
    for make in inputs(pattern):
        large = make(FACTOR * SIZE)
        if spent(partial(ask, large)) < QUICK_S:
            continue
        # A quick machine must find what a slow one does.
        grown = growth(partial(ask, make(SIZE)), partial(ask, large), least_s=QUICK_S / 10)
        assert grown < MOST_GROWTH, f"{pattern.pattern!r} on {make(60)!r}"


@contextmanager
def limited() -> Iterator[None]:
    """Raise TimeoutError after some processor time, also within a match, which asks for signals."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def slow_text(pattern: re.Pattern[Any], uses: frozenset[str]) -> Any:
    """Return a short text that a pattern reads in so many ways that it does not end; else None."""
    for text in texts_of_groups(pattern):
        try:
            with limited():
                work(pattern, uses, text)
        except TimeoutError:
            return text
    return None


@pytest.mark.parametrize("place", all_patterns())
def test_no_text_is_read_in_two_ways(place: str) -> None:
    pattern, uses = all_patterns()[place]
    assert slow_text(pattern, uses) is None, pattern.pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?:[\w-]+:.*\n|[ \t-].*\n|\n){1,100}---",
        r"\[(?:(?:, )?(?:reply to [^\]]{1,240}|edited))+\]",
        r"(?:\w+ ?)+!",
    ],
)
def test_what_can_be_read_in_two_ways_is_found(pattern: str) -> None:
    assert slow_text(re.compile(pattern), frozenset(["match"]))
