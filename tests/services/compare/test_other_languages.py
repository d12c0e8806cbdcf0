"""Whoever writes a language that few here write is not accused of strangers' texts in it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from app.db.engine import Database
from app.services.compare.background import renew_background
from app.services.compare.comparing import case_of
from app.services.compare.habits import Models
from app.services.compare.model_card import Card, Cards
from app.views.comparing.verdicts import ELSEWHERE_ALONE, limits_of
from benchmarks.languages import SENTENCES, read
from saywho.comparing.question import Question
from saywho.engine.languages import release_memory, scores_of, written_by
from tests.posting import post
from tests.services.compare.test_elsewhere import BAKERY, FERRY, GERMAN, KNOWN, MUSEUM, ask, write

THREAT: Final = "إذا لم ترسل المال حتى الغد سأخبر الجميع بكل شيء"
POLISH: Final = "Jutro rano pojedziemy do babci, bo dawno jej nie widzieliśmy."


def chatting(greetings: Sequence[str], news: Sequence[str], ends: Sequence[str]) -> list[str]:
    return [f"{greeting} {some} {end}" for end in ends for greeting in greetings for some in news]


LUCIA: Final = chatting(
    ("Jo tía,", "Oye guapa,", "Buah, mira,", "Jajaja tía,"),
    (
        "esta tarde me paso por la tienda de mi prima",
        "al final no pillé el bus y me vine andando",
        "mañana cocino yo las lentejas que te gustan",
        "mi madre dice que vengas a comer el domingo",
    ),
    ("y luego te cuento todo, vale??", "que si no me da algo, en serio."),
)
OF_LUCIA: Final = [
    "Jajaja tía, mañana me paso por tu casa y luego te cuento lo de mi prima, vale??",
    "Buah, mira, al final mi madre cocina las lentejas y ya si eso hablamos, en serio.",
]
OF_STRANGERS: Final = [
    "La reunión del comité se aplazó hasta el jueves porque faltaban dos informes.",
    "Si no me devuelves el dinero mañana, se lo diré a todo el mundo.",
    "Hoy ha llovido tanto que el jardín parece un lago.",
    "¿Alguien sabe a qué hora abre la biblioteca los sábados?",
]


MANON: Final = chatting(
    ("Ouais mec,", "Ptdr attends,", "Nan mais sérieux,", "Bon bah coucou,"),
    (
        "ce soir j'passe chez ma cousine avec les courses",
        "finalement j'ai raté le bus donc j'suis rentrée à pied",
        "demain c'est moi qui fais les lasagnes que t'adores",
        "ma mère elle dit que tu viens manger dimanche",
    ),
    ("et après j'te raconte tout, ok??", "sinon j'vais péter un câble, j'te jure."),
)
OF_MANON: Final = [
    "Ptdr attends, demain j'passe chez toi et après j'te raconte pour ma cousine, ok?? "
    "Ouais mec, ce soir j'ai raté le bus donc j'suis rentrée à pied, j'te jure.",
    "Nan mais sérieux, ma mère elle fait les lasagnes finalement, j'te jure. "
    "Bon bah coucou, demain tu viens manger chez ma cousine et après j'te raconte tout, ok??",
]
FRENCH_STRANGERS: Final = [
    "La réunion du comité est reportée à jeudi, car deux rapports manquaient.",
    "Si tu ne me rends pas l'argent demain, je le dirai à tout le monde.",
    "Il a tellement plu aujourd'hui que le jardin ressemble à un lac.",
    "Quelqu'un sait à quelle heure ouvre la bibliothèque le samedi ?",
]
BIA: Final = chatting(
    ("Miga do céu,", "Kkkk gente,", "Ai mana,", "Nossa véi,"),
    (
        "hoje à noite passo na loja da minha prima",
        "no fim não peguei o ônibus e vim a pé mesmo",
        "amanhã sou eu que faço aquela lasanha que cê ama",
        "minha mãe falou pra cê vir almoçar domingo",
    ),
    ("e depois te conto tudo, tá??", "senão eu surto, juro por deus."),
)
OF_BIA: Final = [
    "Kkkk gente, amanhã passo na sua casa e depois te conto da minha prima, tá?? "
    "Miga do céu, hoje à noite não peguei o ônibus e vim a pé mesmo, juro por deus.",
    "Ai mana, no fim minha mãe fez a lasanha e depois cê me fala, juro por deus. "
    "Nossa véi, amanhã cê vem almoçar na loja da minha prima e depois te conto tudo, tá??",
]
PORTUGUESE_STRANGERS: Final = [
    "A reunião da comissão foi adiada para quinta-feira porque faltavam dois relatórios.",
    "Se não me devolver o dinheiro amanhã, vou contar para todo mundo.",
    "Choveu tanto hoje que o jardim parece um lago.",
    "Alguém sabe a que horas abre a biblioteca aos sábados?",
]


def sentences(language: str, count: int = 60) -> list[str]:
    people = read(SENTENCES)[language].people
    return [text for each in people for text in (*each.known, *each.asked)][:count]


async def beside_english(db: Database, **people: Sequence[str]) -> None:
    await write(db, ann=FERRY, ben=MUSEUM, **{name: list(each) for name, each in people.items()})


async def card_of(db: Database, *names: str) -> Card:
    cards = Cards(db, Models())
    try:
        return await cards.get(names)
    finally:
        await cards.close()


async def test_a_threat_in_arabic_is_nobody_s(db: Database) -> None:
    arabic = sentences("ar")
    await beside_english(db, layla=arabic[:30], omar=arabic[30:60])
    for names in (["layla"], ["layla", "omar"], ["layla", "omar", "ann", "ben"]):
        comparison = await ask(db, [THREAT], *names)
        assert comparison.verdict == ("short" if len(names) == 1 else "close")
        assert comparison.none is None
        assert comparison.strangers is None
        assert {"unknown_language", "few_authors"} & set(comparison.limits) == {"unknown_language"}
        assert "layla" in comparison.weak["unknown_language"]
        assert all(
            mark.own for mark in comparison.evidence if mark.weight > 0 and mark.username == "layla"
        )


@pytest.mark.parametrize("text", [POLISH, THREAT, GERMAN[0]])
async def test_who_never_wrote_a_language_is_not_named_for_it(db: Database, text: str) -> None:
    await beside_english(db, 벤=BAKERY)
    for name in ("ann", "ben", "벤"):
        comparison = await ask(db, [text], name)
        assert comparison.verdict != "likely"
        assert comparison.strangers is None


async def test_who_writes_two_languages_is_compared_in_that_of_the_text(db: Database) -> None:
    spanish = sentences("es")
    await post(db, "mia", *FERRY[:30], *spanish[:30])
    await beside_english(db, eva=spanish[30:60])
    async with db.read() as session:
        models = Models()
        for texts, names in (
            (FERRY[KNOWN:], {"ann", "ben"}),
            (sentences("es", 99)[60:63], {"eva"}),
        ):
            case = await case_of(session, models, Question(texts, ["mia"]))
            others = case.others_of(case.suspects[0])
            cases = await case_of(session, models, Question(texts, ["ann", "ben", "eva"]))
            ids = {each.id: each.username for each in cases.suspects}
            members = case.fitted.population.members
            assert {ids[members[n][0]] for n in others.nonzero()[0].tolist()} == names


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize(
    ("known", "own", "strange"),
    [
        pytest.param(MANON, OF_MANON, FRENCH_STRANGERS, id="fr"),
        pytest.param(BIA, OF_BIA, PORTUGUESE_STRANGERS, id="pt"),
    ],
)
async def test_people_from_elsewhere_stand_for_strangers_in_a_further_language(
    db: Database, known: list[str], own: list[str], strange: list[str], *, is_alone: bool
) -> None:
    await (write(db, lucia=known) if is_alone else beside_english(db, lucia=known))
    for text in strange:
        stranger = await ask(db, [text], "lucia")
        assert stranger.verdict != "likely"
        assert stranger.none is not None
        assert stranger.none > 0.5
    for text in own:
        found = await ask(db, [text], "lucia")
        assert found.verdict == "likely"
        # What was measured in Korean and English is not said of these languages.
        assert "elsewhere" in found.limits
        assert found.strangers is None
        assert ELSEWHERE_ALONE in limits_of(found)
        # Half of it is as much like the author, and too short.
        half = await ask(db, [text[: text.index("?? " if "?? " in text else ". ") + 2]], "lucia")
        assert (half.verdict, half.held_back) == ("close", "words")
    several = await ask(db, own, "lucia")
    assert several.needed > found.needed  # What people of one circle share adds up.


async def test_a_language_whose_strangers_passed_is_not_shipped(db: Database) -> None:
    await beside_english(db, lucia=LUCIA)
    for text in (*OF_LUCIA, *OF_STRANGERS):
        found = await ask(db, [text], "lucia")
        assert found.none is None
        assert found.weak["unknown_language"] == ["lucia"]


async def test_english_is_as_before_beside_another_language(db: Database) -> None:
    await beside_english(db)
    before = await ask(db, FERRY[KNOWN:], "ann")
    spanish = sentences("es")
    await write(db, eva=spanish[:30], leo=spanish[30:60])
    after = await ask(db, FERRY[KNOWN:], "ann")
    assert (before.verdict, before.limits) == (after.verdict, after.limits)
    assert after.strangers == before.strangers is not None


async def test_a_card_asks_about_texts_in_the_authors_language(db: Database) -> None:
    polish = sentences("pl")
    await beside_english(db, ewa=polish[:30], leon=polish[30:60])
    # Nobody else writes Polish, and English texts would say nothing of ewa's strangers.
    assert (await card_of(db, "ewa")).strangers is None


@pytest.mark.parametrize("language", ["pl", "ar", "ja"])
async def test_a_card_says_nothing_of_strangers_in_a_language_of_few(
    db: Database, language: str
) -> None:
    some = sentences(language)
    await beside_english(db, ewa=some[:20], leon=some[20:40], maja=some[40:60])
    card = await card_of(db, "ewa", "leon", "maja")
    assert (card.strangers, card.unknown_language) == (None, True)


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("es", ["NO SE POR QUE SIEMPRE ME HACEN ESTO jaja", "DONDE ESTAS AHORA MISMO jajaja"]),
        ("de", ["ICH WEISS NICHT WARUM SIE DAS IMMER MACHEN lol", "WO BIST DU GERADE haha"]),
        ("fr", ["JE NE SAIS PAS POURQUOI ILS FONT TOUJOURS CA mdr", "OU ES TU MAINTENANT lol"]),
    ],
)
def test_capitals_beside_a_laugh_are_of_their_language(language: str, texts: list[str]) -> None:
    assert [*(written_by(texts, None, {}) or ())] == [language]


def test_memory_of_the_model_that_is_given_up_comes_back() -> None:
    told = scores_of("Das Museum ist heute geschlossen, morgen aber nicht.")
    release_memory()
    assert scores_of("Das Museum ist heute geschlossen, morgen aber nicht.") == told


TELLS = "from saywho.engine.languages import scores_of; print(scores_of('Das Museum ist zu.'))"


def test_the_model_is_unpacked_once_and_a_damaged_copy_is_not_used(tmp_path: Path) -> None:
    def told() -> str:
        env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        command = (sys.executable, "-c", TELLS)
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    first = told()
    arrays = sorted(tmp_path.rglob("*.npy"))
    made = [array.stat().st_mtime_ns for array in arrays]
    assert arrays
    assert told() == first
    assert [array.stat().st_mtime_ns for array in sorted(tmp_path.rglob("*.npy"))] == made
    for array in arrays:
        array.write_bytes(array.read_bytes()[:200])
    assert told() == first


async def test_a_card_counts_no_french_text_that_is_too_short_for_a_name(db: Database) -> None:
    french, polish = sentences("fr"), sentences("pl")
    await beside_english(db, manon=MANON, rue=french, ewa=polish[:30], leon=polish[30:])
    card = await card_of(db, "manon")
    assert (card.strangers, card.unknown_language) == (None, False)
    await write(db, luc=[" ".join(french[n : n + 5]) for n in range(0, 60, 5)])
    await renew_background(db)
    card = await card_of(db, "manon")
    assert card.strangers is not None
    assert 10 <= card.strangers.asked <= 11  # Ten of luc, and one of rue.


def test_a_long_post_tells_its_language_by_its_beginning() -> None:
    """To read books as a whole took three quarters of the time of a model of them."""
    german, korean = " ".join(GERMAN), " ".join(BAKERY)
    assert written_by([german[:2_000] + 20 * korean], None, {}) == frozenset({"de"})
