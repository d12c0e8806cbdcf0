"""Posts in the API, and their live stream (server-sent events)."""

import asyncio
import codecs
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from itertools import count as numbered, islice
from typing import IO, Annotated, Final

import msgspec
from msgspec import Meta, Struct
from quart import Response, request

from app.db.engine import Database
from app.errors import AppError, InvalidInputError, Message, fault_of, stopping
from app.lifespan import resources
from app.models import MAX_ID
from app.paths import API, LIVE, TWEETS
from app.runtime.work_pool import Runner
from app.services.access.rights import Scope
from app.services.deletion import delete_post
from app.services.event_log import newest_event
from app.services.imports.job_report import ImportReport
from app.services.imports.storing import StoreOptions, import_posts
from app.services.imports.storing_batch import BATCH, BulkPost
from app.services.posts.arrivals import PostRequest
from app.services.posts.post_content import NewTweet, NewTweetForm, valid_post
from app.services.posts.replies import read_conversation
from app.services.posts.tweets import Post, TweetKey, get_post, list_posts
from app.services.posts.users import get_user
from app.services.search.embeddings import Method, SimilarPost, similar_posts
from app.views import policies, requests
from app.views.answers import PartlyStoredError, endless
from app.views.blueprints import EVENTS, JSON, NDJSON, ApiBlueprint, Reply
from app.views.bodies import Spool, spooled_body
from saywho.clock import now
from saywho.formats.post import Platform, ReplyTarget
from saywho.sizes import MIB
from saywho.text import clean_username

blueprint = ApiBlueprint("api_tweets", tag="tweets")
live = ApiBlueprint("api_live", tag="live")


MAX_LINE_BYTES: Final = 2**20
NO_CONSENT_OF_REQUEST: Final = Message(
    "this is a message of a chat, and anyone can read this site: make the site private, or send"
    " `publish=1` if everyone in the chat agrees"
)


class TweetLine(NewTweetForm, frozen=True, kw_only=True):
    """A post and its author."""

    username: str
    platform: Platform | None = None


def check_room(post: NewTweet, *, may_have_rooms: bool) -> None:
    """Raise InvalidInputError for a message of a chat that everyone could read without consent."""
    if post.room is not None and not may_have_rooms:
        raise InvalidInputError(NO_CONSENT_OF_REQUEST.template, loc="publish")


class LineFault(Struct, frozen=True):
    """Why a line was not stored."""

    line: int
    detail: str


class LinesReport(Struct, frozen=True):
    """Counts of the lines, and the first hundred errors."""

    accepted: int
    duplicates: int
    rejected: int
    errors: list[LineFault]


async def store_lines(
    db: Database,
    file: IO[bytes],
    report: ImportReport,
    run: Runner,
    *,
    may_have_rooms: bool = True,
    scope: Scope = "write",
) -> tuple[LinesReport, int]:
    """Store batches of lines in threads by `run`; return outcome and newest event.

    Committed and counted batches stay if a later one fails.
    """
    read = partial(_read_lines, _raw_lines(file), may_have_rooms)
    storing = StoreOptions(default_time=now(), trusts_ids=True, scope=scope)
    await import_posts(db, read, report, storing, run)
    errors = [LineFault(fault.record or 0, fault.detail) for fault in report.in_order()]
    counts = LinesReport(report.accepted, report.duplicates, report.rejected, errors)
    async with db.read() as session:
        return counts, await newest_event(session)


def _read_lines(
    lines: Iterator[tuple[int, bytes | None]],
    may_have_rooms: bool,
    report: ImportReport,
    is_stopped: Callable[[], bool],
) -> list[BulkPost] | None:
    portion = list(islice(lines, BATCH))
    if not portion or is_stopped():
        return None
    batch: list[BulkPost] = []
    for number, raw in portion:
        if raw is not None and not raw.strip():
            continue
        try:
            if raw is None:
                raise ValueError("the line is longer than 1 MB")
            sent = msgspec.json.decode(raw, type=TweetLine)
            post = BulkPost(
                place=number,
                username=clean_username(sent.username),
                platform=sent.platform,
                post=valid_post(sent, arrived_at=now()),
            )
            check_room(post.post, may_have_rooms=may_have_rooms)
            batch.append(post)
        except UnicodeDecodeError:
            report.reject(number, "the line is not UTF-8")
        except msgspec.ValidationError as error:
            report.reject(number, "{}: {}".format(*fault_of(error, TweetLine)))
        except (ValueError, AppError) as error:
            report.reject(number, str(error))
        except RecursionError:
            report.reject(number, "the JSON is nested too deep")
    return batch


def _raw_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    for number in numbered(1):
        raw = stream.readline(MAX_LINE_BYTES + 2)
        if not raw:
            return
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        is_too_long = len(raw.rstrip(b"\r\n")) > MAX_LINE_BYTES
        while is_too_long and raw and not raw.endswith(b"\n"):
            raw = stream.readline(64 * 1024)
        yield number, None if is_too_long else raw


class ConsentArgs(Struct):
    publish: bool = False
    """Store messages of chats although anyone can read this site: everyone in the chats agrees."""


async def _may_have_rooms(args: ConsentArgs) -> bool:
    return args.publish or not await resources().openness.is_public()


MOST_IN_ARRAY: Final = 5_000
TWEETS_OF: Final = "/users/<username>" + TWEETS


@blueprint.get(
    TWEETS_OF, policy="read", keep=True, cursor=requests.TWEET_CURSOR, answers="A page of posts"
)
async def list_tweets(
    username: str, args: requests.PageArgs, after: TweetKey | None
) -> requests.Page[Post]:
    """List an author's posts, newest first."""
    if after is None:
        return requests.Page(*await resources().reads.newest_posts(username, limit=args.limit))
    async with resources().db.read() as session:
        user = await get_user(session, username)
        return requests.Page(
            *await list_posts(session, user_id=user.id, after=after, limit=args.limit)
        )


@blueprint.post(
    TWEETS_OF,
    policy="write",
    answers={
        200: "The stored post: a post with this `source_id` already exists",
        201: "The new post, committed durably",
    },
)
async def create_tweet(username: str, args: ConsentArgs, form: NewTweetForm) -> Reply[Post]:
    """Add a post."""
    post = valid_post(form, arrived_at=now())
    if post.room is not None:
        check_room(post, may_have_rooms=await _may_have_rooms(args))
    receipt = await resources().writer.add(PostRequest(username, post, policies.own_scope()))
    policies.name_event(receipt.event_id)
    # `url_for` would take 2 % of the request.
    location = f"{request.root_path}{API}{TWEETS}/{receipt.post.id}"
    return receipt.post, receipt.status, {"Location": location}


@blueprint.post(
    TWEETS,
    policy="write",
    answers="Number of lines stored, and the reasons why other lines were not",
    body={JSON: Annotated[list[TweetLine], Meta(max_length=MOST_IN_ARRAY)], NDJSON: TweetLine},
)
async def create_many(args: ConsentArgs) -> LinesReport:
    """Add many posts, JSON lines or an array."""
    requests.require_type(NDJSON, JSON)
    report = ImportReport()
    try:
        return await _store_sent(report, may_have_rooms=await _may_have_rooms(args))
    except Exception as failure:
        raise PartlyStoredError(failure, report.accepted) from failure


async def _store_sent(report: ImportReport, *, may_have_rooms: bool) -> LinesReport:
    parts = resources()
    try:
        async with spooled_body() as spool:
            if not request.mimetype:
                requests.require_lines(
                    await parts.work_pool.run(_start_of, spool.file), NDJSON, JSON
                )
            file = await _lines_in(spool) if request.mimetype == JSON else spool.file
            told, event_id = await store_lines(
                parts.db,
                file,
                report,
                parts.work_pool.run,
                may_have_rooms=may_have_rooms,
                scope=policies.own_scope(),
            )
    except asyncio.CancelledError:
        if not parts.live_hub.is_ending:
            raise  # The client is gone.
        raise stopping() from None
    policies.name_event(event_id)
    return told


def _start_of(file: IO[bytes]) -> bytes:
    start = file.read(4)
    file.seek(0)
    return start


async def _lines_in(spool: Spool) -> IO[bytes]:
    """Return a sent array as lines; it is read into memory."""
    if spool.size > (limit_mb := resources().config.max_body_mb) * MIB:
        raise requests.too_large(limit_mb)
    otherwise = f"one post goes to POST {API}{TWEETS_OF}, and any number as {NDJSON}"

    def read() -> bytes:
        return requests.lines_of(spool.file.read(), MOST_IN_ARRAY, otherwise)

    return BytesIO(await resources().work_pool.run(read))


@blueprint.get(TWEETS + "/<id:tweet_id>", policy="read", keep=True, answers="The post")
async def show_tweet(tweet_id: int) -> Post:
    """Show a post."""
    async with resources().db.read() as session:
        return await get_post(session, tweet_id)


class Thread(Struct, frozen=True):
    """The posts of a conversation that are here, each after the one that it answers."""

    items: list[Post]
    missing: list[ReplyTarget]
    """Posts that were answered, but are not stored here."""


@blueprint.get(
    TWEETS + "/<id:tweet_id>/thread",
    policy="read",
    keep=True,
    answers="The conversation, at most 1,000 posts of it",
)
async def show_thread(tweet_id: int) -> Thread:
    """List the conversation around a post."""
    async with resources().db.read() as session:
        conversation = await read_conversation(session, tweet_id, most=1_000)
    return Thread([entry.post for entry in conversation.posts], conversation.missing)


class SimilarArgs(Struct):
    limit: Annotated[int, Meta(ge=1, le=200)] = 20


class SimilarTweets(Struct, frozen=True):
    """The posts most similar to one, and what that rests on."""

    items: list[SimilarPost]
    next: requests.Next
    method: Method
    """Basis of the similarity: wording or meaning."""


@blueprint.get(
    TWEETS + "/<id:tweet_id>/similar", policy="read", keep=True, answers="Posts, closest first"
)
async def list_similar(tweet_id: int, args: SimilarArgs) -> SimilarTweets:
    """List the posts most similar to a post."""
    parts = resources()
    similar = await similar_posts(
        parts.db, parts.embeddings, parts.models.backgrounds, tweet_id, limit=args.limit
    )
    return SimilarTweets(similar.posts, None, similar.method)


@blueprint.delete(TWEETS + "/<id:tweet_id>", policy="admin", answers="Deleted")
async def remove_tweet(tweet_id: int) -> None:
    """Delete a post."""
    async with policies.writing() as session:
        await delete_post(session, tweet_id)


class LiveArgs(Struct):
    username: str | None = None
    after: Annotated[int, Meta(ge=0, le=MAX_ID)] | None = None


@live.get(LIVE, policy="read", answers="A stream of events, without end", content={EVENTS: str})
async def live_stream(args: LiveArgs) -> Response:
    """Follow changes as server-sent events.

    Send events as they come; `Last-Event-ID`, or `after`, resumes where a client was.
    """
    after = args.after if (last := requests.event_of(request, "Last-Event-ID")) is None else last
    user_id = None
    if args.username is not None:
        async with resources().db.read() as session:
            user_id = (await get_user(session, args.username)).id
    await resources().feed.catch_up()
    if request.method == "HEAD":
        return endless(None)
    hub = resources().live_hub
    stream = hub.open(
        after=after, user_id=user_id, right=policies.right_to_read(), holder=policies.own_session()
    )
    answer = endless(await stream)
    return answer if await policies.is_still_readable() else policies.send_to_login()
