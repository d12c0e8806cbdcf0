"""The file of authors who come with the program, made of posts."""

import json
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from benchmarks import gathered, korean_threshold, shipped_languages
from benchmarks.population import FEWEST_USERS, MOST_POSTS, main
from saywho.engine.features import features
from saywho.population import unpack
from tests.engine.invented import posts_of

AUTHORS = range(5)


def write(path: Path, posts: list[tuple[str, str, str]]) -> Path:
    lines = [json.dumps({"author": a, "lang": lang, "text": text}) for a, lang, text in posts]
    path.write_text("\n".join(lines) + "\n")
    return path


def written() -> list[tuple[str, str, str]]:
    return [
        (f"a{author}", "ko" if author == 4 else "en", text)
        for author in AUTHORS
        for text in [*posts_of(author) * 3, "shared by all", *["of two"] * (author < 2)]
    ]


def test_the_features_of_several_authors_are_kept_in_an_order_of_its_own(tmp_path: Path) -> None:
    posts, out = written(), tmp_path / "counts"
    assert main([str(write(tmp_path / "a", posts)), "-o", str(out)]) == 0
    content = out.read_bytes()
    populations = unpack(content)
    assert {language: len(each) for language, each in populations.items()} == {"en": 4, "ko": 1}
    assert {posts for _, posts, _ in populations["en"].members} == {MOST_POSTS}
    keys = set(populations["en"].keys.tolist())
    assert set(features("shared by all").keys.tolist()) <= keys
    assert not set(features("of two").keys.tolist()) <= keys, FEWEST_USERS

    order = list(AUTHORS)
    random.Random(1).shuffle(order)  # noqa: S311 - no secret
    moved = [row for author in order for row in posts if row[0] == f"a{author}"]
    renamed = [(f"name {author}", lang, text) for author, lang, text in moved]
    assert main([str(write(tmp_path / "b", renamed)), "-o", str(out)]) == 0
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([("a3", "en", "something else")], "a3 is an author of both files"),
        ([("z", "en", " Shared  by all")], "a text of a0 is in both files"),
    ],
    ids=["author", "text"],
)
def test_who_is_measured_is_not_shipped(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    others: list[tuple[str, str, str]],
    reason: str,
) -> None:
    file, out = write(tmp_path / "a", written()), tmp_path / "counts"
    apart = write(tmp_path / "apart", [("z", "en", "nobody else's")])
    arguments = [str(file), "-o", str(out), "--without"]
    assert main([*arguments, str(apart)]) == 0
    out.unlink()
    assert main([*arguments, str(write(tmp_path / "others", others))]) == 2
    assert reason in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("content", ["", "{}\n", "no JSON\n"], ids=["empty", "no post", "no JSON"])
def test_a_file_without_posts_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "posts"
    path.write_text(content)
    assert main([str(path), "-o", str(tmp_path / "counts")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main([str(tmp_path / "missing")]) == 2


@pytest.mark.full
def test_the_level_of_korean_texts_is_tabled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "posts"
    posts = [
        {"author": f"{kind}{n}", "lang": "ko", "kind": kind, "text": text + 10 * " 등대에 가요"}
        for kind, first in (("a", 0), ("b", 3))
        for n in range(3)
        for text in posts_of(first + n)[:60]
    ]
    path.write_text("\n".join(map(json.dumps, posts)))
    assert korean_threshold.main([str(path)]) == 0
    table = capsys.readouterr().out
    assert "| 1 | 1 | " in table
    assert "| 2 | 5 | " in table
    assert korean_threshold.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


SPANISH = "Esta tarde fuimos a la playa con los perros y comimos unos bocadillos muy ricos, número"


def article(author: str, first: int) -> str:
    paragraphs = "\n\n".join(f"{SPANISH} {first + n}." for n in range(30))
    return (
        f"---\ntitle: Hola\nauthor: {author}\ndate: 2020-01-{first % 28 + 1:02}\n---\n"
        f"# Título\n\n{paragraphs}\n\n"
        f"- Un punto con [un enlace](https://example.org/{first}) de la lista.\n\n"
        "> Esto lo dijo otra persona en otro lugar.\n\n"
        "```\nprint(1, 2, 3, 4, 5, 6, 7, 8, 9)\n```\n"
        "\nEscríbeme a alguien@example.org, o llama al 91 234 56 78, por favor.\n"
    )


def commit(folder: Path, files: Mapping[str, str]) -> None:
    clone = folder / "a+b"
    for name, text in files.items():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text(text)
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "x")):
        names = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(("git", "-C", str(clone), *names, *command), check=True)


def test_posts_are_gathered_by_author_without_what_is_no_prose(tmp_path: Path) -> None:
    files = {
        "x/1.md": article("Ana", 100),
        "x/2.md": article("[ana]", 200),
        "x/3.md": article("Ana y Luis", 300),
        "x/4.md": article("Luis", 400),
        "y/5.md": article("Ana", 500),
        "x/6.md": "Today we went to the beach with the dogs and had some sandwiches.\n" * 90,
    }
    commit(tmp_path, files)
    source = gathered.Source("es", "blog", "a/b", "", "", r"x/.*\.md")
    ((author, posts),) = gathered.authors_of(tmp_path, source).items()
    assert author == "ana"  # The others have too few posts, or wrote together.
    assert len(posts) == 61
    assert all(post.startswith(("Esta tarde", "Un punto con un enlace de")) for post in posts)


SAID: Final = "Il faut voter cet amendement, parce que nos concitoyens le demandent, numéro"
ASSEMBLY: Final = """
<sp who="Anne_Petit"><mpt:metadata interventiontype="intervention" gender="female">
<p>. {said} {n}.<mpt:interruption type="Rires"/></p></mpt:metadata></sp>
<sp who="Jean_Grand"><mpt:metadata interventiontype="interruption" gender="male">
<p>{said} {n}, sans que personne ne me donne la parole.</p></mpt:metadata></sp>
<sp who="le_président_"><mpt:metadata interventiontype="intervention">
<p>{said} {n}, dit la présidence.</p></mpt:metadata></sp>"""
DITO: Final = "Nós temos de votar este requerimento, porque o povo brasileiro assim o pede, número"
SENATE: Final = """
<div><span><b>A SRA. ANA LIMA </b>(Bloco/PP - PI. Pela ordem.) – {said} {n}. (Risos.)</span></div>
<div><span><b>O SR. PRESIDENTE </b>(Rui Melo) – {said} {n}, diz a presidência.</span></div>"""


@pytest.mark.parametrize(
    ("language", "form", "said", "start", "one", "end", "author"),
    [
        pytest.param(
            "fr",
            "assembly",
            SAID,
            '<TEI xmlns="http://www.tei-c.org/ns/1.0" xmlns:mpt="x"><text><body>',
            ASSEMBLY,
            "</body></text></TEI>",
            "Anne_Petit",
            id="assembly",
        ),
        pytest.param("pt", "senate", DITO, "", SENATE, "", "ANA LIMA", id="senate"),
        pytest.param(
            "pt", "treebank", DITO, "", "# text = {said} {n}.\n1\tNós\n", "", "x 000000", id="UD"
        ),
    ],
)
def test_speeches_are_gathered_without_calls_and_who_presides(
    tmp_path: Path, language: str, form: str, said: str, start: str, one: str, end: str, author: str
) -> None:
    spoken = "".join(one.format(said=said, n=n) for n in range(100, 160))
    commit(tmp_path, {"x": f"{start}{spoken}{end}"})
    assert gathered.authors_of(
        tmp_path, gathered.Source(language, "speech", "a/b", "", "", "x", form)
    ) == {author: [f"{said} {n}." for n in range(100, 160)]}


def test_the_next_piece_of_a_treebank_is_no_stranger() -> None:
    neighbours = shipped_languages.are_neighbours
    assert neighbours("es-treebank-02", "es-treebank-01")
    assert not neighbours("es-treebank-02", "es-treebank-04")
    assert not neighbours("es-treebank-02", "pt-treebank-01")
    assert not neighbours("es-blog-02", "es-blog-01")


@pytest.mark.full
def test_a_further_language_is_tabled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "posts"
    posts = [
        {"author": f"a{n}", "lang": "es", "text": text}
        for n in range(8)
        for text in posts_of(n)[:60]
    ]
    path.write_text("\n".join(map(json.dumps, posts)))
    assert shipped_languages.main([str(path), str(path), "--draws", "2"]) == 0
    table = capsys.readouterr().out
    assert "| left out | post, alone | " in table
    assert "| of another source | five posts | " in table
    assert shipped_languages.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
