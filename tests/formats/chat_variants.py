"""Rooms of chats, invented and written as each app does.

`python -m tests.formats.chat_variants 200` reads as many rooms of each variant, and compares.
"""

import csv
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from saywho.formats.reading import Skipped
from saywho.formats.records import Item
from tests.formats import (
    chatlab_variants,
    discord_variants,
    exporter_variants,
    line_variants,
    signal_variants,
    slack_variants,
)
from tests.formats.files import read_file_records, records_in
from tests.formats.invented_rooms import PASTED, ZONE, Said, invented, messages_in, stamp


def _windows(room: list[Said], form: str) -> bytes:
    written, day = ["우리 반 님과 카카오톡 대화", "저장한 날짜 : 2024-03-20 10:44:52", ""], None
    texts = {"media": "사진", "deleted": "삭제된 메시지입니다."}
    for said in room:
        if day != said.when.date():
            day = said.when.date()
            line = stamp("%Y년 {m}월 {d}일 월요일", said.when)
            written += ["", f"--------------- {line} ---------------"]
        text = texts.get(said.fate, said.text).replace("\n", "\r\n")
        line = f"[{said.name}] [{stamp(form, said.when)}] {text}"
        written.append(f"{said.name}님이 나갔습니다." if said.fate == "system" else line)
    return "\r\n".join([*written, ""]).encode()


def _phone(room: list[Said], form: str, *, system: str = ", ") -> bytes:
    """Write as phones do: messages end in CRLF, and have bare LF in them."""
    written = [
        "\ufeff우리 반 님과 카카오톡 대화",
        "저장한 날짜 : 2024년 3월 20일 오전 11:29",
        "",
        "",
    ]
    texts = {"media": "이모티콘", "deleted": "메시지가 삭제되었습니다."}
    for said in room:
        text = texts.get(said.fate, said.text)
        if "\n" in text and not said.fate:
            text += f"\n{PASTED}"
        is_system = said.fate == "system"
        rest = f"{system}{said.name}님이 들어왔습니다." if is_system else f", {said.name} : {text}"
        written.append(stamp(form, said.when) + rest)
    return "\r\n".join([*written, ""]).encode()


def _mac(room: list[Said]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["Date", "User", "Message"])
    texts = {
        "media": "사진 2장",
        "deleted": "삭제된 메시지입니다.",
        "system": "B left this chatroom.",
    }
    for said in room:
        writer.writerow([said.when, said.name, texts.get(said.fate, said.text)])
    return file.getvalue().encode()


def _whatsapp(room: list[Said], form: str, *, omitted: str = "") -> bytes:
    is_ios = form.startswith("[")
    mark = "\u200e" if is_ios else ""
    texts = {
        "media": mark + (omitted or ("image omitted" if is_ios else "<Media omitted>")),
        "deleted": f"{mark}This message was deleted.",
    }
    first = "Messages and calls are end-to-end encrypted."
    written = [stamp(form, room[0].when) + (f"Room: {mark}{first}" if is_ios else first)]
    for said in room:
        line = f"{said.name}: {texts.get(said.fate, said.text)}"
        if said.fate == "system":
            line = f"{said.name} changed the group name from “Trip: May” to “June”"
        before = mark if said.fate == "media" else ""
        written.append(f"{before}{stamp(form, said.when)}{line}")
    end = "\r\n" if is_ios else "\n"
    return end.join([*written, ""]).encode()


def _telegram(room: list[Said]) -> bytes:
    messages = []
    for number, said in enumerate(room, 1):
        local = said.when.replace(tzinfo=ZoneInfo(ZONE))
        head, *rest = said.text.split(" ")
        text = [head, {"type": "bold", "text": "".join(f" {word}" for word in rest)}]
        message: dict[str, object] = {
            "id": number,
            "type": "service" if said.fate == "system" else "message",
        }
        message |= {"date": said.when.isoformat(), "from": said.name, "from_id": f"u{said.name}"}
        message |= {"text": "" if said.fate in {"media", "deleted"} else text}
        if said.answers is not None:
            message["reply_to_message_id"] = said.answers + 1
        if number % 2:
            message["date_unixtime"] = str(int(local.timestamp()))
        messages.append(message)
    chat = {"name": "us", "type": "private_group", "id": 7, "messages": messages}
    return json.dumps({"about": "…", "chats": {"about": "", "list": [chat]}}).encode()


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "kakaotalk windows ko": partial(_windows, form="{half} {h}:%M"),
    "kakaotalk windows en": partial(_windows, form="{h}:%M %p"),
    "kakaotalk windows 24": partial(_windows, form="%H:%M"),
    "kakaotalk mac": _mac,
    "kakaotalk android ko": partial(_phone, form="%Y년 {m}월 {d}일 {half} {h}:%M"),
    "kakaotalk android 2015": partial(_phone, form="{h}:%M{p}, %B {d}, %Y"),
    "kakaotalk android 2020": partial(_phone, form="%B {d}, %Y, {h}:%M %p"),
    "kakaotalk android 2023": partial(_phone, form="%B {d}, %Y at {h}:%M\u202f%p"),
    "kakaotalk ios ko": partial(_phone, form="%Y. {m}. {d}. {half} {h}:%M", system=": "),
    "kakaotalk ios en": partial(_phone, form="%b {d}, %Y at %H:%M", system=": "),
    "whatsapp ios": partial(_whatsapp, form="[%d/%m/%Y, %H:%M:%S] "),
    "whatsapp ios us": partial(_whatsapp, form="[{m}/{d}/%y, {h}:%M:%S\u202f%p] "),
    "whatsapp android": partial(_whatsapp, form="%d.%m.%y, %H:%M - "),
    "whatsapp android us": partial(_whatsapp, form="{m}/{d}/%y, {h}:%M %p - "),
    "whatsapp android ko": partial(_whatsapp, form="%y/{m}/{d} %p {h}:%M - "),
    "whatsapp ios es": partial(
        _whatsapp, form="[{d}/{m}/%y, %H:%M:%S] ", omitted="<adjunto: 00000012-PHOTO-2024.jpg>"
    ),
    "whatsapp android ja": partial(
        _whatsapp, form="%Y/{m}/{d}, %H:%M - ", omitted="IMG-20260103-WA0001.jpg (ファイル添付)"
    ),
    "telegram": _telegram,
    **line_variants.VARIANTS,
    **discord_variants.VARIANTS,
    **signal_variants.VARIANTS,
    **chatlab_variants.VARIANTS,
    **slack_variants.VARIANTS,
    **exporter_variants.VARIANTS,
}

WITH_FILES: Final = frozenset({"discord zip", "signal zip"})
"""Those that hold the files of pictures too."""


def room_of(variant: str, seed: int) -> list[Said]:
    """Return a room as that variant can hold it: names and seconds differ."""
    with_seconds = (
        "kakaotalk mac",
        "telegram",
        "whatsapp ios",
        "discord",
        "signal",
        "chatlab",
        "slack",
        "imessage",
    )
    return invented(seed, seconds=variant.startswith(with_seconds))


def check(variant: str, seed: int) -> None:
    """Assert that a room is read as it was written, and a shorter one as its beginning."""
    room = room_of(variant, seed)
    items = read(VARIANTS[variant](room), variant.split()[0])
    expected = [
        (
            said.name,
            said.when.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC),
            _pasted(said, variant),
        )
        for said in messages_in(room, has_files=variant in WITH_FILES)
    ]
    records = records_in(items)
    assert [(item.display_name, item.created_at, item.text) for item in records] == expected
    people = {(item.display_name, item.username) for item in records}
    assert len(people) == len({name for name, _ in people}) == len({name for _, name in people})
    left_out = sum(isinstance(item, Skipped) for item in items)
    assert left_out - variant.startswith("whatsapp") == len(room) - len(expected)
    longer = list(read(VARIANTS[variant](room[:-1]), variant.split()[0]))
    assert items[: len(longer)] == longer


def _pasted(said: Said, variant: str) -> str:
    is_phone = variant.startswith(("kakaotalk android", "kakaotalk ios"))
    return f"{said.text}\n{PASTED}" if is_phone and "\n" in said.text else said.text


def read(data: bytes, format_name: str) -> list[Item]:
    records, items = read_file_records(data, timezone=ZONE)
    assert (records.format, records.is_chat) == (format_name, True)
    return items


if __name__ == "__main__":
    rooms = int(sys.argv[1])
    for variant in VARIANTS:
        for seed in range(rooms):
            check(variant, seed)
    done = f"{rooms} rooms of each of {len(VARIANTS)} variants were read as they were written"
    sys.stdout.write(f"{done}\n")
