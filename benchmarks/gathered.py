"""Gathers posts of named authors from public repositories: the input of `benchmarks.population`.

`python -m benchmarks.gathered FOLDER --only LANGUAGE > posts.jsonl`

FOLDER has a clone of each repository of `SOURCES`, as `OWNER+NAME` (a work tree, or a bare one).
Written is a line of {author, lang, kind, text, source} for each post, an author's oldest first, and
to the error output a table of what each source gave. An author's name is used to tell the posts of
authors apart, and is not written: `es-speech-03`.

Markdown: front matter, code, tables, headings, quotes, pictures and shortcodes are dropped; kept
are paragraphs and items of lists. Speeches: the paragraphs of members. Treebanks: 200 sentences by
many people count as one author, and are numbered in order. A paragraph over 400 characters is split
at ends of sentences, one under 30 is dropped, as are those with an e-mail address or a telephone
number, and repeated ones. A file counts for its language alone, and an author from 50 posts on.
Several authors of one file are nobody's.
"""

import argparse
import html
import json
import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

import yaml  # type: ignore[import-untyped] # comes with schemathesis

from saywho.engine.languages import scores_of
from saywho.text import ADDRESS

MOST_POSTS: Final = 200
FEWEST_POSTS: Final = 50
SHORTEST: Final = 30
LONGEST: Final = 400
TOLD: Final = 3_000
"""Characters of a file by which its language is told."""


class Entry(NamedTuple):
    """A file, or a speech in it."""

    author: str
    date: str
    paragraphs: list[str]


class Source(NamedTuple):
    language: str
    kind: str
    repository: str
    commit: str
    """The newest one when the shipped counts were made."""
    licence: str
    """What covers the texts, and where it is stated."""
    files: str
    """Pattern of the paths."""
    form: str = "markdown"
    """A key of `READERS`."""
    author: str = ""
    """The only author; otherwise each file names its own."""
    licences: frozenset[str] = frozenset()
    """Values of a file's `license` that are kept; empty for all files."""
    most: int = 100
    """Authors; of more, some are drawn by chance."""


SOURCES: Final = (
    Source(
        "es",
        "speech",
        "calzada/PARLAMINT-ES-MC",
        "86d2321",
        "CC BY 4.0, stated in each sitting",
        r"ParlaMint/ParlaMint-ES_.*\.xml",
        "parlamint",
        most=20,
    ),
    Source(
        "es",
        "treebank",
        "UniversalDependencies/UD_Spanish-PUD",
        "818a82b",
        "CC BY-SA 3.0: LICENSE.txt",
        r"es_pud-ud-test\.conllu",
        "treebank",
    ),
    Source("es", "blog", "libreim/blog", "f99331a", "GPL 3.0: LICENSE, the repository", r".*\.md"),
    Source(
        "es",
        "blog",
        "luiscarlospando/luiscarlospando.com",
        "c0a725cd",
        "MIT: LICENSE, copyright of the author",
        r".*\.(md|markdown)",
        author="owner",
    ),
    Source(
        "fr",
        "speech",
        "nlegrand/mariagepourtousInXML",
        "de11b6b",
        "CC BY 3.0: LICENSE, the encoding; public debates are in nobody's copyright",
        r"files/xml/.*\.xml",
        "assembly",
        most=30,
    ),
    Source(
        "fr",
        "treebank",
        "UniversalDependencies/UD_French-PUD",
        "c245786",
        "CC BY-SA 3.0: LICENSE.txt",
        r"fr_pud-ud-test\.conllu",
        "treebank",
    ),
    Source(
        "fr",
        "treebank",
        "UniversalDependencies/UD_French-Sequoia",
        "f5b0496",
        "LGPLLR: LICENSE.txt",
        r"fr_sequoia-ud-train\.conllu",
        "treebank",
    ),
    Source(
        "fr",
        "blog",
        "geotribu/website",
        "a022cccc2",
        "Beerware, or CC BY-SA, stated in each article that is kept",
        r"content/articles/.*\.md",
        licences=frozenset({"beerware", "cc4_by-sa", "CC-BY-SA"}),
    ),
    Source(
        "fr",
        "blog",
        "putaindecode/putaindecode.io",
        "41904fd6",
        "MIT: LICENSE, the repository",
        r"contents/articles/.*\.md",
    ),
    Source(
        "fr",
        "blog",
        "nhoizey/nicolas-hoizey.com",
        "8c86ab16f",
        "MIT: LICENSE.md, copyright of the author",
        r"src/(?!links).*\.md",
        author="owner",
    ),
    Source(
        "fr",
        "blog",
        "DirtyF/frank.taillandier.me",
        "8ba84b6",
        "CC BY 4.0: LICENSE, the repository",
        r".*\.md",
        author="owner",
    ),
    Source(
        "pt",
        "speech",
        "rfdornelles/discursocpi",
        "17885ba",
        "CC0: LICENSE.md",
        r"data-raw/html/.*\.html",
        "senate",
        most=30,
    ),
    Source(
        "pt",
        "treebank",
        "UniversalDependencies/UD_Portuguese-PUD",
        "be08a75",
        "CC BY-SA 3.0: LICENSE.txt",
        r"pt_pud-ud-test\.conllu",
        "treebank",
    ),
    Source(
        "pt",
        "treebank",
        "UniversalDependencies/UD_Portuguese-GSD",
        "691a8b5",
        "CC BY-SA 4.0: LICENSE.txt",
        r"pt_gsd-ud-(dev|test)\.conllu",
        "treebank",
    ),
    Source(
        "pt",
        "blog",
        "curso-r/blog",
        "987e26e0",
        "MIT: LICENSE, copyright of the authors' company",
        r"content/posts/.*\.(md|Rmd)",
    ),
    Source(
        "pt",
        "blog",
        "pyladies-brazil/br-pyladies-pelican",
        "aa104e5",
        "MIT: LICENSE, copyright of the group",
        r"content/.*\.md",
    ),
    Source(
        "pt",
        "blog",
        "brunopulis/personal-site",
        "164ba18c",
        "CC BY-SA 4.0: the page of the licence, the contents",
        r"src/content/(posts|notes|newsletters|talks|poetry)/.*\.md",
        author="owner",
    ),
    Source(
        "pt",
        "blog",
        "diegosaouda/vinibaggio.github.com",
        "ba650ee",
        "CC BY-SA 3.0: licenca.markdown",
        r"_posts/.*\.(md|markdown)",
        author="owner",
    ),
    Source(
        "pt",
        "blog",
        "williamcanin/williamcanin.github.io",
        "f1337db2",
        "CC BY 4.0: the page of licences, the posts",
        r"_posts/.*\.md|.*/_posts/.*\.md",
        author="owner",
    ),
)


# --- Markdown ---

FRONT_MATTER: Final = re.compile(r"\A\s*(---|\+\+\+)\n(.*?)\n\1\s*?\n", re.DOTALL)
PELICAN: Final = re.compile(r"\A((?:[A-Za-z_]+:.*\n)+)\s*\n")
DROPPED: Final = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|<(script|style|pre|table|figure|iframe)\b.*?</\1>|<!--.*?-->"
    r"|\{[%{].*?[%}]\}|\$\$.*?\$\$",
    re.DOTALL | re.IGNORECASE,
)
PICTURE: Final = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])")
LINK: Final = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])(?:\{[^}]*\})?")
NOTE: Final = re.compile(r"\[\^[^\]]*\]:?")
TAG: Final = re.compile(r"</?[A-Za-z][^>]*>")
MARKS: Final = re.compile(r"(\*\*|__|`|(?<!\w)[*_]|[*_](?!\w))")
NO_PROSE: Final = re.compile(r"^(#|>|\||:::|!!!|\?\?\?|={3,}|-{3,}|\[[^\]]+\]:| {4,}\S|\t)")
ITEM: Final = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+")


def _fields_of(text: str) -> tuple[Mapping[str, object], str]:
    if found := FRONT_MATTER.match(text):
        if found[1] == "---":
            try:
                fields = yaml.safe_load(found[2])
            except (yaml.YAMLError, ValueError):
                fields = None
        else:
            fields = dict(re.findall(r'^(\w+)\s*=\s*"?(.*?)"?$', found[2], re.MULTILINE))
        return fields if isinstance(fields, dict) else {}, text[found.end() :]
    if found := PELICAN.match(text):
        pairs = re.findall(r"^(\w+):\s*(.*)$", found[1], re.MULTILINE)
        return {name.lower(): value for name, value in pairs}, text[found.end() :]
    return {}, text


def _paragraphs_of(markdown: str) -> list[str]:
    text = PICTURE.sub("", DROPPED.sub("\n\n", markdown.replace("\r\n", "\n")))
    blocks, lines = [], list[str]()
    for line in [*text.split("\n"), ""]:
        is_item = ITEM.match(line) is not None
        if (not line.strip() or is_item or NO_PROSE.match(line)) and lines:
            blocks.append(" ".join(lines))
            lines = []
        if line.strip() and not (NO_PROSE.match(line) and not is_item):
            lines.append(ITEM.sub("", line).strip())
    return [
        html.unescape(MARKS.sub("", TAG.sub("", NOTE.sub("", LINK.sub(r"\1", block)))))
        for block in blocks
    ]


def _only_author(fields: Mapping[str, object]) -> str:
    value = fields.get("authors", fields.get("author"))
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, Mapping):
        value = value.get("name")
    name = str(value or "").strip("[]\"' ")
    return "" if re.search(r",|&| (und|et|e|y|and) ", name) else " ".join(name.casefold().split())


def markdown_entries(source: Source, path: str, text: str) -> Iterator[Entry]:
    fields, body = _fields_of(text)
    if source.licences and str(fields.get("license")) not in source.licences:
        return
    author = source.author or _only_author(fields)
    dated = re.search(r"\d{4}-\d\d-\d\d", f"{fields.get('date')} {path}")
    yield Entry(author, dated[0] if dated else path, _paragraphs_of(body))


# --- Speeches (XML) ---

TEI: Final = "{http://www.tei-c.org/ns/1.0}"
LEADING_STOP: Final = re.compile(r"^\s*[.]\s*")
ASIDE: Final = {f"{TEI}{name}" for name in ("note", "fw", "del", "gap", "vocal", "kinesic", "desc")}


def _text_of(element: ElementTree.Element) -> str:
    """Return an element's text without notes and what is struck out."""
    inner = [element.text or ""]
    for child in element:
        inner += ["" if child.tag in ASIDE else _text_of(child), child.tail or ""]
    return "".join(inner)


def parlamint_entries(source: Source, path: str, text: str) -> Iterator[Entry]:
    for speech in _tei_body(text).iter(f"{TEI}u"):
        if speech.get("ana") == "#regular":
            paragraphs = [_text_of(part) for part in speech.iter(f"{TEI}seg")]
            yield Entry(speech.get("who", ""), path, paragraphs)


def assembly_entries(source: Source, path: str, text: str) -> Iterator[Entry]:
    """Yield the speeches of the French Assembly, without calls and what presidents say."""
    for speech in _tei_body(text).iter(f"{TEI}sp"):
        who = speech.get("who", "").strip("_")
        for part in speech:
            if part.get("interventiontype") == "intervention" and part.get("gender"):
                paragraphs = [
                    LEADING_STOP.sub("", _text_of(paragraph)) for paragraph in part.iter(f"{TEI}p")
                ]
                yield Entry(who, path, paragraphs)


def _tei_body(text: str) -> ElementTree.Element:
    body = ElementTree.fromstring(text).find(f"{TEI}text/{TEI}body")  # noqa: S314 - chosen
    return ElementTree.Element("none") if body is None else body


# --- Speeches (HTML) ---

SPEAKER: Final = re.compile(r"<b>(?:O SR\.|A SRA\.) ([^<]+)</b>\s*(?:\([^)]*\))?\s*[–-]")
ASIDE_TEXT: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]")


def senate_entries(source: Source, path: str, text: str) -> Iterator[Entry]:
    """Yield what members and guests of a committee of the Brazilian Senate say, without those who
    preside.
    """
    found = list(SPEAKER.finditer(text))
    for each, following in pairwise([*found, None]):
        assert each is not None
        who = " ".join(html.unescape(each[1]).split())
        spoken = text[each.end() : following.start() if following else each.end()]
        paragraphs = [
            ASIDE_TEXT.sub("", html.unescape(TAG.sub("", part))) for part in spoken.split("</div>")
        ]
        yield Entry("" if who.startswith("PRESIDENT") else who, path, paragraphs)


def treebank_entries(source: Source, path: str, text: str) -> Iterator[Entry]:
    """Yield 200 sentences by many people at a time, as if by one: how news and encyclopaedias are
    written.
    """
    sentences = re.findall(r"^# text = (.*)$", text, re.MULTILINE)
    for first in range(0, len(sentences), MOST_POSTS):
        yield Entry(f"{path} {first:06}", path, sentences[first : first + MOST_POSTS])


READERS: Final[Mapping[str, Callable[[Source, str, str], Iterator[Entry]]]] = {
    "markdown": markdown_entries,
    "parlamint": parlamint_entries,
    "assembly": assembly_entries,
    "senate": senate_entries,
    "treebank": treebank_entries,
}


# --- Posts ---

SENTENCE: Final = re.compile(r"(?<=[.!?…])[\"»”)]?\s+|(?<=[。！？])")
PRIVATE: Final = re.compile(r"\S+@\S+\.\w+|\+?\d[\d /().-]{8,}\d")


def posts_of(paragraphs: Iterable[str]) -> Iterator[str]:
    """Yield the posts of 30 to 400 characters that paragraphs are cut into."""
    for paragraph in paragraphs:
        rest = " ".join(ADDRESS.sub("", paragraph).split())
        parts = SENTENCE.split(rest) if len(rest) > LONGEST else [rest]
        post = ""
        for part in [*filter(None, parts), ""]:
            joined = f"{post} {part}".strip()
            if part and len(joined) <= LONGEST:
                post = joined
                continue
            if SHORTEST <= len(post) <= LONGEST and not PRIVATE.search(post):
                yield post
            post = part


def files_of(folder: Path, source: Source) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of a source's files. Raises OSError without a clone."""
    clone = folder / source.repository.replace("/", "+")
    git = ("git", "-C", str(clone))
    listed = subprocess.run(
        (*git, "ls-tree", "-r", "-z", "--name-only", "HEAD"), check=True, stdout=subprocess.PIPE
    )
    pattern = re.compile(source.files)
    paths = filter(pattern.fullmatch, listed.stdout.decode("utf-8", "replace").split("\0"))
    with subprocess.Popen(
        (*git, "cat-file", "--batch"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as batch:
        assert batch.stdin is not None
        assert batch.stdout is not None
        for path in paths:
            batch.stdin.write(f"HEAD:{path}\n".encode())
            batch.stdin.flush()
            header = batch.stdout.readline().split()
            if header[1:2] == [b"blob"]:  # A shallow clone may lack some.
                yield path, batch.stdout.read(int(header[2]) + 1).decode("utf-8", "replace")


def is_in(language: str, text: str) -> bool:
    scores = scores_of(text[:TOLD])
    return max(scores, key=scores.__getitem__).rstrip("+") == language


def authors_of(folder: Path, source: Source) -> dict[str, list[str]]:
    """Return the posts of a source's authors, the oldest first."""
    entries = READERS[source.form]
    written = defaultdict[str, list[Entry]](list)
    for path, text in files_of(folder, source):
        for entry in entries(source, path, text):
            if entry.author and is_in(source.language, "\n".join(entry.paragraphs)):
                written[entry.author].append(entry)
    found = {}
    for author, some in written.items():
        some.sort(key=lambda entry: entry.date)
        posts = list(dict.fromkeys(post for entry in some for post in posts_of(entry.paragraphs)))
        if len(posts) >= FEWEST_POSTS:
            found[author] = posts[-MOST_POSTS:]
    drawn = sorted(found)  # So that neighbours in a treebank are known by their numbers.
    if source.form != "treebank":
        drawn = random.Random(1).sample(drawn, min(source.most, len(drawn)))
    return {author: found[author] for author in drawn}


def main(argv: Sequence[str] | None = None) -> int:
    """Print the posts; return 0, or 2 with one line where a clone is missing."""
    parser = argparse.ArgumentParser(prog="gathered", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--only", action="append", metavar="LANGUAGE")
    options = parser.parse_args(argv)
    numbers = defaultdict[str, int](int)
    print("| language | kind | source | licence | authors | posts |", file=sys.stderr)
    print("| --- | --- | --- | --- | --- | --- |", file=sys.stderr)
    for source in SOURCES:
        if options.only and source.language not in options.only:
            continue
        try:
            authors = authors_of(options.folder, source)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"gathered: {source.repository}: {error}", file=sys.stderr)
            return 2
        for posts in authors.values():
            prefix = f"{source.language}-{source.kind}"
            numbers[prefix] += 1
            for post in posts:
                row = {
                    "author": f"{prefix}-{numbers[prefix]:02}",
                    "lang": source.language,
                    "kind": source.kind,
                    "text": post,
                    "source": source.repository,
                }
                print(json.dumps(row, ensure_ascii=False))
        cells = (
            source.language,
            source.kind,
            f"{source.repository} {source.commit}",
            source.licence,
        )
        print(
            "|",
            " | ".join(cells),
            "|",
            len(authors),
            "|",
            sum(map(len, authors.values())),
            "|",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
