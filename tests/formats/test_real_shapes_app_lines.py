"""What apps write into chats by themselves: files as real ones are, and their kinds."""

from pathlib import Path

import pytest

from app.formats.records import Record, Skipped
from tests.formats.files import read_file_records

CASES = Path(__file__).parent / "cases"
Said = list[tuple[str | None, str]]


def said(target: bytes | Path) -> Said:
    items = read_file_records(target, timezone="UTC")[1]
    return [(item.display_name, item.text) for item in items if isinstance(item, Record)]


def taken(target: bytes | Path) -> list[tuple[str, int]]:
    """Return the lines that no table has and that are taken for the app's."""
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
    ],
)
def test_files_are_read_without_what_the_app_wrote(
    file: str, expected: list[str], count: int
) -> None:
    assert [text for _, text in said(CASES / file)] == expected
    assert (skipped(CASES / file), taken(CASES / file)) == (count, [])


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
    assert taken(android(note, "ciao")) == []


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
    assert taken(data) == []


def test_a_group_name_with_a_colon_in_an_unknown_language_is_an_assumption() -> None:
    line = "Mina na-agbanwe aha otu “Njem: Mee” ka ọ bụrụ “Njem: Juun”"
    data = android("two") + f"15/01/2024, 21:06 - {line}\n".encode()
    assert said(data) == [("Mina", "hi"), ("Mina", "two")]
    assert taken(data) == [(line, 1)]


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
    assert sorted(taken(data)) == [
        ("<Golygwyd hwn>", 3),
        ("<Gwybodaeth heb>", 3),
        ("Mae Mina wedi gadael", 1),
    ]


def test_what_an_iphone_marks_is_the_apps_and_known_or_an_assumption() -> None:
    data = iphone("\u200eMina added Jun", "\u200eimage omitted", "\u200eBu mesajı sildiniz", "ok")
    assert (said(data), taken(data)) == ([("Mina", "hi"), ("Mina", "ok")], [])
    data = iphone("\u200eCyfarchion", "ok")
    assert (said(data), taken(data)) == ([("Mina", "hi"), ("Mina", "ok")], [("Cyfarchion", 1)])


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
