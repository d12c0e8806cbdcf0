"""The commands that ask and manage, run in this process on a real database."""

import asyncio
import json
import re
import shlex
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click
import pytest

from app.cli import COMMANDS, id_type, saywho
from app.cli.posts import CHATLAB, search_command
from app.config import Config
from app.db.engine import Database
from app.models import MAX_ID
from app.services.access.rights import SCOPES
from app.services.checks import find_python_faults
from app.services.posts.filters import FILTERS
from app.services.search.index_terms import renew_vocabulary
from app.services.search.results import Mode
from app.services.search.word_search import SORTS
from saywho.engine.judgement import SURE
from saywho.formats.registry import FORMATS, WRITERS
from tests.browsing import found_in, missing_in
from tests.chats import kakaotalk, said
from tests.embedding_service import embedding_service
from tests.installation import PROGRAM, Installation, lines

BREAD = [f"빵이 나왔어요. 오늘의 빵은 {n}번 식빵, 따뜻할 때 오세요 :)" for n in range(12)]
LIGHT = [f"Wind NW {n}, visibility {n + 3} miles. Lamp lit. Nothing to report." for n in range(12)]


@pytest.fixture(scope="module")
def database(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two authors of twelve posts each."""
    folder = tmp_path_factory.mktemp("filled")
    installation = Installation.made(folder / "instance", template)
    records = [
        {"username": name, "text": text, "created_at": f"2024-05-{day:02}", "source_id": str(day)}
        for name, texts in (("빵집", BREAD), ("Lighthouse", LIGHT))
        for day, text in enumerate(texts, 1)
    ]
    installation.done("import", lines(folder / "posts.jsonl", *records))
    return installation.database


@pytest.fixture
def filled(installation: Installation, database: Path) -> Installation:
    """An installation with a copy of it."""
    shutil.copy(database, installation.database)
    return installation


def test_the_list_of_commands_says_what_each_does(installation: Installation) -> None:
    said = installation.done("--help")
    for name, listed in COMMANDS.items():
        command = saywho.get_command(click.Context(saywho), name)
        assert command is not None
        assert f"\n  {name:<12}{listed.line}\n" in said
        assert command.get_short_help_str(limit=1_000) == listed.line


def test_the_options_of_commands_have_the_values_of_the_program() -> None:
    def option(command: str, *names: str) -> click.Parameter:
        *groups, name = names
        found: Any = saywho.get_command(click.Context(saywho), command)
        for group in groups:
            found = found.commands[group]
        parameters: list[click.Parameter] = found.params
        return next(each for each in parameters if each.name == name)

    def choices(*names: str) -> list[str]:
        kind = option(*names).type
        assert isinstance(kind, click.Choice)
        return list(kind.choices)

    assert choices("import", "format_name") == ["auto", *sorted(FORMATS)]
    assert choices("export", "format_name") == [*WRITERS, CHATLAB]
    assert choices("search", "sort") == [*SORTS]
    assert choices("search", "mode") == [*get_args(Mode)]
    assert choices("token", "add", "scope") == [*SCOPES]
    assert option("compare", "sure").default == SURE
    assert id_type.max == MAX_ID
    helped = search_command.help or ""
    assert [each.typed for each in FILTERS if each.typed not in " ".join(helped.split())] == []


HELPED = """
import sys
from click.testing import CliRunner
from app.cli import COMMANDS, saywho
for name in COMMANDS:
    assert CliRunner().invoke(saywho, [name, "--help"]).exit_code == 0
long = "alembic", "saywho.formats.registry", "dash", "numpy", "quart", "sqlalchemy"
print([name for name in long if name in sys.modules])
"""


def test_help_imports_nothing_that_takes_long(installation: Installation) -> None:
    assert installation.process(sys.executable, "-c", HELPED).stdout == "[]\n"


IMPORTED = """
import sys
from click.testing import CliRunner
from app.cli import saywho
posts = '{"username": "mina", "text": "Fog again."}'
assert CliRunner().invoke(saywho, ["import", "-"], input=posts).exit_code == 0
print([name for name in ("hypercorn", "jinja2", "quart", "werkzeug") if name in sys.modules])
"""


def test_an_import_imports_no_server(installation: Installation) -> None:
    assert installation.process(sys.executable, "-c", IMPORTED).stdout == "[]\n"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("saywho im", ["import"]),
        ("saywho import --fo", ["--format"]),
        ("saywho import --format whats", ["whatsapp", "whatsapp-exporter"]),
        ("saywho token add x --scope ", ["read", "write", "admin"]),
    ],
)
def test_bash_completes_words(installation: Installation, typed: str, completed: list[str]) -> None:
    words = typed.split(" ")
    script = (
        f'source <("{PROGRAM}" completion bash);'
        f" COMP_WORDS=({shlex.join(words[:-1])} '{words[-1]}') COMP_CWORD={len(words) - 1};"
        f' _saywho_completion "{PROGRAM}"; echo "${{COMPREPLY[*]}}"'
    )
    ended = installation.process("bash", "-c", script)
    assert (ended.stdout.split(), ended.stderr) == (completed, "")


@pytest.mark.parametrize(
    "group", ["", "db", "follow", "operator", "room", "spark", "token", "user"]
)
def test_what_a_command_does_is_a_whole_sentence(installation: Installation, group: str) -> None:
    said = installation.done(*filter(None, [group, "--help"]))
    sentences = re.findall(r"^  [a-z]+ +(\S.*)", said.partition("Commands:\n")[2], re.MULTILINE)
    assert sentences
    assert [sentence for sentence in sentences if not re.fullmatch(r"\S.*\w\.", sentence)] == []


def test_authors_are_added_listed_and_deleted(installation: Installation) -> None:
    author = installation.json(
        "user", "add", "골목빵집", "--platform", "mastodon", "--display-name", "골목 빵집"
    )
    assert author["username"] == "골목빵집"
    assert (author["platform"], author["tweets"]) == ("mastodon", 0)
    assert installation.done("user", "add", "@Zed") == "added Zed\n"
    listed = installation.json("users")
    assert [item["username"] for item in listed["items"]] == ["Zed", "골목빵집"]
    assert set(listed["items"][0]) == {
        *("id", "username", "display_name", "platform", "tweets"),
        *("first_tweet_at", "newest_tweet_at", "created_at"),
    }
    assert "골목빵집" in installation.done("users")
    installation.done("user", "delete", "zed", "--yes")
    assert [item["username"] for item in installation.json("users")["items"]] == ["골목빵집"]


def test_chats_are_listed_and_deleted(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_bytes(kakaotalk("우리", *said(("민준", "하늘"), times=3)))
    assert "No chats yet" in installation.run("rooms").stderr
    installation.done("import", "chat.txt", "--publish", "--timezone", "Asia/Seoul")
    (room,) = installation.json("rooms")["items"]
    assert (room["id"], room["name"], room["messages"]) == (1, "우리", 6)
    assert installation.done("rooms").split() == ["1", "6", "우리"]
    deleted = installation.json("room", "delete", "1", "--yes")
    assert deleted == {"id": 1, "name": "우리", "messages": 6}
    for listed in ("rooms", "users"):
        assert installation.json(listed)["items"] == []
    assert installation.json("check")["ok"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "add", "LIGHTHOUSE"), "Lighthouse"),
        (("user", "add", "a b"), "white space"),
        (("user", "add", "x", "--platform", "myspace"), "myspace"),
        (("user", "delete", "nobody", "--yes"), "nobody"),
        (("room", "delete", "4711", "--yes"), "There is no chat 4711"),
        (("room", "delete", "us"), "us"),
        (("compare", "hello there", "-u", "nobody", "-u", "빵집"), "nobody"),
        (("compare", "hello there", "-u", "빵집", "-u", "빵집"), "twice"),
        (("compare", "?!", "-u", "빵집", "-u", "Lighthouse"), "letters"),
        (("compare", "hello there", "-u", "\udcff", "-u", "빵집"), "UTF-8"),
        (("compare", "hello there", "--sure", "nan"), "nan"),
        (("search", "hello", "-u", "nobody"), "nobody"),
        (("search", "hello", "--mode", "telepathy"), "telepathy"),
        (("search", "hello " * 167), "at most 1,000 characters"),
        (("token", "add", " ", "--scope", "read"), "name"),
        (("token", "add", "x"), "--scope"),
        (("token", "revoke", "4711"), "4711"),
        (("import",), "FILE"),
        (("import", "texts.csv", "--username", "50%"), "--username"),
        (("nonsense",), "see saywho --help"),
        (("compare",), "TEXT"),
        (("compare", "--file", "missing.txt"), "missing.txt"),
        (("compare", "--file", "latin.txt"), "not UTF-8"),
        (("compare", "--file", "texts.csv"), "text"),
        (("compare", "--file", "texts.csv", "--without", "4-9"), "--file"),
        (("compare", "--file", "texts.csv", "--person", "Mina"), "--file"),
        (("compare", "hello there", "--years", "빵집"), "--years"),
        (("compare", "hello there", "--without", "4"), "4-9"),
        (("compare", "hello there", "--without", "4-99"), "4-99"),
        (("serve", "--bind", "nowhere"), "HOST:PORT"),
        (("serve", "--bind", ":8000"), "HOST:PORT"),
        (("serve", "--bind", "127.0.0.1:99999"), "HOST:PORT"),
        (("serve", "--bind", "127.0.0.1:http"), "HOST:PORT"),
        (("serve", "--workers", "0"), "workers"),
    ],
    ids=lambda value: " ".join(map(ascii, value)) if isinstance(value, tuple) else "",
)
def test_bad_input_is_status_2_and_says_what_is_bad(
    filled: Installation, arguments: tuple[str, ...], said: str
) -> None:
    Path("texts.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    Path("latin.txt").write_bytes(b"caf\xe9 au lait\n")
    result = filled.run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not result.stdout


def test_a_durability_that_the_database_lacks_is_status_2(installation: Installation) -> None:
    result = replace(installation, settings={"SAYWHO_DURABILITY": "replicated"}).run("users")
    assert result.exit_code == 2
    assert re.fullmatch(r"saywho: SAYWHO_DURABILITY=replicated needs .*\n", result.stderr)
    assert not result.stdout


def test_a_comparison_ranks_the_authors_with_evidence(filled: Installation) -> None:
    text = "오늘의 빵이 따뜻할 때 오세요 :)"
    comparison = filled.json("compare", text, "-u", "lighthouse", "-u", "빵집")
    assert comparison["text"] == text
    # Twelve posts of each are too few to tell whether it was somebody else.
    assert (comparison["verdict"], comparison["none"], comparison["sure"]) == ("close", None, 0.5)
    assert "elsewhere" in comparison["limits"]
    assert [ranked["username"] for ranked in comparison["ranking"]] == ["빵집", "Lighthouse"]
    assert sum(ranked["probability"] for ranked in comparison["ranking"]) == pytest.approx(1)
    assert comparison["ranking"][0]["tweets"] == 12
    for mark in comparison["evidence"]:
        assert text[mark["start"] : mark["end"]] == mark["text"]
    assert comparison["model"]["as_of_event"] > 0
    assert filled.json("compare", text)["ranking"] == comparison["ranking"]
    named = ("-u", "lighthouse", "-u", "빵집")
    assert filled.json("compare", "-", *named, stdin=text) == comparison
    shown = filled.done("compare", text)
    assert "verdict: close\nIf one of these 2 wrote it, it is most like 빵집\n" in shown
    assert "If no author has 25 posts or more" in shown
    assert "%" not in shown
    assert not missing_in(shown, "only with people from elsewhere", "Do not use this to find out")
    short = filled.done("compare", "ㅋㅋ 네")
    assert short.startswith("verdict: short")
    assert not missing_in(short, "Please write more", "Little is known of")
    assert not found_in(short, "Do not use this to find out", "%")


def test_a_comparison_takes_several_texts_one_name_and_reasons(filled: Installation) -> None:
    texts = ["오늘의 빵이 따뜻할 때 오세요 :)", "내일의 빵도 따뜻할 거예요"]
    answers = filled.json("compare", *texts, "-u", "빵집", "--sure", "0.9")
    assert answers["text"] == "\n\n".join(texts)
    assert (answers["verdict"], answers["sure"]) == ("short", 0.9)
    assert [ranked["probability"] for ranked in answers["ranking"]] == [1]
    both = filled.json("compare", *texts)
    assert both["evidence"]
    assert all(mark["own"] >= 0 and mark["others"] >= 0 for mark in both["evidence"])
    rate = r"(about )?(once|never|[\d.]+ times) (a post|in \d+ posts)"
    assert re.search(f"{rate}; the other author compared: {rate}", filled.done("compare", *texts))


def test_a_comparison_judges_copied_messages_alone(filled: Installation) -> None:
    said = ("오늘의 빵이 따뜻할 때 오세요 :)", "Wind NW 4, visibility two miles. Lamp lit.")
    bread, light = (
        f"[{name}] [오후 9:06] {text}" for name, text in zip(("빵", "등대"), said, strict=True)
    )
    answer = filled.json("compare", bread)
    assert answer["ranking"] == filled.json("compare", said[0])["ranking"]
    assert [head["name"] for head in answer["heads"]] == ["빵"]
    shown = filled.done("compare", bread)
    assert "The names and times in front of the messages were not judged." in shown
    kept = filled.json("compare", bread, "--keep-heads")
    assert "heads" not in kept
    assert kept["words"] > answer["words"]
    chat = f"{bread}\n{light}"
    shown = filled.done("compare", chat)
    assert "Several people wrote this" in shown
    assert "Choose one with --person: 빵 (1), 등대 (1)" in shown
    chosen = filled.json("compare", chat, "--person", "등대")
    assert chosen["ranking"] == filled.json("compare", said[1])["ranking"]
    refused = filled.run("compare", chat, "--person", "Jun")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "choose from: 빵, 등대" in refused.stderr
    Path("chat.txt").write_text(f"{bread}\n{said[0]}\n", "utf-8")
    with_heads, plain = map(json.loads, filled.done("compare", "--file", "chat.txt").splitlines())
    assert with_heads["ranking"] == plain["ranking"]
    kept, _ = map(
        json.loads, filled.done("compare", "--file", "chat.txt", "--keep-heads").splitlines()
    )
    assert "heads" not in kept


def test_a_comparison_names_quoted_lines_and_stored_texts(filled: Installation) -> None:
    quoting = filled.done("compare", "> one two three\nWind NW and lamp lit tonight")
    assert "The quoted lines were not judged: 6 of 9 words were." in quoting
    known = filled.done("compare", BREAD[3], "-u", "Lighthouse")
    assert known.startswith("빵집 wrote exactly this here. It is from ")


def test_a_comparison_leaves_pieces_out(filled: Installation) -> None:
    text = "오늘의 빵이 따뜻할 때 오세요 wind and lamp"
    struck = filled.json("compare", text, "--without", "17-21", "--without", "26-30")
    assert (struck["text"], struck["without"]) == (text, [[17, 21], [26, 30]])
    whole = filled.json("compare", text)
    assert struck["ranking"][0]["probability"] > whole["ranking"][0]["probability"]
    assert "verdict: short" in filled.done("compare", text, "--without", "0-30")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("texts.txt", "오늘의 빵이 따뜻할 때 오세요 :)\n\n123\n"),
        ("texts.jsonl", '{"text": "오늘의 빵이 따뜻할 때 오세요 :)", "id": 7}\n\n{}\n'),
        ("texts.csv", "id,본문\n7,오늘의 빵이 따뜻할 때 오세요 :)\n8,123\n"),
        ("long.csv", f"id,본문\n7,오늘의 빵이 따뜻할 때 오세요 :)\n8,{'a' * 2**17}b\n"),
    ],
)
def test_a_file_of_texts_is_judged_line_by_line(
    filled: Installation, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8-sig")
    lines = filled.done("compare", "--file", str(path)).splitlines()
    first, last = (json.loads(line) for line in lines)
    assert first["ranking"][0]["username"] == "빵집"
    assert (first["verdict"], first["none"]) == ("close", None)
    assert last["error"]


def test_a_comparison_renews_what_is_outgrown_or_says_that_it_cannot(filled: Installation) -> None:
    asked = ("compare", "오늘의 빵이 따뜻할 때 오세요 :)", "-u", "lighthouse", "-u", "빵집")
    before = filled.json(*asked)
    with closing(sqlite3.connect(filled.database)) as connection:
        connection.execute('DELETE FROM "BackgroundSnapshot"')
        connection.commit()
    lock = filled.database.with_name("testing.db.background.lock")
    lock.unlink(missing_ok=True)
    lock.symlink_to("no-folder/lock")
    result = filled.run(*asked, "--json")
    assert result.exit_code == 0
    assert "cannot be updated" in result.stderr
    answer = json.loads(result.stdout)
    assert (answer["model"]["version"], answer["model"]["outgrown"]) == (0, True)
    assert "the answer may change soon" in filled.done(*asked)
    lock.unlink()
    after = filled.json(*asked)
    assert after["ranking"] == before["ranking"] != answer["ranking"]
    assert (after["model"]["version"], "outgrown" in after["model"]) == (1, False)


def test_a_search_finds_words_and_marks_them(filled: Installation) -> None:
    results = filled.json("search", '"lamp lit"', "-u", "lighthouse", "--limit", "5")
    newest = filled.json("search", "lamp", "--sort", "newest")["items"]
    assert newest == sorted(newest, key=lambda post: post["created_at"], reverse=True)
    assert results["method"] == "words"
    assert len(results["items"]) == 5
    hit = results["items"][0]
    start, end = hit["highlights"][0]
    assert hit["text"][start:end].startswith("Lamp")
    assert "Lighthouse" in filled.done("search", "lamp")
    typed = filled.json("search", "from:Lighthouse lamp")
    assert typed["filters"] == [{"key": "from", "value": "Lighthouse"}]
    assert {post["username"] for post in typed["items"]} == {hit["username"]}


def test_a_typing_error_in_a_search_is_corrected_and_told(filled: Installation) -> None:
    asyncio.run(_count_words(filled))
    result = filled.run("search", "lapm")
    assert "Nothing found for “lapm” as typed." in result.stderr
    assert "Lighthouse" in result.stdout
    corrections = filled.json("search", "lapm")["corrections"]
    assert ("lapm", "lamp") in {(each["typed"], each["used"]) for each in corrections}


async def _count_words(installation: Installation) -> None:
    async with Database(Config(env="testing", data_dir=installation.data_dir)) as db:
        await renew_vocabulary(db)


def test_vectors_are_made_and_stay_while_the_embedder_is_down(filled: Installation) -> None:
    assert "builtin" in filled.run("embed").stderr
    with embedding_service() as service:
        remote = Installation(filled.data_dir, {"SAYWHO_EMBEDDER": f"http:{service.address}"})
        assert remote.json("embed") == {"embedded": 24}
        service.faults = [(503, b"")]
        result = remote.run("embed", "--all")
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert remote.json("embed") == {"embedded": 0}
        assert remote.json("embed", "--all") == {"embedded": 24}
        assert remote.json("search", "lamp", "--mode", "meaning")["method"] == "meaning"
        result = remote.run("search", "lamp", "--mode", "meaning", "--sort", "newest")
        assert "--sort applies only to a search by words" in result.stderr


def test_a_token_is_shown_once(installation: Installation) -> None:
    made = installation.json("token", "add", " laptop ", "--scope", "write")
    assert set(made) == {"id", "name", "scope", "token"}
    assert (made["name"], made["scope"]) == ("laptop", "write")
    plain = installation.run("token", "add", "phone", "--scope", "read")
    assert plain.stdout.strip().startswith("saywho_")
    listed = installation.json("token", "list")["items"]
    assert [(token["name"], token["scope"]) for token in listed] == [
        ("laptop", "write"),
        ("phone", "read"),
    ]
    installation.done("token", "revoke", str(made["id"]))
    assert len(installation.json("token", "list")["items"]) == 1
    assert made["token"] not in json.dumps(listed)


def test_a_token_gets_an_end(installation: Installation) -> None:
    ends = ("token", "add", "guest", "--scope", "read", "--until")
    assert installation.json(*ends, "2999-01-31")["ends_at"] == "2999-01-31T00:00:00Z"
    assert [token["ends_at"] for token in installation.json("token", "list")["items"]] == [
        "2999-01-31T00:00:00Z"
    ]
    assert "guest  (until 2999-01-31)" in installation.done("token", "list")
    for day in ("2020-01-31", "tomorrow"):
        refused = installation.run(*ends, day)
        assert (refused.exit_code, refused.stdout) == (2, "")


def test_setup_link_names_its_address_or_the_assumed_port(installation: Installation) -> None:
    assumed = installation.run("operator", "add", "ann")
    assert assumed.stdout.startswith("http://127.0.0.1:8000/setup?token=")
    assert "assumes that the server listens on port 8000" in assumed.stderr
    at_address = replace(installation, settings={"SAYWHO_URL": "https://saywho.example:8443"})
    named = at_address.run("operator", "add", "ben")
    assert named.stdout.startswith("https://saywho.example:8443/setup?token=")
    assert not named.stderr


def test_the_demo_loads_eight_accounts_once(installation: Installation) -> None:
    assert installation.json("demo") == {"accepted": 480, "duplicates": 0}
    before = installation.json("users")
    assert installation.json("demo") == {"accepted": 0, "duplicates": 480}
    assert installation.json("users") == before
    assert [item["tweets"] for item in before["items"]] == [60] * 8
    assert installation.done("check") == "ok\n"
    # What is nobody's has its reasons.
    names = ("-u", "saltmarsh_light", "-u", "the_night_ferry")
    shown = installation.done(
        "compare", "Kindly find the quarterly invoices attached herewith.", *names
    )
    assert (
        "Reads like none of them\nThese authors never write “quarterly”, “invoices”, and" in shown
    )
    assert re.search(r"\nThe closest is \w+, with a (\d+% chance|chance of under 1%)", shown)


def test_a_check_names_what_disagrees_with_the_posts(filled: Installation) -> None:
    connection = sqlite3.connect(filled.database)
    with connection:
        connection.execute("UPDATE \"Users\" SET tweet_count = 99 WHERE username = '빵집'")
    connection.close()
    assert "빵집" in filled.refused("check", status=1)
    result = filled.run("check", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert not answer["ok"]
    assert any("빵집" in fault for fault in answer["faults"])


def test_a_check_mends_answers_whose_posts_are_gone(
    installation: Installation, tmp_path: Path
) -> None:
    told = {"username": "mina", "text": "one", "source_id": "1"}
    answers = [
        {"username": "jun", "text": f"{n}", "reply_to": {"username": "mina", "source_id": f"{n}"}}
        for n in (1, 2)
    ]
    installation.done("import", lines(tmp_path / "posts.jsonl", told, *answers))
    with closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute(
            'UPDATE "Tweet" SET reply_to_id = 99 WHERE reply_to_source_id IS NOT NULL'
        )
    result = installation.refused("check", status=1)
    assert "2 answers refer to posts that are not stored (--mend)" in result
    mended = installation.run("check", "--mend")
    assert (mended.exit_code, mended.stdout) == (0, "ok\n")
    assert "2 answers were linked again" in mended.stderr
    with closing(sqlite3.connect(installation.database)) as connection:
        links = connection.execute('SELECT reply_to_id FROM "Tweet" ORDER BY id').fetchall()
    assert links == [(None,), (1,), (None,)]
    assert installation.done("check") == "ok\n"


def test_a_check_warns_of_this_python_and_succeeds(filled: Installation) -> None:
    result = filled.run("check")
    assert (result.exit_code, result.stdout) == (0, "ok\n")
    assert "saywho: time zones: 20" in result.stderr
    assert ("saywho: warning: Python" in result.stderr) == bool(find_python_faults())
    assert filled.json("check") == {"ok": True, "faults": []}


def test_a_check_warns_of_a_missing_library_of_pictures(
    filled: Installation, tmp_path: Path
) -> None:
    (tmp_path / "libfribidi.so.0").touch()
    (tmp_path / "libfribidi.so").touch()
    own = filled.environment() | {"LD_LIBRARY_PATH": str(tmp_path)}
    done = filled.process(PROGRAM, "check", env=own)
    assert (done.returncode, done.stdout) == (0, "ok\n")
    assert "saywho: warning: pictures leave out names in Arabic" in done.stderr


def test_a_database_file_that_is_none_is_reported(installation: Installation) -> None:
    installation.database.write_bytes(b"this is no database at all" * 100)
    assert "not a database" in installation.refused("check", status=1)
    answer = json.loads(installation.run("check", "--json").stdout)
    assert not answer["ok"]
    assert "not a database" in answer["faults"][0]


def test_a_data_folder_that_cannot_be_made_is_status_1(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    serve = ("serve", "--bind", "127.0.0.1:0")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        for command in (("users",), serve, ("db", "upgrade"), ("db", "downgrade")):
            result = Installation(folder).run(*command)
            assert result.exit_code == 1
            assert str(folder) in result.stderr
            assert len(result.stderr.splitlines()) == 1
