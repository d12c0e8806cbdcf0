"""Figures of the words: what `make words` prints for docs, interface, docstrings, API and commits.

A thermometer and no rule: docs/style.md has the rules. No test depends on these figures.
"""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from babel.messages.pofile import read_po

from tests.house import ROOT, sources

CATALOGUE: Final = ROOT / "app" / "translations" / "ko" / "LC_MESSAGES" / "messages.po"
COMMITS: Final = 100
SHORT_SENTENCE: Final = 7
"""Words of a sentence that is shorter than the style asks for."""
LONG_SENTENCE: Final = 24
"""Words of a sentence, at most, by the style."""
UNCOUNTED: Final = re.compile(r"(?:docs/(?:from-flask|measurements)|CHANGELOG)")
"""Pages that the limit for the words of all pages leaves out."""
LONG_SUBJECT: Final = 72
"""Characters of a commit's subject, at most."""
ODD_START: Final = re.compile(r"(?:What|Who|Whoever|Whose|Whom|Of|Where|That|Those)\b(?!.*\?$)")
_AFTER_NOUN: Final = (
    r"(?=\s*(?:[,.;:)]|$|(?:of|is|are|was|were|has|have|that|who|which|with|without|for|in|on|to"
    r"|and|or|by|from|at|as|than|alone|beside)\b))"
)
PRONOUN_HEAD: Final = re.compile(
    rf"\bones?\b{_AFTER_NOUN}|\bthose\b|\bthat of\b|\b(?:whoever|whose|whom)\b"
    r"|\b(?:of|by|in|from|to|on) which\b|\bwhat\b(?!\?)|\b(?:some|no|any|every)body\b"
    r"|\b(?:so|as) many\b|\b(?:none|others|neither)\b",
    re.IGNORECASE,
)
PRIVATE_WORD: Final = re.compile(
    r"\b(?:told|tells?|stands?|stood|beside|leads? to|taken for|anew|(?<!one )else)\b",
    re.IGNORECASE,
)
YOU: Final = re.compile(r"\byou(?:r|rs|rself)?\b", re.IGNORECASE)
PASSIVE: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|being)\s+(?:\w+ly\s+)?(?:\w+ed|\w+en|kept|made|read|sent|told|put"
    r"|left|cut|found|held|said|set|lost|built|shown|known|done|gone|begun)\b",
    re.IGNORECASE,
)


class Figures(NamedTuple):
    """The figures of one kind of text."""

    texts: int
    words: int
    sentences: int
    short: int
    long: int
    odd_starts: int
    passives: int
    lists: int
    """Sentences with three commas, or with a semicolon."""
    pronoun_heads: int
    private_words: int
    you: int


def figures_of(texts: Iterable[str]) -> Figures:
    """Return the figures of these texts."""
    texts = list(texts)
    sentences = [sentence for text in texts for sentence in sentences_of(text)]
    lengths = [len(sentence.split()) for sentence in sentences]
    whole = "\n".join(texts)
    return Figures(
        len(texts),
        sum(lengths),
        len(sentences),
        sum(length <= SHORT_SENTENCE for length in lengths),
        sum(length > LONG_SENTENCE for length in lengths),
        sum(ODD_START.match(sentence) is not None for sentence in sentences),
        sum(PASSIVE.search(sentence) is not None for sentence in sentences),
        sum(sentence.count(",") >= 3 or ";" in sentence for sentence in sentences),
        len(PRONOUN_HEAD.findall(whole)),
        len(PRIVATE_WORD.findall(whole)),
        len(YOU.findall(whole)),
    )


def sentences_of(text: str) -> Iterator[str]:
    """Yield the sentences of two words or more."""
    for sentence in re.split(r"(?<=[.!?])[)\"”’]*\s+(?=[\"“(‘]?(?:[A-Z0-9`]|saywho))|\n", text):
        if len(sentence.split()) > 1:
            yield sentence.strip()


def prose_of(page: str) -> str:
    """Return the prose of a page in Markdown: no code, tables, headings, comments or addresses."""
    page = re.sub(r"^```.*?^```$|<!--.*?-->", "", page, flags=re.MULTILINE | re.DOTALL)
    page = re.sub(r"^(?:#| *\||    ).*$", "", page, flags=re.MULTILINE)
    page = re.sub(r"\]\([^)]*\)|[\[*]", "", re.sub(r"`[^`]*`", "X", page))
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )", page)
    lines = (" ".join(paragraph.split()) for paragraph in paragraphs)
    return "\n".join(re.sub(r"^(?:-|\d+\.) ", "", line) for line in lines if line)


def longest_cell(page: str) -> int:
    """Return the number of words in the longest table cell of a page, 0 without tables."""
    rows = [line for line in page.splitlines() if line.startswith("|")]
    return max((len(cell.split()) for row in rows for cell in row.split(" | ")), default=0)


def docs() -> dict[str, str]:
    """Return the English pages, by name."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for path in sorted(paths)
        if not path.name.endswith(".ko.md")
    }


def interface() -> list[str]:
    """Return the English strings of the interface, each once, without placeholders and tags."""
    with CATALOGUE.open("rb") as file:
        ids = [entry.id for entry in read_po(file) if entry.id]
    texts = dict.fromkeys(each if isinstance(each, str) else each[-1] for each in ids)
    return [re.sub(r"<[^>]*>|%\(\w+\)s|\{\w+\}", "X", text) for text in texts]


def docstrings() -> Iterator[str]:
    """Yield the docstrings of both packages, also of its constants and fields."""
    for path in sorted(sources()):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield " ".join(re.sub(r"`[^`]*`", "X", text).split())


def descriptions() -> Iterator[str]:
    """Yield the descriptions of fields in the API's document, which `Meta` has."""
    for path in sorted(sources()):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.keyword(arg="description", value=ast.Constant(value=str(text))):
                    yield re.sub(r"`[^`]*`", "X", text)


def subjects() -> list[str]:
    """Return the subjects of the newest commits; none outside of a checkout."""
    log = ("git", "log", f"-{COMMITS}", "--format=%s")
    done = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def row(name: str, found: Figures) -> str:
    """Return a line of the table of figures."""
    sentences, words = max(found.sentences, 1), max(found.words, 1)
    shares = (found.short, found.long, found.odd_starts, found.passives, found.lists)
    rates = (found.pronoun_heads, found.private_words, found.you)
    return (
        f"{name:<28}{found.words:>8,}{found.sentences:>8,}{found.words / sentences:>8.1f}"
        + "".join(f"{share / sentences:>8.1%}" for share in shares)
        + "".join(f"{1_000 * rate / words:>8.1f}" for rate in rates)
    )


def main() -> None:
    """Print the figures of all kinds of texts, then of each page, then of commits."""
    pages = docs()
    counted = sum(len(page.split()) for name, page in pages.items() if not UNCOUNTED.match(name))
    print(f"README and docs, without from-flask and measurements: {counted:,} words\n")
    shown = ("words", "sentence", "each", "<= 7", "> 24")
    titles = (*shown, "odd", "passive", "lists", "pronoun", "private")
    print(f"{'':<28}" + "".join(f"{title:>8}" for title in (*titles, "you")))
    notes = {name: prose_of(page) for name, page in pages.items()}
    print(row("docs", figures_of(text for name, text in notes.items() if name[:5] == "docs/")))
    print(row("interface", figures_of(interface())))
    print(row("docstrings", figures_of(docstrings())))
    print(row("descriptions in the API", figures_of(descriptions())))
    lines = subjects()
    print(row("commit subjects", figures_of(lines)))
    print()
    for name, text in notes.items():
        print(row(name, figures_of([text])) + f"   longest cell {longest_cell(pages[name])}")
    if lengths := sorted(map(len, lines)):
        over = sum(length > LONG_SUBJECT for length in lengths)
        middle = lengths[len(lengths) // 2]
        print(f"\ncommit subjects: {middle} characters (median), {lengths[-1]} at most")
        print(f"{over} of {len(lines)} over {LONG_SUBJECT} characters")
    print("\nshares of sentences: 7 words or fewer, more than 24, odd starts, passive, with lists")
    print("in 1,000 words: pronouns as nouns, private words, you")


if __name__ == "__main__":
    main()
