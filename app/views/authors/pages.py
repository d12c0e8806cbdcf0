"""Authors' list and pages."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct, structs
from quart import g, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.drawing.drawings import NameList
from app.lifespan import resources
from app.services.archive import author_portrait
from app.services.archive.author_archive import AuthorArchive, fuller_calendar, read_archive
from app.services.imports.jobs import RunningImport, find_running
from app.services.joined_names import NamePairs, read_names
from app.services.posts import users
from app.services.posts.tweets import Post, TweetKey, list_posts
from app.services.rooms import chats
from app.services.rooms.chat_portrait import ChatPage, read_headline
from app.services.snapshots import tell_of_counting
from app.views.answers import moved
from app.views.blueprints import PageBlueprint
from app.views.cast import shown_name
from app.views.figures import archives
from app.views.figures.chats import findings_of
from app.views.figures.figure import Figure
from app.views.figures.findings import of_person
from app.views.filters import Year, ZoneArgs, zone_of_page
from app.views.page import WebPage, read_cards, render
from app.views.requests import AUTHOR_CURSOR, TWEET_CURSOR, cursor_of
from app.views.subjects import NAMES_CHAT, OneAuthor, PersonOfChat, opened_person
from app.views.tell import Peers, called

blueprint = PageBlueprint("authors", policy="read")


class AuthorPostsPage(WebPage, frozen=True, kw_only=True):
    template = "authors/author_posts.html"

    author: users.Author
    posts: list[Post]
    next_cursor: str | None


class AuthorPage(AuthorPostsPage, frozen=True, kw_only=True, dict=True):
    template = "authors/author.html"

    subject: OneAuthor
    archive: AuthorArchive
    traits: author_portrait.AuthorTraits
    of_parts: dict[str, Any]
    """Parts' values about how the author writes; empty with too few posts."""
    posting: archives.PostingYear | None
    tz: str
    """Time zone of the address."""
    rooms: list[chats.RoomFacts]
    has_own_posts: bool
    """Whether the author has posts outside of chats."""
    has_own_zone: bool
    """Whether days are in the time zone of the author's chats."""
    is_public: bool
    """Whether programs that read feeds, which cannot sign in, have access."""
    chat: ChatPage | None = None
    """The chat where the author writes most, as its first sentence is found."""
    names: NamePairs | None = None
    """Other names of somebody who writes in chats, for operators."""
    reach: author_portrait.SampleSizes = author_portrait.SampleSizes()
    most_again: int = 2
    """Years whose posts of this day are in sight; earlier years are folded."""
    rooms_in_sight: int = 4

    @cached_property
    def at_sight(self) -> archives.AuthorHeadline:
        found = findings_of(self.chat) if self.chat else []
        told = of_person(found, self.author.username)
        return archives.AuthorHeadline(self.archive, self.traits, self.beside, told)

    @property
    def is_of_chat_alone(self) -> bool:
        return self.chat_alone is not None

    @cached_property
    def beside(self) -> Peers:
        traits = self.traits
        only_other = shown_name(traits.only_other) if traits.only_other else ""
        is_of_chat = traits.room is not None
        return called(
            traits.others, only_other, is_of_chat=is_of_chat, is_of_samples=traits.is_of_samples
        )

    @property
    def hours(self) -> list[Figure[Any]]:
        """The figures of hours and weekdays, if there are enough days for a drawing."""
        return self.counted if self.at_sight.is_drawn else []

    @cached_property
    def counted(self) -> list[Figure[Any]]:
        return archives.columns_of(self.archive)

    @property
    def typical(self) -> list[author_portrait.TypicalTerm]:
        """Typical words, none if a part shows the phrases that the people compared say less often:
        a page compares with one group.
        """
        if self.of_parts and self.traits.others:
            return []
        return [term for term in self.archive.typical if not term.is_mark]

    @cached_property
    def lists(self) -> list[Figure[NameList]]:
        return archives.lists_of(self.archive)

    @property
    def cards_in_columns(self) -> list[str]:
        """The cards of the two columns, in their order."""
        is_of_chat = self.traits.room is not None  # Its page has the messages.
        has_content = {
            "posts": not is_of_chat,
            "typical": self.typical,
            "hours": self.hours,
            "calendar": self.posting and not self.at_sight.is_drawn,
            # Without posts, it is the place for posts of the viewer's own day.
            "today": not is_of_chat,
            "liked": self.archive.most_liked,
            "rooms": len(self.rooms) > 1,
            "pictures": self.archive.pictures,
            "lists": self.lists and not is_of_chat,
        }
        full = self.full_cards
        return [name for name, is_there in has_content.items() if is_there and name not in full]

    @property
    def full_cards(self) -> list[str]:
        """The cards that are as wide as the page."""
        # Fewer pictures or lists fill no row, and are in a column.
        pictures = ["pictures"] if len(self.archive.pictures) >= 6 else []
        has_many = len(self.lists) >= 3 and self.traits.room is None
        return [*pictures, *(["lists"] if has_many else [])]


class AuthorsArgs(Struct):
    q: str = ""
    deleted: str = ""
    """Name of the author whom the operator has just deleted."""
    cursor: str | None = None


class AuthorArgs(ZoneArgs):
    cursor: str | None = None
    year: Year | None = None


class AuthorsPage(WebPage, frozen=True, kw_only=True):
    template = "authors/authors.html"

    rooms: list[chats.RoomFacts]
    authors: list[users.Author]
    zones: Mapping[str, str]
    """Time zone of the people of chats, by username; others' days are in the visitor's."""
    zone: str
    samples: list[str]
    folded: list[str]
    """Samples that stand apart from other people's authors."""
    q: str
    deleted: str
    importing: RunningImport | None
    is_first_page: bool
    next_cursor: str | None


@blueprint.get("/authors", keep=True, cursor=AUTHOR_CURSOR)
async def show_authors(args: AuthorsArgs, after: str | None) -> str:
    async with resources().db.read() as session:
        part, samples = args.q.strip(), await users.list_samples(session)
        folded = await users.outgrown_samples(session) if not part else []
        listed = users.list_authors(session, part=part, after=after, limit=50, without=folded)
        authors, next_key = await listed
        zones = await chats.zones_of_people(session, [author.username for author in authors])
        # The API lists all chats.
        rooms, _ = await chats.list_rooms(session, limit=200) if after is None else ([], None)
        importing = None if authors or part else await find_running(session)
        is_here = bool(args.deleted) and await users.find_user(session, args.deleted) is not None
    return await render(
        AuthorsPage(
            rooms=[] if part else chats.newest_first(rooms),
            authors=authors,
            zones=zones,
            zone=zone_of_page("").key,
            samples=samples,
            folded=folded,
            q=args.q,
            deleted="" if is_here else args.deleted,
            importing=importing,
            is_first_page=after is None,
            next_cursor=cursor_of(next_key),
            about=[author.username for author in authors],
            hued=(),
        )
    )


@blueprint.get("/user/<username>", keep=True, cursor=TWEET_CURSOR)
async def show_author(username: str, args: AuthorArgs, after: TweetKey | None) -> str:
    if after is not None:
        return await _older_posts(username, after)
    async with resources().read_long() as session:
        tell_of_counting(session)
        subject = await OneAuthor.find(session, {"username": username})
        page = await read_author(session, resources(), subject, args)
    return await render(page)


async def read_author(
    session: AsyncSession, stores: author_portrait.Caches, subject: OneAuthor, args: AuthorArgs
) -> AuthorPage:
    """Return the page of an author, or of a person of the only chat that the session shows."""
    author, zone = subject.author, zone_of_page(args.tz, subject.own_zone)
    rooms = await chats.rooms_of(session, author.id, limit=10)
    posts, next_key = await list_posts(session, user_id=author.id, limit=4)
    main_id = await chats.main_room_id(session, author) if rooms else None
    main_room = next((room for room in rooms if room.id == main_id), None)
    compared = await author_portrait.find_compared(session, stores, author, main_room)
    traits = author_portrait.traits_of(compared, main_room)
    chat = await read_headline(session, main_room.id, zone, stores.snapshots) if main_room else None
    of_parts = await read_cards(session, "author_writing", compared, zone) if compared else {}
    archive = await read_archive(session, stores, author, zone, args.year, compared)
    if archive.calendar and not args.year:  # The year may hardly have begun.
        fuller = await fuller_calendar(session, author, zone, archive.calendar)
        archive = structs.replace(archive, calendar=fuller)
    in_chats = await chats.messages_in_chats(session, author.id)
    is_told = g.get("operator") and subject.address.get(NAMES_CHAT) is None and in_chats
    names = await read_names(session, user_id=author.id) if is_told else None
    return AuthorPage(
        subject=subject,
        author=author,
        posts=posts,
        archive=archive,
        traits=traits,
        of_parts=of_parts,
        tz=args.tz,
        posting=archives.year_of_posting(archive),
        rooms=rooms,
        chat_alone=subject.address.get(NAMES_CHAT),
        chat=chat,
        names=names,
        has_own_posts=author.tweets > in_chats,
        has_own_zone=subject.own_zone is not None,
        is_public=resources().openness.seems_public,
        next_cursor=cursor_of(next_key),
        about=subject.about,
        in_chat=subject.in_chat,
    )


@blueprint.get(PersonOfChat.path, keep=True)
async def show_person(args: AuthorArgs, **address: Any) -> str:
    async with opened_person(address, args) as (session, chat, person):
        page = await read_author(session, chat, person, args)
    return await render(page)


@blueprint.get("/user/<username>/portrait")
async def lead_from_portrait(username: str, args: ZoneArgs) -> ResponseReturnValue:
    """Lead to the author's page, which the portrait has become."""
    return moved(url_for("authors.show_author", username=username, tz=args.tz or None))


async def _older_posts(username: str, after: TweetKey) -> str:
    async with resources().db.read() as session:
        author = await users.get_author(session, username)
        posts, next_key = await list_posts(session, user_id=author.id, after=after, limit=20)
    return await render(
        AuthorPostsPage(
            author=author, posts=posts, next_cursor=cursor_of(next_key), about=[author.username]
        )
    )
