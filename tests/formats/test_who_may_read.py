"""What not everybody may read stays out, whatever its column is called."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from shlex import quote
from typing import Any

import pytest
from hypothesis import given, strategies as st

from app.cli.choices import note_lines
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
    *("oculto", "gelöscht", "brouillon", "apagado", "removed", "isTrashed", "is_paid"),
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
AUDIENCES = ("who_can_see", "post_audience", "공개설정", "公開範囲", "visibilidad")
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
    return write([columns[n] for n in order], [[row[n] for n in order] for row in written]), rows


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
        *(("deleted_count", ["0", "3", "1"]), ("is_paid_partnership", ["true", "false"])),
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
        ("reply_audience", ["followers", "everyone"]),
        ("comment_policy", ["closed", "open"]),
        ("comment_status", ["open", "closed"]),
        ("permissions.update", ["acct:mina", "acct:jun"]),
        ("room_type", ["Private room", "Shared room"]),
        ("sector", ["private", "public"]),
        ("user.status", ["active", "away"]),
        ("Read Status", ["read", "to-read"]),
        ("state", [f"state {n}" for n in range(20)]),
        ("audience_score", ["47", "83"]),
    ],
)
def test_other_columns_say_nothing_about_readers(name: str, values: list[object]) -> None:
    assert limit_of(name, values) is None


NAMES_OF_STATES = {
    "en": ("message_state", "post_status", "review_status", "visibility", "scope"),
    "de": ("Status", "zustand_beitrag", "Sichtbarkeit"),
    "fr": ("statut", "état", "visibilité"),
    "es": ("estado", "visibilidad", "privacidad"),
    "pt": ("estado_post", "visibilidade", "privacidade"),
    "tr": ("durum", "gizlilik"),
    "ru": ("статус", "видимость"),
    "ja": ("状態", "ステータス", "公開範囲"),
    "zh": ("状态", "文章状态", "可见范围"),
    "ko": ("상태", "글상태", "공개범위"),
}
VALUES = {
    "en": (("visible", "Published", "live"), ("deleted", "moderated", "TEMP", "only me", "direct")),
    "de": (("veröffentlicht", "öffentlich"), ("Entwurf", "gelöscht", "privat")),
    "fr": (("publié", "public"), ("brouillon", "privé", "supprimé")),
    "es": (("publicado", "público"), ("borrador", "eliminado", "privado")),
    "pt": (("publicado", "público"), ("rascunho", "excluído", "privado")),
    "tr": (("yayında", "herkese"), ("taslak", "silindi", "gizli")),
    "ru": (("опубликовано", "публичный"), ("черновик", "удалено", "приватный")),
    "ja": (("公開", "公開中"), ("下書き", "非公開", "削除")),
    "zh": (("已发布", "公开"), ("草稿", "私密", "删除")),
    "ko": (("공개", "게시됨"), ("비공개", "임시저장", "삭제")),
}


@st.composite
def states(draw: st.DrawFn) -> tuple[str, list[str], list[bool]]:
    """A name of a state or an audience, a value for each row, and whether each row is for all."""
    language = draw(st.sampled_from([*VALUES]))
    name = draw(st.sampled_from(NAMES_OF_STATES[language]))
    for_all, hidden = VALUES[language]
    rows = [*draw(st.lists(st.booleans(), min_size=1, max_size=7)), False]
    return name, [draw(st.sampled_from(for_all if row else hidden)) for row in rows], rows


def rows_with(name: str, values: Sequence[object]) -> bytes:
    rows = [["mina", f"the ferry {n} waits", str(value)] for n, value in enumerate(values)]
    return table(["username", "text", name], rows)


def are_records(data: bytes, **options: Any) -> list[bool]:
    return [isinstance(item, Record) for item in items_of(data, **options)]


@given(states())
def test_known_words_of_nine_languages_decide_under_a_name_of_a_state(
    file: tuple[str, list[str], list[bool]],
) -> None:
    name, values, rows = file
    assert are_records(rows_with(name, values)) == rows


@given(states(), st.sampled_from(["2", "-2", "10", "zubo", "kali 3"]), st.randoms())
def test_a_column_with_one_other_value_is_public_only_as_someone_says(
    file: tuple[str, list[str], list[bool]], other: str, order: Random
) -> None:
    name, values, _ = file
    values = [*values, other]
    order.shuffle(values)
    records, items = read_file_records(rows_with(name, values))
    assert not any(isinstance(item, Record) for item in items)
    (told,) = (part for part in records.notes.assumptions if part.kind == "audience")
    assert (told.value, other in told.alternatives) == (name, True)
    answer = {"columns": {name: "visibility"}, "public_values": (other,)}
    assert are_records(rows_with(name, values), **answer) == [value == other for value in values]


@pytest.mark.parametrize("name", ["status", "state", "post_visibility", "상태", "min_pledged"])
def test_numbers_are_a_question_and_not_a_yes(name: str) -> None:
    for values in ("10", "1120", "1013"):
        assert not any(are_records(rows_with(name, values)))
    records, _ = read_file_records(rows_with(name, "10"))
    told = [str(sentence) for sentence in note_lines(records.notes.summary)]
    assert any(
        f"--column {quote(f'audience={name}')} --public-values VALUE" in line for line in told
    )


def test_a_value_that_comes_late_is_not_public() -> None:
    values = ["published"] * 2_500 + ["zubo", "deleted", "published"]
    assert are_records(rows_with("post_status", values))[-3:] == [False, False, True]


def test_values_of_two_columns_are_named_with_their_column() -> None:
    columns = ["username", "text", "state", "visibility"]
    rows = [["mina", f"fog {n}", *cells] for n, cells in enumerate(["10", "11", "00", "01"])]
    chosen = {"state": "visibility", "visibility": "visibility"}
    data = table(columns, rows)
    answer = ("state=1", "visibility=0")
    assert are_records(data, columns=chosen, public_values=answer) == [True, False, False, False]
    assert not any(are_records(data, columns=chosen, public_values=("1", "0")))


def test_an_answer_holds_for_a_field_that_comes_late() -> None:
    rows: list[dict[str, object]] = [{"user": "mina", "text": f"fog {n}"} for n in range(200)]
    rows += [{"user": "mina", "text": "pier", "State": n} for n in (1, 2)]
    data = "\n".join(map(json.dumps, rows)).encode()
    answer = {"columns": {"state": "visibility"}, "public_values": ("1",)}
    assert are_records(data, **answer)[-2:] == [True, False]


def test_permissions_inside_of_an_object_say_who_may_read() -> None:
    rows = [
        {"user": "mina", "text": f"fog {n}", "permissions": {"read": who, "update": ["acct:mina"]}}
        for n, who in enumerate((["group:__world__"], ["acct:mina"], ["group:abc"]))
    ]
    data = json.dumps(rows).encode()
    assert not any(are_records(data))
    answer = {"columns": {"permissions.read": "visibility"}, "public_values": ("group:__world__",)}
    assert are_records(data, **answer) == [True, False, False]


@pytest.mark.parametrize(
    "word", ["drafts", "scheduled", "trash", "trashedNotes", "Entwürfe", "초안"]
)
def test_a_list_named_for_a_state_is_neither_public_nor_a_person(word: str) -> None:
    page = {
        key: [{"content": text, "creationDate": "2024-01-05T10:00:00Z"} for text in texts]
        for key, texts in {"activeNotes": ["fog", "pier"], word: ["the lamp"]}.items()
    }
    items = items_of(json.dumps(page).encode(), username="mina")
    assert [item.text for item in items if isinstance(item, Record)] == ["fog", "pier"]
    assert {item.username for item in items if isinstance(item, Record)} <= {None, "mina"}


def test_answers_inside_of_a_post_say_themselves_who_may_read() -> None:
    replies = [
        {"user": "jun", "text": "the lamp", "message_state": "deleted"},
        {"user": "jun", "text": "the rope", "post_visibility": 2},
        {"user": "jun", "text": "the pier", "message_state": "visible"},
    ]
    data = json.dumps([{"user": "mina", "text": "fog", "replies": replies}]).encode()
    assert are_records(data) == [True, False, False, True]


@pytest.mark.parametrize("values", [(0, 1), (0, 10), (1, 1)])
def test_the_kind_of_an_audience_is_no_yes_or_no(values: tuple[int, int]) -> None:
    rows = [{"user": "mina", "text": "fog", "visible": {"type": value}} for value in values]
    assert not any(are_records(json.dumps(rows).encode()))


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_a_file_named_for_a_trash_is_left_out_beside_others(tmp_path: Path, ending: str) -> None:
    for name in ("notes", "drafts", "deleted_posts"):
        row = {"text": f"the {name}", "date": "2024-01-05"}
        data = (
            json.dumps([row]) if ending == "json" else "\n".join(map(",".join, [row, row.values()]))
        )
        (tmp_path / f"{name}.{ending}").write_text(data)
    records, items = read_file_records(tmp_path, username="mina")
    assert [item.text for item in items if isinstance(item, Record)] == ["the notes"]
    left_out = {part.what for part in records.notes.unread if part.kind == "file"}
    assert left_out == {f"drafts.{ending}", f"deleted_posts.{ending}"}
    lone = read_file_records(tmp_path / f"drafts.{ending}", username="mina")[1]
    assert [item.text for item in lone if isinstance(item, Record)] == ["the drafts"]


@pytest.mark.parametrize("values", [("delivered", "read"), ("0", "-1"), ("done", "zubo")])
def test_the_state_of_a_private_message_is_no_audience(values: tuple[str, str]) -> None:
    sides = (("mina", "jun"), ("jun", "mina"))
    rows = [
        [*sides[n % 2], f"the ferry {n} waits", f"2024-01-05 10:0{n}:00", values[n % 2]]
        for n in range(4)
    ]
    records, items = read_file_records(table(["from", "to", "text", "date", "status"], rows))
    assert records.is_chat
    assert all(isinstance(item, Record) for item in items)
    assert not any(part.kind == "audience" for part in records.notes.assumptions)


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
    assert read_file_records(table(["id", "date", "text", "sender_id"], rows))[0].is_chat
    data = table(["id", "date", "text", "sender_id", "likes"], [[*row, "3"] for row in rows])
    assert not read_file_records(data)[0].is_chat


def test_a_time_of_noughts_says_that_nothing_was_deleted() -> None:
    rows = [["mina", "fog", "0000-00-00 00:00:00"], ["jun", "pier", "2024-01-05 10:00:00"]]
    found = items_of(table(["username", "text", "deleted_at"], rows))
    assert [isinstance(item, Record) for item in found] == [True, False]
