"""Mailboxes: the own words of each sender, and no address of anybody."""

from base64 import b64encode
from pathlib import Path

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.chats.mail import own_words
from saywho.formats.doubts.questions import RecordQuestions
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import ReadOptions, Record
from tests.formats.files import read_file_records, reads, records_in, saved_folder

START = "From MAILER-DAEMON Fri Jan  5 10:00:00 2024"


read = reads("mail", is_chat=True)


def mail(body: str, sender: str = "Mina Lee <mina@quay.example>", *headers: str) -> bytes:
    lines = [START, f"From: {sender}", "Date: Fri, 05 Jan 2024 19:00:00 +0900", *headers, "", body]
    return "\n".join([*lines, "", ""]).encode()


def test_each_mail_is_a_message_of_its_sender_without_addresses() -> None:
    korean = b64encode("안녕하세요, 배가 기다려요".encode("cp949")).decode()
    items = read(
        mail("The ferry waits.\n\nFrom here on\n>From the pier", "mina@quay.example")
        + mail(
            korean,
            "=?utf-8?b?" + b64encode("하늘".encode()).decode() + "?= <sky@quay.example>",
            "Content-Type: text/plain; charset=ks_c_5601-1987",
            "Content-Transfer-Encoding: base64",
            "Message-ID: <2@quay.example>",
            "In-Reply-To: <1@quay.example>",
        )
        + mail("<p>Fog<blockquote>Yours</blockquote></p>", "Jun", "Content-Type: text/html")
        + mail("Buy", "Shop <a@b.example>", "X-Gmail-Labels: Spam,Unread")
    )
    records = [item for item in items if isinstance(item, Record)]
    assert [(item.display_name, item.text) for item in records] == [
        ("mina", "The ferry waits.\n\nFrom here on\nFrom the pier"),
        ("하늘", "안녕하세요, 배가 기다려요"),
        ("Jun", "Fog"),
    ]
    assert {str(item.created_at) for item in records} == {"2024-01-05 10:00:00+00:00"}
    assert "@" not in "".join(map(repr, records))
    assert records[1].reply_to is not None
    assert items[3] == Skipped(4, "deleted")


@pytest.mark.parametrize(
    "others",
    [
        "\n\nOn Fri, Jan 5, 2024 at 7:00 PM Jun <jun@quay.example>\nwrote:\n\n> How far?\n> Far",
        "\n\nOn Fri, Jan 5, 2024 at 7:00 PM\nJun Park <jun@quay.example>\nwrote:\n\n> How far?",
        "\nJun wrote:\n> How far?",
        "\n\n2024年1月5日(金) 19:00 Jun <jun@quay.example>:\n\n> 遠いですか",
        "\n\nOp vr 5 jan 2024 om 19:00 schreef Jun <jun@quay.example>:\n\n> Hoe ver?",
        "\n\nпт, 5 янв. 2024 г. в 19:00, Jun\n<jun@quay.example>:\n\n> Далеко?",
        "\n\nJun, 5 Oca 2024 Cum, 19:00 tarihinde şunu yazdı:\n\n> Ne kadar?",
        "\n\n2024년 1월 5일 (금) 오후 7:00, Jun <jun@quay.example>님이 작성:\n> 얼마나 멀어요?",
        "\n\n-----Original Message-----\nFrom: Jun\nHow far?",
        "\n\nFrom: Jun\nSent: Friday, January 5, 2024\nTo: Mina\nSubject: Ferry\n\nHow far?",
        f"\n{'_' * 32}\nFrom: Jun\nHow far?",
        "\n\nFrom: Jun <jun@quay.example>\nSubject: Ferry\n\nHow far?",
        "\n\nVon: Jun\nAn: Mina\nBetreff: Boot\n\nWie weit?",
        "\n\n보낸 사람: Jun\n날짜: 2024년 1월 5일\n얼마나 멀어요?",
        "\n-- \nMina Lee, keeper",
        "\n\nSent from my phone",
        "\n\nSent from my phone\n\n> On Jan 5, 2024, at 19:00, Jun wrote:\n> How far?\n",
        "\n\n나의 Galaxy에서 보냄",
        "\n\niPhoneから送信\n\n> 遠いですか",
        "\n\n发自我的iPhone",
        "\n\n從我的 iPhone 傳送",
        "\n\nEnvoyé de mon iPhone\n\n> C'est loin ?",
        "\n\nEnviado do meu iPhone",
        "\n\nVerstuurd vanaf mijn iPhone",
        "\n\nОтправлено с iPhone",
        "\n_______________________________________________\nsea mailing list",
    ],
)
def test_what_others_and_programs_wrote_is_left_out(others: str) -> None:
    assert own_words(f"The ferry waits.{others}") == "The ferry waits."


@pytest.mark.parametrize(
    "own",
    [
        "Our ferry:\nFrom: Busan\nTo: Jeju\nDate: Friday\nSee you there!",
        "보낸 사람: 지우\n받는 사람: 민서\n선물 목록을 적습니다.",
        f"First the fog.\n{'_' * 30}\nThen the ferry.",
        f"{'#' * 50}\nThe ferry\n{'#' * 50}\nIt waits.",
    ],
)
def test_own_words_that_look_like_headers_stay(own: str) -> None:
    assert own_words(own) == own


def test_line_that_names_the_quotation_of_a_page_is_left_out() -> None:
    name = "On Fri, Jan 5, 2024 at 7:00 PM Jun &lt;<a href='#'>jun@quay.example</a>&gt; wrote:<br>"
    quotation = f"<div>{name}</div><blockquote><div>How far?</div></blockquote>"
    mails = mail(f"<div>Fog.</div>{quotation}<div>Far.</div>", "mina", "Content-Type: text/html")
    (record,) = read(mails)
    assert isinstance(record, Record)
    assert record.text == "Fog.\nFar."


def test_line_of_a_phone_alone_is_no_word() -> None:
    assert own_words("Envoyé de mon iPhone\n") == ""


def test_answers_between_quoted_lines_stay() -> None:
    text = "Hi\n\nJun wrote:\n> How far?\nTwo cables.\n\n> And the fog?\nNone: the wind took it."
    assert own_words(text) == "Hi\n\nTwo cables.\n\nNone: the wind took it."


@pytest.mark.parametrize("signature", ["Sent from my phone", "-- \nMina Lee", "--\nMina Lee"])
def test_answers_below_a_signature_and_a_quotation_stay(signature: str) -> None:
    quotation = "On Jan 5, 2024, at 19:00, Jun wrote:\n> How far?\n> And the fog?"
    assert own_words(f"Hi\n\n{signature}\n\n{quotation}\nNone.\n\n{signature}") == "Hi\n\nNone."


def test_hostile_mails_are_rejected_and_the_rest_goes_in() -> None:
    nested = "".join(
        f'--{n}\nContent-Type: multipart/mixed; boundary="{n + 1}"\n\n' for n in range(3_000)
    )
    items = read(
        mail("Fog", "mina", "X-Long: " + "a" * 2**21)
        + mail(nested, "jun", 'Content-Type: multipart/mixed; boundary="0"')
        + mail("word " * 30_000)
        + mail("Wind", "", "Content-Type: text/plain; charset=no-such")
        + mail("Rain", "mina", "Content-Type: text/plain; charset=no-such")
        # More HTML than is read is not cut in silence.
        + mail("<p>Fog</p>" + "<br>\n" * 60_000 + "<p>Wind</p>", "jun", "Content-Type: text/html")
    )
    assert [type(item) for item in items[2:]] == [BadRecord, BadRecord, Record, BadRecord]
    assert len(items) == 6


def test_a_mailbox_in_no_order_of_time_has_no_doubt() -> None:
    mails = [mail(f"The ferry waits {day}").replace(b" 05 ", b" %02d " % day) for day in (1, 28, 3)]
    records, items = read_file_records(b"".join(mails), "auto")
    questions = RecordQuestions(records, ReadOptions())
    for item in items:
        questions.see(item)
    assert questions.doubts() == ()


def lone(body: str, *headers: str) -> bytes:
    return mail(body, "Mina Lee <mina@quay.example>", *headers).partition(b"\n")[2]


@pytest.mark.parametrize(
    ("names", "above"),
    [
        (["cur/17.1.host:2,S", "new/17.2.host"], b""),
        (["1", "2"], b""),
        (["a.eml", "b.eml"], b""),
        (["1.emlx", "2.emlx"], b"512       \n"),
    ],
    ids=["Maildir", "MH", "eml", "Apple Mail"],
)
def test_folder_with_a_file_for_each_mail_is_one_chat(
    tmp_path: Path, names: list[str], above: bytes
) -> None:
    bodies = [lone("The ferry waits."), lone("512\nFog", "Message-ID: <2@quay.example>")]
    members = {name: above + body for name, body in zip(names, bodies, strict=True)}
    records, items = read_file_records(saved_folder(tmp_path / "inbox", members), "auto")
    assert (records.format, records.is_chat) == ("mail", True)
    read = [item for item in items if isinstance(item, Record)]
    assert [(item.display_name, item.text) for item in read] == [
        ("Mina Lee", "The ferry waits."),
        ("Mina Lee", "512\nFog"),
    ]
    assert {item.room.name for item in read if item.room} == {"inbox"}


def test_numbered_texts_without_headers_are_no_mails(tmp_path: Path) -> None:
    folder = saved_folder(tmp_path / "notes", {"1": b"From: here on it is fog", "2": b"Fog"})
    with pytest.raises(UnrecognisedFileError):
        read_file_records(folder, "auto")


PIER = 'Content-Type: image/png; name="p.png"\nContent-Disposition: inline; filename="p.png"\n\nx'


def part(text: str, more: str = "", kind: str = "text/plain") -> str:
    return f"Content-Type: {kind}; charset=utf-8\n{more}\n{text}\n"


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_words_after_a_picture_are_read_but_no_files_or_forwarded_mails(kind: str) -> None:
    forwarded = f"Content-Type: message/rfc822\n\nFrom: Jun <j@quay.example>\n{part('their words')}"
    notes = part("a file", 'Content-Disposition: inline; filename="notes.txt"\n', kind)
    own = [part(text, kind=kind) for text in ("This is the pier.", "We meet at nine.")]
    parts = "".join(f"--b\n{each}\n" for each in (own[0], PIER, own[1], notes, forwarded))
    data = mail(
        f"{parts}--b--\n", "Mina <m@quay.example>", 'Content-Type: multipart/mixed; boundary="b"'
    )
    assert [item.text for item in records_in(read(data))] == ["This is the pier.\nWe meet at nine."]
