"""The eight tools of assistants, which only read: each answers with a text and with its values.

They use the services of the API, in a session of what the asker may read.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidInputError
from app.language.i18n import speaking
from app.lifespan import resources
from app.models import MAX_ID
from app.parts.mcp import values
from app.parts.mcp.redaction import QUOTED, AssistantAccess, Redactor
from app.parts.mcp.values import NamedCount, Quote, quoted
from app.runtime.clock import remembered_zone, span_of_year
from app.services.archive.author_archive import read_archive
from app.services.archive.author_portrait import find_compared, traits_of
from app.services.posts.filters import read_query
from app.services.posts.replies import read_conversation
from app.services.posts.selection import Selection
from app.services.posts.tweets import Post, find_posts, get_post
from app.services.posts.users import Author, NamedUser, get_author, list_outside_chats
from app.services.rooms.chat_portrait import read_portrait
from app.services.rooms.chats import RoomFacts, get_room, list_rooms, room_of_author, rooms_of
from app.services.rooms.messages import list_before, list_messages
from app.services.rooms.timeline import messages_by_year, read_quiet_days
from app.services.search.results import SearchQuery, count_results
from app.services.search.word_search import SearchWork
from app.views.cast import bound
from app.views.comparing import verdicts
from app.views.comparing.evidence import shown_marks, uses_of
from app.views.filters import parse_instant
from app.views.policies import here
from app.views.requests import RESULT_CURSOR, Cursor, cursor_of
from app.views.tell import label_of, values_of
from saywho.comparing.question import Question
from saywho.comparing.verdict import Comparison, Evidence
from saywho.engine.judgement import SURE
from saywho.people.fingerprint import Measure

INSTRUCTIONS: Final = (
    "saywho keeps chats and posts of people, and says who would have written a text. People are"
    " letters with the number of their chat, such as A3, unless the operator allows names; a person"
    " has the same letters in each answer. Cite posts by their links. To learn who wrote a text,"
    " call who_wrote, and repeat that it cannot say where it cannot: never guess an author."
)
QUOTE: Final = 300
"""Characters of a quoted post; the post that is asked for has ten times as many."""
MOST_SHOWN: Final = 20
MOST_PIECES: Final = 8

Chat = Annotated[int, Meta(ge=1, le=MAX_ID, description="Number of the chat.")]
Person = Annotated[
    str,
    Meta(max_length=320, description="Letters of a person, such as A3; a name if names are shown."),
]
People = Annotated[
    list[Person],
    Meta(max_length=200, description="The possible authors. Default: all of the chat, or of all."),
]
Text = Annotated[str, Meta(min_length=1, max_length=25_000)]
Texts = Annotated[
    list[Text],
    Meta(min_length=1, max_length=50, description="The text, or several by the same person."),
]
Day = Annotated[str, Meta(max_length=40, description="A day like 2024-01-31, or a time with zone.")]
Few = Annotated[int, Meta(ge=0, le=MOST_SHOWN)]
_Number = Annotated[int, Meta(ge=0, le=MAX_ID)]
_MOST_POSTS: Final = 2**31 - 1
"""Of an author, in a column of PostgreSQL."""
_LISTED: Final = Cursor[tuple[int, int, int]](
    tuple[_Number, Annotated[int, Meta(ge=0, le=_MOST_POSTS)], _Number]
)
"""Id of the last chat that was listed, then posts and id of the last author outside of chats."""
Arguments = TypeVar("Arguments", bound=Struct)


Result = tuple[str, Struct]
"""The sentences of an answer, and its value."""


def _schema(form: type[Struct]) -> dict[str, Any]:
    _, parts = msgspec.json.schema_components([form], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = parts.pop(form.__name__)
    del schema["title"]
    return schema | ({"$defs": parts} if parts else {})


@dataclass(frozen=True, slots=True)
class Tool(Generic[Arguments]):
    name: str
    title: str
    does: str
    arguments: type[Arguments]
    answers: type[Struct]
    run: Callable[[Arguments, AssistantAccess], Awaitable["Result"]]

    def description(self) -> dict[str, Any]:
        """Return the tool as a list of tools has it."""
        about = {"name": self.name, "title": self.title, "description": self.does}
        hints = {"readOnlyHint": True, "openWorldHint": False}
        schemas = {"inputSchema": _schema(self.arguments), "outputSchema": _schema(self.answers)}
        return about | schemas | {"annotations": hints}

    async def call(self, arguments: dict[str, Any], access: AssistantAccess) -> "Result":
        """Raises ValidationError, and the errors of the services."""
        with speaking("en"):
            return await self.run(msgspec.convert(arguments, self.arguments), access)


class CountArguments(Struct, forbid_unknown_fields=True):
    words: Annotated[
        str, Meta(max_length=1000, description='Words, "phrases", -without; empty: all posts.')
    ] = ""
    person: Person = ""
    chat: Chat | None = None
    since: Day = ""
    until: Annotated[Day, Meta(description="Exclusive end: a day, or a time with zone.")] = ""


class SearchArguments(CountArguments):
    sort: Literal["best", "newest", "oldest", "likes"] = "best"
    limit: Annotated[int, Meta(ge=1, le=MOST_SHOWN)] = 10
    cursor: Annotated[str, Meta(max_length=200, description="That of the previous answer.")] = ""


async def _query_of(args: CountArguments, access: AssistantAccess, **asked: Any) -> SearchQuery:
    typed = read_query(args.words).filters
    if not access.has_names and any(each.key in {"from", "to", "in"} for each in typed):
        raise InvalidInputError("Use the arguments `person` and `chat`, not filters in `words`")
    async with here().db.read() as session:
        room = await get_room(session, args.chat) if args.chat else None
        zone = remembered_zone(room.tz if room else None)
        redactor = Redactor(session, access, room.id if room else None)
        author = await redactor.username_of(args.person) if args.person else None
    selected = Selection(
        usernames=(author,) if author else (),
        room_id=room.id if room else None,
        since=parse_instant("since", args.since, zone),
        until=parse_instant("until", args.until, zone),
    )
    return SearchQuery(args.words, selected, zone=zone, **asked)


async def _search(args: SearchArguments, access: AssistantAccess) -> Result:
    query = await _query_of(args, access, sort=args.sort)
    page = await resources().find(
        query, limit=args.limit, after=RESULT_CURSOR.decode(args.cursor or None), db=here().db
    )
    async with here().db.read() as session:
        redactor = Redactor(session, access, query.selection.room_id)
        await redactor.know(page.hits)
        total = "" if page.total is None else f" of {page.total:,}"
        lines = [f"Posts shown: {len(page.hits)}{total}" if page.hits else "Nothing was found."]
        lines += ["No post has all words; these have some."] if page.is_any else []
        lines += ["Similar words were searched, too."] if page.corrections else []
        if page.compounds:
            count = "more than 10,000" if page.compounds.posts is None else page.compounds.posts
            lines += [f"Further posts with the words inside of others: {count}"]
        lines += [f"Not searched: {' '.join(page.ignored)}"] if page.ignored else []
        quotes = [
            await redactor.quote(
                hit, most=QUOTE, match=hit.highlights[0][0] if hit.highlights else 0
            )
            for hit in page.hits
        ]
    following = cursor_of(page.next)
    value = values.QuotesFound(
        quotes, page.total, not page.is_any, bool(page.corrections), following
    )
    return _quoting([*lines, *map(str, quotes)], quotes) + _more(following), value


def _quoting(lines: Sequence[str], words: Sequence[object]) -> str:
    """Return the lines below the warning, if they have words of people."""
    return "\n".join([*([QUOTED] if words else []), *lines])


def _more(cursor: str | None) -> str:
    return f"\nMore: call again with the cursor {cursor}" if cursor else ""


async def _count(args: CountArguments, access: AssistantAccess) -> Result:
    query = await _query_of(args, access)
    async with here().read_long() as session:
        counts = await _counts(session, query, access)
    what = "Posts with all words" if query.text else "Posts"
    lines = [f"{what}: {counts.posts:,}", *_lines_of(counts, query.zone)]
    lines += ["Only the posts that were stored last are counted."] if counts.has_more else []
    if (inside := counts.inside_of_others) != 0:
        lines += [f"Not counted, with the words inside of others: {inside or 'over 10,000'}"]
    lines += ["Similar words are counted: no post has the given."] if counts.is_corrected else []
    return "\n".join(lines), counts


async def _counts(
    session: AsyncSession, query: SearchQuery, access: AssistantAccess
) -> values.UseCounts:
    """Count in a session that was opened in its turn."""
    work = SearchWork(resources().search_pool.run)
    found = await count_results(session, query, most_people=MOST_SHOWN, work=work)
    redactor = Redactor(session, access, query.selection.room_id)
    await redactor.know(usernames=[username for username, _ in found.usernames])
    return values.UseCounts(
        posts=found.posts,
        people=[NamedCount(redactor.name(username), posts) for username, posts in found.usernames],
        people_total=found.people_total,
        months=[NamedCount(f"{month:%Y-%m}", sum(posts)) for month, posts in found.months],
        undated=found.undated,
        has_more=found.has_more,
        is_corrected=bool(found.corrections),
        inside_of_others=found.compounds.posts if found.compounds else 0,
    )


def _lines_of(counts: values.UseCounts, zone: ZoneInfo) -> list[str]:
    lines, more = [*map(str, counts.people)], counts.people_total - len(counts.people)
    lines += [f"… and {more:,} people with fewer"] if more else []
    lines += [f"By month ({zone.key}): {_joined(counts.months)}"] if counts.months else []
    return lines + ([f"Without a time: {counts.undated:,}"] if counts.undated else [])


def _joined(tallies: Sequence[NamedCount]) -> str:
    return ", ".join(map(str, tallies))


class AroundArguments(Struct, forbid_unknown_fields=True):
    message: Annotated[
        int, Meta(ge=1, le=MAX_ID, description="Number of the message or post: the one in [ ].")
    ]
    before: Few = 8
    after: Few = 8


async def _around(args: AroundArguments, access: AssistantAccess) -> Result:
    async with here().db.read() as session:
        post = await get_post(session, args.message)
        redactor = Redactor(session, access, post.room.id if post.room else None)
        if post.room is None:
            thread = await read_conversation(session, post.id, most=1 + args.before + args.after)
            posts = [entry.post for entry in thread.posts]
        else:
            of_chat, key = Selection(room_id=post.room.id), (post.created_at, post.id)
            above, _ = await list_before(session, of_chat, key, limit=max(args.before, 1))
            below, _ = await list_messages(session, of_chat, after=key, limit=max(args.after, 1))
            posts = [*above[len(above) - args.before :], post, *below[: args.after]]
        await redactor.know(posts)
        quotes = [
            await redactor.quote(each, most=QUOTE * (10 if each.id == post.id else 1))
            for each in posts
        ]
    return _quoting([*map(str, quotes)], quotes), values.QuotesFound(quotes)


class ChatArguments(Struct, forbid_unknown_fields=True):
    chat: Annotated[Chat | None, Meta(description="Number; without it, all are listed.")] = None
    cursor: Annotated[str, Meta(max_length=200)] = ""


async def _chat(args: ChatArguments, access: AssistantAccess) -> Result:
    async with here().db.read() if args.chat is None else here().read_long() as session:
        if args.chat is None:
            return await _everybody(session, args, access)
        room = await get_room(session, args.chat)
        zone = remembered_zone(room.tz)
        redactor = Redactor(session, access, room.id)
        short = await _in_short(redactor, room)
        people = [
            NamedCount(redactor.name(person.username), person.messages)
            for person in room.people[:MOST_SHOWN]
        ]
        lines = [str(short), f"{access.origin}/room/{room.id}"]
        lines += [f"{person} messages" for person in people]
        lines += ["…"] if room.people_total > MOST_SHOWN else []
        sight = await read_portrait(session, room, zone, here().snapshots)
        if silence := sight.longest_silence:
            ends = (end.astimezone(zone).date() for end in (silence.since, silence.until))
            lines.append("Longest silence: {} to {}".format(*ends))
        posts = [each.post for each in sight.loved][:1]
        await redactor.know(posts)
        loved = await _quotes(redactor, posts)
        lines += ["Most reactions:", *map(str, loved)] if loved else []
    return _quoting(lines, [room]), values.ChatsAndPeople([short], people)


async def _quotes(redactor: Redactor, posts: Sequence[Post]) -> list[Quote]:
    return [await redactor.quote(post, most=QUOTE) for post in posts]


async def _everybody(session: AsyncSession, args: ChatArguments, access: AssistantAccess) -> Result:
    """Return the chats, then the authors who write in none."""
    after, *below = _LISTED.decode(args.cursor or None) or (0, _MOST_POSTS, 0)
    rooms, following = await list_rooms(session, after=after, limit=MOST_SHOWN)
    chats = [await _in_short(Redactor(session, access, room.id), room) for room in rooms]
    lines = [*map(str, chats)] if rooms or after else ["There are no chats."]
    authors, key = list[NamedUser](), (following, _MOST_POSTS, 0) if following else None
    if following is None:
        listed = await list_outside_chats(session, after=(below[0], below[1]), limit=MOST_SHOWN + 1)
        authors = listed[:MOST_SHOWN]
        key = (MAX_ID, authors[-1].posts, authors[-1].id) if len(listed) > MOST_SHOWN else None
    redactor = Redactor(session, access)
    await redactor.know(usernames=[author.username for author in authors])
    people = [NamedCount(redactor.name(author.username), author.posts) for author in authors]
    lines += ["Authors who write in no chat:"] if people else []
    lines += [f"{person} posts" for person in people]
    value = values.ChatsAndPeople(chats, people, next=cursor_of(key))
    return _quoting(lines, rooms) + _more(value.next), value


async def _in_short(redactor: Redactor, room: RoomFacts) -> values.ChatInShort:
    await redactor.know()
    first, last = room.days(remembered_zone(room.tz).key) or (None, None)
    title = (await redactor.masked(room.name, room.id))[:80]
    return values.ChatInShort(room.id, title, room.people_total, room.messages, first, last)


class PersonArguments(Struct, forbid_unknown_fields=True):
    person: Person
    chat: Annotated[Chat | None, Meta(description="Number of a chat, to count it alone.")] = None


async def _person(args: PersonArguments, access: AssistantAccess) -> Result:
    """Return how somebody writes, compared with the others of the chat, or with everyone here."""
    parts, username = await _found(args.person, args.chat, access)
    async with parts.read_long() as session:
        author = await get_author(session, username)
        rooms = await rooms_of(session, author.id, limit=MOST_SHOWN)
        room = await room_of_author(session, author)
        redactor = Redactor(session, access, room.id if room else None)
        await redactor.know(usernames=[username])
        lines = [
            _of_author(redactor, author),
            f"{access.origin}/user/{author.username}" if access.has_names else "",
        ]
        chats = [await _in_short(Redactor(session, access, each.id), each) for each in rooms]
        lines += [QUOTED, *map(str, chats)]
        traits = traits_of(await find_compared(session, parts, author, room), room)
        words = [term.text for term in traits.typical]
        typical = (await redactor.unnamed(words, room.id if room else None))[:MOST_SHOWN]
        lines += [f"Typical: {', '.join(map(quoted, typical))}"] if typical else []
        habits = [*map(_habit, traits.clear)]
        lines += [f"Sets apart: {habit}" for habit in habits]
        if not habits and not typical:
            lines.append("Nothing sets this person apart by more than chance.")
        value = values.WriterFacts(redactor.name(username), author.tweets, chats, typical, habits)
    return "\n".join(filter(None, lines)), value


async def _found(person: str, chat: int | None, access: AssistantAccess) -> tuple[Any, str]:
    """Return what answers about a person are made of, and the username. Raises NotFoundError."""
    async with here().db.read() as session:
        room = await get_room(session, chat) if chat else None
        username = await Redactor(session, access, room.id if room else None).username_of(person)
    return resources().of_chat(room.id) if room else here(), username


def _of_author(redactor: Redactor, author: Author) -> str:
    days = author.days(remembered_zone("UTC"))
    when = f", {days[0]} to {days[1]}" if days else ""
    return f"{redactor.name(author.username)}: {author.tweets:,} posts and messages{when}"


def _habit(measure: Measure) -> str:
    own, others = values_of(measure)
    return f"{label_of(measure)}: {own}; the others: {others}"


class ArchiveArguments(PersonArguments, kw_only=True):
    person: Person = ""
    year: Annotated[int, Meta(ge=1970, le=9998, description="Default: the newest year.")] | None = (
        None
    )


async def _archive(args: ArchiveArguments, access: AssistantAccess) -> Result:
    if not args.person:
        return await _year_of_chat(args, access)
    parts, username = await _found(args.person, args.chat, access)
    async with parts.read_long() as session:
        author = await get_author(session, username)
        room = await room_of_author(session, author)
        zone = remembered_zone(room.tz if room else None)
        archive = await read_archive(session, parts, author, zone, args.year)
        redactor = Redactor(session, access, room.id if room else None)
        memories = [post for each in archive.on_this_day for post in each.items]
        shown = [*archive.most_liked, *memories[:5]]
        await redactor.know(shown, [username])
        numbers, lines = archive.numbers, [_of_author(redactor, author)]
        lines.append(f"Days with posts: {numbers.days:,}")
        months = list[NamedCount]()
        if calendar := archive.calendar:
            year = calendar.year
            months = [
                NamedCount(f"{year}-{each.month:02}", each.tweets) for each in calendar.months
            ]
            lines.append(f"Years: {', '.join(map(str, calendar.years))}")
            lines.append(f"Posts by month: {_joined(months)}")
        if numbers.busy_from is not None:
            lines.append(f"Busiest from {numbers.busy_from}:00 for three hours ({zone.key})")
        counted = list[list[NamedCount]]()
        for topic, listed in (("Tags", numbers.tags), ("Emoji", numbers.emoji)):
            names = [each.name for each in listed[:MOST_SHOWN]]
            shown_names = {*await redactor.unnamed(names, room.id if room else None)}
            counted.append([NamedCount(e.name, e.posts) for e in listed if e.name in shown_names])
            told = ", ".join(f"{quoted(each.name)} {each.posts}" for each in counted[-1])
            lines += [f"{topic}: {told}"] if told else []
        quotes = [await _quotes(redactor, posts) for posts in (archive.most_liked, memories[:5])]
        for topic, of_topic in zip(("Most liked:", "On this day:"), quotes, strict=True):
            lines += [topic, *map(str, of_topic)] if of_topic else []
    years = calendar.years if calendar else []
    value = values.Archive(years, months, [], counted[0], counted[1], quotes[0], quotes[1])
    return _quoting(lines, [*shown, *numbers.tags]), value


async def _year_of_chat(args: ArchiveArguments, access: AssistantAccess) -> Result:
    if args.chat is None:
        raise InvalidInputError("Give a person, or a chat", loc="person")
    async with here().read_long() as session:
        room = await get_room(session, args.chat)
        zone, redactor = remembered_zone(room.tz), Redactor(session, access, room.id)
        lines = [str(await _in_short(redactor, room))]
        days = room.days(zone.key)
        if days is None:
            return _quoting(lines, [room]), values.Archive([], [])
        by_year = await messages_by_year(session, room, zone)
        years = [year for year, messages in by_year.items() if messages]
        year = args.year if args.year and args.year in years else years[0]
        since, until = span_of_year(year, zone)
        selected = Selection(room_id=room.id, since=since, until=until)
        counts = await _counts(session, SearchQuery("", selected, zone=zone), access)
        lines += [f"Years: {', '.join(map(str, years))}", f"In {year}:", *_lines_of(counts, zone)]
        sight = await read_portrait(session, room, zone, here().snapshots)
        silences = [
            each
            for each in sight.silences
            if each.since.astimezone(zone).year <= year <= each.until.astimezone(zone).year
        ]
        if quiet := await read_quiet_days(session, room.id, silences, zone):
            silence = f"Longest silence: {quiet.first} to {quiet.last}"
            lines.append(f"{silence}, ended by {redactor.name(quiet.ended_by)}")
        for each in sight.absences:
            left, back = (end and end.astimezone(zone).date() for end in (each.since, each.until))
            if (left or days[0]).year <= year <= (back or days[1]).year:
                time = f"{left or 'the beginning'} to {back or 'the end'}"
                lines.append(f"{redactor.name(each.username)} was not in the chat: {time}")
    return _quoting(lines, [room]), values.Archive(years, counts.months, counts.people)


class WhoArguments(Struct, forbid_unknown_fields=True):
    texts: Texts
    among: People = []
    chat: Chat | None = None
    sure: Annotated[
        float,
        Meta(ge=0.01, le=1, description="Belief that it was one of them; 1: nobody else did."),
    ] = SURE


async def _compared(
    args: WhoArguments, access: AssistantAccess, *, reasons: bool = False
) -> tuple[Comparison, int | None]:
    """Return the answer, and the chat whose people were asked about."""
    async with here().db.read() as session:
        room = await get_room(session, args.chat) if args.chat else None
        redactor = Redactor(session, access, room.id if room else None)
        among = [await redactor.username_of(person) for person in args.among]
        if room is not None and not among:
            among = room.usernames
    try:
        comparison = await here().comparer.ask(
            Question(args.texts, among, sure=args.sure, reasons=reasons)
        )
    except InvalidInputError as error:
        if "username" not in error.detail.values:
            raise
        called = dict(zip(among, args.among, strict=False))
        person = called.get(str(error.detail.values["username"]), "someone")
        raise InvalidInputError(error.detail.template, username=person, loc="among") from None
    return comparison, room.id if room else None


async def _who_wrote(args: WhoArguments, access: AssistantAccess) -> Result:
    comparison, room_id = await _compared(args, access)
    async with here().db.read() as session:
        redactor = Redactor(session, access, room_id)
        names = [ranked.username for ranked in comparison.ranking]
        writers = [post.username for post in comparison.read_in or ()]
        await redactor.know(usernames=[*names, *writers])
        with bound(await redactor.cast([*names, *writers])):
            lines = [f"Verdict: {comparison.verdict}", _certainty(comparison)]
            lines += filter(None, [verdicts.stored_of(comparison, has_room=access.has_names)])
            lines += verdicts.sentences_of(comparison, is_named=bool(args.among or args.chat))
            chances = [
                values.Probability(redactor.name(bar.username) if bar.username else None, bar.share)
                for bar in verdicts.bars_of(comparison)
            ]
            lines += [f"{each.probability:.1%} {each.person or 'someone else'}" for each in chances]
            # A short text gives no evidence, as on pages.
            marks = comparison.evidence if comparison.verdict != "short" else []
            marks = sorted(marks, key=lambda mark: -abs(mark.weight))[:MOST_PIECES]
            evidence = [_piece(redactor, mark) for mark in marks]
            lines += map(str, evidence)
            limits = verdicts.limits_of(comparison)
            lines += [f"Limit: {limit}" for limit in limits]
            lines += filter(None, [verdicts.rate_of(comparison)])
    person = redactor.name(names[0]) if comparison.verdict == "likely" else None
    nobody: values.Settled = "someone else" if comparison.verdict == "unfamiliar" else "cannot say"
    settled: values.Settled = "one of them" if person else nobody
    value = values.AuthorshipAnswer(comparison.verdict, settled, person, chances, evidence, limits)
    return "\n".join([*lines, verdicts.NOT_FOR]), value


def _certainty(comparison: Comparison) -> str:
    if comparison.verdict == "likely":
        return "saywho names an author, and may be wrong."
    if comparison.verdict == "unfamiliar":
        return "saywho says that none of these people wrote it, and may be wrong."
    return "saywho cannot say who wrote this. Do not name an author."


def _piece(redactor: Redactor, mark: Evidence) -> values.Piece:
    return values.Piece(mark.text, redactor.name(mark.username), mark.weight)


class ExplainArguments(WhoArguments, kw_only=True):
    piece: Annotated[str, Meta(max_length=1000, description="A piece of evidence of who_wrote.")]


async def _explain(args: ExplainArguments, access: AssistantAccess) -> Result:
    comparison, room_id = await _compared(args, access, reasons=True)
    marks = sorted(shown_marks(comparison), key=lambda mark: -abs(mark.weight))
    wanted = args.piece.casefold().strip("“” ")
    found = [mark for mark in marks if wanted in {mark.text.casefold(), str(mark.piece).casefold()}]
    if not found:
        pieces = dict.fromkeys(f"“{mark.text}”" for mark in marks[:MOST_SHOWN])
        listed = ", ".join(pieces) or "none: the text is too short, or nothing stands out"
        raise InvalidInputError("That is no evidence here. The pieces: {listed}", listed=listed)
    mark = found[0]
    async with here().db.read() as session:
        redactor = Redactor(session, access, room_id)
        posts = [*(await find_posts(session, mark.posts or [])).values()][:MOST_PIECES]
        names = [ranked.username for ranked in comparison.ranking]
        await redactor.know(posts, [*names, mark.username])
        with bound(await redactor.cast(names)):
            own, others = uses_of(mark, comparison)
        piece, quotes = _piece(redactor, mark), await _quotes(redactor, posts)
        uses = [f"{piece.person}: {own}", *filter(None, [others])]
        lines = [str(piece), *uses, *(["Posts with it:"] if posts else []), *map(str, quotes)]
    return _quoting(lines, posts), values.ExplainedEvidence(piece, uses, quotes)


_TOOLS: Final[tuple[Tool[Any], ...]] = (
    Tool(
        "search",
        "Search posts",
        "Find posts and messages by words, person, chat and time, each with its link. Without"
        " words, list them, the newest first with sort=newest.",
        SearchArguments,
        values.QuotesFound,
        _search,
    ),
    Tool(
        "count",
        "Count posts",
        "Count posts and messages with a word, or all: in total, by person and by month. Cite these"
        " numbers instead of counting the results of a search.",
        CountArguments,
        values.UseCounts,
        _count,
    ),
    Tool(
        "around",
        "Read around a message",
        "Read a message in its place: the messages before and after it in its chat, or the"
        " conversation of a post. To read on, call it with the last message.",
        AroundArguments,
        values.QuotesFound,
        _around,
    ),
    Tool(
        "person",
        "How a person writes",
        "Tell how many posts a person has, in which chats, and what sets their writing apart.",
        PersonArguments,
        values.WriterFacts,
        _person,
    ),
    Tool(
        "chat",
        "Chats and their people",
        "Without arguments: who is here, that is the chats, and the authors who write in no chat,"
        " the most posts first. Or the people of one chat with their numbers of messages.",
        ChatArguments,
        values.ChatsAndPeople,
        _chat,
    ),
    Tool(
        "archive",
        "The archive of a person or a chat",
        "Tell when a person posted, by month of a year, their emoji and tags, the most liked posts,"
        " and the posts of this day in earlier years. With a chat alone: its year by month and"
        " person, the longest silence, and who was not there. Give `person`, `chat`, or both.",
        ArchiveArguments,
        values.Archive,
        _archive,
    ),
    Tool(
        "who_wrote",
        "Who wrote a text",
        "Say which of some people, or someone else, would have written a text: verdict,"
        " probabilities, evidence and limits. It often cannot say; then say so, and name nobody.",
        WhoArguments,
        values.AuthorshipAnswer,
        _who_wrote,
    ),
    Tool(
        "explain",
        "Explain a piece of evidence",
        "For a piece of evidence of who_wrote, with the same texts, chat and people: how often its"
        " author and the others use it, and posts with it.",
        ExplainArguments,
        values.ExplainedEvidence,
        _explain,
    ),
)
TOOLS: Final = {tool.name: tool for tool in _TOOLS}
