"""Programs that read and write tables, beside saywho: what they keep of ten posts, both ways."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.installation import PROGRAM, Installation

ALONE: Final = {
    "orange3": ("orange3==3.40.0", "xlsxwriter==3.3.1", "openpyxl==3.1.5"),
    "pyspark": ("pyspark==4.3.0",),
    "openapi-generator": (
        *("openapi-generator-cli==7.26.0", "urllib3==2.8.0", "python-dateutil==4.0.0"),
        "pydantic==2.14.4",
    ),
}
"""Packages with an environment of their own: Orange needs an older pandas, Spark has 500 MB."""
CONVERT: Final = str(Path(__file__).with_name("convert.py"))
CONVERT_JS: Final = str(Path(__file__).with_name("convert.mjs"))
POSTS: Final[list[dict[str, Any]]] = [
    {
        "id": f"18765432109876543{21 + number}",
        "username": username,
        "text": text,
        "created_at": created_at,
        "in_reply_to_id": answered,
        "lang": lang,
    }
    for number, (username, text, created_at, answered, lang) in enumerate(
        [
            ("jiu", "아침 바다는 조용해요.\n배가 늦는대요.", "2025-01-07T00:00:00Z", None, "ko"),
            ("jiu", '=_= 졸려, "정말"', "2025-01-07T09:00:00+09:00", None, "ko"),
            ("jiu", "The ferry is late, again.", "2025-01-07T10:01:02Z", None, "en"),
            ("minho", "오늘은 집에 있을래요", "2025-01-08T23:59:59Z", "1876543210987654321", "ko"),
            ("minho", "  two blanks before", "2025-01-09T01:02:03Z", None, None),
            ("minho", "=ㅅ= 좋아", "2025-01-10T01:02:03Z", "1876543210987654322", "ko"),
            ("007", "my name is a number", "2025-01-11T01:02:03Z", None, "en"),
            ("007", "1e5", "2025-01-12T00:00:00Z", None, None),
            ("jiu", "NA", "2025-01-13T01:02:03Z", "1876543210987654327", None),
            ("minho", "it's 5 o'clock; \\N is no line", "2025-01-14T01:02:03Z", None, "en"),
        ]
    )
]
"""What breaks: long ids, Korean, line breaks, midnight, zones, nulls, quotation marks, 007."""
CHAT: Final = "\n".join(
    f"2025-01-{day:02}, {hour:02}:{day:02} - {name}: {text}"
    for day, hour, name, text in [
        (7, 0, "Jiu", "아침 바다는 조용해요.\n배가 늦는대요."),
        (7, 9, "Min Ho", '=_= 졸려, "정말"'),
        (8, 10, "Jiu", "The ferry is late, again."),
        (9, 23, "007", "my name is a number"),
        (10, 10, "007", "1e5"),
        (11, 10, "Jiu", "NA"),
        (12, 10, "Min Ho", "- milk, tea; it's 5 o'clock"),
        (13, 10, "Jiu", "=ㅅ= 좋아"),
    ]
)
"""A chat of WhatsApp."""
FIELDS: Final = {
    "source_id": "ids",
    "username": "authors",
    "text": "words",
    "created_at": "times",
    "reply_to": "answers",
    "lang": "languages",
    "room": "chats",
}
"""Fields of an export, and what a change of them is called."""
RUN_S: Final = 300


@dataclass(frozen=True, slots=True)
class Neighbour:
    name: str
    command: tuple[str, ...]
    """With `{python}`, `{source}`, `{target}`, `{folder}` of the target and `{id}`."""
    version: tuple[str, ...]
    writes: str
    """Ending of the file that it writes."""
    reads: tuple[str, ...] = ("csv",)
    line: str = ""
    """What makes it right."""
    names_its_file: bool = False
    """Whether it writes into `{folder}`, under the name of the source."""
    takes_chats: bool = False
    """Whether a chat is sent through it, too."""


class Row(NamedTuple):
    """A row of the table: what a program kept."""

    program: str
    version: str
    way: str
    kept: str
    line: str

    def __str__(self) -> str:
        return f"| {' | '.join((self.program, self.version, self.way, self.kept, self.line))} |"

    def is_in(self, documented: "Collection[Row]") -> bool:
        """Return whether a table has the row, of whatever version."""
        said = self.program, self.way, self.kept
        return any((row.program, row.way, row.kept) == said for row in documented)


ROWS: Final = "<!-- rows -->\n"
END: Final = "<!-- end -->\n"
"""Lines around the table in the document; other tables end with the second, too."""


def documented(text: str) -> list[Row]:
    """Return the rows of a document's table. Raises TypeError for a row of other columns."""
    _heading, _line, *lines = text.partition(ROWS)[2].partition(END)[0].splitlines()
    return [Row(*line.removeprefix("| ").removesuffix(" |").split(" | ")) for line in lines]


def _library(name: str, how: str, kind: str, line: str = "", **more: Any) -> Neighbour:
    library = f"{name}:careful" if line else name
    about = f"from importlib.metadata import version; print(version('{name}'))"
    python = f"{{{name}}}" if name in ALONE else "{python}"
    return Neighbour(
        f"{name} {how}".strip(),
        (python, CONVERT, library, kind, "{source}", "{target}"),
        (python, "-c", about),
        kind,
        line=line,
        **more,
    )


def _r(name: str, script: str, kind: str, package: str = "base", **more: Any) -> Neighbour:
    version = f'cat(as.character(packageVersion("{package}")))'
    return Neighbour(name, ("Rscript", "-e", script), ("Rscript", "-e", version), kind, **more)


def _package(name: str, how: str, kind: str, line: str = "") -> Neighbour:
    """Return a package of npm."""
    library = f"{name}:{how.partition(' ')[2] or how}" if how else name
    show = f"console.log(require('{{modules}}/node_modules/{name}/package.json').version)"
    command = ("node", CONVERT_JS, "{modules}", library, kind, "{source}", "{target}")
    return Neighbour(f"{name} {how}".strip(), command, ("node", "-e", show), kind, line=line)


BOTH: Final = ("csv", "jsonl")
READ_CSV: Final = 'read.csv("{source}", colClasses=c({id}="character"))'
CAREFUL_CSV: Final = 'read.csv("{source}", colClasses="character", na.strings="")'
WRITE_CSV: Final = 'write.csv({}, "{{target}}", row.names=FALSE)'
FWRITE: Final = 'data.table::fwrite(data.table::fread("{{source}}"{}), "{{target}}")'
VROOM: Final = 'vroom::vroom_write(vroom::vroom("{source}", show_col_types=FALSE), "{target}", ",")'
HAVEN: Final = (
    'x <- read.csv("{source}", colClasses="character", na.strings="");'
    ' haven::write_FORMAT(x, "{target}.FORMAT"); y <- haven::read_FORMAT("{target}.FORMAT");'
    ' write.csv(y, "{target}", row.names=FALSE, na="")'
)
NEIGHBOURS: Final = (
    _library("pandas", "", "csv", reads=BOTH, takes_chats=True),
    _library(
        "pandas",
        "as text",
        "csv",
        "`read_csv(…, dtype=str, keep_default_na=False)`",
        reads=("csv",),
    ),
    _library("pandas", "", "jsonl", reads=BOTH),
    _library(
        "pandas",
        "as text",
        "jsonl",
        '`read_json(…, lines=True, dtype={"source_id": str, "username": str},'
        " convert_dates=False)`",
        reads=("jsonl",),
    ),
    _library("pandas", "", "xlsx"),
    _library("polars", "", "csv", reads=BOTH),
    _library("polars", "", "jsonl", reads=BOTH),
    _library(
        "polars", "whole", "jsonl", "`read_ndjson(…, infer_schema_length=None)`", reads=("jsonl",)
    ),
    _library("duckdb", "", "csv", takes_chats=True),
    _library("duckdb", "in Seoul", "csv", "`SET TimeZone`; ids as text: `all_varchar=true`"),
    _library("duckdb", "", "jsonl", reads=BOTH),
    Neighbour(
        "sqlite-utils",
        ("{python}", "-m", "sqlite_utils", "memory", "{source}", "select * from t", "--nl"),
        ("{python}", "-m", "sqlite_utils", "--version"),
        "jsonl",
        reads=BOTH,
    ),
    Neighbour(
        "sqlite-utils",
        ("{python}", "-m", "sqlite_utils", "memory", "{source}", "select * from t", "--csv"),
        ("{python}", "-m", "sqlite_utils", "--version"),
        "csv",
    ),
    Neighbour("csvsort", ("{bin}/csvsort", "{source}"), ("{bin}/csvsort", "--version"), "csv"),
    Neighbour("csvjson", ("{bin}/csvjson", "{source}"), ("{bin}/csvjson", "--version"), "json"),
    Neighbour("jq", ("jq", "-c", ".", "{source}"), ("jq", "--version"), "jsonl", reads=("jsonl",)),
    _r("R", WRITE_CSV.format(READ_CSV), "csv", takes_chats=True),
    _r(
        "R as text",
        WRITE_CSV.format(CAREFUL_CSV).replace(", row", ', na="", row'),
        "csv",
        line='`read.csv(…, colClasses="character", na.strings="")`, `write.csv(…, na="")`',
    ),
    _r(
        "readr",
        'readr::write_csv(readr::read_csv("{source}", show_col_types=FALSE), "{target}")',
        "csv",
        "readr",
    ),
    Neighbour(
        "LibreOffice",
        ("soffice", "--headless", "--convert-to", "csv", "--outdir", "{folder}", "{source}"),
        ("soffice", "--version"),
        "csv",
        names_its_file=True,
        takes_chats=True,
    ),
    Neighbour(
        "LibreOffice",
        ("soffice", "--headless", "--convert-to", "xlsx", "--outdir", "{folder}", "{source}"),
        ("soffice", "--version"),
        "xlsx",
        names_its_file=True,
    ),
    _r("data.table", FWRITE.format(""), "csv", "data.table"),
    _r("vroom", VROOM, "csv", "vroom"),
    _r("haven, as SPSS", HAVEN.replace("FORMAT", "sav"), "csv", "haven"),
    _r("haven, as Stata", HAVEN.replace("FORMAT", "dta"), "csv", "haven"),
    Neighbour("Miller", ("mlr", "--csv", "cat", "{source}"), ("mlr", "--version"), "csv"),
    Neighbour(
        "Miller", ("mlr", "--icsv", "--ojsonl", "cat", "{source}"), ("mlr", "--version"), "jsonl"
    ),
    Neighbour(
        "Miller as text",
        ("mlr", "-S", "--icsv", "--ojsonl", "cat", "{source}"),
        ("mlr", "--version"),
        "jsonl",
        line="`mlr -S`",
    ),
    Neighbour(
        "csvtool",
        ("csvtool", "cat", "{source}"),
        ("dpkg-query", "-W", "-f", "${Version}", "csvtool"),
        "csv",
    ),
    _library("pyarrow", "", "csv"),
    _library("petl", "", "csv"),
    _library("tablib", "", "csv"),
    _library("tablib", "", "xlsx"),
    _library("frictionless", "", "csv"),
    _library("clevercsv", "", "csv"),
    _library("pyspark", "", "csv"),
    _library(
        "pyspark",
        "with its options",
        "csv",
        "`multiLine=True, escape='\"'`; to write also `ignoreLeadingWhiteSpace=False`",
    ),
    _library("pyspark", "", "jsonl", reads=BOTH),
    _library("orange3", "", "csv"),
    _library("orange3", "", "tab"),
    _library("orange3", "", "xlsx"),
    _package("papaparse", "", "csv"),
    _package("papaparse", "with types", "csv"),
    _package("csv-parse", "", "csv"),
    _package("d3-dsv", "", "csv"),
    _package("d3-dsv", "with types", "csv"),
    _package("xlsx", "", "csv"),
    _package("xlsx", "", "xlsx"),
    _package("xlsx", "raw", "xlsx", "`readFile(…, { raw: true })`"),
    _package("exceljs", "", "xlsx"),
    _package("exceljs", "as text", "xlsx", "`csv.readFile(…, { map: (value) => value })`"),
    Neighbour("Gnumeric", ("ssconvert", "{source}", "{target}"), ("ssconvert", "--version"), "csv"),
    Neighbour(
        "Gnumeric", ("ssconvert", "{source}", "{target}"), ("ssconvert", "--version"), "xlsx"
    ),
)


def rows_of_tables(folder: Path, environment: Path, only: str = "") -> Iterator[Row | str]:
    """Run each program both ways; yield its rows, or a line about a program that is not here."""
    (folder / "ten.csv").write_bytes(ten_as_csv())
    base, chat = Installation(folder / "base"), Installation(folder / "chat")
    base.done("import", folder / "ten.csv")
    (folder / "ferry.txt").write_text(CHAT)
    chat.done("import", folder / "ferry.txt", "--publish", "--timezone", "Asia/Seoul")
    for place, neighbour in enumerate(NEIGHBOURS):
        if only.lower() not in neighbour.name.lower():
            continue
        runner = _Runner(neighbour, folder / str(place), environment)
        if (version := runner.version()) is None:
            yield f"{neighbour.name} is not here"
            continue
        if "csv" in neighbour.reads:
            kept = runner.into_saywho(folder / "ten.csv", _exported(base))
            way = f"{neighbour.writes} into saywho"
            yield Row(neighbour.name, version, way, kept, neighbour.line)
        for kind in neighbour.reads:
            kept = runner.there_and_back(kind, base)
            way = f"saywho's {kind}, as {neighbour.writes}, back"
            yield Row(neighbour.name, version, way, kept, neighbour.line)
        if neighbour.takes_chats:
            kept = runner.there_and_back("csv", chat, "--publish")
            way = f"saywho's csv of a chat, as {neighbour.writes}, back"
            yield Row(neighbour.name, version, way, kept, neighbour.line)


def ten_as_csv() -> bytes:
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, POSTS[0])
    writer.writeheader()
    writer.writerows(POSTS)
    return written.getvalue().encode()


def version_of(command: Sequence[str]) -> str | None:
    """Return the first number in what a program says of its version; None if it is not here."""
    if shutil.which(command[0]) is None:
        return None
    said = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    if said.returncode:
        return None
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found.group() if found else "unknown"


def _exported(installation: Installation) -> list[dict[str, Any]]:
    lines = installation.done("export", "--format", "jsonl").splitlines()
    return [json.loads(line) for line in lines]


class _Runner:
    def __init__(self, neighbour: Neighbour, folder: Path, environment: Path) -> None:
        folder.mkdir()
        self._neighbour = neighbour
        self._folder = folder
        self._environment = environment

    def version(self) -> str | None:
        return version_of(self._filled(self._neighbour.version))

    def into_saywho(self, source: Path, expected: list[dict[str, Any]]) -> str:
        target = self._converted(source, "id")
        if target is None:
            return "refused by the program"
        site = Installation(self._folder / "site")
        done = site.process(PROGRAM, "import", target)
        if done.returncode:
            return f"refused: {_reason(done.stderr)}"
        return _difference(expected, _exported(site))

    def there_and_back(self, kind: str, base: Installation, *options: str) -> str:
        site = Installation(self._folder / f"back-{kind}-{base.data_dir.name}")
        shutil.copytree(base.data_dir, site.data_dir)
        source = self._folder / f"export.{kind}"
        site.done("export", "--format", kind, "-o", source)
        target = self._converted(source, "source_id")
        if target is None:
            return "refused by the program"
        before = _exported(site)
        done = site.process(PROGRAM, "import", target, *options)
        if done.returncode:
            return f"refused: {_reason(done.stderr)}"
        return _difference(before, _exported(site))

    def _converted(self, source: Path, id_column: str) -> Path | None:
        neighbour, target = (
            self._neighbour,
            self._folder / f"{source.stem}-new.{self._neighbour.writes}",
        )
        folder = self._folder / "written"
        folder.mkdir(exist_ok=True)
        if neighbour.names_its_file:
            target = folder / f"{source.stem}.{neighbour.writes}"
        command = self._filled(
            neighbour.command, source=source, target=target, folder=folder, id=id_column
        )
        home = os.environ | {"HOME": str(self._folder), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, env=home, timeout=RUN_S, check=False)
        if done.returncode:
            return None
        if not target.exists():
            target.write_bytes(done.stdout)
        return target

    def _filled(self, command: tuple[str, ...], **places: Any) -> list[str]:
        programs = self._environment / "bin"
        modules = self._environment.with_name("node")
        own = {"python": programs / "python", "bin": programs, "modules": modules} | {
            name: self._environment.with_name(name) / "bin/python" for name in ALONE
        }
        filled = []
        for part in command:
            for name, value in (own | places).items():
                part = part.replace(f"{{{name}}}", str(value))
            filled.append(part)
        return filled


def _reason(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return (lines[-1] if lines else "").partition(": ")[2][:60].replace("|", "/")


def _difference(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    """Return `whole`, or what of the posts is other."""
    by_words = {post["text"]: post for post in after}
    lost = [post for post in before if post["text"] not in by_words]
    changed = [
        name
        for field, name in FIELDS.items()
        if field != "text"
        and any(
            post[field] != by_words[post["text"]][field]
            for post in before
            if post["text"] in by_words
        )
    ]
    if lost:
        changed.insert(0, f"words of {len(lost)}")
    if (more := len(after) - len(before)) > 0:
        changed.append(f"{more} more")
    return f"changed ({', '.join(changed)})" if changed else "whole"
