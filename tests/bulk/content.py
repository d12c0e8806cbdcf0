"""All that the program shows of the posts, as queries whose rows are the same after an import and
after a load: without times and numbers that say by how many steps the rows came."""

from typing import Final

from app.bulk.written import TABLES

_LOADED: Final = ", ".join(f"'{table}'" for table in TABLES)
QUERIES: Final = {
    "Users": """
        SELECT id, username, username_key, display_name, platform, tweet_count, deletion_count
        FROM "Users" ORDER BY id
    """,
    # By their places: repeated posts leave gaps between the ids of a load.
    "Tweet": """
        WITH placed AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM "Tweet")
        SELECT answered.place, thread.place, it.text, it.user_id, it.kind, it.created_at, it.lang,
            it.source_id, it.url, it.reply_to_source_id, it.reply_to_username, it.media, it.counts,
            words.terms::text
        FROM "Tweet" AS it JOIN "TweetWords" AS words ON words.id = it.id
        LEFT JOIN "Tweet" AS named ON named.id = it.thread_id
        LEFT JOIN placed AS answered ON answered.id = it.reply_to_id
        LEFT JOIN placed AS thread ON thread.id = coalesce(named.thread_first_id, named.id)
        ORDER BY it.id
    """,
    "PostCount": 'SELECT user_id, slot, lang, posts FROM "PostCount" ORDER BY 1, 2, 3',
    "Profile": 'SELECT user_id, recipe, posts, counts, texts FROM "Profile" ORDER BY user_id',
    "Word": 'SELECT word, tweets FROM "Word" ORDER BY word',
    "Vocabulary": 'SELECT recipe, tweets, terms FROM "Vocabulary"',
    "indexes": f"SELECT indexdef FROM pg_indexes WHERE tablename IN ({_LOADED}) ORDER BY 1",  # noqa: S608
    "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
    "revision": "SELECT version_num FROM alembic_version",
}
