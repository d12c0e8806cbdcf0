"""The pages of games as plain forms, without a script."""

import re
from urllib.parse import urlencode

import pytest

from app.services import maintenance
from tests.browsing import Browser, body, in_one_line, missing_in, parts_of, signed_in
from tests.chats import import_chat, kakaotalk
from tests.conftest import Client
from tests.parts.games.playing import AUTHORS, posts_of
from tests.parts.quiz.test_room_quiz import PEOPLE, WORDS, talk
from tests.waiting import maintain

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
async def operator(writer: Client) -> Browser:
    await writer.add_posts(*posts_of(*AUTHORS))
    return await signed_in(writer.app)


async def made(operator: Browser, *usernames: str, **fields: str) -> str:
    """Make a game, and return the address of its screen."""
    form = [("username", name) for name in usernames or AUTHORS]
    form += list(({"questions": "3", "seconds": "60"} | fields).items())
    headers = operator.headers | {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await operator.post("/games", data=urlencode(form), headers=headers, status=303)
    return str(answer.headers["Location"])


def code_on(page: str) -> str:
    (code,) = re.findall(r'class="code"[^>]*>([A-Z2-9]{6})<', page)
    return str(code)


async def press(browser: Browser, page: str, label: str) -> str:
    """Press the button of this label, and return the page that it leads to."""
    for form in re.findall(r"<form.*?</form>", page, re.S):
        if f">{label}</button>" in form:
            (action,) = re.findall(r'action="([^"]+)"', form)
            fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
            answer = await browser.post(action, form=fields, status=303)
            return await browser.page(answer.headers["Location"])
    raise AssertionError(f"there is no button {label}")


async def chosen(phone: Browser, address: str, username: str) -> str:
    (question,) = re.findall(r'name="question" value="(\d+)"', await phone.page(address))
    answer = await phone.post(address, form={"question": question, "username": username})
    return (
        in_one_line(await answer.get_data(as_text=True))
        if answer.status_code != 303
        else (await phone.page(address))
    )


async def test_a_game_from_the_quiz_to_the_podium(operator: Browser) -> None:
    app = operator.app
    assert 'href="/games"' in await operator.page("/authors") + await operator.page(
        (await operator.get("/quiz")).headers["Location"]
    )
    here_alone = "Only this computer can reach this site, so phones cannot join."
    assert here_alone in await operator.page("/games")
    network = operator.headers | {"Host": "192.168.7.5"}
    assert here_alone not in await body(await operator.get("/games", headers=network))
    address = await made(operator)
    lobby = await operator.page(address)
    # No phone can open an address of this machine alone.
    assert "qr-code" not in lobby
    assert "The link works only on this computer." in lobby
    shown = await body(await operator.get(address, headers=network))
    assert "<svg" in shown.partition('class="qr-code"')[2]
    assert not missing_in(lobby, "No one has joined yet", "Start without players")
    phones = [Browser(app), Browser(app)]
    for phone, name in zip(phones, ("Mina", "<b>Jun"), strict=True):
        entered = await phone.post("/play", form={"code": code_on(lobby), "name": name})
        play = entered.headers["Location"]
        assert "You are in" in await phone.page(play)
    page = await operator.page(address)
    assert not missing_in(page, "2 players are here", "&lt;b&gt;Jun")
    known = [0, 0]
    for number in (1, 2, 3):
        page = await press(operator, page, "Start the game" if number == 1 else "Next question")
        assert not missing_in(page, f"Question {number} of 3", 'http-equiv="refresh" content="4"')
        assert "You chose ferry." in await chosen(phones[0], play, "ferry")
        assert "You chose ferry" in await chosen(phones[0], play, "museum")
        await chosen(phones[1], play, "museum")
        page = await operator.page(address)
        assert not missing_in(page, "It was <bdi>", "saywho said <bdi>")
        results = [await phone.page(play) for phone in phones]
        headings = [re.findall(r"data-heading[^>]*>([^<]+)<", result)[0] for result in results]
        assert set(headings) <= {"Right!", "Wrong"}
        known = [right + (told == "Right!") for right, told in zip(known, headings, strict=True)]
    page = await press(operator, page, "See the winners")
    assert not missing_in(page, 'class="podium"', "Players, saywho and chance", "By question")
    for phone, right in zip(phones, known, strict=True):
        ended = await phone.page(play)
        assert re.search(r"First of 2!|Place 2 of 2", ended)
        assert f"You got {right} of 3 right: " in ended
        assert 'http-equiv="refresh" content="20"' in ended
        assert ended.partition('class="podium"')[2].count('aria-current="true"') == 1
        drawn = await phone.get(f"{play}/picture.png?lang=ko")
        assert (await drawn.get_data()).startswith(b"\x89PNG")
        assert drawn.headers["Cache-Control"] == "no-store"
        assert f"{right} of 3 right: " in await phone.page(f"{play}/picture")
    assert (await Browser(app).get(f"{play}/picture.png")).status_code == 303


async def test_players_are_led_into_the_next_game(operator: Browser) -> None:
    page = await operator.page(await made(operator))
    phone = Browser(operator.app)
    entered = await phone.post("/play", form={"code": code_on(page), "name": "Mina"})
    play = entered.headers["Location"]
    page = await press(operator, page, "Start without players")
    page = await press(operator, page, "Yes, end the game")
    assert "The game is over" in await phone.page(play)
    lobby = await press(operator, page, "Play again with the same people")
    assert "1 player is here" in lobby
    assert code_on(lobby) not in page
    joined = await phone.page((await phone.get(play, status=303)).headers["Location"])
    assert not missing_in(joined, "You are in", f'href="{play}?stay=1"')
    assert "The game is over" in await phone.page(f"{play}?stay=1")
    assert code_on(await press(operator, page, "Play again with the same people")) == code_on(lobby)


async def test_a_room_is_played_by_its_people(operator: Browser) -> None:
    db = parts_of(operator.app).db
    place = "항구에서 바다까지 천천히 걸어가는 조용한 저녁 시간"
    await import_chat(db, kakaotalk("항구", *talk(PEOPLE, times=22, day="2024-01-15", place=place)))
    assert (await operator.page("/room/1")).count('href="/games?room=1"') == 1
    assert 'name="room" value="1"' in await operator.page("/games?room=1")
    address = await made(operator, room="1")
    phone = Browser(operator.app)
    code = code_on(await operator.page(address))
    answer = await phone.post("/play", form={"code": code, "name": "ada"})
    page = await press(operator, await operator.page(address), "Start the game")
    assert sorted(re.findall(r'class="option-name">([^<]+)<', page)) == sorted(PEOPLE)
    assert "항구" in page
    # What a Korean wrote is read as Korean on both screens.
    for screen in (page, await phone.page(answer.headers["Location"])):
        assert re.search(r'<blockquote class="asked-text" dir="auto" lang="ko"[^>]*>', screen)
    view = await phone.get(f"/api/v1{answer.headers['Location']}")
    assert (await view.get_json())["lang"] == "ko"


async def test_a_game_in_two_languages_offers_who_writes_that_of_the_message(
    operator: Browser,
) -> None:
    """Wall and phones have the letters of all authors, so that they are the same."""
    db, everybody = parts_of(operator.app).db, [*WORDS]
    said = talk((*everybody,), times=21, day="2024-07-01", place="섬")
    await import_chat(db, kakaotalk("다섯이서", *said))
    address = await made(operator, room="1")
    phone = Browser(operator.app)
    code = code_on(await operator.page(address))
    play = (await phone.post("/play", form={"code": code, "name": "ada"})).headers["Location"]
    page, seen = await press(operator, await operator.page(address), "Start the game"), set[str]()
    while "Question" in page.partition("<h1")[2].partition("</h1>")[0]:
        letter = re.compile(r'class="letter"[^>]*>(\w)</span> <bdi class="option-name">([^<]+)<')
        wall = letter.findall(page)
        items = re.findall("<li>.*?</li>", (await phone.page(play)).partition("data-choices")[2])
        assert [letter.findall(item)[0] for item in items] == wall
        view = await (await phone.get(f"/api/v1{play}")).get_json()
        offered = {name for _, name in wall}
        assert len(view["options"]) == len(offered)
        english = {"Anna Kim", "Ben Ro"}
        assert offered == ({*everybody} - english if view["lang"] == "ko" else english)
        seen |= offered
        page = await press(operator, page, "End the question")
        page = await operator.page(address)
        for label in ("Next question", "See the winners"):
            if f">{label}</button>" in page:
                page = await press(operator, page, label)
                break
    assert seen


async def test_a_chat_whose_words_are_few_offers_a_game_too(operator: Browser) -> None:
    """Its overview has no quiz to begin with."""
    db = parts_of(operator.app).db
    await import_chat(db, kakaotalk("항구", *talk(PEOPLE, times=2, day="2024-01-15", place="항구")))
    page = await operator.page("/room/1")
    assert 'class="teaser"' not in page
    assert 'href="/games?room=1"' in page
    assert 'href="/games?room=1"' not in await Browser(operator.app).page("/room/1")
    assert await made(operator, room="1")


async def test_an_old_game_goes_with_all_names(
    operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await made(operator)
    page = await operator.page(address)
    await Browser(operator.app).post("/play", form={"code": code_on(page), "name": "Mina"})
    await press(operator, page, "Yes, end the game")
    db = parts_of(operator.app).db
    await maintain(db)
    assert (await operator.get(address)).status_code == 200
    monkeypatch.setattr(maintenance, "GAMES_KEPT_AFTER_END", -maintenance.GAMES_KEPT_AFTER_END)
    await maintain(db)
    assert (await operator.get(address)).status_code == 404


async def test_a_game_is_started_out_of_a_chat(operator: Browser) -> None:
    assert "From a chat:" not in await operator.page("/games")
    await import_chat(
        parts_of(operator.app).db,
        kakaotalk("our chat", *talk(PEOPLE, times=2, day="2024-01-15", place="pier")),
    )
    page = await operator.page("/games")
    (address,) = re.findall(
        r'<a class="button" href="(/games\?room=\d+)"><bdi>our chat</bdi>', page
    )
    assert f'name="room" value="{address.partition("=")[2]}"' in await operator.page(address)
    # Authors of posts and people of chats are not offered together.
    of_chats = await operator.page("/games?kind=chats")
    posts, chats = ({*re.findall('data-name="([^"]+)"', each)} for each in (page, of_chats))
    assert chats == {*PEOPLE}
    assert posts
    assert not posts & chats
