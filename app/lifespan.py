"""The resources of an app: opened when it starts serving, closed when it stops."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Final, cast

from quart import Quart, current_app

from app.asgi.cached import CachedResponse, response_memo
from app.config import MIB, Config
from app.db.engine import Database
from app.db.feed import Feed
from app.db.migrate import head_revision, prepare
from app.embedders import open_embedder
from app.errors import StartError
from app.memo import Memo
from app.metrics import Metrics
from app.security import load_secret_keys
from app.services.access.passwords import Passwords
from app.services.compare.comparing import Comparer
from app.services.compare.material import Models
from app.services.compare.model_cards import Cards
from app.services.compare.quiz import Showcase
from app.services.imports.runner import keep_importing
from app.services.live import Live
from app.services.maintenance import Maintenance, jobs, media_job, vectors_job
from app.services.posts.archive import Owner
from app.services.posts.writer import PostWriter
from app.services.reads import Reads
from app.services.search.embeddings import Embeddings
from app.services.sources.following import Follower

KEY: Final = "saywho"

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Resources:
    """The objects that the views of one app work with."""

    config: Config
    db: Database
    models: Models
    comparer: Comparer
    passwords: Passwords
    secret_keys: list[str]
    """The first one signs."""
    import_queued: asyncio.Event
    """Set when an import was queued."""
    feed: Feed
    live: Live
    cache: Memo[CachedResponse]
    writer: PostWriter
    reads: Reads
    cards: Cards
    owner: Owner
    showcase: Showcase
    metrics: Metrics
    embeddings: Embeddings | None
    """None where no embedder is set."""
    maintenance: Maintenance
    revision: str
    """The revision of the tables that this program needs."""
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    """Tasks that run as long as the app serves."""


def init_app(app: Quart, config: Config, metrics: Metrics) -> None:
    """Make the app open its resources when it starts; nothing is opened here."""

    @app.while_serving
    async def serve() -> AsyncGenerator[None, None]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                opened = await _open(stack, config, metrics)
            except StartError as error:
                # Any other exception would be shown by the server, with its traceback.
                raise SystemExit(f"saywho: {error}") from None
            app.extensions[KEY] = opened
            for work in (
                opened.maintenance.run(),
                opened.feed.follow(),
                opened.live.run(),
                Follower(opened.db, opened.config).run(),
                keep_importing(opened.db, opened.config, opened.import_queued),
            ):
                opened.tasks.append(await stack.enter_async_context(running(work)))
            yield


async def _open(stack: contextlib.AsyncExitStack, config: Config, metrics: Metrics) -> Resources:
    """Open everything; the stack closes it in reverse order. Raises StartError."""
    # Alembic's environment runs a loop of its own, so it needs a thread without one.
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    secret_keys, embedder = load_secret_keys(config), open_embedder(config)
    db = Database(config, on_session=metrics.count_session)
    stack.push_async_callback(db.close)
    feed = await db.open_feed()
    stack.push_async_callback(feed.close)
    models = Models()
    work = jobs(kept_events=config.event_retention)
    work.append(media_job(config.media_dir))
    embeddings = None
    if embedder is not None:
        embeddings = Embeddings(db, embedder)
        stack.push_async_callback(embeddings.close)
        work.append(vectors_job(embeddings))
    opened = Resources(
        config=config,
        db=db,
        models=models,
        comparer=Comparer(db, feed, models),
        passwords=Passwords(),
        secret_keys=secret_keys,
        import_queued=asyncio.Event(),
        feed=feed,
        live=Live(
            db,
            newest=feed.newest,
            most_clients=config.live_clients,
            on_clients=metrics.live_clients.set,
        ),
        cache=response_memo(feed, config.cache_mb * MIB),
        writer=PostWriter(db, on_batch=metrics.batch_size.observe),
        reads=Reads(db),
        cards=Cards(db, models),
        owner=Owner(db, feed),
        showcase=Showcase(db, models),
        metrics=metrics,
        embeddings=embeddings,
        maintenance=Maintenance(db, work),
        revision=head_revision(),
    )
    stack.callback(opened.passwords.close)
    for batched in (opened.writer, opened.reads, opened.comparer, opened.cards):
        stack.push_async_callback(batched.close)
    feed.subscribe(opened.live.publish)
    feed.subscribe(opened.maintenance.wake)
    feed.on_reset(opened.live.reset)
    feed.on_reset(models.clear)
    stack.callback(opened.live.end)
    return opened


@contextlib.asynccontextmanager
async def running(work: Coroutine[object, object, None]) -> AsyncIterator["asyncio.Task[None]"]:
    """Run the work as a task until the block ends, which cancels and awaits it."""
    task = asyncio.create_task(work, name=getattr(work, "__qualname__", None))
    task.add_done_callback(_report)
    try:
        yield task
    finally:
        if not task.cancelling():  # A second time would cut its end short.
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _report(task: "asyncio.Task[None]") -> None:
    """Log that background work has stopped; `/readyz` reports it from then on."""
    if not task.cancelled():
        logger.error("%s has stopped", task.get_name(), exc_info=task.exception())


def resources() -> Resources:
    """Return the resources of the app that serves the request."""
    return cast(Resources, current_app.extensions[KEY])


def begin_stop(app: Quart) -> None:
    """End the app's live streams, which servers wait for before they report a stop."""
    resources = cast(Resources | None, app.extensions.get(KEY))
    if resources is not None:
        resources.live.end()


def cache_of(app: Quart) -> Memo[CachedResponse] | None:
    """Return the cache in front of the app, None while the app does not serve."""
    resources = cast(Resources | None, app.extensions.get(KEY))
    return resources.cache if resources else None
