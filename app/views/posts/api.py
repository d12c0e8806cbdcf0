"""Posts in the API, and their live stream (server-sent events)."""

import asyncio
from io import BytesIO
from typing import IO, Annotated, Final

from msgspec import Meta, Struct
from quart import Response, request

from app.errors import stopping
from app.lifespan import resources
from app.models import MAX_ID
from app.paths import API, LIVE, TWEETS
from app.services.deletion import delete_post
from app.services.imports.job_report import ImportReport
from app.services.posts.arrivals import PostRequest
from app.services.posts.post_content import NewTweetForm, checked
from app.services.posts.replies import read_conversation
from app.services.posts.tweets import Post, TweetKey, get_post, list_posts
from app.services.posts.users import get_user
from app.services.search.embeddings import Method, SimilarPost, similar_posts
from app.views import policies, requests
from app.views.answers import StoredInPart, endless
from app.views.blueprints import EVENTS, JSON, NDJSON, ApiBlueprint, Reply
from app.views.bodies import Spool, spooled_body
from app.views.posts.lines import LinesReport, TweetLine, check_room, store_lines
from saywho.clock import now
from saywho.formats.post import ReplyTarget
from saywho.sizes import MIB

blueprint = ApiBlueprint("api_tweets", tag="tweets")
live = ApiBlueprint("api_live", tag="live")


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
    post = checked(form, arrived_at=now())
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
        raise StoredInPart(failure, report.accepted) from failure


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
