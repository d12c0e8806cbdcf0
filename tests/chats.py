"""Invented chats as files, and their import."""

import io
import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final

from app.db.backend import Sessions
from app.services.imports.job_report import ImportReport
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, import_file
from saywho.formats.registry import read_file
from saywho.formats.source.file import Source

Said = tuple[str, str, str]
"""When, as `2024-01-15 15:02` on the device; who, empty for the app; and what."""
ZONE: Final = "Asia/Seoul"


def kakaotalk(title: str, *messages: Said) -> bytes:
    """Return a room as KakaoTalk on Windows writes it."""
    saved = max([when[:10] for when, _, _ in messages], default="2024-03-20")
    written = [f"{title} 님과 카카오톡 대화", f"저장한 날짜 : {saved} 23:59:52", ""]
    for day, spoken in groupby(messages, key=lambda message: message[0][:10]):
        year, month, number = day.split("-")
        line = f"{year}년 {int(month)}월 {int(number)}일 월요일"
        written += ["", f"--------------- {line} ---------------"]
        written += [
            f"[{name}] [{when[11:]}] {text}" if name else text for when, name, text in spoken
        ]
    return "\r\n".join([*written, ""]).encode()


def telegram(number: int, title: str, *messages: Said) -> bytes:
    """Return a chat of Telegram Desktop; each of its people has an id like the name."""
    values = [
        {
            "id": place,
            "type": "message",
            "date": f"{when.replace(' ', 'T')}:00",
            "from": name,
            "from_id": f"user-{name}",
            "text": text,
        }
        for place, (when, name, text) in enumerate(messages, 1)
    ]
    chat = {"name": title, "type": "private_group", "id": number, "messages": values}
    return json.dumps(chat, ensure_ascii=False).encode()


def said(people: Iterable[str], *, times: int = 1, day: str = "2024-01-15") -> list[Said]:
    """Return messages in turn, one a minute from three o'clock on."""
    names = list(people)
    turns = [name for _ in range(times) for name in names]
    return [
        (f"{day} 15:{minute:02}", name, f"{name}의 {minute}번째 말")
        for minute, name in enumerate(turns)
    ]


async def import_chat(
    db: Sessions, data: bytes, *, name: str = "chat.txt", **options: Any
) -> ImportReport:
    """Import a file of a chat, or an export, by default whatever looks odd in it; with `import_id`
    as the import of that number.
    """
    defaults: dict[str, Any] = {"timezone": ZONE, "accept_doubts": True}
    import_id = options.pop("import_id", None)
    chosen = ImportOptions(**defaults | options)
    with Source(io.BytesIO(data), name=name) as source:
        storing, report = (
            StoreOptions(options=chosen, scope="admin", import_id=import_id),
            ImportReport(),
        )
        read = read_file(source, "auto", chosen)
        await import_file(db, source, read, report=report, storing=storing)
        return report
