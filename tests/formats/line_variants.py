"""Rooms as LINE writes them: on phones and on Windows, in the languages of the app."""

from collections.abc import Callable
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple

from tests.formats.invented_rooms import Said, stamp

MEDIA: Final = {"ja": "[写真]", "ko": "[사진]", "zh": "[貼圖]", "en": "[Voice message]"}
UNSENT: Final = {
    "ja": "{name}がメッセージの送信を取り消しました",
    "ko": "{name}님이 메시지 전송을 취소했습니다.",
    "zh": "{name}已收回訊息",
    "en": "{name} unsent a message",
}
DAYS: Final = {"ja": "月火水木金土日", "ko": "월화수목금토일", "zh": "一二三四五六日"}


class Form(NamedTuple):
    """How one kind of app writes a room."""

    language: str
    heading: str
    day: str
    time: str
    half: tuple[str, str] = ("", "")
    """What stands before a time by twelve hours, before noon and after it."""


def _day(form: str, language: str, said: Said) -> str:
    weekday = said.when.weekday()
    short = DAYS[language][weekday] if language in DAYS else f"{said.when:%a}"
    return stamp(form.replace("W", short), said.when)


def phone(room: list[Said], form: Form, *, end: str = "\n") -> bytes:
    """Write with tabs; a text of several lines stands in quotes."""
    written = [form.heading, ""] if form.heading else []
    for _, messages in groupby(room, key=lambda said: said.when.date()):
        spoken = list(messages)
        written += [_day(form.day, form.language, spoken[0])]
        for said in spoken:
            time = form.half[said.when.hour >= 12] + stamp(form.time, said.when)
            written.append(f"{time}\t{_row(said, form.language)}")
        written.append("")
    return end.join([*written]).encode()


def _row(said: Said, language: str) -> str:
    if said.fate == "deleted":
        return "\t" + UNSENT[language].format(name=said.name)
    if said.fate == "system":
        return f"{said.name} joined the group."
    if said.fate == "media":
        return f"{said.name}\t{MEDIA[language]}"
    text = said.text
    if "\n" in text:
        text = '"' + text.replace('"', '""') + '"'
    return f"{said.name}\t{text}"


JAPANESE: Final = Form(
    "ja",
    "\ufeff[LINE] Lantern Clubのトーク履歴\n保存日時：2024/03/20 21:14",
    "%Y/%m/%d(W)",
    "{h}:%M",
    ("午前", "午後"),
)
KOREAN: Final = Form(
    "ko",
    "[LINE] 우리 반님과의 대화\n저장한 날짜 : 2024. 3. 20. 오후 9:14",
    "%Y.%m.%d W요일",
    "{h}:%M",
    ("오전 ", "오후 "),
)
CHINESE: Final = Form(
    "zh", "[LINE] 與Kon的聊天記錄\n儲存日期：2024/03/20 21:14", "%Y/{m}/{d}（週W）", "%H:%M"
)
ENGLISH: Final = Form(
    "en", "[LINE] Chat history with Kon\nSaved on: 3/20/2024, 21:14", "W, {m}/{d}/%Y", "%I:%M%p"
)
VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "line ja": partial(phone, form=JAPANESE),
    "line ja 24": partial(phone, form=JAPANESE._replace(time="{hour}:%M", half=("", ""))),
    "line ja era": partial(phone, form=JAPANESE._replace(day="R6/%m/%d(W)"), end="\r\n"),
    "line ko": partial(phone, form=KOREAN),
    "line zh": partial(phone, form=CHINESE),
    "line en us": partial(phone, form=ENGLISH),
    "line en": partial(phone, form=ENGLISH._replace(day="W, %d/%m/%Y")),
    "line without heading": partial(phone, form=ENGLISH._replace(heading="", day="%Y/%m/%d(W)")),
}
