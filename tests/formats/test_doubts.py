"""Doubts: what is odd in the records of a file, with examples, and nothing about usual files."""

import contextlib
import json
from pathlib import Path
from typing import Final

import pytest

from saywho.errors import FileError
from saywho.formats.assumptions import doubt_sentence
from saywho.formats.doubts.questions import RecordQuestions
from saywho.formats.records import NO_OPTIONS, ReadOptions
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.tally import Doubt
from tests.archives import SMALL_FILES
from tests.formats.files import answered
from tests.formats.test_blogs import WXR, item

CASES: Final = Path(__file__).with_name("cases")
KAKAOTALK: Final = (
    "미나 님과 카카오톡 대화\n저장한 날짜 : 2024-01-15 16:00:00\n\n"
    "--------------- 2024년 1월 15일 월요일 ---------------\n"
)
LINE: Final = "[LINE] Chat history with Jun\nSaved on: 1/15/2024, 16:00\n\nMon, 1/15/2024\n"
IPHONE = "[14.08.2024, 21:0{}:10] {}\n"


def doubts_of(
    path: Path, data: str | bytes, options: ReadOptions = NO_OPTIONS
) -> tuple[Doubt, ...]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return doubts_in(path, options)


def doubts_in(path: Path, options: ReadOptions = NO_OPTIONS) -> tuple[Doubt, ...]:
    options = answered(path, options)
    with Source(path, name=path.name) as source:
        records = open_records(source, options=options)
        questions = RecordQuestions(records, options)
        records.notes.questions = questions
        for _ in questions.of(records.items):
            pass
        return records.notes.summary.doubts


def table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows, ""])


def jsonl(*records: dict[str, object]) -> str:
    return "\n".join(json.dumps(record, ensure_ascii=False) for record in records)


def whatsapp(*messages: str) -> str:
    return "".join(IPHONE.format(n, message) for n, message in enumerate(messages))


ODD: dict[tuple[str, str, bool], dict[str, str]] = {
    ("names", "chat.txt", False): {"(알수없음)": whatsapp("(알수없음): 안개", "Mina: fog")},
    ("names", "posts.csv", False): {
        "kim****": table("작성자,작성일,내용", "kim****,2024-01-05,안개", "lee****,2024-01-06,비")
    },
    ("names", "play.csv", False): {
        "[Bühnenanweisung]": table("username,text", "[Bühnenanweisung],Jun exits", "jun,Ahoy")
    },
    ("names", "posts.jsonl", False): {
        "익명": jsonl({"username": "익명", "text": "안개"}, {"username": "바다", "text": "비"})
    },
    ("letters", "posts.csv", False): {
        "<p>Fog again</p>": table("username,text", "mina,<p>Fog again</p>", "jun,Rain &amp; wind"),
        "<U+B610> <U+C548>": table("username,text", "mina,<U+B610> <U+C548>", "jun,Rain"),
    },
    ("words", "posts.csv", False): {
        "Replying to @jun Fog": table("username,text", "mina,Replying to @jun Fog", "jun,Rain")
    },
    ("words", "chat.txt", False): {
        "tide.mina liked a message": whatsapp(
            "Mina: hi",
            "Mina: tide.mina liked a message",
            "Jun: reef_jun sent an attachment.",
            "Mina: tide.mina started a video chat",
            "Jun: bye",
        )
    },
    ("times", "chat.txt", True): {
        "2024-02-20 → 2024-01-16": (
            "[1/15/24, 10:00:00] Mina: hi\n[1/15/24, 10:01:00] Jun: ok\n"
            "[2/20/24, 10:02:00] Mina: so\n[1/16/24, 10:02:00] Jun: yes\n"
        )
    },
    ("ids", "posts.jsonl", False): {
        "77123": jsonl(
            {"id": "77123", "username": "mina", "text": "Fog"},
            {"id": "77123", "username": "mina", "text": "Wind"},
            {"id": "77124", "username": "mina", "text": "Rain"},
        ),
        "27123": jsonl(
            {"id": "27123", "username": "mina", "text": "Fog"},
            {"id": "27123", "username": "jun", "text": "Wind"},
            {"id": "77124", "username": "ara", "text": "Where?", "in_reply_to_id": "27123"},
        ),
        "37123": jsonl(
            {"id": "37123", "username": "mina", "text": "Fog", "created_at": "2024-01-06"},
            {
                "id": "77124",
                "username": "ara",
                "text": "Where?",
                "in_reply_to_id": "37123",
                "created_at": "2024-01-05",
            },
        ),
    },
    ("times", "chat.txt", False): {
        "2024년 2월 3일 토요일": (
            "차 마시는 방 5 카카오톡 대화\n저장한 날짜 : 2024년 1월 15일 오후 9:00\n\n"
            "2024년 1월 15일 월요일\n2024년 1월 15일 오후 3:02, 바다 : 모임 공지\n"
            "2024년 2월 3일 토요일\n찻집에서\n2024년 1월 15일 오후 3:03, 하늘 : 네\n"
        ),
        "2024/02/03(土)": (
            "[LINE] 花子とのトーク履歴\n保存日時：2024/02/10 21:00\n\n2024/01/15(月)\n"
            "19:02\t花子\t会の案内です\n2024/02/03(土)\n19:03\t太郎\tはい\n"
            "2024/01/16(火)\n19:04\t花子\tよろしく\n"
        ),
    },
    ("left_out", "chat.txt", False): {
        "산책 모임에서 저장한 글": (
            "산책 모임에서 저장한 글\n저장한 날짜 : 2024년 1월 15일 오후 9:00\n"
            "2024년 1월 15일 오후 3:02, 바다 : 안녕\n"
            "2024년 1월 15일 오후 3:03, 하늘 : 네\n"
        )
    },
    ("column", "chat.csv", False): {
        "안녕, 반가워요": table(
            "Date,User,Message",
            "2024-01-15 15:02:00,바다,안녕, 반가워요",
            '2024-01-15 15:03:00,하늘,"네, 저도요"',
        )
    },
}
"""By kind of doubt, file and whether it is grave: what is odd by the example that names it."""


@pytest.mark.parametrize(
    ("kind", "name", "is_grave", "example", "data"),
    [(*place, *odd) for place, files in ODD.items() for odd in files.items()],
)
def test_what_is_odd_is_named_with_an_example(
    name: str, data: str, kind: str, example: str, tmp_path: Path, *, is_grave: bool
) -> None:
    found = doubts_of(tmp_path / name, data)
    assert [part for part in found if part.kind == kind and example in part.examples], found
    grave = [part.kind for part in found if part.grave]
    assert grave == ([kind] if is_grave else [])
    assert all(0 < len(part.examples) <= 3 and part.count for part in found)


@pytest.mark.parametrize(("few", "is_grave"), [(4, False), (5, True)])
def test_over_half_that_cannot_be_read_is_grave(
    few: int, tmp_path: Path, *, is_grave: bool
) -> None:
    bad: dict[str, object] = {"username": "mina", "text": 5}
    data = jsonl({"username": "mina", "text": "Fog"}, *[bad] * few)
    (doubt,) = doubts_of(tmp_path / "posts.jsonl", data)
    assert (doubt.kind, doubt.count, doubt.grave) == ("left_out", few, is_grave)


@pytest.mark.parametrize("name", SMALL_FILES)
def test_a_usual_file_is_not_doubted(name: str, tmp_path: Path) -> None:
    options = ReadOptions(username="mina")
    assert doubts_of(tmp_path / name, SMALL_FILES[name], options) == ()


PEOPLE = ["jun", "mina", "ada", "bo", "ida"]
FINE = {
    "whom a post is to": (
        "posts.csv",
        table(
            "comment_user_name,commented_user_name,text",
            *(f"{PEOPLE[n % 5]},{PEOPLE[(n + n // 5 % 4 + 1) % 5]},Fog {n}" for n in range(30)),
        ),
    ),
    "degrees behind a name": (
        "posts.csv",
        table("author,text", *(f'"Ada Pier, MCIHRM CHRP",Fog {n}' for n in range(3))),
    ),
    "a flag beside its count": (
        "posts.csv",
        table(
            "username,text,retweet,retweets,likes",
            *(f"mina,Fog over the pier {n},{n % 2},{7 * n},{9 * n}" for n in range(9)),
        ),
    ),
    "keys above posts with authors": (
        "posts.json",
        json.dumps({k: [{"username": "mina", "text": f"Fog {k}"}] for k in ("1", "2", "fog")}),
    ),
    "who speaks of themselves": (
        "chat.txt",
        whatsapp(
            *("Minh Le: Minh is tired today", "Nga Do: Nga will be late", "Minh Le: Minh waits"),
            *("Ana Reef: @Ana Lund where are you", "Ana Lund: here", "Nga Do: Nga has tea"),
        ),
    ),
    "the same words behind others": (
        "chat.txt",
        whatsapp(
            *["Mina: ok see you at the pier tonight", "Jun: yes see you at the pier tonight"] * 4,
            *("Mina: yes, it is", "Mina: yes it is", "Jun: ok then", "Ada: ok"),
        ),
    ),
}


@pytest.mark.parametrize("kind", FINE)
def test_what_is_usual_is_not_doubted(kind: str, tmp_path: Path) -> None:
    name, data = FINE[kind]
    assert doubts_of(tmp_path / name, data) == ()


@pytest.mark.parametrize("names", [("A:", "B:"), ("A", "B", "C"), ("SPEAKER_00", "SPEAKER_01")])
def test_letters_and_numbers_of_voices_are_doubted(names: tuple[str, ...], tmp_path: Path) -> None:
    data = table("speaker,dialogue", *(f"{name},The ferry {n}" for n in "12" for name in names))
    found = doubts_of(tmp_path / "talk.csv", data)
    findings = [str(doubt.finding) for doubt in found]
    assert findings == ["Names that are numbered anew in each recording or file"]
    assert {example.rstrip(":") for example in found[0].examples} == {n.rstrip(":") for n in names}


def test_nicknames_before_sentences_of_the_app_are_doubted(tmp_path: Path) -> None:
    said = ["Mina: Minnow changed the group photo", "Jun: Juniper changed the group photo"] * 3
    found = doubts_of(tmp_path / "chat.txt", whatsapp(*said, "Mina: fog", "Jun: the fog"))
    findings = [str(doubt.finding) for doubt in found]
    assert "Equal messages that begin with different words" in findings


def test_examples_are_short_and_in_one_line(tmp_path: Path) -> None:
    data = jsonl({"username": "mina", "text": f"<p>Fog\n\n{'again ' * 40}</p>"})
    (doubt,) = doubts_of(tmp_path / "posts.jsonl", data)
    assert doubt.examples[0].startswith("<p>Fog again again")
    assert len(doubt.examples[0]) == 80
    assert str(doubt_sentence(doubt)) == "Texts with tags, which can be taken off: 1"


def test_a_doubt_about_a_chat_speaks_of_messages(tmp_path: Path) -> None:
    data = whatsapp("Mina: <p>Fog</p>", "Jun: > Fog again", "Jun: > And rain", "Mina: no")
    told = [str(doubt.finding) for doubt in doubts_of(tmp_path / "chat.txt", data)]
    assert sorted(told) == [
        "Messages with tags or other markup",
        "Messages with words of someone else",
    ]


def test_words_of_people_like_sentences_of_the_app_are_not_doubted(tmp_path: Path) -> None:
    people = [f"{name}: {n} of us" for n in range(4) for name in ("Mina", "Jun")]
    own = "Mina: There are 2 rooms left", "Jun: I removed the answers", "Mina: ok, the ferry left"
    notes = "Mina: <notice> come at nine", "Jun: <notice>\nall of you, come at ten"
    assert doubts_of(tmp_path / "_chat.txt", whatsapp(*people, *own, *notes)) == ()
    app = "Jun: Mina added Anna", "Jun: Mina left"
    (doubt,) = doubts_of(tmp_path / "_chat.txt", whatsapp(*people, *app))
    assert doubt.examples == ("Mina added Anna", "Mina left")


JUSTIFIED: Final = {
    "authors_rounded_by_a_spreadsheet.csv": {
        "Records that cannot be read are over a tenth": "7.65612E+16"
    },
    # With one name given for all, the import stops.
    "doubts/html_in_a_content_column.csv": {
        "Texts with HTML entities, such as &amp;": "<p>The ferry waits &amp; waits.",
        "Texts with tags, which can be taken off": "<p>Fog again.",
    },
    "doubts/ig-other-account-of-two-is-gone-half-of-the-chat-lost": {
        "Names that are not people": "Instagram User"
    },
    "doubts/line_breaks_as_letters.csv": {
        "Line breaks as escapes, which are line breaks again": r"Answer B \nfog and ferry"
    },
    "doubts/masked_names_are_several_people.csv": {
        "Masked names, which several people may share": "kim****"
    },
    "doubts/reposts_in_html.csv": {
        "Texts with tags, which can be taken off": "<p>Fog again at the pier!</p>"
    },
    "doubts/speaker_numbers_of_a_transcriber.csv": {
        "Names that are numbered anew in each recording or file": "SPEAKER_00"
    },
    "doubts/texts_cut_by_the_api.csv": {
        "Texts that a program has cut, so that their ends are missing": "so lost that…"
    },
    "doubts/truncated_says_that_it_is_cut.csv": {
        "Texts that are cut, as their file says": "Fog again at the pier, all of it, and more"
    },
    "fb-gone-accounts-fr-es-become-a-person.json": {
        "Deleted messages, and messages of deleted accounts, are over a tenth": "Facebook User"
    },
    "gutenberg_licence_around_the_text": {
        "The licence of Project Gutenberg, which is cut off": "*** START OF THE PROJECT GUTENBERG"
    },
    "kk-android-date-in-words-loses-the-rest.txt": {
        "Lines with only a date that are read as words of a message": "2024년 2월 3일 오후 6:00"
    },
    "kk-mac-csv-without-quotes-cut-at-a-comma.csv": {
        "Messages without quotation marks, with commas that are read as words": "네, 저도요, 정말"
    },
    "ko_default_name_of_a_board.csv": {"Names that are not people": "ㅇㅇ"},
    "letterboxd_liked_reviews_are_addresses.csv": {
        "Texts that are only addresses": "https://boxd.example/4lYVKh"
    },
    "line-ja-unquoted-date-in-words-moves-the-day.txt": {
        "Lines with only a date that are read as words of a message": "2024/02/03(土)"
    },
    "linkedin_shares_quotes_at_line_ends.csv": {
        "Quotation marks at line ends, which were left out": "Fog again at the pier."
    },
    "mojibake_utf8_as_latin1.csv": {
        "Texts with letters that another program misread": "Itâ€™s foggy"
    },
    "mongo_nested_user_name.json": {"Texts with tags or other markup": "<p>Wind</p>"},
    "outbox_with_update_delete_like.json": {
        "Deleted posts, and posts of deleted accounts, are over a tenth": '"type": "Delete"'
    },
    "pushshift_created_utc_deleted_removed.jsonl": {"Names of bots": "AutoModerator"},
    "r_on_windows_writes_letters_as_numbers.csv": {
        "Texts with escapes in place of letters, such as <U+2019>": "don<U+2019>t go"
    },
    "reddit_data_request_comments.csv": {
        "Deleted posts, and posts of deleted accounts, are over a tenth": "[removed]"
    },
    "shapes/google-chat.json": {
        "Deleted messages, and messages of deleted accounts, are over a tenth": "deletion_metadata"
    },
    "shapes/mattermost-posts.json": {
        "Deleted messages, and messages of deleted accounts, are over a tenth": '"delete_at": 1'
    },
    "snscrape_old_content_nested_user.jsonl": {
        "Texts with HTML entities, such as &amp;": "Fog again &amp; wind."
    },
    "snscrape_pandas_content_user_dict_cell.csv": {
        "Texts with HTML entities, such as &amp;": "Fog again &amp; wind."
    },
    "tables/ko_text_ends_with_more.csv": {
        "Texts that a program has cut, so that their ends are missing": "부두에 모여... 더보기"
    },
    "utf8_with_replacement_character.csv": {
        "Texts with letters that another program misread": "Fog again \ufffd"
    },
    "utf8_with_replacement_character.jsonl": {
        "Texts with letters that another program misread": "Fog \ufffd"
    },
}
"""All doubts about the files of `cases/`, with the line that justifies each."""


def test_files_that_come_in_right_are_doubted_only_for_a_line_of_theirs(tmp_path: Path) -> None:
    folders = {CASES / name for name in ("chats", "doubts", "shapes", "tables")}
    files = [file for folder in (CASES, *folders) for file in folder.iterdir()]
    found: dict[str, dict[str, str]] = {}
    for file in sorted({*files} - folders):
        name = str(file.relative_to(CASES))
        with contextlib.suppress(FileError):  # Some are refused.
            told = [str(doubt.finding) for doubt in doubts_in(file, ReadOptions(username="mina"))]
            if told:
                found[name] = {each: JUSTIFIED.get(name, {}).get(each, "?") for each in told}
    assert found == JUSTIFIED
    for name, lines in JUSTIFIED.items():
        parts = [CASES / name, *(CASES / name).rglob("*")]
        text = "".join(part.read_text() for part in parts if part.is_file())
        assert [line for line in lines.values() if line not in text] == [], name


OWN_WORDS: Final = (
    "somehow... no",
    "somehow... not today",
    "literally... no idea",
    "literally... nobody",
    "next.js is what we take",
    "next.js builds it at once",
    "I added the following to my `conftest.py` file:",
    "and then I added it to app.py by hand",
    "she invited me.",
    "he invited everyone.",
    "the bus left",
)


@pytest.mark.parametrize("app", ["whatsapp", "kakaotalk", "line", "instagram"])
def test_people_s_own_words_are_not_doubted_in_any_app(app: str, tmp_path: Path) -> None:
    said = [*(("Mina", text) for text in OWN_WORDS), ("Jun", "fog again"), ("Jun", "rain")]
    lines = {
        "whatsapp": whatsapp(*(f"{name}: {text}" for name, text in said)),
        "kakaotalk": KAKAOTALK
        + "".join(f"[{name}] [오후 3:{n:02}] {text}\n" for n, (name, text) in enumerate(said)),
        "line": LINE + "".join(f"15:{n:02}\t{who}\t{text}\n" for n, (who, text) in enumerate(said)),
    }
    if app == "instagram":
        messages = [
            {"sender_name": name, "timestamp_ms": 1705353061000 - n, "content": text}
            for n, (name, text) in enumerate(said)
        ]
        about = {"participants": [{"name": "Mina"}, {"name": "Jun"}], "thread_path": "inbox/a_1"}
        (tmp_path / "message_1.json").write_text(json.dumps(about | {"messages": messages}))
        assert doubts_in(tmp_path / "message_1.json") == ()
    else:
        assert doubts_of(tmp_path / "chat.txt", lines[app]) == ()


def test_a_title_and_a_text_in_one_post_are_not_doubted(tmp_path: Path) -> None:
    header = "author,created_utc,title,selftext,subreddit"
    rows = [f"mina,170000000{n},Fog,The ferry waits at the pier {n},fog" for n in range(9)]
    assert doubts_of(tmp_path / "posts.csv", table(header, *rows)) == ()


def test_code_that_a_blog_shows_is_not_doubted(tmp_path: Path) -> None:
    code = "<p>A &lt;br&gt; ends a line, and &amp;amp; is an ampersand</p>"
    assert doubts_of(tmp_path / "blog.xml", WXR.format(items=item(7, code))) == ()
