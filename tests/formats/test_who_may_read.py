"""What not everybody may read stays out, whatever its column is called."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st

from saywho.formats.doubts.questions import asked
from saywho.formats.reading import Skipped
from saywho.formats.records import NO_OPTIONS, Item, Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.tables.limits import limit_of
from tests.formats.files import read_file_records

HIDING = (
    *("is_private", "privateMessage", "IsPM", "secret_yn", "hidden", "comment_spam", "draft"),
    *(
        "비밀글",
        "비밀댓글여부",
        "삭제여부",
        "숨김",
        "비공개여부",
        "非公開フラグ",
        "削除済み",
        "已删除",
    ),
    *("oculto", "gelöscht", "brouillon", "apagado", "removed", "isTrashed"),
)
WORDS = {
    "hiding": (
        *("private", "secret", "confidential", "deleted", "removed", "spam", "trashed"),
        *("oculto", "gelöscht", "supprimé", "apagado", "удалено", "gizli", "versteckt"),
    ),
    "showing": ("public", "approved", "published", "visible", "accepted", "sichtbar", "público"),
    "audience": ("audience", "privacy", "visibility"),
}
"""Words of which names are made, with others and in any style."""
OTHERS = ("", "post", "is", "was", "entry", "my")
STYLES: tuple[Callable[[list[str]], str], ...] = (
    "_".join,
    " ".join,
    "-".join,
    lambda parts: "_".join(parts).upper(),
    lambda parts: "".join([parts[0], *(part.capitalize() for part in parts[1:])]),
)
SHOWING = ("is_public", "approved", "comment_approved", "published", "공개여부", "sichtbar")
AUDIENCES = ("privacy_setting", "post_audience", "공개설정", "公開範囲", "visibilidad")
TIMES = ("deleted_at", "deletedAt", "hidden_on", "삭제일시", "removed_time")
YES = (("true", "false"), ("TRUE", "FALSE"), ("Y", "N"), ("1", "0"), ("예", "아니오"))
FEW = ("Only me", "Friends", "나만 보기", "서로이웃공개", "followers only", "自分のみ", "spam")
ALL = ("Public", "전체공개", "Everyone", "公開", "approved")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue().encode()


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    return "\n".join(json.dumps(dict(zip(columns, row, strict=True))) for row in rows).encode()


def items_of(data: bytes, **options: Any) -> list[Item]:
    return read_file_records(data, **options)[1]


@st.composite
def names(draw: st.DrawFn, kind: str, known: Sequence[str]) -> str:
    """A name that a program uses, or one of a word, perhaps behind another, in any style."""
    if draw(st.booleans()):
        return draw(st.sampled_from(known))
    word, other = draw(st.sampled_from(WORDS[kind])), draw(st.sampled_from(OTHERS))
    return draw(st.sampled_from(STYLES))([*filter(None, [other]), word])


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[bool]]:
    """A file with a column that says who may read its rows, and whether each row is for all."""
    kind = draw(st.sampled_from(["hiding", "showing", "audience", "time"]))
    rows = [*draw(st.lists(st.booleans(), min_size=1, max_size=7)), False]
    if kind == "time":
        name = draw(st.sampled_from(TIMES))
        marks = {True: "", False: "2024-01-06 09:00:00"}
    elif kind == "audience":
        name, few = draw(names("audience", AUDIENCES)), draw(st.sampled_from(FEW))
        marks = {True: draw(st.sampled_from(ALL)), False: few}
    else:
        name = draw(names(kind, HIDING if kind == "hiding" else SHOWING))
        yes, no = draw(st.sampled_from(YES))
        marks = {False: yes, True: no} if kind == "hiding" else {True: yes, False: no}
    columns = ["username", "text", "created_at", name]
    order = draw(st.permutations(range(4)))
    written = [
        ["mina", f"the ferry {n} waits", f"2024-01-05 10:0{n}:00", marks[is_for_all]]
        for n, is_for_all in enumerate(rows)
    ]
    write = draw(st.sampled_from([table, lines]))
    data = write([columns[n] for n in order], [[row[n] for n in order] for row in written])
    return data, rows


@given(files())
def test_a_row_that_is_not_for_all_is_no_post_of_everybody(file: tuple[bytes, list[bool]]) -> None:
    data, rows = file
    found = items_of(data)
    assert [isinstance(item, Record) for item in found] == rows
    hidden = [item.reason for item in found if isinstance(item, Skipped)]
    assert set(hidden) <= {"restricted", "deleted"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("public_repos", ["3", "40", "7"]),
        ("deleted_count", ["0", "3", "1"]),
        ("spam_score", ["0.2", "0.9"]),
        ("privacy_policy_url", ["https://example.com"]),
        ("published", ["2024-01-05", "2024-01-06"]),
        ("발布位置", ["iPhone"]),
        ("게시판", ["자유", "질문"]),
        ("공개일", ["2024-01-05", "2024-01-07"]),
        ("text", ["secret"]),
        ("approved_at", ["2024-01-05", "2024-01-07"]),
        ("Private Notes", ["read in June", "owned", "lent to a friend of mine"]),
        ("user.can_dm", [True, False]),
        ("allow_private_replies", ["no", "yes"]),
    ],
)
def test_other_columns_say_nothing_about_readers(name: str, values: list[object]) -> None:
    assert limit_of(name, values) is None


def test_a_column_in_words_that_nobody_knows_is_a_question_before_anything_is_stored() -> None:
    data = table(
        ["username", "text", "my_privacy"], [["mina", "fog", "zubo"], ["jun", "the pier", "kali"]]
    )
    records, _ = read_file_records(data)
    (odd,) = records.notes.odd.values()
    assert odd.is_grave
    assert odd.finding == "Who may read the posts is perhaps said by my_privacy"


def test_the_guess_is_told_and_can_be_refused() -> None:
    data = table(["username", "text", "is_hidden"], [["mina", "fog", "no"], ["jun", "pier", "yes"]])
    records, _ = read_file_records(data)
    (told,) = records.notes.assumptions
    assert (told.value, told.alternatives) == ("hidden=is_hidden", ("hidden=none",))
    refused = items_of(data, columns={"hidden=none": "is_restricted"})
    assert [isinstance(item, Record) for item in refused] == [True, True]


def talk(minutes: int, *more: str) -> bytes:
    columns = ["username", "created_at", "text", *(["likes"] if more else [])]
    rows = []
    for n in range(8):
        time = f"2024-01-05 {10 + n * minutes // 60}:{n * minutes % 60:02}:00"
        rows.append([("mina", "jun")[n % 2], time, f"the ferry {n} waits", *more])
    return table(columns, rows)


@pytest.mark.parametrize(
    ("data", "is_asked"), [(talk(3), True), (talk(3, "2"), False), (talk(40), False)]
)
def test_a_table_that_reads_like_a_private_talk_is_a_question(data: bytes, is_asked: bool) -> None:
    with Source(io.BytesIO(data)) as source:
        records, questions = asked(open_records(source), NO_OPTIONS)
        list(records.items)
        grave = [doubt.finding for doubt in questions.doubts(newest=True) if doubt.grave]
    assert [text.startswith("People answer each other") for text in grave] == [True] * is_asked


def test_numbers_of_who_sent_are_of_messages() -> None:
    rows = [[str(n), f"2026-01-13 10:{n}0", "late", str(4_000 + n)] for n in range(1, 4)]
    data = table(["id", "date", "text", "sender_id"], rows)
    assert read_file_records(data)[0].is_chat
    data = table(["id", "date", "text", "sender_id", "likes"], [[*row, "3"] for row in rows])
    assert not read_file_records(data)[0].is_chat


def test_a_time_of_noughts_says_that_nothing_was_deleted() -> None:
    rows = [["mina", "fog", "0000-00-00 00:00:00"], ["jun", "pier", "2024-01-05 10:00:00"]]
    found = items_of(table(["username", "text", "deleted_at"], rows))
    assert [isinstance(item, Record) for item in found] == [True, False]
