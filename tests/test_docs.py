"""What the program has, the documentation names; and the other way round."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from alembic.script import ScriptDirectory
from quart import Quart

from app import __version__
from app.cli import saywho
from app.config import PREFIX, Config
from benchmarks import report
from saywho.formats.post import FIELDS, PLATFORMS
from saywho.formats.registry import FORMATS
from tests import addresses, house

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.ko.md")
PAGES_OUTSIDE_THE_API = ("/api/", "/healthz", "/readyz")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_version_is_that_of_the_changelog() -> None:
    """What is not released has a number of its own, behind which the next version stands."""
    (newest, *_) = re.findall(r"^## (\S+)", read("CHANGELOG.md"), re.MULTILINE)
    assert newest == ("Unreleased" if ".dev" in __version__ else __version__)


def test_settings_are_those_of_the_program() -> None:
    documented = re.findall(rf"^\| `({PREFIX}\w+)` \|", read("docs/settings.md"), re.MULTILINE)
    assert set(documented) == {PREFIX + field.name.upper() for field in fields(Config)}


def members(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield name, command


def commands(group: click.Group, path: str) -> Iterator[str]:
    for name, command in members(group):
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_commands_are_those_of_the_program() -> None:
    assert sorted(
        re.findall(r"^### `(saywho [a-z]+(?: [a-z]+)?)", read("docs/commands.md"), re.MULTILINE)
    ) == sorted(commands(saywho, "saywho"))


@pytest.mark.parametrize("command", sorted(commands(saywho, "saywho")))
def test_each_option_of_a_command_is_documented(command: str) -> None:
    sections = re.split(r"^##+ ", read("docs/commands.md"), flags=re.MULTILINE)
    (section,) = (each for each in sections if re.match(rf"`{command}[ `]", each))
    found: click.Command = saywho
    for name in command.split()[1:]:
        assert isinstance(found, click.Group)
        found = dict(members(found))[name]
    assert {
        option
        for parameter in found.params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
        if option.startswith("--") and not any(short in section for short in parameter.opts)
    } <= {"--help"}


def test_formats_are_documented() -> None:
    text = read("docs/importing.md") + read("docs/chats.md")
    missing = [name for name in FORMATS if f"`{name}`" not in text]
    assert not missing, f"docs/chats.md or docs/importing.md: add a row for each of {missing}"


@pytest.mark.parametrize(("page", "heading"), [("api.md", "Posts"), ("exporting.md", "Fields")])
def test_fields_of_a_post_are_documented(page: str, heading: str) -> None:
    section = read(f"docs/{page}").partition(f"\n## {heading}\n")[2].partition("\n##")[0]
    missing = {*FIELDS} - set(re.findall(r"`(\w+)`", section))
    assert not missing, f"docs/{page}, section {heading}: add a row for each of {missing}"


def test_downgrades_that_delete_data_are_documented() -> None:
    scripts = ScriptDirectory(str(ROOT / "app" / "migrations")).walk_revisions()
    rows = {
        f"| {each.revision} | {each.down_revision} |"
        for each in scripts
        if getattr(each.module, "LOST", None)
    }
    text = read("docs/commands.md")
    missing = [row for row in sorted(rows) if row not in text]
    assert not missing, f"docs/commands.md, saywho db downgrade: add what is lost: {missing}"


def test_where_to_look_names_each_module_with_a_batch() -> None:
    rows = read("docs/contributing.md").splitlines()
    (row,) = (row for row in rows if row.startswith("| where requests that arrive together"))
    texts = house.sources().items()
    batches = {path.name for path, text in texts if re.search(r"(= |return )Batch\(", text)}
    assert batches < {name.rpartition("/")[2] for name in re.findall(r"`([\w/]+\.py)`", row)}


async def test_an_authors_platforms_are_documented(app: Quart) -> None:
    (listed,) = re.findall(r"^`platform` is (.*?`local`): where", read("docs/api.md"), re.M | re.S)
    assert re.findall(r"`(\w+)`", listed) == [*PLATFORMS]
    document = await (await app.test_client().get("/api/v1/openapi.json")).get_json()
    for name in ("Author", "NewUserForm", "ExportedPost"):
        platform = document["components"]["schemas"][name]["properties"]["platform"]
        assert {*platform["enum"]} == {*PLATFORMS}, name


async def test_api_addresses_are_documented(app: Quart) -> None:
    text = read("docs/api.md")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PAGES_OUTSIDE_THE_API):
            address = re.sub(r"<(?:\w+:)?(\w+?_)?(id|username|year)>", r"<\2>", rule.rule)
            assert address in text, address


def test_table_of_api_addresses_is_current() -> None:
    text = read("docs/api.md")
    assert addresses.renewed(text) == text, "run `make addresses`"


async def test_page_addresses_are_documented(app: Quart) -> None:
    """Each address that pages have, and no other."""
    no_pages = (*PAGES_OUTSIDE_THE_API, "/static/", "/metrics", "/favicon.ico", "/dashboard/_")
    addresses = {
        re.sub(r"<(?:\w+:)?(?:\w+?_)?(\w+)>", r"<\1>", rule.rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(no_pages)
    }
    table = read("docs/using.md").partition("\n## URLs\n")[2].partition("\n### ")[0]
    cells = "".join(re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE))
    assert sorted(re.findall("`(/.*?)`", cells)) == sorted(addresses)


def anchors(page: Path) -> set[str]:
    """Return what links call a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page",
    sorted(
        path.relative_to(ROOT).as_posix()
        for pattern in (
            *("*.md", "docs/*.md", "docs/trips/*.md", "examples/*.md"),
            "app/parts/*/README.md",
        )
        for path in ROOT.glob(pattern)
    ),
)
def test_links_lead_somewhere_and_files_that_are_named_exist(page: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", read(page)):
        linked = (ROOT / page).parent / (target or Path(page).name)
        assert linked.exists(), f"{page} links to {target}, which is gone"
        assert not anchor or anchor in anchors(linked), f"{page} links to #{anchor}, which is gone"
    for name in re.findall(r"`((?:app|tests|examples|benchmarks|docs)/[\w/.-]*)`", read(page)):
        assert (ROOT / name).exists(), f"{page} names {name}, which is gone"


def skeleton(page: str) -> list[str]:
    """Return what a translation leaves as it is: headings, rows, items, blocks and figures."""
    text = read(page)
    lines = text.splitlines()
    parts = [match[0] for line in lines if (match := re.match(r"#+ |\||- |[0-9]\. |```", line))]
    return parts + sorted(re.findall(r"[0-9]+\.[0-9]+", text))


def test_readmes_have_the_same_commands_and_figures() -> None:
    """Of a code block the comments are translated."""
    english, korean = (read(name).replace(".ko.md", ".md") for name in READMES)
    for pattern in (
        r"^(?:\.venv|make|curl| {5})[^#\n]*",
        r"(?<!`)`[^`\n]+`(?!`)",
        r"[0-9][0-9,.]*",
    ):
        found = [sorted(re.findall(pattern, text, re.MULTILINE)) for text in (english, korean)]
        assert found[0] == found[1], pattern


def test_readme_has_fewer_than_800_words() -> None:
    assert len(read("README.md").split()) < 800


def test_readmes_show_the_measured_speed() -> None:
    results = json.loads(read("docs/benchmarks.json"))
    for language, name in enumerate(READMES):
        assert f"\n\n{report.headline(results, language)}\n\n" in read(name)
    assert report.summary(results) in read("docs/benchmarks.md")


def test_readmes_have_a_place_for_each_share_of_the_open_question() -> None:
    """Of one and five posts, by strangers and the right author, in two languages."""
    for name in READMES:
        (table,) = re.findall(r"<!-- open question -->(.*?)<!-- end -->", read(name), re.DOTALL)
        assert len(re.findall(r"\d+ %", table)) == 2 * 2 * 2


def test_every_page_is_in_the_index() -> None:
    index = set(re.findall(r"\]\(([^)]+)\)", read("docs/README.md")))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= index


PAGES = [
    "README.md",
    *(
        path.relative_to(ROOT).as_posix()
        for folder in ("docs", "examples")
        for path in sorted((ROOT / folder).glob("*.md"))
    ),
]


@pytest.mark.parametrize("page", PAGES)
def test_tables_are_whole_with_short_cells_and_no_marks_of_a_merge(page: str) -> None:
    """A cell has 40 words at most. A table with wrapped rows would be shown as a sentence."""
    lines = read(page).splitlines()
    assert [line for line in lines if re.match(r"(?:<{7}|={7}|>{7})", line)] == []
    cells = [cell for row in lines if row[:1] == "|" for cell in re.split(r"(?<!\\)\|", row)]
    assert [cell for cell in cells if len(cell.split()) > 40] == []
    rules = [line for line in lines if "|---" in line]
    assert [line for line in rules if not re.fullmatch(r" *[|:-]+", line)] == []


@pytest.mark.parametrize("page", ["README", "docs/from-flask", "examples/README"])
def test_a_translation_has_the_same_parts_and_figures(page: str) -> None:
    assert skeleton(f"{page}.md") == skeleton(f"{page}.ko.md")


def test_the_guide_to_operations_names_each_example() -> None:
    for example in (ROOT / "examples" / "operations").iterdir():
        assert f"(../examples/operations/{example.name})" in read("docs/operations.md")


def test_the_unit_survives_a_killed_worker_and_reloads_the_certificate() -> None:
    """By itself systemd would end the whole site where the kernel has killed a worker."""
    lines = (ROOT / "examples" / "operations" / "saywho.service").read_text().splitlines()
    assert {"OOMPolicy=continue", "ExecReload=/bin/kill -HUP $MAINPID"} <= {*lines}
