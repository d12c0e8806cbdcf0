"""Programs that keep mails and diaries, beside saywho: what comes of their files."""

import json
import mailbox
import os
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from tests.installation import PROGRAM, Installation
from tests.neighbours.tables import RUN_S, Row, version_of

MAILS: Final = (
    ("지우", "아침 바다는 조용해요.\n\nFrom here on it is fog.\n배가 늦는대요."),
    ("Min Ho", "The ferry is late, again.\n- milk\n- tea"),
    ("007", "1e5"),
)
MH: Final = Path("/usr/bin/mh")
DIARY: Final = ("The ferry is late, again.\nSo I had tea.", "아침 바다는 조용해요.")


def rows_of_letters(folder: Path, environment: Path, only: str = "") -> Iterator[Row | str]:
    """Run each program; yield its rows, or a line about a program that is not here."""
    own = folder / "letters"
    own.mkdir()
    _write_mbox(own / "in.mbox")
    home = os.environ | {"HOME": str(own), "LC_ALL": "C.UTF-8"}
    if only.lower() in "nmh":
        yield from _rows_of_nmh(own, home)
    if only.lower() in "mb2md":
        yield _row_of_mb2md(own, home)
    if only.lower() in "jrnl":
        yield _row_of_jrnl(own, home, environment)


def _write_mbox(path: Path) -> None:
    box = mailbox.mbox(path)
    for place, (name, text) in enumerate(MAILS):
        mail = EmailMessage()
        mail["From"] = f"{name} <{place}@example.org>"
        mail["Date"] = f"Tue, 0{place + 7} Jan 2025 10:01:02 +0900"
        mail["Message-ID"] = f"<{place}@example.org>"
        mail.set_content(f"{text}\n")
        box.add(mail)
    box.close()


def _run(home: dict[str, str], *command: str | Path, stdin: str = "") -> bytes:
    done = subprocess.run(
        command, env=home, input=stdin.encode(), capture_output=True, timeout=RUN_S, check=True
    )
    return done.stdout


def _kept(target: Path, texts: tuple[str, ...], *options: str) -> str:
    """Return what an import of a file or folder keeps of texts in their order."""
    site = Installation(target.parent / f"{target.name}-site")
    done = site.process(PROGRAM, "import", target, *options)
    if done.returncode:
        return "refused"
    lines = site.done("export", "--format", "jsonl").splitlines()
    read = [json.loads(line)["text"] for line in lines]
    lost = sum(text not in read for text in texts)
    changes = [f"words of {lost}"] if lost else []
    changes += [f"{len(read) - len(texts)} more"] if len(read) > len(texts) else []
    return f"changed ({', '.join(changes)})" if changes else "whole"


def _rows_of_nmh(own: Path, home: dict[str, str]) -> Iterator[Row | str]:
    version = version_of(("dpkg-query", "-W", "-f", "${Version}", "nmh"))
    if version is None or not (MH / "inc").exists():
        yield "nmh is not here"
        return
    (own / ".mh_profile").write_text("Path: Mail\n")
    (own / "Mail/inbox").mkdir(parents=True)
    _run(home, MH / "inc", "-file", own / "in.mbox", "-notruncate", "-silent", "+inbox")
    _run(home, MH / "packf", "-file", own / "packed.mbox", "+inbox")
    texts = tuple(text for _, text in MAILS)
    yield Row("nmh", version, "a folder of MH", _kept(own / "Mail/inbox", texts, "--publish"), "")
    yield Row("nmh", version, "mbox by packf", _kept(own / "packed.mbox", texts, "--publish"), "")


def _row_of_mb2md(own: Path, home: dict[str, str]) -> Row | str:
    if (version := version_of(("dpkg-query", "-W", "-f", "${Version}", "mb2md"))) is None:
        return "mb2md is not here"
    _run(home, "mb2md", "-s", own / "in.mbox", "-d", own / "Maildir")
    texts = tuple(text for _, text in MAILS)
    return Row("mb2md", version, "a Maildir", _kept(own / "Maildir", texts, "--publish"), "")


def _row_of_jrnl(own: Path, home: dict[str, str], environment: Path) -> Row | str:
    program = environment / "bin/jrnl"
    if (version := version_of((str(program), "--version"))) is None:
        return "jrnl is not here"
    settings = own / "jrnl.yaml"
    settings.write_text(
        f"journals: {{default: {own / 'diary'}}}\nversion: v{version}\nencrypt: false\neditor: ''\n"
        "template: false\ntimeformat: '%Y-%m-%d %H:%M'\ntagsymbols: '@'\nlinewrap: 0\n"
        "default_hour: 9\ndefault_minute: 0\nindent_character: ''\nhighlight: false\n"
        "colors: {body: none, date: none, tags: none, title: none}\n"
    )
    for place, text in enumerate(DIARY):
        stdin = f"2025-01-0{place + 7} 10:01: {text}"
        _run(home, program, "--config-file", settings, stdin=stdin)
    (own / "diary.json").write_bytes(
        _run(home, program, "--config-file", settings, "--export", "json")
    )
    kept = _kept(own / "diary.json", DIARY, "--username", "mina")
    return Row("jrnl", version, "its JSON", kept, "`saywho import --username NAME`")
