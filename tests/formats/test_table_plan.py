"""The plan of a table: what names tell, what is asked, and single steps."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

import saywho
from saywho.formats.records import ReadOptions
from saywho.formats.tables import plan as steps
from saywho.formats.tables.columns import Row
from saywho.formats.tables.plan import Plan, Sample, plan_of
from tests.formats.files import asked_of, fields_in, read_file_records, records_in
from tests.formats.test_who_may_read import lines, table
from tests.workbooks import Cell, workbook

Step = Callable[[Plan, Sample], Plan]
NEW = Plan({})
KNOWN = """
text,author,date|content,user,created|message,name,time|review_text,reviewer,review_date
body,writer,posted|comment,commenter,when|tweet,username,created_at|comment_text,comment_author,comment_date
post_content,posted_by,posted_at|opinion,respondent,submitted|text,speaker,timestamp|messageText,senderName,sentAt
body text,user name,date posted|Answer,Participant,Submitted At|TEXT,AUTHOR,DATE|text,person,day
내용,작성자,날짜|본문,이름,시간|메시지,보낸사람,보낸시간|본문내용,글쓴이,작성일|후기내용,닉네임,등록일
리뷰,작성자명,작성일시|댓글내용,아이디,작성시간|의견,응답자,응답일시|글,회원,게시일|발언,발언자,일시|답변,성명,제출일
Texte,Auteur,Date|contenu,utilisateur,date|commentaire,expéditeur,horodatage
contenido,usuario,fecha|texto,autor,fecha|mensaje,remitente,fechahora|comentario,usuario,fecha
Text,Autor,Datum|Inhalt,Benutzer,Zeitpunkt|Nachricht,Absender,Datum|Kommentar,Verfasser,Zeitstempel
texto,autor,data|conteúdo,usuário,data|mensagem,remetente,datahora|comentário,usuário,data
testo,autore,data|contenuto,utente,data|messaggio,mittente,data|commento,autore,data
текст,автор,дата|сообщение,отправитель,время|комментарий,пользователь,дата
本文,ユーザー名,日時|投稿内容,投稿者,投稿日時|コメント,名前,日付|感想,ユーザー,日付
内容,作者,时间|评论内容,用户名,评论时间|正文,昵称,发布时间|消息,发送者,时间|留言,用户,日期
text,author|내용,작성자|Texte,Auteur|内容,作者|text,characters|text,Speakers|text,users|text,authors
Full_Text,screen_name,createdAt| Text ,handle,timestamp|트윗,이름,time|text,participants
"""
"""Headings in nine languages that ask nothing."""
DAYS = ("2024-01-05 10:00", "2024-01-06 11:00", "2024-01-07 12:00", "2024-01-08 13:00")
WORDS = ("Fog again at the pier", "The ferry waits here", "Nobody has the lamp", "Rope is rope")
NAMES = ("mina", "jun", "mina", "jun")
IDS = ("u101", "u202", "u303", "u202")
SHORT = tuple(text[:9] for text in WORDS)
OTHER = ("ada", "", "", "")
EARLIER = tuple(f"2023{day[4:-1]}1" for day in DAYS)
POSTS = {"text": WORDS, "author": NAMES}
HEADINGS = [heading for heading in KNOWN.replace("\n", "|").split("|") if heading]


@pytest.mark.parametrize("write", [table, lines])
def test_sixty_known_headings_ask_nothing(write: Any) -> None:
    assert len(HEADINGS) >= 60
    for names in (heading.split(",") for heading in HEADINGS):
        rows = [[*row] for row in zip(WORDS, NAMES, DAYS, strict=True)]
        data = write(names, [row[: len(names)] for row in rows])
        assert asked_of(data) == [], names
        found = records_in(read_file_records(data)[1])
        assert [(item.text, item.username) for item in found] == [(row[0], row[1]) for row in rows]
        assert all((item.created_at is not None) == (len(names) > 2) for item in found)


def test_one_column_of_texts_and_a_name_ask_nothing() -> None:
    data = table(["text"], [["fog again"], ["the ferry waits"]])
    assert asked_of(data, ReadOptions(username="mina")) == []


ASKED: list[tuple[dict[str, tuple[str, ...]], str, tuple[str, ...]]] = [
    ({"후보작": WORDS, "author": NAMES}, "text", ("후보작",)),
    ({"abc": WORDS, "xyz": SHORT, "author": NAMES}, "text", ("abc", "xyz")),
    ({"text": WORDS, "crew": NAMES}, "author", ("crew",)),
    *(
        ({"text": WORDS, name: (*levels.split(),) * 2}, "author", ())
        for levels in ("High Low", "높음 낮음", "admin guest", "trashedNotes Open", "joy fear")
        for name in ("engagement", "class")[levels == "joy fear" :]
    ),
    ({**POSTS, "xyz": DAYS}, "time", ("xyz",)),
    ({**POSTS, "join_date": DAYS}, "time", ("join_date",)),
    (
        {"text": WORDS, "writer": NAMES, "speaker": ("jun", "ada", "mina", "ada")},
        "author",
        ("writer", "speaker"),
    ),
    ({**POSTS, "editor_of_it": ("ada", "", "", "ada")}, "", ()),
    ({**POSTS, "authorChannelId": IDS}, "author", ("authorChannelId", "author")),
    ({**POSTS, "author_id": IDS[:2] * 2}, "", ()),
    (
        {**POSTS, "url": tuple(f"https://x.com/{name}/status/1" for name in IDS)},
        "author",
        ("url", "author"),
    ),
    ({**POSTS, "tweeter": tuple(f"@{name}" for name in IDS)}, "author", ("tweeter", "author")),
    ({**POSTS, "root_author": OTHER}, "repost", ("root_author",)),
    ({**POSTS, "공유원본작성자": OTHER}, "repost", ("공유원본작성자",)),
    ({**POSTS, "동작": ("post", "repost", "like", "post")}, "repost", ("동작",)),
    ({**POSTS, "retweet": ("0", "12", "1", "0")}, "repost", ("none", "retweet")),
    ({**POSTS, "text_original": WORDS[::-1]}, "text", ("text_original", "text")),
    ({"text": ("1", "2", "3", "4"), "note": WORDS, "author": NAMES}, "text", ("note", "text")),
    ({"text": WORDS, "author": DAYS}, "author", ("none", "author")),
    ({"text": WORDS, "author": ("7", "8", "9", "10")}, "author", ("none", "author")),
    ({"title": WORDS, "text": ("", "fog", "", ""), "author": NAMES}, "title", ("title",)),
    ({"Author": NAMES, "Book": WORDS, "review": WORDS[::-1]}, "author", ("none", "Author")),
    (
        {"text": WORDS, "author": NAMES, "created_at": DAYS, "written_on": EARLIER},
        "time",
        ("written_on", "created_at"),
    ),
]


@pytest.mark.parametrize("write", [table, lines])
@pytest.mark.parametrize(("columns", "role", "likely"), ASKED, ids=str)
def test_what_no_name_tells_is_asked(
    write: Any, columns: dict[str, tuple[str, ...]], role: str, likely: tuple[str, ...]
) -> None:
    data = write([*columns], [[*row] for row in zip(*columns.values(), strict=True)])
    if not role:
        assert asked_of(data) == []
        return
    (question,) = asked_of(data)
    assert (question.role, question.likely) == (role, likely)
    first = [values[0] for values in zip(*question.rows, strict=True)]
    assert (
        dict(zip(question.columns, first, strict=True)).items()
        <= {name: cells[0] for name, cells in columns.items()}.items()
    )


@given(
    st.lists(
        st.sampled_from(["text", "내용", "writer", "작성자", "date", "보낸시간", "abc", "고객"]),
        min_size=2,
        max_size=5,
        unique=True,
    ),
    st.data(),
)
def test_no_values_choose_a_column(names: list[str], data: st.DataObject) -> None:
    """What is not asked is the same, whatever stands in the rows."""
    kinds = st.sampled_from(
        [WORDS, NAMES, DAYS, ("1", "2", "3", "4"), ("0", "12", "1", "0"), ("",) * 4]
    )
    chosen: dict[str, set[str]] = {}
    for _ in range(2):
        columns = [data.draw(kinds) for _ in names]
        rows: list[Row] = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
        plan = plan_of(rows, ReadOptions(), is_table=True)
        asked = {question.role for question in plan.questions}
        fields = dict(plan.columns(tuple(names)).fields)
        for role, field in (("text", "text"), ("author", "username"), ("time", "created_at")):
            used = next((name for name in names if fields.get(name) == field), "")
            if role not in asked and used:
                chosen.setdefault(role, set()).add(used)
    assert all(len(used) == 1 for used in chosen.values())


def test_the_error_of_the_library_has_what_to_choose_as_data(tmp_path: Any) -> None:
    path = tmp_path / "strange.csv"
    path.write_bytes(table(["abc", "crew"], [[*row] for row in zip(WORDS, NAMES, strict=True)]))
    with pytest.raises(saywho.QuestionError) as caught:
        saywho.read(path)
    error = caught.value
    assert error.columns == ("abc", "crew")
    assert {question.role for question in error.questions} == {"text", "author"}
    assert error.choices["text"][0] == "abc"
    assert error.choices["author"] == ("crew", "abc", "none")
    assert "--" not in str(error)
    chat = saywho.read(path, columns={"abc": "text", "crew": "author"})
    assert [post.text for post in chat.posts] == [*WORDS]


def test_json_of_unknown_fields_asks_by_path() -> None:
    rows = [
        {"said": {"words": text}, "by_whom": {"label": name}}
        for text, name in zip(WORDS, NAMES, strict=True)
    ]
    for page in (rows, {"turns": rows, "count": 4}):
        asked = {question.role: question for question in asked_of(json.dumps(page).encode())}
        assert asked["text"].likely[0] == "said.words"
        assert fields_in("text", json.dumps(page).encode()) == [*WORDS]


def packed(kind: str, path: Path) -> Path:
    """Write a strange table as a kind of file; of the workbook the second sheet is the smaller."""
    names: list[Cell] = ["abc", "crew"]
    rows: list[list[Cell]] = [[*row] for row in zip(WORDS, NAMES, strict=True)]
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    if kind == "xlsx":
        other: list[list[Cell]] = [["q", "r", "s"], *([n, *r] for n, r in enumerate(rows))]
        path.write_bytes(workbook(other, [names, *rows], names=["all", "strange"]))
    elif kind == "mongo":
        path.write_text("\n".join(json.dumps({"_id": {"$oid": "5" * 24}, **o}) for o in objects))
    elif kind == "parquet":
        arrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(arrow.Table.from_pylist(objects), path)
    else:
        path.write_text("\n".join(map(json.dumps, objects)))
    return path


@pytest.mark.parametrize("kind", ["xlsx", "jsonl", "mongo", "parquet"])
def test_each_kind_of_table_asks_and_takes_the_answer(kind: str, tmp_path: Path) -> None:
    path = packed(kind, tmp_path / f"strange.{'json' if kind == 'mongo' else kind}")
    columns = {"sheet=strange": "sheet"} if kind == "xlsx" else {}
    if kind == "xlsx":
        assert {question.columns[0] for question in asked_of(path)} == {"r", "s"}
    asked = {question.role: question for question in asked_of(path, ReadOptions(columns=columns))}
    assert asked.keys() == {"author", "text"}
    assert [asked["author"].choices[0], asked["text"].choices[0]] == ["crew", "abc"]
    first = dict(zip(asked["text"].columns, asked["text"].rows[0], strict=True))
    assert (first["abc"], first["crew"]) == (WORDS[0], NAMES[0])
    chosen = columns | {"abc": "text", "crew": "username"}
    found = records_in(read_file_records(path, columns=chosen)[1])
    assert [(item.text, item.username) for item in found] == [*zip(WORDS, NAMES, strict=True)]


def test_a_row_is_anothers_by_the_chosen_column() -> None:
    rows = [
        ["mina", "fog", "Mina"],
        ["mina", "rope", "ada"],
        ["jun", "salt", ""],
        ["jun", "tea", "0"],
    ]
    data = table(["author", "text", "root_author"], rows)
    assert [item.text for item in records_in(read_file_records(data)[1])] == ["fog", "salt", "tea"]


def after(step: Step, *rows: Row, plan: Plan = NEW, is_table: bool = True) -> Plan:
    return step(plan, Sample(rows, rows, is_table))


def test_the_time_of_day_in_a_column_of_its_own() -> None:
    rows = [{"date": "2024-01-05", "time": "10:00", "text": "fog"}]
    chosen = {"date": "created_at", "time": "clock"}
    assert after(steps.join_clock, *rows).chosen == chosen
    whole = [{"date": "2024-01-05 09:00", "time": "10:00", "text": "fog"}]
    assert after(steps.join_clock, *whole) == NEW


def test_numbers_of_rows_are_no_ids() -> None:
    rows = [{"id": str(n), "text": f"fog {n}", "username": "mina"} for n in range(3)]
    plan = after(steps.look_for_ids, *rows)
    assert plan.chosen == {"id": ""}
    assert [*plan.no_ids] == ["id"]
    assert after(steps.look_for_ids, *[{**row, "parent_id": "1"} for row in rows]) == NEW
    assert after(steps.look_for_ids, *rows, is_table=False) == NEW


def test_quotation_marks_around_line_breaks() -> None:
    assert after(steps.look_at_texts, {"text": 'fog"\n"salt'}).has_quoted_breaks
    assert not after(steps.look_at_texts, {"text": '"fog"\nsalt'}).has_quoted_breaks


def test_texts_in_html_by_the_program_that_wrote_them() -> None:
    tumblr = {"blog_name": "mina", "body": "<p>fog</p>", "id_string": "1", "post_url": "u"}
    assert after(steps.look_at_texts, tumblr).is_html
    assert not after(steps.look_at_texts, {"text": "<p>fog</p>"}).is_html
