"""What the API's document says of each endpoint; its path, method and rights come from the app."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from app.formats.jsonl import ExportedPost
from app.services.compare.batch_compare import GivenText, JudgedText
from app.services.compare.card import Card
from app.services.compare.judging import Comparison
from app.services.imports.job_facts import ImportFacts
from app.services.imports.ndjson import LinesReport, TweetLine
from app.services.posts.statistics import Stats
from app.services.posts.tweets import Post
from app.services.posts.users import Author
from app.views.api.compare import BatchArgs, CardArgs, CardState, CompareArgs, CompareForm
from app.views.api.export import ExportArgs
from app.views.api.imports import ListImportsArgs, NewImportArgs
from app.views.api.live import LiveArgs
from app.views.api.operation import (
    CSV,
    FILE,
    HTML,
    JSON,
    MULTIPART,
    NDJSON,
    STREAM,
    Answer,
    Body,
    Operation,
)
from app.views.api.search import Hits, SearchArgs
from app.views.api.stats import StatsArgs
from app.views.api.tweets import ListTweetsArgs, NewTweetForm, SimilarArgs, SimilarTweets
from app.views.api.users import ListUsersArgs, NewUserForm


class Authors(Struct, frozen=True):
    """A page of authors, by name."""

    items: list[Author]
    next: str | None


class Posts(Struct, frozen=True):
    """A page of posts, the newest first."""

    items: list[Post]
    next: str | None


class Imports(Struct, frozen=True):
    """A page of imports, the newest first."""

    items: list[ImportFacts]
    next: str | None


class ImportForm(Struct):
    """A file as a browser sends it."""

    file: Annotated[str, Meta(extra_json_schema={"contentMediaType": FILE})]


class Health(Struct, frozen=True):
    """How the process is."""

    status: str


OPERATIONS: Final[dict[str, Operation]] = {
    "api_users.list_users": Operation(
        tag="users",
        summary="List authors by name",
        args=ListUsersArgs,
        example={"q": "ja"},
        answers={200: Answer(description="A page of authors", of=Authors)},
    ),
    "api_users.create_user": Operation(
        tag="users",
        summary="Add an author",
        body=Body(
            content={JSON: NewUserForm}, example={"username": "mina", "display_name": "Mina"}
        ),
        takes_idempotency_key=True,
        answers={201: Answer(description="The new author", of=Author, has_location=True)},
    ),
    "api_users.show_user": Operation(
        tag="users",
        summary="Show an author",
        example={"username": "jack"},
        answers={200: Answer(description="The author", of=Author)},
    ),
    "api_users.remove_user": Operation(
        tag="users",
        summary="Delete an author and all posts",
        example={"username": "jack"},
        answers={204: Answer(description="Deleted; the name is free again")},
    ),
    "api_tweets.list_tweets": Operation(
        tag="tweets",
        summary="List an author's posts, the newest first",
        args=ListTweetsArgs,
        example={"username": "jack"},
        answers={200: Answer(description="A page of posts", of=Posts)},
    ),
    "api_tweets.create_tweet": Operation(
        tag="tweets",
        summary="Add a post",
        body=Body(content={JSON: NewTweetForm}, example={"text": "The ferry is late again."}),
        takes_idempotency_key=True,
        example={"username": "jack"},
        answers={
            200: Answer(
                description="The stored post: its source_id was known already",
                of=Post,
                has_location=True,
            ),
            201: Answer(description="The new post, committed durably", of=Post, has_location=True),
        },
    ),
    "api_tweets.create_many": Operation(
        tag="tweets",
        summary="Add many posts, one JSON object a line",
        body=Body(
            content={NDJSON: TweetLine},
            example='{"username": "jack", "text": "Good morning"}\n'
            '{"username": "anna", "text": "Good night", "platform": "mastodon"}\n',
        ),
        takes_idempotency_key=True,
        answers={200: Answer(description="What became of the lines", of=LinesReport)},
    ),
    "api_tweets.show_tweet": Operation(
        tag="tweets",
        summary="Show a post",
        example={"tweet_id": 1},
        answers={200: Answer(description="The post", of=Post)},
    ),
    "api_tweets.list_similar": Operation(
        tag="tweets",
        summary="List the posts most similar to one",
        args=SimilarArgs,
        example={"tweet_id": 1},
        answers={200: Answer(description="The nearest posts first", of=SimilarTweets)},
    ),
    "api_tweets.remove_tweet": Operation(
        tag="tweets",
        summary="Delete a post",
        example={"tweet_id": 1},
        answers={204: Answer(description="Deleted")},
    ),
    "api_search.search_tweets": Operation(
        tag="search",
        summary="Search the posts",
        args=SearchArgs,
        example={"q": "ferry", "limit": 10},
        answers={200: Answer(description="A page of results, the best first", of=Hits)},
        errors=frozenset({404}),
    ),
    "api_stats.show_stats": Operation(
        tag="search",
        summary="Count posts, in all, per author and per day",
        args=StatsArgs,
        example={"username": ["jack", "anna"], "tz": "Asia/Seoul"},
        answers={200: Answer(description="The counts", of=Stats)},
        errors=frozenset({404}),
    ),
    "api_compare.compare_get": Operation(
        tag="compare",
        summary="Rank authors for a text",
        args=CompareArgs,
        example={"text": "The ferry is late", "username": ["jack", "anna"]},
        answers={200: Answer(description="The ranking and its evidence", of=Comparison)},
        errors=frozenset({404, 422}),
    ),
    "api_compare.compare_post": Operation(
        tag="compare",
        summary="Rank authors for a text that is too long for an address",
        body=Body(
            content={JSON: CompareForm},
            example={"text": "The ferry is late", "usernames": ["jack", "anna"]},
        ),
        answers={200: Answer(description="The ranking and its evidence", of=Comparison)},
        errors=frozenset({404}),
    ),
    "api_compare.compare_card": Operation(
        tag="compare",
        summary="Show how well authors can be told apart, on posts held out",
        args=CardArgs,
        example={"username": ["jack", "anna"]},
        answers={
            200: Answer(description="The model card", of=Card),
            202: Answer(description="It is being made", of=CardState, has_retry=True),
        },
        errors=frozenset({404, 422}),
    ),
    "api_compare.compare_batch": Operation(
        tag="compare",
        summary="Rank authors for many texts, one JSON object a line",
        args=BatchArgs,
        example={"username": ["jack", "anna"]},
        body=Body(
            content={NDJSON: GivenText},
            example='{"text": "The ferry is late"}\n{"text": "Bread at six", "id": 7}\n',
        ),
        answers={
            200: Answer(
                description="A line for each that is not blank, in their order, as they are found",
                of=JudgedText,
                content_type=NDJSON,
            )
        },
        errors=frozenset({404}),
    ),
    "api_live.live_stream": Operation(
        tag="live",
        summary="Follow what changes, as server-sent events",
        args=LiveArgs,
        example={"after": 1},
        answers={200: Answer(description="Events, without end", of=str, content_type=STREAM)},
        has_validator=False,
        errors=frozenset({404}),
    ),
    "api_imports.list_imports": Operation(
        tag="imports",
        summary="List imports, the newest first",
        args=ListImportsArgs,
        answers={200: Answer(description="A page of imports", of=Imports)},
    ),
    "api_imports.create_import": Operation(
        tag="imports",
        summary="Import a file",
        args=NewImportArgs,
        body=Body(content={FILE: None, MULTIPART: ImportForm}, example="@archive.zip"),
        takes_idempotency_key=True,
        answers={
            202: Answer(description="The import, queued", of=ImportFacts, has_location=True),
        },
    ),
    "api_imports.show_import": Operation(
        tag="imports",
        summary="Show an import",
        example={"import_id": 1},
        answers={200: Answer(description="The import", of=ImportFacts)},
    ),
    "api_imports.cancel_import": Operation(
        tag="imports",
        summary="Cancel an import; what it stored stays",
        example={"import_id": 1},
        answers={204: Answer(description="Cancelled")},
        errors=frozenset({409}),
    ),
    "api_export.export_posts": Operation(
        tag="exports",
        summary="Take all posts out, or those of one author",
        args=ExportArgs,
        example={"username": "jack", "format": "jsonl"},
        answers={
            200: Answer(
                description="A file of the posts up to the newest of now, sent as it is made; "
                "`mongo` has documents for mongoimport, with `_id` and `$date`",
                of=ExportedPost,
                content_type=NDJSON,
                others={CSV: str},
            )
        },
        errors=frozenset({404}),
        has_validator=False,
    ),
    "api_docs.show_document": Operation(
        tag="service",
        summary="This document",
        answers={200: Answer(description="OpenAPI 3.1", of=dict[str, Any])},
    ),
    "api_docs.show_docs": Operation(
        tag="service",
        summary="This document as a page",
        answers={200: Answer(description="A page", of=str, content_type=HTML)},
    ),
    "health.healthz": Operation(
        tag="service",
        summary="Say that the process runs",
        answers={200: Answer(description="It runs", of=Health)},
    ),
    "health.readyz": Operation(
        tag="service",
        summary="Say whether the database answers, is at the program's revision, and is followed",
        answers={200: Answer(description="All is well", of=Health)},
    ),
}
