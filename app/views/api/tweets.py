"""Posts in the API."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct
from quart import Blueprint, Response, g, url_for

from app.lifespan import resources
from app.memo import cacheable
from app.services.clock import now
from app.services.imports.ndjson import store_lines
from app.services.posts.new_tweet import Kind, new_tweet
from app.services.posts.tweets import (
    delete_post,
    get_post,
    list_posts,
)
from app.services.posts.users import get_user
from app.services.posts.writer import Sending
from app.services.search.embeddings import Method
from app.services.search.search import SimilarPost
from app.views.access import access, right_to_write, writing
from app.views.answers import Page, as_of, json_answer, no_content
from app.views.bodies import spooled_body
from app.views.cursors import decode_tweet_cursor, encode_tweet_cursor
from app.views.idempotent import json_request_key, request_key
from app.views.parsing import NoArgs, parse_args, parse_json, require_type
from app.views.similar import similar_to

blueprint = Blueprint("api_tweets", __name__)

Limit = Annotated[int, Meta(ge=1, le=200)]


class ListTweetsArgs(Struct):
    limit: Limit = 20
    cursor: str | None = None


class NewTweetForm(Struct, forbid_unknown_fields=True):
    text: str
    kind: Kind = "post"
    created_at: Annotated[datetime, Meta(tz=True)] | None = None
    lang: str | None = None
    source_id: str | None = None
    url: str | None = None


@blueprint.get("/users/<username>/tweets")
@access("read")
async def list_tweets(username: str) -> Response:
    cacheable()
    args = parse_args(ListTweetsArgs)
    after = decode_tweet_cursor(args.cursor)
    if after is None:
        posts, following = await resources().reads.newest_posts(username, limit=args.limit)
        return json_answer(Page(posts, encode_tweet_cursor(following)))
    async with resources().db.read() as session:
        user = await get_user(session, username)
        posts, following = await list_posts(session, user_id=user.id, after=after, limit=args.limit)
    return json_answer(Page(posts, encode_tweet_cursor(following)))


@blueprint.post("/users/<username>/tweets")
@access("write")
async def create_tweet(username: str) -> Response:
    parse_args(NoArgs)
    form = await parse_json(NewTweetForm)
    post = new_tweet(
        form.text,
        arrived_at=now(),
        kind=form.kind,
        created_at=form.created_at,
        lang=form.lang,
        source_id=form.source_id,
        url=form.url,
    )
    receipt = await resources().writer.add(
        Sending(username, post, await json_request_key(), right_to_write())
    )
    g.event_id = receipt.event_id
    location = url_for("api_tweets.show_tweet", tweet_id=receipt.post.id)
    return json_answer(receipt.post, receipt.status, {"Location": location})


@blueprint.post("/tweets")
@access("write")
async def create_many() -> Response:
    parse_args(NoArgs)
    require_type("application/x-ndjson")
    async with spooled_body() as spool:
        report, g.event_id = await store_lines(
            resources().db,
            spool.file,
            key=request_key(spool.digest.digest()),
            right=right_to_write(),
        )
    return Response(report, 200, content_type="application/json")


@blueprint.get("/tweets/<id:tweet_id>")
@access("read")
async def show_tweet(tweet_id: int) -> Response:
    cacheable()
    parse_args(NoArgs)
    async with resources().db.read() as session:
        return json_answer(await get_post(session, tweet_id))


class SimilarArgs(Struct):
    limit: Limit = 20


class SimilarTweets(Struct, frozen=True):
    """The posts most similar to one, and what that rests on."""

    items: list[SimilarPost]
    next: None
    method: Method


@blueprint.get("/tweets/<id:tweet_id>/similar")
@access("read")
async def list_similar(tweet_id: int) -> Response:
    args = parse_args(SimilarArgs)
    similar = await similar_to(tweet_id, limit=args.limit)
    answer = SimilarTweets(similar.posts, None, similar.method)
    return json_answer(answer, headers=as_of(similar.as_of_event))


@blueprint.delete("/tweets/<id:tweet_id>")
@access("admin")
async def remove_tweet(tweet_id: int) -> Response:
    parse_args(NoArgs)
    async with writing() as session:
        g.event_id = await delete_post(session, tweet_id)
    return no_content()
