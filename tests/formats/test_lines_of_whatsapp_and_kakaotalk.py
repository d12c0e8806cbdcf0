"""What apps write into chats by themselves: files as real ones are, and their kinds."""

from datetime import datetime
from pathlib import Path

import pytest
from babel.dates import format_date, format_time

from saywho.formats.reading import Skipped
from saywho.formats.records import Record
from tests.formats.files import read_file_records

_LANGUAGES = (
    *("ar", "cs", "da", "de", "en", "en_GB", "es", "fi", "fil", "fr", "id", "it", "ja", "ko"),
    *("nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi", "zh_Hans", "zh_Hant"),
)
CASES = Path(__file__).parent / "cases"
Said = list[tuple[str | None, str]]


def said(target: bytes | Path) -> Said:
    items = read_file_records(target, timezone="UTC")[1]
    return [(item.display_name, item.text) for item in items if isinstance(item, Record)]


def taken(target: bytes | Path) -> int:
    """Return how many lines that no table has are taken for the app's."""
    return read_file_records(target, timezone="UTC")[0].notes.app_lines


def skipped(target: bytes | Path) -> int:
    return sum(isinstance(item, Skipped) for item in read_file_records(target)[1])


def android(*texts: str, name: str = "Mina") -> bytes:
    """Return what somebody wrote, after a first message."""
    lines = (f"15/01/2024, 21:05 - {name}: {text}\n" for text in ("hi", *texts))
    return "".join(lines).encode()


def iphone(*texts: str) -> bytes:
    lines = (f"[15/01/2024, 21:05:33] Mina: {text}\r\n" for text in ("hi", *texts))
    return "".join(lines).encode()


@pytest.mark.parametrize(
    ("file", "expected", "count"),
    [
        ("wa-notes-de-as-words.txt", ["hallo", "bis dann", "ok"], 9),
        ("wa-notes-en-as-words.txt", ["hi", "see you", "ok", "No answer"], 16),
        ("wa-notes-fr-as-words.txt", ["salut", "à plus", "ok"], 7),
        ("wa-notes-id-as-words.txt", ["halo", "nanti ya", "oke"], 8),
        ("wa-notes-ja-as-words.txt", ["こんにちは", "またね", "はい"], 5),
        ("wa-notes-ko-as-words.txt", ["안녕", "또 봐", "응"], 8),
        ("wa-notes-pt-as-words.txt", ["oi", "até já", "ok"], 8),
        ("wa-notes-tr-as-words.txt", ["selam", "görüşürüz", "tamam"], 8),
        ("wa-notes-zh-as-words.txt", ["你好", "回头见", "好"], 5),
        ("wa-group-name-with-colon-de-invents-author.txt", ["one", "two"], 1),
        ("wa-group-name-with-colon-fr-invents-author.txt", ["one", "two"], 1),
        ("wa-group-name-with-colon-ko-invents-author.txt", ["one", "two"], 1),
        (
            "wa-android-media-omitted-with-caption.txt",
            ["hello", "look at this boat", "nice", "and this one", "a caption"],
            0,
        ),
        ("wa-android-one-lower-case-omitted-as-words.txt", ["two"], 2),
        (
            "wa-android-words-after-lrm-mark-lost.txt",
            ["one", "+82 10 0000 0000 is my number", "ok lets go", "two"],
            0,
        ),
        ("kk-android-2026-unread-media-as-words.txt", ["오늘 물때가 좋네요"], 7),
        ("kk-windows-english-notes-as-words.txt", ["hello", "see you"], 9),
        (
            "kk-windows-korean-notes-as-words.txt",
            ["안녕하세요", "일정: 모임", "이제 가요", "네"],
            17,
        ),
        ("line-en-file-name-as-words.txt", ["bring rope\nand the lamp", "see you"], 3),
        ("line-ja-era-four-blanks-refused.txt", ["綱を持ってきて", "わかった"], 1),
        ("line-ja-place-group-notes-as-words.txt", ["綱を持ってきて", "わかった", "またね"], 8),
        (
            "line-zh-night-noon-words-join-message-before.txt",
            ["帶繩子", "好", "睡不著", "吃過了", "去吃飯", "再見"],
            0,
        ),
        ("fb-calls-polls", ["ok", "real words"], 17),
        ("ig-attachment-no-share", ["real words", "look at this"], 8),
        ("ig-korean-account", ["응", "진짜 말"], 5),
        (
            "ig-liked-many",
            ["real words number 11", "real words number 7", "real words number 3"],
            9,
        ),
    ],
)
def test_files_are_read_without_what_the_app_wrote(
    file: str, expected: list[str], count: int
) -> None:
    assert [text for _, text in said(CASES / file)] == expected
    assert (skipped(CASES / file), taken(CASES / file)) == (count, 0)


@pytest.mark.parametrize(
    "note",
    [
        *(
            "Questo messaggio è stato eliminato.",
            "U hebt dit bericht verwijderd",
            "Пропущенный аудиозвонок",
        ),
        *(
            "<multimédia omitido>",
            "SONDAGGIO:\nDove?\nOPZIONE: Mare (‎2 voti)",
            "locatie: https://maps.google.com/?q=1,2",
        ),
        *(
            "orario.pdf (file allegato)",
            "DOC-20250622-WA0000. (bestand bijgevoegd)",
            "تم حذف هذه الرسالة",
        ),
        *("ubicación en tiempo real compartida", "此訊息已刪除。", "EVENTO: Cena\nFecha: lunes"),
        "This message was deleted by admin +1 555 0100",
    ],
)
def test_notes_of_whatsapp_are_known_in_other_languages(note: str) -> None:
    assert said(android(note, "ciao")) == [("Mina", "hi"), ("Mina", "ciao")]
    assert taken(android(note, "ciao")) == 0


@pytest.mark.parametrize(
    "text",
    [
        *("POLL: who comes?", "this message was deleted", "This message was deleted, I saw it"),
        *("ok: photo", "location: at home", "missed call", "plan.pdf (see below)", "<not now>"),
        *("Mina left", "I added Jun", "<b>this message was edited</b>", "UMFRAGE: wer kommt?"),
        *('she said "Mina added: Jun"', "deleted", "media omitted", "a <b c> d"),
    ],
)
def test_words_that_look_like_notes_of_whatsapp_stay(text: str) -> None:
    assert said(android(text)) == [("Mina", "hi"), ("Mina", text)]


@pytest.mark.parametrize(
    "line",
    [
        "Mina ha cambiato il nome del gruppo da “Viaggio: maggio” a “Viaggio: giugno”",
        'Mina cambió el nombre del grupo de "Viaje: mayo" a "Viaje: junio"',
        "Mina изменил(-а) тему с «Поездка: май» на «Поездка: июнь»",
        "Minaさんがグループ名を「旅行: 5月」から「旅行: 6月」に変更しました",
        "Mina created group “Trip: May”",
        'Mina heeft de groepsnaam gewijzigd van "Reis: mei" in "Reis: juni"',
        'Mina将群组名称从"旅行: 五月"更改为"旅行: 六月"',
    ],
)
def test_a_group_name_with_a_colon_makes_nobody_up(line: str) -> None:
    data = android("two") + f"15/01/2024, 21:06 - {line}\n".encode()
    assert said(data) == [("Mina", "hi"), ("Mina", "two")]
    assert taken(data) == 0


def test_a_group_name_with_a_colon_in_an_unknown_language_is_an_assumption() -> None:
    line = "Mina na-agbanwe aha otu “Njem: Mee” ka ọ bụrụ “Njem: Juun”"
    data = android("two") + f"15/01/2024, 21:06 - {line}\n".encode()
    assert said(data) == [("Mina", "hi"), ("Mina", "two")]
    assert taken(data) == 1


def test_people_whose_names_have_quotes_keep_their_words() -> None:
    for name in ('Kim 5"', "Mina “MJ” Park", "“Jun”", "Jun's mum", "Left Hand", "Added Value"):
        assert said(android('a "b"', name=name)) == [(name, "hi"), (name, 'a "b"')]


def test_lines_that_no_table_has_are_assumptions_with_their_count() -> None:
    data = android(
        "<Gwybodaeth heb>", "<Gwybodaeth heb>", "words <Golygwyd hwn>", "<Gwybodaeth heb>"
    )
    data += android("more <Golygwyd hwn>", "last <Golygwyd hwn>")
    data += b"15/01/2024, 21:06 - Mae Mina wedi gadael\n"
    assert [text for _, text in said(data)] == ["hi", "words", "hi", "more", "last"]
    assert taken(data) == 7


def test_what_an_iphone_marks_is_the_apps_and_known_or_an_assumption() -> None:
    data = iphone("\u200eMina added Jun", "\u200eimage omitted", "\u200eBu mesajı sildiniz", "ok")
    assert (said(data), taken(data)) == ([("Mina", "hi"), ("Mina", "ok")], 0)
    data = iphone("\u200eCyfarchion", "ok")
    assert (said(data), taken(data)) == ([("Mina", "hi"), ("Mina", "ok")], 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bericht.pdf • \u200e2 Seiten \u200eDokument weggelassen", ""),
        ("A report.docx \u200edocument omitted", ""),
        ("look at this \u200eimagen omitida", "look at this"),
        ("see main.py \u200eBild weggelassen", "see main.py"),
        ("ok \u200e<Diese Nachricht wurde bearbeitet.>", "ok"),
    ],
)
def test_notes_of_iphones_beside_words_are_known(text: str, words: str) -> None:
    assert said(iphone(text)) == [("Mina", "hi"), *([("Mina", words)] if words else [])]


def test_unknown_notes_of_iphones_behind_words_are_assumptions() -> None:
    data = iphone(*(f"{word} \u200edelwedd wedi'i hepgor" for word in ("a", "b", "c")))
    assert said(data) == [("Mina", text) for text in ("hi", "a", "b", "c")]
    numbers = iphone(*("call \u200e+44 20 7946" for _ in range(3)))
    assert said(numbers)[1:] == 3 * [("Mina", "call +44 20 7946")]


def kakaotalk(*lines: str, title: str = "차 마시는 방 님과 카카오톡 대화") -> bytes:
    """Return what Windows exports: messages of 하늘, or lines in brackets as they are."""
    written = (line if line.startswith("=") else f"[하늘] [오후 3:02] {line}" for line in lines)
    head = (title, "저장한 날짜 : 2024-02-20 10:44:52", "", "=" * 15)
    body = "\r\n".join([*head, *(line.lstrip("=") for line in written), ""])
    return body.replace("=" * 15, "--------------- 2024년 1월 15일 월요일 ---------------").encode()


@pytest.mark.parametrize(
    "note",
    [
        *("<사진 12장 읽지 않음>", "<음성메시지 읽지 않음>", "이모티콘", "동영상", "사진 2장"),
        *(
            "보이스톡 종료 1:07",
            "페이스톡 부재중",
            "라이브톡이 종료되었습니다.",
            "투표가 종료되었습니다.",
        ),
        *("송금 봉투가 도착했어요.", "선물을 보냈습니다.", "보이스룸이 종료되었습니다.", "photo"),
        *(
            "Face Talk ended. 1:02:03",
            "12 photos",
            "This message was deleted.",
            "Live Talk started.",
        ),
        *(
            "파일: 물때 표.pdf",
            "File: plan b.pdf",
            "톡게시판 '투표': 어디로",
            "삭제된 메시지입니다.",
        ),
    ],
)
def test_notes_of_kakaotalk_are_known(note: str) -> None:
    assert said(kakaotalk("안녕", note, "끝")) == [("하늘", "안녕"), ("하늘", "끝")]


@pytest.mark.parametrize(
    "text",
    [
        *("보이스톡 할까?", "일정: 토요일", "사진 봤어?", "ok: photo", "Photo?", "3 photos left"),
        *("투표: 바다", "메시지가 삭제되었습니다 ㅠㅠ", "하늘님이 나갔습니다 ㅋㅋ", "<사진>을 봐"),
        *("선물 보냈습니다", "Event: picnic", "Contact me", "map"),
    ],
)
def test_words_that_look_like_notes_of_kakaotalk_stay(text: str) -> None:
    assert said(kakaotalk("안녕", text)) == [("하늘", "안녕"), ("하늘", text)]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "채팅방 관리자가 메시지를 가렸습니다.",
            "바다님을 내보냈습니다.",
            "바다님이 부방장이 되었습니다.",
        ),
        *("바다님이 하늘님을 초대했습니다.", "Mina joined this chatroom.", "Mina is now the host."),
    ],
)
def test_lines_of_kakaotalk_are_not_joined_to_the_message_before(line: str) -> None:
    data = kakaotalk("안녕", f"={line}", "둘", "=셋째 줄")
    assert said(data) == [("하늘", "안녕"), ("하늘", "둘\n셋째 줄")]
    assert taken(data) == 0


def test_lines_of_kakaotalk_that_no_table_has_are_assumptions() -> None:
    stamp = "2024년 1월 15일 오후 3:02"
    lines = ("방 님과 카카오톡 대화", f"{stamp}, 하늘 : 안녕", f"{stamp}, 바다님이 노래했습니다.")
    data = "\n".join([*lines, ""]).encode()
    assert (said(data), taken(data)) == ([("하늘", "안녕")], 1)


@pytest.mark.parametrize(
    ("title", "lines", "room"),
    [
        ("차 마시는 방 27 님과 카카오톡 대화", ["=바다님이 들어왔습니다.", "안녕"], "차 마시는 방"),
        ("하늘 2 님과 카카오톡 대화", ["안녕", "응"], "하늘 2"),
        ("Tea table (4 people) with KakaoTalk Chats", ["hi"], "Tea table"),
        ("Room 101 with KakaoTalk Chats", ["hi"], "Room 101"),
        ("산책 모임 (3명)과 카카오톡 대화.txt", ["안녕"], "산책 모임"),
        ("KakaoTalk Chats Walks (27)", ["hi"], "Walks"),
        ("KakaoTalk Chats with Walks (8)", ["hi"], "Walks"),
    ],
)
def test_a_head_count_is_no_part_of_a_title(title: str, lines: list[str], room: str) -> None:
    items = read_file_records(kakaotalk(*lines, title=title))[1]
    assert {item.room.name for item in items if isinstance(item, Record) and item.room} == {room}


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        ("2012. 12. 16. 오후 7:59", "2013.05.03 18:35"),
        ("2013년 8월 13일 오후 7:42", "2013년 9월 27일"),
    ],
)
def test_a_date_in_another_form_is_words_of_a_message(stamp: str, words: str) -> None:
    head = f"Jun 님과 카카오톡 대화\n저장한 날짜 : {stamp}\n\n"
    records, items = read_file_records(f"{head}{stamp}, Mina : hi\n{words}\n".encode())
    assert [item.text for item in items if isinstance(item, Record)] == [f"hi\n{words}"]
    assert not records.notes.odd


@pytest.mark.parametrize("length", ["long", "medium"])
@pytest.mark.parametrize("locale", _LANGUAGES)
def test_kakaotalk_speaks_any_language(locale: str, length: str) -> None:
    for month, comma in ((5, ""), (10, ",")):
        time = datetime(2018, month, 14, 19, 29)
        day = format_date(time, length, locale=locale)
        stamp = f"{day}{comma} {format_time(time, 'short', locale=locale)}"
        data = f"Mina …\nX : {stamp}\n\n{stamp}\n{stamp}, Mina : hi\nyou\n{stamp}, Jun : ship\n"
        records, items = read_file_records(f"{data}{stamp}, Mina …\n".encode(), timezone="UTC")
        found = [item for item in items if isinstance(item, Record)]
        assert [(item.display_name, item.text) for item in found] == [
            *(("Mina", "hi\nyou"), ("Jun", "ship"))
        ]
        assert {f"{item.created_at:%Y-%m-%d %H:%M}" for item in found} == {f"{time:%Y-%m-%d %H:%M}"}
        assert records.format == "kakaotalk"
        assert {item.room and item.room.name for item in found} == {"Mina"}
