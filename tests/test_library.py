"""`import saywho`: files as plain values, as a notebook uses them."""

import io
import json
import pickle
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any, Final

import pytest

import saywho
from tests.archives import SMALL_FILES
from tests.chats import kakaotalk, said, telegram
from tests.installation import ROOT, Installation
from tests.never_ending import AT_ONCE, plant

SAID = [*said(["민아", "Kim Jun"], times=3), ("2024-01-16 09:00", "민아", "안녕 ㅋㅋ")]


def test_a_chat_is_a_sequence_of_its_messages(tmp_path: Path) -> None:
    path = tmp_path / "KakaoTalk.txt"
    path.write_bytes(kakaotalk("방", *SAID))
    chat = saywho.read(path, tz="Asia/Seoul")
    assert (len(chat), chat.people, chat.format) == (7, ("민아", "Kim_Jun"), "kakaotalk")
    assert chat[-1] == saywho.Post(
        "민아",
        "안녕 ㅋㅋ",
        datetime(2024, 1, 16, tzinfo=UTC),
        "방",
        None,
        None,
        "post",
        (),
        "ko",
        "local",
        None,
    )
    assert (chat.assumptions, chat.doubts, chat.unread) == ((), (), ())
    assert [post.author for post in chat] == [record["author"] for record in chat.to_records()]
    with path.open("rb") as file:
        assert saywho.read(file, tz="Asia/Seoul").posts == chat.posts
    assert pickle.loads(pickle.dumps(chat)).posts == chat.posts  # noqa: S301 # of this test


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_table_has_a_row_for_each_message(package: str) -> None:
    pytest.importorskip(package)  # `make install` brings pandas alone.
    chat = saywho.read(io.BytesIO(kakaotalk("방", *SAID)), tz="Asia/Seoul")
    table: Any = getattr(chat, f"to_{package}")()
    assert list(table.columns) == list(saywho.Post._fields)
    rows = [[*row] for row in (table.rows() if package == "polars" else table.itertuples(False))]
    assert [row[:2] for row in rows] == [[post.author, post.text] for post in chat]
    assert [row[2] for row in rows] == [post.created_at for post in chat]
    nothing = replace(chat, posts=())
    assert len(getattr(nothing, f"to_{package}")().columns) == len(saywho.Post._fields)


def test_a_zone_that_no_file_names_is_an_assumption() -> None:
    chat = saywho.read(io.BytesIO(kakaotalk("방", *SAID)))
    assert len(chat.assumptions) == 1
    assert chat.assumptions[0].startswith("Time zone: ")


def test_ids_answers_and_repeated_posts() -> None:
    values = json.loads(telegram(7, "boat", *said(["Ana", "Ben"])))
    values["messages"][1]["reply_to_message_id"] = 1
    values["messages"].append(values["messages"][0])
    chat = saywho.read(io.BytesIO(json.dumps(values).encode()))
    assert [(post.id, post.reply_to, post.kind) for post in chat] == [
        ("7:1", None, "post"),
        ("7:2", "7:1", "post"),
    ]
    assert chat.unread == ("Repeated, and counted once: 1",)


BOOK: Final = "\n\n".join(
    f"Chapter {n}. The lamp went out again. {'So it was. ' * 900}" for n in range(6)
)


def test_a_piece_of_a_text_knows_its_text(tmp_path: Path) -> None:
    for name in ("Ana/Boat", "Ana/Quay", "Ben/Lamp", "Ben/Tea"):
        path = tmp_path / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name} {BOOK if name != 'Ben/Tea' else 'is short.'}")
    chat = saywho.read(tmp_path)
    assert {post.source for post in chat} == {
        f"{name}.txt" for name in ("Ana/Boat", "Ana/Quay", "Ben/Lamp", "Ben/Tea")
    }
    quay = [post for post in chat if post.source == "Ana/Quay.txt"]
    assert [post.id for post in quay] == [
        "Ana/Quay.txt",
        *(f"Ana/Quay.txt#{number}" for number in range(2, len(quay) + 1)),
    ]
    assert len(quay) > 2
    assert len({post.id for post in chat}) == len(chat)
    long = {"username": "ana", "text": BOOK}
    lines = [{"username": "ana", "text": "short"}, long, long | {"id": "7"}]
    posts = saywho.read(io.BytesIO("\n".join(map(json.dumps, lines)).encode()))
    assert [*dict.fromkeys(post.source for post in posts)] == [None, "2", "7"]
    assert [post.id for post in posts if post.source == "7"][:2] == ["7", "7#2"]


def test_a_text_is_read_for_its_author(tmp_path: Path) -> None:
    path = tmp_path / "Boat.txt"
    path.write_text(f"---\nauthor: Somebody\n---\n{BOOK}")
    text = saywho.read_text(path, author="Jane Austen")
    assert (text.people, text.format, text[0].source) == (("Jane_Austen",), "texts", str(path))
    assert len(text) > 2
    assert text[0].text.startswith("Chapter 0.")
    with path.open("rb") as file:
        assert saywho.read_text(file, author="민아").people == ("민아",)
    path.write_bytes("어제는 바다에 갔다. 정말 좋았다.".encode("cp949"))
    assert saywho.read_text(path, author="민아", encoding="cp949")[0].text.startswith("어제는")
    for content in (b"%PDF-1.7", b"\0\1\2"):
        path.write_bytes(content)
        with pytest.raises(
            saywho.FileError, match=r"Boat\.txt is no text; use read|ends in the middle"
        ):
            saywho.read_text(path, author="mina")
    with pytest.raises(saywho.FileError, match="no text"):
        saywho.read_text(tmp_path, author="mina")
    with pytest.raises(ValueError, match=r"\w"):
        saywho.read_text(path, author=" ")


def test_a_notebook_shows_a_sentence_and_a_table() -> None:
    said = [("2024-01-16 09:00", "<b>&", "안녕 ㅋㅋ"), *SAID]
    chat = saywho.read(io.BytesIO(kakaotalk("방", *said)), tz="Asia/Seoul")
    judge = saywho.Judge(chat)
    answer = judge.ask("안녕 민아야 잘 지내")
    for value in (chat, judge, answer):
        shown = value._repr_html_()  # the name that notebooks know
        assert shown.count("<tr>") == 4
        assert "&lt;b&gt;&amp;" in shown
    assert "Chat: kakaotalk, 8 posts, 3 people" in chat._repr_html_()
    assert answer._repr_html_().startswith("<p>short (4 words)")


def test_a_long_call_shows_how_far_it_is() -> None:
    steps: list[str] = []

    def progress(items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            yield item
            steps.append("step")

    def taken() -> int:
        count = len(steps)
        steps.clear()
        return count

    file = io.BytesIO(kakaotalk("방", *said(["민아", "준"], times=12)))
    chat = saywho.read(file, tz="Asia/Seoul", progress=progress)
    assert taken() == len(chat) == 24
    judge = saywho.Judge(chat, progress=progress)
    assert taken() == 2
    books = {"first": "어제는 바다에 갔다 " * 9, "second": "오늘은 산에 왔다 " * 9}
    plain = repr(judge.matrix(books, measure="log10_ratio").to_pandas())
    assert repr(judge.matrix(books, progress=progress).to_pandas()) == plain
    assert taken() == 2
    folds = [number % 3 for number in range(len(chat))]
    whole = judge.held_out(by=folds)
    assert (judge.held_out(by=folds, progress=progress), taken()) == (whole, 3)


def test_a_wrong_file_raises_the_sentence_that_the_command_prints(
    tmp_path: Path, installation: Installation
) -> None:
    for content in (b"%PDF-1.7 no posts", b"\x00\x01\x02"):
        path = tmp_path / "posts"
        path.write_bytes(content)
        with pytest.raises(saywho.FileError) as raised:
            saywho.read(path)
        assert not hasattr(raised.value, "__notes__")
        assert str(raised.value) in installation.refused("import", str(path))
    rows = "press,text\n" + "".join(f"{'AB'[n % 2]},text {n}\n" for n in range(40))
    (tmp_path / "posts").write_text(rows)
    with pytest.raises(saywho.QuestionError, match="Which column names who wrote") as raised:
        saywho.read(path)
    assert raised.value.choices == {"author": ("none", "press", "text")}
    assert "--column" not in str(raised.value)
    with pytest.raises(saywho.FileError, match="No such file"):
        saywho.read(tmp_path / "nothing")


def test_what_would_stop_an_import_stops_a_reading() -> None:
    rows = ["author,text", *(f"mina,{n}번째 글" for n in range(3)), *(",x" for _ in range(9))]
    file = "\n".join(rows).encode()
    with pytest.raises(saywho.FileError, match="nothing is stored: Posts without an author"):
        saywho.read(io.BytesIO(file))
    chat = saywho.read(io.BytesIO(file), accept_doubts=True)
    assert len(chat) == 3
    assert len(chat.unread) == 9
    assert chat.unread[0] == "line 5: the author is missing in this row"


@pytest.mark.parametrize("name", SMALL_FILES)
def test_each_format_is_read(name: str) -> None:
    chat = saywho.read(io.BytesIO(SMALL_FILES[name]), username="mina", accept_doubts=True)
    assert chat.format == name
    assert chat[0].text.startswith("hi, ")


def test_columns_and_the_author_of_all() -> None:
    table = b"who,what\nana,a first text\nben,a second text\n"
    chat = saywho.read(io.BytesIO(table), columns={"who": "author", "what": "text"})
    assert chat.people == ("ana", "ben")
    lines = b'{"text": "one"}\n{"text": "two"}\n'
    assert saywho.read(io.BytesIO(lines), username="cleo").people == ("cleo",)


@pytest.mark.parametrize(
    "options",
    [
        {"tz": "Mars/Olympus"},
        {"format": "scroll"},
        {"encoding": "runes"},
        {"dates": "backwards"},
        {"columns": {"who": "poet"}},
        {"username": "a b"},
    ],
    ids=str,
)
def test_unknown_options_are_value_errors(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        saywho.read(io.BytesIO(b"text\nx\n"), **options)  # type: ignore[arg-type]
    for file in (io.StringIO("text"), 3, None):
        with pytest.raises(TypeError, match="binary mode"):
            saywho.read(file)  # type: ignore[arg-type]


def packages_of_others() -> list[str]:
    """Return the packages of all distributions that the library does not need."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["saywho"]["library"]
    needed, found = set[str](), [canonical(name) for name in listed]
    for name in found:
        needed.add(name)
        with suppress(PackageNotFoundError):  # Of another Python or system.
            for line in requires(name) or ():
                wanted = canonical(re.match(r"[\w.-]+", line)[0])  # type: ignore[index]
                found += [wanted] if "extra ==" not in line and wanted not in found else []
    owners = packages_distributions().items()
    return ["app", *(name for name, of in owners if not needed.intersection(map(canonical, of)))]


def canonical(name: str) -> str:
    return name.lower().replace("_", "-")


def test_the_library_needs_nothing_of_the_site(tmp_path: Path) -> None:
    """It opens no connection, reads no setting, and writes no file with a name; it begins where
    Unix's modules are missing.
    """
    (tmp_path / "chat.txt").write_bytes(kakaotalk("방", *SAID))
    (tmp_path / "table.csv").write_text("author,text,time\nmina,a first text,2024-05-06 07:08\n")
    blocked = {*packages_of_others(), *("fcntl", "grp", "pwd", "resource", "termios")} - {"saywho"}
    assert {"quart", "sqlalchemy", "dash", "click", "pytest"} <= blocked
    code = f"""
import sys
import tomllib
blocked = {blocked!r}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ImportError(name)
sys.meta_path.insert(0, Blocker())
def audit(event, arguments):
    if event.startswith("socket.") or (event == "open" and isinstance(arguments[1], str)
            and set(arguments[1]) & set("wax+")) and not isinstance(arguments[0], int):
        raise RuntimeError(event, arguments)
import mmap, os
del mmap.MADV_DONTNEED
read, variables = type(os.environ).__getitem__, set()
type(os.environ).__getitem__ = lambda self, name: variables.add(name) or read(self, name)
import saywho
sys.addaudithook(audit)
chat = saywho.read("chat.txt", tz="Asia/Seoul")
table = saywho.read("table.csv")
answer = saywho.Judge(chat).ask("안녕 민아야 잘 지내", among=chat.people)
print(len(chat), *chat.people, len(table), answer.verdict)
print(*(name for name in variables if "SAYWHO" in name))
"""
    ran = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("7 민아 Kim_Jun 1 short\n\n", "")
    assert {path.name for path in tmp_path.iterdir()} == {"chat.txt", "table.csv"}


def test_public_names_are_few_and_described() -> None:
    assert len(saywho.__all__) <= 14
    assert all(getattr(saywho, name).__doc__ for name in saywho.__all__)
    assert {*saywho.__all__} <= {*dir(saywho)}
    with pytest.raises(AttributeError, match="no attribute 'write'"):
        saywho.write  # noqa: B018


def test_the_command_prints_a_file_without_a_site(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "instance")
    path = tmp_path / "chat.txt"
    path.write_bytes(kakaotalk("방", *SAID))
    printed = installation.json("read", str(path), "--timezone", "Asia/Seoul")
    assert (printed["people"], len(printed["posts"])) == (["민아", "Kim_Jun"], 7)
    assert printed["posts"][-1]["created_at"] == "2024-01-16T00:00:00Z"
    table = installation.run("read", str(path), "--csv")
    rows = table.stdout.splitlines()
    assert rows[0] == ",".join(saywho.Post._fields)
    assert rows[-1].startswith("민아,안녕 ㅋㅋ,2024-01-1")
    assert "Time zone: " in table.stderr
    again = saywho.read(io.BytesIO(table.stdout.encode()))
    assert [post[:3] for post in again] == [post[:3] for post in saywho.read(path)]
    assert not installation.data_dir.exists()


@pytest.mark.parametrize(
    ("texts", "stripped"),
    [
        (["<b>fog</b>", "salt", "rain"], ["fog", "salt", "rain"]),
        ([f"Content : fog {n}" for n in range(5)], [f"fog {n}" for n in range(5)]),
        (["I found it", *(f"Note: fog {n}" for n in range(5))], None),
    ],
)
def test_what_programs_added_is_taken_off_if_asked(
    tmp_path: Path, texts: list[str], stripped: list[str] | None
) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text("".join(json.dumps({"username": "mina", "text": t}) + "\n" for t in texts))
    found = saywho.read(path)
    assert [post.text for post in found] == texts
    assert any("taken off" in doubt for doubt in found.doubts) == bool(stripped)
    assert [post.text for post in saywho.read(path, strip_tags=True)] == (stripped or texts)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory has no such limit")
def test_a_process_of_its_own_bounds_the_reading_of_a_stranger_s_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program of the page about the library is run, with 3 seconds of time."""
    plant(tmp_path, monkeypatch)
    page = (ROOT / "docs/library.md").read_text().partition("### Files of strangers")[2]
    program = page.partition("```python\n")[2].partition("```")[0].replace("(60, 60)", "(3, 3)")
    (tmp_path / "program.py").write_text(f"{program}    print(len(chat))\n")
    said_by = {}
    for name, data in {"good": kakaotalk("방", *SAID), "endless": AT_ONCE}.items():
        (tmp_path / "chat.zip").write_bytes(data)
        ended = Installation(tmp_path / "data").process(sys.executable, "program.py")
        said_by[name] = ended.stdout, ended.stderr.splitlines()[-1:]
    assert said_by["good"] == ("7\n", [])
    assert "BrokenProcessPool" in said_by["endless"][1][0]
