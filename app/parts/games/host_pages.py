"""The pages of a host: all games, and the screen of a game."""

from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup
from msgspec import Struct
from quart import Response, current_app, url_for
from quart.typing import ResponseReturnValue

from app.errors import AppError, InvalidInputError, NotFoundError
from app.lifespan import may_let_phones_in, resources
from app.models import MAX_ID
from app.parts.games import hosting
from app.parts.games.documents import RankedPlayer, host_view
from app.parts.games.drawing import FEWEST_AUTHORS, MOST_AUTHORS
from app.parts.games.playing import GAMES, games, list_games
from app.parts.games.states import AskedQuestion, GameState, read_questions
from app.services.compare.quiz_questions import QuizSet, solve
from app.services.posts.users import Author, named_users, outgrown_samples
from app.services.rooms.chats import RoomFacts, get_room, list_rooms, newest_first
from app.views.answers import see_other
from app.views.author_picker import given_names, offered_authors
from app.views.blueprints import Form, PageBlueprint
from app.views.comparing.evidence import EvidenceView, read_evidence
from app.views.page import FormPage, WebPage, render, render_form
from app.views.phone import is_of_this_machine, origin_for_others, origins_for_others, qr_code
from app.views.requests import number_of
from saywho.clock import now_ms

blueprint = PageBlueprint("games", policy="operator")


class GamesArgs(Struct):
    room: str = ""
    kind: str = ""
    """`chats`: offer people of chats, even if there are authors of posts."""


class GamesPage(FormPage, frozen=True, kw_only=True):
    template = "games/games.html"

    authors: list[Author]
    """Authors of posts, or people of chats: a question about both is too easy."""
    is_typed: bool
    """Whether there are too many authors to be ticked."""
    is_of_chats: bool
    other_kind: bool
    """Whether other authors can be chosen instead."""
    chosen: list[str]
    room: RoomFacts | None
    rooms: list[RoomFacts]
    questions: str
    seconds: str
    games: list[GameState]
    usernames: set[str]
    """The authors of these games."""
    is_public: bool
    reaches_phones: bool
    """Whether other devices can open the site, so that phones can join."""
    may_let_phones_in: bool
    """Whether a switch in Settings lets phones in."""
    most_authors: int = MOST_AUTHORS


@blueprint.get(GAMES)
async def show_games(args: GamesArgs) -> ResponseReturnValue:
    return await _games_page(room_id=args.room, kind=args.kind)


@blueprint.post(GAMES)
async def start_game(form: Form) -> ResponseReturnValue:
    names = given_names(form.getlist("username"))
    room_id = form.get("room", "")
    questions, seconds = form.get("questions", ""), form.get("seconds", "")
    try:
        wanted = hosting.WantedGame(
            [] if room_id else names,
            _number(room_id, hosting.NumberField("room", 1, MAX_ID)) if room_id else None,
            _number(questions, hosting.NumberField("questions", 3, 30)),
            _number(seconds, hosting.NumberField("seconds", 5, 120)),
        )
        game_id = await hosting.make_game(wanted)
    except AppError as failure:
        return await _games_page(
            failure, chosen=names, room_id=room_id, questions=questions, seconds=seconds
        )
    return see_other(url_for("games.show_game", game_id=game_id))


async def _games_page(
    error: AppError | None = None,
    *,
    chosen: list[str] | None = None,
    room_id: str = "",
    kind: str = "",
    questions: str = "10",
    seconds: str = "20",
) -> ResponseReturnValue:
    names = chosen or []
    async with resources().db.read() as session:
        authors, total = await offered_authors(session, names)
        room = None
        if (number := number_of(room_id)) is not None:
            with suppress(NotFoundError):
                room = await get_room(session, number)
        rooms, _ = await list_rooms(session, limit=20)
        # Sample authors are for sites without other authors.
        hidden = {*await outgrown_samples(session)} - {*names}
        users = await named_users(session, [author.username for author in authors])
        listed = await list_games(session)
    offered = [author for author in authors if author.username not in hidden]
    speakers = {user.username for user in users.values() if user.is_of_chat}
    of_chats = [author for author in offered if author.username in speakers]
    of_posts = [author for author in offered if author.username not in speakers]
    chosen_of_chat = any(author.username in names for author in of_chats)
    is_of_chats = len(of_posts) < FEWEST_AUTHORS or kind == "chats" or chosen_of_chat
    page = GamesPage(
        error=error,
        authors=of_chats if is_of_chats else of_posts,
        is_typed=total > len(authors),
        is_of_chats=is_of_chats,
        other_kind=len(of_posts if is_of_chats else of_chats) >= FEWEST_AUTHORS,
        chosen=names,
        room=room,
        rooms=newest_first(rooms)[:6],
        questions=questions,
        seconds=seconds,
        games=listed,
        usernames={name for state in listed for name in state.usernames.values()},
        is_public=await resources().openness.is_public(),
        reaches_phones=bool(origins_for_others()),
        may_let_phones_in=may_let_phones_in(current_app),
        about=[],
    )
    return await render_form(page)


def _number(text: str, field: hosting.NumberField) -> int:
    number = number_of(text, field.most)
    if number is None or number < field.least:
        raise InvalidInputError(
            "The number must be from {least} to {most}",
            least=field.least,
            most=field.most,
            loc=field.name,
        )
    return number


class RightShares(NamedTuple):
    players: float
    model: float
    chance: float


class GamePage(WebPage, frozen=True, kw_only=True):
    template = "games/game.html"

    state: GameState
    ranking: list[RankedPlayer]
    tally: dict[str, int]
    options: list[str]
    join_address: str
    """The link for players without its scheme."""
    qr: Markup | None
    """The link's code; None if no phone can open the link."""
    join_origin: str
    is_public: bool
    left_ms: int
    players: list[tuple[int, str]]
    evident: EvidenceView | None
    questions: list[AskedQuestion]

    @property
    def fooling(self) -> list[AskedQuestion]:
        """The three questions that fewest players got right."""
        fooling = [question for question in self.questions if question.right < question.answers]
        return sorted(fooling, key=lambda question: (question.share, question.number))[:3]

    @property
    def comparison(self) -> RightShares | None:
        """The shares of right answers; None without answers or another choice."""
        answers = sum(question.answers for question in self.questions)
        if not answers or len(self.state.cast) == 1:
            return None
        right = sum(question.right for question in self.questions)
        model = sum(question.is_model_right for question in self.questions)
        return RightShares(right / answers, model / len(self.questions), 1 / len(self.state.cast))


@blueprint.get(f"{GAMES}/<id:game_id>")
async def show_game(game_id: int) -> str:
    state, standing = await games().read(game_id)
    evident: EvidenceView | None = None
    async with resources().db.read() as session:
        questions = await read_questions(session, state) if state.state == "ended" else []
    if state.state == "told" and state.present is not None:
        evident = await _evidence(state, state.present.tweet_id)
    origin = origin_for_others()
    address = origin + url_for("play.show_entrance", code=state.game.code)
    page = GamePage(
        state=state,
        ranking=host_view(state, standing).ranking,
        tally=standing.tally(state.usernames),
        options=standing.options(state.usernames),
        join_address=urlsplit(origin).netloc + url_for("play.show_entrance"),
        qr=None if is_of_this_machine(origin) else qr_code(address),
        join_origin=origin,
        is_public=await resources().openness.is_public(),
        left_ms=max(0, (state.ends_ms or 0) - now_ms()),
        players=list(standing.names.items())[::-1],
        evident=evident,
        questions=questions,
        about=list(state.usernames.values()),
        in_chat=state.game.room_id is not None,
    )
    return await render(page)


async def _evidence(state: GameState, tweet_id: int) -> EvidenceView | None:
    with suppress(NotFoundError, InvalidInputError):
        async with resources().db.read() as session:
            source = resources().of_chat(await hosting.room_of_game(session, state.game))
        async with source.db.read() as session:
            quiz = QuizSet(tuple(state.usernames), (tweet_id,))
            solution = await solve(session, source.models, quiz, reasons=True)
            return await read_evidence(session, solution.comparison)
    return None


@blueprint.post(f"{GAMES}/<id:game_id>/replay")
async def replay(game_id: int) -> Response:
    return see_other(url_for("games.show_game", game_id=await hosting.play_again(game_id)))


def _declare_button(name: str) -> None:
    number = hosting.MOVES[name].number

    async def press(game_id: int, form: Form) -> Response:
        sent = [_number(form.get(field.name, ""), field) for field in ([number] if number else [])]
        await hosting.make_move(name, game_id, *sent)
        if name == "delete":
            return see_other(url_for("games.show_games"))
        return see_other(url_for("games.show_game", game_id=game_id))

    press.__name__ = name
    blueprint.post(f"{GAMES}/<id:game_id>/{name}")(press)


for _name in hosting.MOVES:
    _declare_button(_name)
