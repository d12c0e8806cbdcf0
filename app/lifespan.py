"""The resources of an app: opened when it starts serving, closed when it stops."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from quart import Quart
from sqlalchemy.ext.asyncio import AsyncSession

from app.asgi.cached import CachedResponse, response_memo
from app.asgi.edge import is_loopback
from app.config import PREFIX, Config, ConfigError
from app.current import current_quart
from app.db.backend import LONG, Readable
from app.db.engine import Database
from app.db.feed import Feed
from app.db.migrate import head_revision, prepare
from app.db.own_folder import prepare_folder
from app.db.result_cache import Memo
from app.embedders import open_embedder
from app.errors import StartError, UnavailableError
from app.part_list import Listed, Part
from app.runtime.extras import own_command
from app.runtime.metrics import Metrics
from app.runtime.processes import keep_heap_trimmed
from app.runtime.work_pool import Slots, Turns, WorkPool
from app.security import load_secret_keys
from app.services import maintenance
from app.services.access.accounts import Passwords, can_get_operator
from app.services.access.rights import PublicAccess
from app.services.compare.comparing import Comparer
from app.services.compare.habits import Models
from app.services.compare.model_card import Cards
from app.services.compare.one_chat import ChatCache, ChatResources
from app.services.imports.job_runner import keep_importing
from app.services.imports.preview import Previewer
from app.services.live_streams.hub import LiveHub
from app.services.live_streams.streaming import Clients
from app.services.posts.arrivals import PostWriter
from app.services.posts.media import SmallPictures
from app.services.posts.tweets import BatchedReads
from app.services.search.embeddings import VECTORS, Embeddings
from app.services.search.results import ResultPage, SearchQuery, find
from app.services.search.word_search import ResultKey, SearchWork
from app.services.snapshots import Snapshots
from saywho.engine.languages import release_memory
from saywho.sizes import MIB

KEY: Final = "saywho"
HOSTS: Final = "saywho.hosts"
PHONES: Final = "saywho.phones"
LONG_READS: Final = 1
"""Portraits, years, overviews and figures counted at a time per worker; two take as long."""
LONG_SEARCHES: Final = 1
LONG_QUERY: Final = 200
"""Characters from which a query is long: it may have a hundred frequent words."""

logger = logging.getLogger(__name__)


class Resources:
    """Objects that the views of an app work with. Raises StartError if one cannot be made."""

    def __init__(self, config: Config, metrics: Metrics, db: Database, feed: Feed) -> None:
        self.config, self.metrics, self.db, self.feed = config, metrics, db, feed
        self.revision = head_revision()
        """Revision of the tables that this program needs."""
        self.secret_keys = load_secret_keys(config)
        """The first one signs."""
        self.passwords = Passwords()
        self.openness = PublicAccess(db, feed, config.public)
        self.work_pool = WorkPool()
        self.search_pool = WorkPool(2)
        """Threads that score search results; two are as fast as more."""
        self.long_reads, self.long_searches = Turns(LONG_READS), Turns(LONG_SEARCHES)
        self.loose_searches = Turns(2)
        """Turns of searches for words that no post contains together."""

        self.reads = BatchedReads(db, feed)
        self.writer = PostWriter(db, on_batch=metrics.batch_size.observe)
        self.cache = response_memo(feed, config.cache_mb * MIB)
        self.clients = Clients(config.live_clients, metrics.live_clients.set)
        self.live_hub = LiveHub(db, self.clients, newest=feed.newest)
        self.import_queued = asyncio.Event()
        self.previewer = Previewer(config)
        self.small_pictures = SmallPictures(config.media_dir)

        self.models = Models()
        self.snapshots = Snapshots(partial(maintenance.counted, self.models))
        self.comparer = Comparer(db, feed, self.models, self.work_pool.run)
        self.chats = ChatCache(db, feed, self.long_reads, self.work_pool.run)
        """Answers for readers of one chat, and for pages of its people."""
        self.open_batches = Slots(2)
        """Slots for batches of comparisons, for clients without a token or session."""
        self.cards = Cards(db, self.models)
        embedder = open_embedder(config)
        self.embeddings = Embeddings(db, embedder) if embedder else None
        """None without an embedder."""

        self.maintenance = maintenance.Maintenance(db, self._jobs())
        self.snapshots.wake = self.maintenance.wake
        self.of_parts: dict[str, Any] = {}
        self.ends: list[Callable[[], None]] = [self.live_hub.end]
        """Functions that end live streams, which servers wait for at a stop."""
        feed.subscribe(self.live_hub.publish)
        feed.subscribe(self.maintenance.wake)
        feed.on_reset(self.live_hub.reset)
        feed.subscribe(self.snapshots.note)
        for holder in (self.models, self.cards, self.chats):
            feed.on_reset(holder.clear)
        feed.on_reset(self.snapshots.clear)

    def _jobs(self) -> list[maintenance.Job]:
        config, look = self.config, self.models.backgrounds.look
        return [
            *maintenance.jobs(is_background_due=look),
            maintenance.snapshots_job(self.snapshots),
            maintenance.media_job(config.media_dir),
            maintenance.small_pictures_job(self.small_pictures),
            maintenance.left_out_job(config),
            maintenance.log_job(self.db, self.feed),
            *(
                [maintenance.Job(VECTORS, own.is_due, own.keep_up)]
                if (own := self.embeddings)
                else []
            ),
        ]

    @contextlib.asynccontextmanager
    async def read_long(self) -> AsyncIterator[AsyncSession]:
        """Open a session for a page that counts; turns leave connections to other pages."""
        async with self.long_reads.turn(), self.db.read() as session:
            session.info[LONG] = True
            yield session

    def of_chat(self, room_id: int | None) -> "Resources | ChatResources":
        """Return what answers about one chat alone are made of; the whole site without a chat."""
        return self if room_id is None else self.chats.get(room_id)

    async def find(
        self,
        query: SearchQuery,
        *,
        limit: int,
        after: ResultKey | None = None,
        db: Readable | None = None,
    ) -> ResultPage:
        """Return a page of search results, in its turn if the query is long.

        db: one chat alone; by default the whole site.
        """
        search = partial(find, db or self.db, self.embeddings, query, limit=limit, after=after)
        if len(query.text) > LONG_QUERY:
            async with self.long_searches.turn():
                return await search(work=SearchWork(self.search_pool.run))
        return await search(work=SearchWork(self.search_pool.run, self.loose_searches))


def init_app(
    app: Quart, config: Config, metrics: Metrics, parts: Mapping[Listed, Part], *, is_unnamed: bool
) -> None:
    """Make the app open its resources when it starts; nothing is opened here.

    is_unnamed: whether no setting names the data folder, which may then be someone else's.
    """

    @app.while_serving
    async def serve() -> AsyncGenerator[None, None]:
        async with contextlib.AsyncExitStack() as stack:
            try:
                _check_unchanged(app, config)
                taken = partial(prepare_folder, config, is_unnamed=is_unnamed, ask=None)
                for line in await asyncio.to_thread(lambda: [*taken()]):
                    logger.info("%s", line)
                opened = await _open(stack, config, metrics, parts)
            except (StartError, ConfigError) as error:
                # Any other exception would be shown by the server, with its traceback.
                raise SystemExit(f"saywho: {error}") from None
            app.extensions[KEY] = opened
            app.secret_key, *app.config["SECRET_KEY_FALLBACKS"] = opened.secret_keys
            for work in (
                opened.maintenance.run(),
                opened.feed.run(),
                opened.live_hub.run(),
                keep_importing(opened.db, opened.config, opened.import_queued),
                keep_heap_trimmed(release_memory),
            ):
                await stack.enter_async_context(running(work))
            yield


def _check_unchanged(app: Quart, config: Config) -> None:
    """Raise ConfigError for a setting that came too late: a test would use another database."""
    given = config.shown()
    late = {name for name, value in app.config.items() if value != given.get(name, value)}
    late |= {name for name in app.config if name.startswith(PREFIX)} - given.keys()
    late |= {"TESTING"} if app.testing and config.env != "testing" else set()
    for name in sorted(late):
        raise ConfigError(
            f"app.config[{name!r}] was set after create_app, where it changes nothing: give it to"
            " create_app, in a mapping"
        )


async def _open(
    stack: contextlib.AsyncExitStack, config: Config, metrics: Metrics, parts: Mapping[Listed, Part]
) -> Resources:
    loop = asyncio.get_running_loop()
    if loop.get_debug():
        # In debug mode, a start and the first page take longer than the .1 s that asyncio
        # warns of, in lines of 400 letters.
        loop.slow_callback_duration = 1.0
    # Alembic's environment runs a loop of its own, so it needs a thread without one.
    await asyncio.to_thread(prepare, config, upgrade_old=False)
    db = Database(config, on_session=metrics.count_session)
    stack.push_async_callback(db.close)
    stack.callback(metrics.notes.pass_on)
    feed = await db.open_feed()
    stack.push_async_callback(feed.close)
    opened = Resources(config, metrics, db, feed)
    await opened.openness.is_public()  # Pages look at what is known.
    if opened.embeddings:
        stack.push_async_callback(opened.embeddings.embedder.close)
    stack.callback(opened.passwords.close)
    stack.callback(opened.work_pool.close)
    stack.callback(opened.search_pool.close)
    for batched in (
        *(opened.writer, opened.reads, opened.comparer, opened.chats, opened.cards),
        opened.small_pictures,
    ):
        stack.push_async_callback(batched.close)
    stack.callback(opened.live_hub.end)
    for listed, part in parts.items():
        if part.opens:
            opened.of_parts[listed.name] = await stack.enter_async_context(part.opens(opened))
        if part.jobs:
            opened.maintenance.add(part.jobs(opened))
    async with db.read() as session:
        if config.env != "testing" and not await can_get_operator(session):
            logger.info("nobody has an account yet; make one: %s operator add NAME", own_command())
    return opened


@contextlib.asynccontextmanager
async def running(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run the work as a task until the block ends, which cancels and awaits it."""
    task = asyncio.create_task(work, name=getattr(work, "__qualname__", None))
    task.add_done_callback(_report)
    try:
        yield
    finally:
        if not task.cancelling():  # A second time would cut its end short.
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _report(task: "asyncio.Task[None]") -> None:
    if not task.cancelled():
        logger.error("%s has stopped", task.get_name(), exc_info=task.exception())


def resources() -> Resources:
    """Return the resources of the current app. Raises UnavailableError if it has not started."""
    try:
        return cast(Resources, current_quart().extensions[KEY])
    except KeyError as error:
        # A server that runs no lifespan, or a test client alone. The cause lets the log say it.
        detail = "The app has not started; in a test, use: async with app.test_app()"
        raise UnavailableError(detail) from error


def note_hosts(app: Quart, hosts: Sequence[str], *, may_let_phones_in: bool = False) -> None:
    app.extensions[HOSTS] = hosts
    app.extensions[PHONES] = may_let_phones_in


def may_let_phones_in(app: Quart) -> bool:
    """Return whether the switch in Settings decides if phones of the network come in."""
    return bool(app.extensions.get(PHONES))


def listening_hosts(app: Quart) -> Sequence[str]:
    """Return the addresses of this machine where the app is served; empty if unknown."""
    return cast(Sequence[str], app.extensions.get(HOSTS, ()))


def listens_here_alone(app: Quart) -> bool:
    """Return whether only this machine reaches the app; False if unknown or behind a proxy."""
    hosts, config = listening_hosts(app), resources().config
    is_passed_on = bool(config.url) or config.trusted_proxies > 0
    return bool(hosts) and all(map(is_loopback, hosts)) and not is_passed_on


def begin_stop(app: Quart) -> None:
    resources = cast(Resources | None, app.extensions.get(KEY))
    if resources is not None:
        for end in resources.ends:
            end()


def cache_of(app: Quart) -> Memo[CachedResponse] | None:
    resources: Resources | None = app.extensions.get(KEY)  # A cast would make a type each time.
    return resources.cache if resources else None
