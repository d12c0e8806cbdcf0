"""Findings are sentences in both languages, with the particles that Korean names need."""

import string
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from markupsafe import Markup

import app as package
from app.language.i18n import speaking
from app.language.korean_particles import Sentence, agreed, filled, sentence
from app.views.tell import FINDINGS, tell
from saywho.last_sound import last_sound


def _names_in(text: str | tuple[str, str]) -> set[str]:
    texts = [text] if isinstance(text, str) else text
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


@pytest.mark.parametrize("count", [1, 2_000])
def test_every_finding_is_a_sentence_in_both_languages(count: int) -> None:
    for finding, texts in FINDINGS.items():
        for variant, text in (texts if isinstance(texts, Mapping) else {"": texts}).items():
            values: dict[str, object] = {name: name.upper() for name in _names_in(text)}
            told = {}
            for language in ("en", "ko"):
                with speaking(language):
                    told[language] = tell(finding, variant, **values | {"count": count})
            assert told["en"] != told["ko"], (finding, variant)
            for name in values.keys() - {"count"}:
                assert name.upper() in told["en"]
                assert name.upper() in told["ko"]


def test_numbers_days_and_shares_are_written_as_the_language_does() -> None:
    told = tell("milestone", count=2_000, day=date(2024, 2, 29))
    assert told == "The 2,000th post here came on February 29."
    told = tell("busiest_part", part="evening", share=0.25)
    assert told == "Busiest in the evening (25% of all)."


def test_every_finding_is_told_somewhere() -> None:
    app = Path(package.__file__).parent
    roots = (app, app.with_name("saywho"))
    sources = {path: path.read_text() for root in roots for path in root.rglob("*.py")}
    _, _, functions = sources.pop(app / "views/tell.py").partition("def tell(")  # After the table.
    code = "".join([functions, *sources.values()])
    assert {finding for finding in FINDINGS if f'"{finding}"' not in code} == set()


SYLLABLES = st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣"))
BOTH = "{v}이(가) {v}은(는) {v}을(를) {v}과(와) {v}아(야) {v}(으)로 {v}(이)나 {v}이에요(예요)"
FORMS = {
    "vowel": "{v}가 {v}는 {v}를 {v}와 {v}야 {v}로 {v}나 {v}예요",
    "rieul": "{v}이 {v}은 {v}을 {v}과 {v}아 {v}로 {v}이나 {v}이에요",
    "consonant": "{v}이 {v}은 {v}을 {v}과 {v}아 {v}으로 {v}이나 {v}이에요",
}


def written(value: str, template: str = BOTH) -> str:
    return agreed(template, {"v": value}.__getitem__)


@given(st.text(SYLLABLES, max_size=5), SYLLABLES, st.text('🚲❤️ ’"”~!', max_size=3))
def test_every_hangul_name_gets_the_forms_of_its_last_syllable(
    before: str, last: str, sign: str
) -> None:
    final = (ord(last) - ord("가")) % 28
    sound = "vowel" if final == 0 else "rieul" if final == 8 else "consonant"
    assert written(before + last + sign) == FORMS[sound]


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        ("vowel", "엄마 Joe G🚲 Emily Peter Chris Alice Mark José René CEO KBS"),
        ("vowel", "2024 joe_92 50% ㅋㅋ ㅠㅠ ! “~” 지호(형) 𝓙𝓸𝓮 할머니❤️ (나)"),
        ("rieul", "서울 Nicole Google Paul SQL R 1 2027 8 ㄹ"),
        ("consonant", "형 Tom Anne Jack Eric Matt Minseok Jungkook Sung IBM 3 400"),
        ("consonant", "10 6 ㄱ 형(지호)"),
    ],
)  # fmt: skip
def test_signs_letters_and_digits_are_read_as_koreans_read_them(sound: str, words: str) -> None:
    assert {word: last_sound(word) for word in words.split()} == dict.fromkeys(words.split(), sound)


@pytest.mark.parametrize("name", ["🚲", "金民", "さくら", "Иван", "", "._"])
def test_a_name_that_is_not_read_keeps_both_forms(name: str) -> None:
    assert last_sound(name) is None
    assert written(name) == BOTH


def test_markup_and_quotes_before_a_particle_are_seen_through() -> None:
    between = "<b><bdi>%(v)s</bdi></b>’\N{WORD JOINER}을(를) 봐요"
    assert written("지호", between) == between.replace("을(를)", "를")


def test_only_a_particle_behind_a_value_is_chosen() -> None:
    assert written("지호", "이(가) {v} 은(는)") == "이(가) {v} 은(는)"


@given(st.text(max_size=300))
def test_any_value_is_read(value: str) -> None:
    assert last_sound(value) in (None, *FORMS)


WRITTEN = "이(가) 은(는) 을(를) (으)로 {name} %(name)s"


@given(st.sampled_from(["{}", "{}형", "{}엄마"]), st.text('{}%()s<&"이가은는🚲 ', max_size=20))
def test_what_people_wrote_stays_as_it_is(name: str, text: str) -> None:
    value = name.replace("{}", WRITTEN) + text + "누나"
    assert sentence("{name}이(가) 써요").format(name=value) == f"{value}가 써요"
    shown = filled(sentence("<b>%(name)s</b>이(가) 써요"), {"name": value}, is_markup=True)
    assert shown == Markup("<b>{}</b>가 써요").format(value)
    assert isinstance(shown, Markup)


def test_tags_of_a_value_are_not_read() -> None:
    link = Markup('<a href="/형"><bdi>{}</bdi></a>').format("지호")
    shown = filled(sentence("%(name)s과(와) 비교"), {"name": link}, is_markup=True)
    assert shown == link + "와 비교"


def test_plain_text_is_not_escaped() -> None:
    text = sentence("%(name)s은(는)")
    assert filled(text, {"name": "<형>"}, is_markup=False) == "<형>은"
    # As the heading of an answer has it.
    assert text % {"name": "엄마"} == "엄마는"


def test_a_text_without_particles_is_the_text() -> None:
    assert not isinstance(sentence("{name}의 글"), Sentence)
