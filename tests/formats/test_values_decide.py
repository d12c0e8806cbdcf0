"""A column's name proposes, its values decide: whose posts, words and times come out of tables."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from saywho.formats.assumptions import NotesSummary
from saywho.formats.doubts.questions import RecordQuestions
from saywho.formats.reading import BadRecord
from saywho.formats.records import Item, ReadOptions, Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.tables.cells import as_whole, bare, is_error, is_nobody
from tests.archives import zip_bytes
from tests.formats.files import answered, asked_of, said_at
from tests.workbooks import parts_of, workbook

CASES = Path(__file__).parent / "cases"
Said = tuple[str | None, str, str | None]
DAY = "2024-01-05T"


def read(target: Path, **options: Any) -> tuple[list[Item], NotesSummary]:
    chosen = answered(target, ReadOptions(**options))
    with Source(target, name=target.name) as source:
        records = open_records(source, options=chosen)
        questions = records.notes.questions = RecordQuestions(records, chosen)
        items = [*questions.of(records.items)]
        return items, records.notes.summary


def read_text(folder: Path, text: str | bytes, name: str = "posts.csv") -> Any:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def told(notes: NotesSummary) -> str:
    lines = [f"{part.value} {part.evidence}" for part in notes.assumptions]
    return "\n".join(lines + [f"{doubt.finding}" for doubt in notes.doubts])


FOG, FERRY = "Fog again at the pier", "The ferry waits"
REAL = """
goodreads_author_is_the_novelist.csv
- | Slow at first, then I could not stop reading it. | 2024-01-05T00:00
- | The second half is better than the first. | 2024-02-05T00:00
authors_rounded_by_a_spreadsheet.csv
mina | The ferry waits | 2024-01-05T11:00
time_of_the_row_and_of_the_comment.csv
mina | Fog again at the pier | 2023-12-03T22:34
jun | The ferry waits | 2023-12-04T02:13
mina | It came at noon | 2023-12-05T03:13
ko_number_of_comments_is_no_text.csv
바다 | 또 안개다. 배가 안 뜬다. | 2024-01-05T10:00
구름 | 사진만 | 2024-01-05T11:00
바다 | 밧줄이 젖었다. | 2024-01-05T12:00
letterboxd_comments_content_is_an_address.csv
- | I hoped that somebody would write this. | 2023-12-24T00:00
- | No, the second one is better. | 2023-12-28T00:00
- | Happy new year to all keepers! | 2023-12-31T00:00
letterboxd_reviews_name_is_the_film.csv
- | Slow, but I liked the lamp. | 2024-01-05T00:00
- | Too long for what it says. | 2024-01-06T00:00
- | Better than the first. | 2024-01-07T00:00
linkedin_shares_quotes_at_line_ends.csv > Quotation marks at line ends
- | Fog again at the pier.⏎⏎We wait, and drink "sea tea".⏎Until six. | 2025-07-01T14:33
- | The ferry is back. | 2025-07-02T08:53
formulas_that_guard_cells.csv
mina | Fog again at the pier | 2024-01-05T10:00
jun | The ferry waits | 2024-01-06T10:00
ko_sentences_for_deleted_comments.csv
바다 | 또 안개다. 배가 안 뜬다. | 2024-01-05T10:00
구름 | 내일은 뜨겠지. | 2024-01-05T13:00
ko_line_of_the_app_under_each_post.csv > 3
바다 | 또 안개다. 배가 안 뜬다. | 2024-01-05T10:00
구름 | 나도 봤다 | 2024-01-05T11:00
바다 | 밧줄이 젖었다 | 2024-01-05T12:00
r_header_without_the_column_of_row_names.csv
mina | Fog again at the pier | 2024-01-05T10:00
jun | The ferry waits | 2024-01-06T10:00
day_and_clock_with_am_pm.tsv
mina | Fog again at the pier | 2024-01-05T10:00
jun | The ferry waits | 2024-01-06T15:30
"""
"""Files, what is told of them, and their posts."""


@pytest.mark.parametrize("file", re.split(r"\n(?=\S+[.][ct]sv)", REAL.strip()))
def test_what_stands_in_a_column_decides_what_it_is(file: str) -> None:
    heading, *rows = file.strip().split("\n")
    name, _, note = heading.partition(" > ")
    items, notes = read(CASES / name)
    expected = [row.replace("⏎", "\n").split(" | ") for row in rows]
    assert [[author or "-", *rest] for author, *rest in said_at(items)] == expected
    assert note in told(notes)


def test_addresses_alone_are_no_posts() -> None:
    _, notes = read(CASES / "letterboxd_liked_reviews_are_addresses.csv", username="mina")
    assert notes.is_grave
    assert "only addresses" in told(notes)


def test_who_has_several_addresses_may_be_several_people() -> None:
    items, notes = read(CASES / "ko_default_name_of_a_board.csv")
    assert len(said_at(items)) == 4
    assert not notes.is_grave
    assert "are not people" in told(notes)


def test_authors_of_books_are_no_doubt_about_who_reviews_them(tmp_path: Path) -> None:
    header = "Title,Author,ISBN,My Review,Date Read"
    books = [f"Book {n},Novelist {n},{n},{'Slow.' if n < 4 else ''},2024-01-05" for n in range(9)]
    path = tmp_path / "goodreads.csv"
    path.write_text("\n".join([header, *books]))
    items, notes = read(path, username="mina")
    assert [text for _, text, _ in said_at(items)] == ["Slow."] * 4
    assert notes.doubts == ()
    (question,) = asked_of(path)
    assert question.choices[0] == "none"


def test_replies_and_quotes_by_the_names_of_handles() -> None:
    items, _ = read(CASES / "bluesky_table_parent_and_quoted_handle.csv")
    assert [item.kind for item in items if isinstance(item, Record)] == ["post", "reply", "quote"]


def test_the_licence_around_a_book_is_nobodys_style() -> None:
    items, notes = read(CASES / "gutenberg_licence_around_the_text")
    texts = [text for _, text, _ in said_at(items)]
    assert len(texts) == 2
    assert all(text.startswith("The ") and text.endswith("11.") for text in texts)
    assert not any("Gutenberg" in text for text in texts)
    assert "licence of Project Gutenberg" in told(notes)


def test_the_head_of_a_book_checks_the_author_of_its_file(tmp_path: Path) -> None:
    mark = "*** {} OF THIS PROJECT GUTENBERG EBOOK X ***"
    book = f"Author: Bo Reef\n{mark.format('START')}\n{{}}\n{mark.format('END')}"
    for name in ("Pier_Fog.txt", "Reef_Salt.txt"):
        (tmp_path / name).write_text(book.format(f"The words of {name}."))
    _, notes = read(tmp_path)
    (doubt,) = (doubt for doubt in notes.doubts if doubt.kind == "names")
    assert doubt.count == 1
    assert "Pier_Fog.txt" in doubt.examples[0]


R_TABLE = (
    '"id","username","text","lang","in_reply_to_status_id"\n'
    '"11","mina","Fog",NA,NA\n"12",NA,"Salt","ko",NA\n"13","jun",NA,"ko","11"\n'
)


def test_what_r_writes_for_nothing_is_nothing(tmp_path: Path) -> None:
    items, _ = read_text(tmp_path, R_TABLE)
    posts = [item for item in items if isinstance(item, Record)]
    assert [(post.username, post.text, post.lang, post.kind) for post in posts] == [
        ("mina", "Fog", None, "post"),
        (None, "Salt", "ko", "post"),
    ]
    assert all(post.reply_to is None for post in posts)


def test_na_may_be_a_word_where_no_other_column_has_it(tmp_path: Path) -> None:
    items, notes = read_text(tmp_path, "username,text,lang\nmina,NA,ko\njun,Fog,ko\n")
    assert [text for _, text, _ in said_at(items)] == ["NA", "Fog"]
    assert "only NA" in told(notes)


def test_own_export_through_r_fills_nothing_in(tmp_path: Path) -> None:
    from saywho.formats.tables.csv import OWN_HEADER

    names = OWN_HEADER.split(",")
    cells = dict.fromkeys(names, "NA") | {"username": "mina", "text": "NA", "platform": "local"}
    (item,), _ = read_text(tmp_path, f"{OWN_HEADER}\n{','.join(cells[name] for name in names)}\n")
    assert isinstance(item, Record)
    assert (item.text, item.username) == ("NA", "mina")
    assert (item.lang, item.reply_to, item.source_id, item.url) == (None, None, None, None)


@pytest.mark.parametrize("value", ["#NAME?", "Err:509", "#REF!", "#WERT!", "#이름?", " #VALUE! "])
def test_error_values_are_nobodys_words(value: str, tmp_path: Path) -> None:
    items, notes = read_text(tmp_path, f"username,text\nmina,{value}\njun,Fog\n")
    assert [text for _, text, _ in said_at(items)] == ["Fog"]
    assert "Error values of a spreadsheet" in told(notes)
    items, _ = read_text(tmp_path, f"username,text\n{value},Salt\njun,Fog\n")
    assert isinstance(items[0], BadRecord)
    assert not is_error("#fog!")


def test_texts_that_begin_with_an_equals_sign_are_words(tmp_path: Path) -> None:
    parts = parts_of([["username", "text", "likes"], ["mina", "x", 1.0], ["jun", "y", 2.0]])
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    rows = sheet.partition("<row>")[2].split("<row>")
    formulas = ["_= so sleepy", "SUM(1,2)"]
    written = [
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>mina</t></is></c>'
        f'<c r="B{n}"><f>{formula}</f><v>0</v></c><c r="C{n}"><v>1</v></c></row>'
        for n, formula in enumerate(formulas, start=2)
    ]
    parts["xl/worksheets/sheet1.xml"] = (
        sheet.partition("<row>")[0]
        + f"<row>{rows[0]}"
        + "".join(written)
        + "</sheetData></worksheet>"
    ).encode()
    items, _ = read_text(tmp_path, zip_bytes(parts), "posts.xlsx")
    # The second one is a formula, whose value is all that is known.
    assert [text for _, text, _ in said_at(items)] == ["=_= so sleepy", "0"]


def test_a_sheet_that_repeats_another_is_read_once(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["username", "text"], *(["mina", f"fog {n}"] for n in range(9))]
    items, notes = read_text(tmp_path, workbook(rows, rows[:6], names=["all", "some"]), "p.xlsx")
    assert len(said_at(items)) == 9
    assert "p.xlsx/some" in [part.what for part in notes.unread]


def test_rounded_ids_of_answers_are_no_links_and_are_told(tmp_path: Path) -> None:
    post = {"username": "mina", "text": "Fog", "id": "11"}
    for lost in (1.876543210987654e18, "1.87654321098765E+018", "1876543210987654400"):
        answer = {"username": "jun", "text": "Why?", "id": "12", "in_reply_to_status_id": lost}
        items, notes = read_text(tmp_path, json.dumps([post, answer]), "posts.json")
        reply = items[1]
        assert isinstance(reply, Record)
        assert (reply.kind, reply.reply_to) == ("reply", None)
        assert "Ids of answered posts that a spreadsheet has rounded" in told(notes)


def test_ids_that_are_floats_in_json_are_told(tmp_path: Path) -> None:
    post = {"username": "mina", "text": "Fog", "id": 1.876543210987654e18}
    (item,), notes = read_text(tmp_path, json.dumps([post]), "posts.json")
    assert isinstance(item, Record)
    assert item.source_id is None
    assert "a spreadsheet has rounded the values" in told(notes)


def test_lists_of_posts_under_the_names_of_their_authors(tmp_path: Path) -> None:
    lists = {"mina": [{"text": "Fog"}, {"text": "Salt"}], "jun": [{"text": "Tea"}]}
    items, notes = read_text(tmp_path, json.dumps(lists), "posts.json")
    assert [(author, text) for author, text, _ in said_at(items)] == [
        ("mina", "Fog"),
        ("mina", "Salt"),
        ("jun", "Tea"),
    ]
    assert "author=list/username" in told(notes)


def test_a_second_header_with_a_mark_inside_is_nobodys_post(tmp_path: Path) -> None:
    table = '"username","text"\n"mina","Fog"\n'
    items, _ = read_text(tmp_path, f"\ufeff{table}\ufeff{table.replace('Fog', 'Salt')}")
    assert [text for _, text, _ in said_at(items)] == ["Fog", "Salt"]


def test_the_same_last_line_of_several_authors_is_told(tmp_path: Path) -> None:
    rows = [f'{name},"fog {n}\nvia PierApp"' for n, name in enumerate(["mina", "jun", "dara"])]
    _, notes = read_text(tmp_path, "\n".join(["username,text", *rows]))
    assert "end with the same line" in told(notes)


def test_several_authors_in_a_cell_are_told(tmp_path: Path) -> None:
    table = 'author,text\n"Mina Pier, Jun Reef",Fog\n"Pier, Ann",Salt\n'
    _, notes = read_text(tmp_path, table)
    (doubt,) = (doubt for doubt in notes.doubts if "several people" in str(doubt.finding))
    assert doubt.examples == ("Mina Pier, Jun Reef",)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        *(("1.2K", 1_200), ("2.3만", 23_000), ("5천", 5_000), ("1.234", 1_234), ("1,234", 1_234)),
        *(("3억", 300_000_000), ("1,5 M", 1_500_000), ("7", 7), ("fog", None)),
    ],
)
def test_counts_as_people_write_them(written: str, count: int | None) -> None:
    assert as_whole(written) == count


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("\ufeffmina", "mina"),
        ("\u200bfog\xa0", "fog"),
        ('="mina"', "mina"),
        ('="she said ""fog"""', 'she said "fog"'),
        ("first_x000D_\nsecond_x000D_", "first\nsecond"),
        ("=_=", "=_="),
        (" poem", " poem"),
    ],
)
def test_a_cell_without_what_programs_put_around_it(cell: str, read: str) -> None:
    assert bare(cell) == read


@given(st.text(alphabet="fog안개 \n.,=\"'", max_size=30))
def test_words_stay_as_they_are(text: str) -> None:
    if not (text.startswith('="') and text.endswith('"')):
        assert bare(text) == text
    assert not is_nobody(text)


PUBLISHED: dict[str, tuple[object, ...]] = {
    "status": ("publish", "published", "sent", "open", None),
    "draft": (False, "no", 0, None),
    "is_public": (True, "yes", None),
    "published": (True, "2024-01-05", None),
    "private": (False, "0", None),
}
UNPUBLISHED: dict[str, tuple[object, ...]] = {
    "status": ("draft", "Auto-Draft", "pending", "future", "Scheduled", "trash", "private"),
    "post_status": ("draft", "private", "임시저장"),
    "draft": (True, "yes", 1),
    "is_public": (False, "no", "0"),
    "published": (False, "false"),
    "private": (True, "TRUE"),
}


@pytest.mark.parametrize("name", UNPUBLISHED)
def test_what_is_not_published_is_no_post(tmp_path: Path, name: str) -> None:
    rows = [
        {"username": "mina", "text": f"{is_seen} {n}", "created_at": f"{DAY}10:00", name: value}
        for is_seen, values in (("seen", PUBLISHED), ("unseen", UNPUBLISHED))
        for n, value in enumerate(values.get(name, ()))
    ]
    seen = [row["text"] for row in rows if str(row["text"]).startswith("seen")]
    items, _ = read_text(tmp_path, json.dumps(rows), "posts.json")
    assert [text for _, text, _ in said_at(items)] == seen
    written = io.StringIO()
    table = csv.DictWriter(written, [*rows[0]])
    table.writeheader()
    table.writerows(rows)
    items, _ = read_text(tmp_path, written.getvalue())
    assert [text for _, text, _ in said_at(items)] == seen


def test_a_status_that_is_the_text_says_nothing_of_it(tmp_path: Path) -> None:
    items, _ = read_text(tmp_path, "username,status\nmina,private\nmina,a draft\nmina,draft\n")
    assert [text for _, text, _ in said_at(items)] == ["private", "a draft", "draft"]


def tagged(share: int) -> bytes:
    """Return a table of which `share` of ten texts are HTML."""
    texts = ["<p>fog &lt; <b>salt</b></p>" if n % 10 < share else f"1 < 2, {n}" for n in range(20)]
    return "\n".join(["username,text", *(f'mina,"{text}"' for text in texts)]).encode()


@pytest.mark.parametrize("share", [10, 9])
def test_tags_are_taken_off_if_nearly_all_texts_have_them(tmp_path: Path, share: int) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(tagged(share))
    items, notes = read(path)
    texts = [item.text for item in items if isinstance(item, Record)]
    assert texts[0] == "fog < salt"
    assert [text for text in texts if "1 < 2" in text] == [
        f"1 < 2, {n}" for n in range(20) if n % 10 >= share
    ]
    assert "Texts with tags" not in str(notes.doubts)


@pytest.mark.parametrize("name", ["Ημερομηνία", "date", "날짜"])
@pytest.mark.parametrize("form", ["{:%Y-%m-%d %H:%M}", "{:%m/%d/%Y %H:%M}"])
def test_a_column_that_is_only_called_a_time_gives_way(
    tmp_path: Path, name: str, form: str
) -> None:
    rows = [f"mina,fog {n},total,{form.format(datetime(2024, 5, 13 + n, 10))}" for n in range(4)]
    path = tmp_path / "posts.csv"
    path.write_text("\n".join([f"username,text,{name},xyz", *rows]))
    items, _ = read(path)
    assert [f"{item.created_at:%m-%d}" for item in items if isinstance(item, Record)] == [
        f"05-{13 + n}" for n in range(4)
    ]


@pytest.mark.parametrize("kind", ["comment", "post", "review", "message"])
@pytest.mark.parametrize("who", ["author_name", "user_name", "username"])
def test_the_name_of_the_author_of_a_post_is_the_author(
    tmp_path: Path, kind: str, who: str
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(f"{kind}_{who},{kind}_body,score\nmina,fog again,1\njun,how long?,2\n")
    items, _ = read(path)
    assert [item.username for item in items if isinstance(item, Record)] == ["mina", "jun"]


@pytest.mark.parametrize(("beside", "is_chat"), [("reaction", True), ("views", False)])
def test_rows_that_call_themselves_messages_are_a_chat(
    tmp_path: Path, beside: str, is_chat: bool
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"Message ID,Author,Content,{beside}\n1,mina,fog again,1\n2,jun,how long?,2\n")
    with Source(path, name=path.name) as source:
        assert open_records(source).is_chat is is_chat


def test_a_list_of_a_name_is_a_name(tmp_path: Path) -> None:
    rows = "['Mina Pier'],Fog again\n\"['Jun Reef', 'Ada Pier']\",It lifts\n[\"Dara O'Pier\"],Yes\n"
    items, notes = read_text(
        tmp_path, "speaker,text\n" + rows.replace('["', '"[""').replace('"]', '""]"')
    )
    found = [name for name, _, _ in said_at(items)]
    assert found == ["Mina_Pier", "Jun_Reef,_Ada_Pier", "Dara_O'Pier"]
    assert "Names of several people" in told(notes)


def test_states_of_books_are_no_words(tmp_path: Path) -> None:
    rows = "Fog,Jun Reef,9780,to-read,\nPier,Ada Pier,9781,read,\n"
    items, _ = read_text(tmp_path, "Title,Authors,ISBN/UID,Read Status,Review\n" + rows)
    assert said_at(items) == []


def test_comments_that_name_their_writers_are_not_the_row_creators(tmp_path: Path) -> None:
    comment = "12/Jan/24 11:00 AM;jun;It is the fog."
    rows = "".join(f"P-{n},mina,{comment} {n}\n" for n in range(3))
    _, notes = read_text(tmp_path, "Key,Creator,Comment\n" + rows)
    doubts = [doubt for doubt in notes.doubts if doubt.grave]
    assert [doubt.count for doubt in doubts] == [3]
    assert "begin with a time and a name" in told(notes)


def test_a_list_of_what_people_said_is_found_by_its_shape(tmp_path: Path) -> None:
    names = ["Mina", "Jun", "Mina", "Ada"]
    rows = [
        {"name": name, "spoken": f"The fog came at {n}, and nobody saw the pier."}
        for n, name in enumerate(names)
    ]
    for page in ({"meta": {"date": "x"}, "hansard": rows}, {"page": {"turns": rows, "count": 4}}):
        items, _ = read_text(tmp_path, json.dumps(page, indent=1), "minutes.json")
        assert [name for name, _, _ in said_at(items)] == names


def test_of_two_columns_with_the_same_words_the_plain_one_is_read(tmp_path: Path) -> None:
    posts = [
        {
            "username": name,
            "raw": f"Fog came at {n}, *again*, and stayed.",
            "cooked": f"<p>Fog came at {n}, <em>again</em>, and stayed.</p>",
        }
        for n, name in enumerate(["Mina", "Jun", "Mina"])
    ]
    items, _ = read_text(tmp_path, json.dumps({"latest_posts": posts}), "posts.json")
    assert [text for _, text, _ in said_at(items)] == [post["raw"] for post in posts]


def test_words_inside_of_an_object_are_of_who_made_it(tmp_path: Path) -> None:
    people = [
        {"id": "1", "fullName": "Mina Pier", "username": "mina"},
        {"id": "2", "username": "jun"},
    ]
    actions = [
        {
            "type": "commentCard",
            "data": {"text": f"Fog {n}", "card": {"name": "Buy seeds"}},
            "memberCreator": people[n % 2],
        }
        for n in range(4)
    ]
    items, _ = read_text(tmp_path, json.dumps({"name": "Garden", "actions": actions}), "board.json")
    assert [(name, text) for name, text, _ in said_at(items)] == [
        ("mina", "Fog 0"),
        ("jun", "Fog 1"),
        ("mina", "Fog 2"),
        ("jun", "Fog 3"),
    ]
