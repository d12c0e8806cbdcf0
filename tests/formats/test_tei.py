"""Texts in TEI: whose they are, and the words of their bodies."""

import pytest

from app.errors import BrokenFileError
from saywho.formats.posts.tei import called
from saywho.formats.reading import BadRecord
from tests.archives import zip_bytes
from tests.formats.files import fields_in, read_file_records, records_in

HEADER = (
    '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Fog</title>'
    "{authors}</titleStmt><sourceDesc><bibl><author>Nobody</author></bibl></sourceDesc></fileDesc>"
    "</teiHeader><text><front><p>By the publisher</p></front><body>{body}</body>"
    "<back><p>Printed in London</p></back></text></TEI>"
)
PIER = '<author ref="x">Pier, Mina [pseud.] (1819-1880)</author>'
BODY = (
    "<div><head>CHAPTER I.</head><p>The fog came\n   at <hi>six</hi>.<note>An editor wrote this"
    "</note></p><p>It <choice><sic>stayd</sic><corr>stayed</corr></choice> long;<pb n='2'/>then it "
    "went.</p><lg><l>One line,</l><l>another one.</l></lg></div>"
)
WORDS = (
    "CHAPTER I.\n\nThe fog came at six.\n\nIt stayed long; then it went.\n\nOne line,\n\n"
    "another one."
)


def tei(authors: str = PIER, body: str = BODY) -> bytes:
    return HEADER.format(authors=authors, body=body).encode()


def test_the_body_of_a_text_is_its_authors() -> None:
    records, items = read_file_records(tei())
    assert records.format == "tei"
    assert [(item.username, item.text) for item in records_in(items)] == [("Mina_Pier", WORDS)]


def test_each_text_of_an_archive_has_its_own_author() -> None:
    other = tei("<author>Jun Reef</author>")
    files = {"level1/a.xml": tei(), "level1/b.xml": other, "schema.xml": b"<grammar/>"}
    assert fields_in("username", zip_bytes(files)) == ["Mina_Pier", "Jun_Reef"]


@pytest.mark.parametrize("authors", ["", "<author/>", f"{PIER}<author>Jun Reef</author>"])
def test_a_text_of_nobody_or_of_several_is_asked_about(authors: str) -> None:
    records, items = read_file_records(tei(authors))
    assert [item.username for item in records_in(items)] == [None]
    assert records.notes.is_author_open


def test_a_damaged_text_spoils_no_other() -> None:
    good, bad = tei(), tei()[:-40]
    with pytest.raises(BrokenFileError, match="truncated or damaged"):
        read_file_records(bad)
    declared = b'<!DOCTYPE TEI [<!ENTITY a "b">]>' + tei(body="<p>&a;</p>")
    _, items = read_file_records(zip_bytes({"a.xml": bad, "b.xml": declared, "c.xml": good}))
    assert [isinstance(item, BadRecord) for item in items] == [True, True, False]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Eliot, George [pseud.] (1819-1880)", "George Eliot"),
        ("Disraeli, Benjamin (1804-1881).", "Benjamin Disraeli"),
        ("Pier, Mina, Lady", "Pier"),
        ("김소월 (1902-1934)", "김소월"),
        ("Mina Pier", "Mina Pier"),
        ("  (1819-1880)", ""),
    ],
)
def test_names_of_headers(written: str, name: str) -> None:
    assert called(written) == name


def test_a_name_in_pieces_is_whole_up_to_a_length() -> None:
    named = tei("<author>Mi<lb/>na P<!-- x -->ier</author>")
    endless = tei(f"<author>{'a<lb/>' * 5_000}</author>")
    names = [records_in(read_file_records(file)[1])[0].username for file in (named, endless)]
    assert names[0] == "Mina_Pier"
    assert len(names[1] or "") < 1_000


def test_a_name_in_two_scripts_is_one_name() -> None:
    names = (
        "<author><persName><forename>Мина</forename> <surname>Пир</surname></persName>{}</author>"
    )
    latin = "<persName><forename>Mina</forename> <surname>Pier</surname></persName>"
    assert fields_in("username", tei(names.format(latin))) == ["Мина_Пир"]


def test_each_utterance_is_of_who_speaks() -> None:
    spoken = (
        "<u who='#PierMina'><seg>The fog.</seg> <note>Laughter</note><seg>It is here.</seg></u>"
        "<u who='#jun'>When does it lift?</u><u who='#PierMina'>At six.</u>"
    )
    person = (
        "</titleStmt><person xml:id='PierMina'><persName><surname>Pier</surname><forename>Mina"
        "</forename></persName></person><setting><date when='1998-11-25'/></setting><titleStmt>"
    )
    _, items = read_file_records(tei(person, spoken), username="ada")
    found = records_in(items)
    assert [(item.username, item.text) for item in found] == [
        ("Mina_Pier", "The fog. It is here."),
        ("jun", "When does it lift?"),
        ("Mina_Pier", "At six."),
    ]
    assert {str(item.created_at) for item in found} == {"1998-11-25 00:00:00+00:00"}


def test_names_in_a_speech_are_words_of_it() -> None:
    person = "</titleStmt><person xml:id='mina'><persName>Mina</persName></person><titleStmt>"
    spoken = "<u who='#mina'>I met <persName>Jun <surname>Reef</surname></persName> here.</u>"
    assert fields_in("username text", tei(person, spoken)) == [("Mina", "I met Jun Reef here.")]


def test_an_utterance_inside_of_another_ends_only_itself() -> None:
    spoken = "<u who='#mina'>It lifts. <u>So it does.</u> Or not.</u><u who='#jun'>No.</u>"
    assert fields_in("username text", tei("", spoken)) == [
        ("mina", "It lifts. So it does. Or not."),
        ("jun", "No."),
    ]
