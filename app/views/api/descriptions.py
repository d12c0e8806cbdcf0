"""The words of the API's document: what tags, errors, headers, parameters and fields mean."""

from typing import Any, Final

from app.models import MAX_ID

ABOUT: Final = (
    "Times are RFC 3339 in UTC, ids are integers below 2^53, names are found in any case. Lists "
    "are pages: `next` is the `cursor` of the following one. Every GET answers HEAD too; other "
    "methods get 405, unknown addresses 404, and a bad token 401 even where reading is open."
)

TAGS: Final = {
    "users": "Authors",
    "tweets": "Posts",
    "search": "Finding posts",
    "compare": "Who would have said this?",
    "live": "What changes, as it changes",
    "imports": "Files of posts",
    "service": "The service itself",
}

ERRORS: Final = {
    400: "Malformed: the address, a header, or a body that does not parse",
    401: "No token where one is needed, or a bad one",
    403: "The token's scope does not allow it, or another site made a signed-in browser ask",
    404: "Not found",
    405: "The address does not take this method",
    408: "The body came too slowly",
    409: "It exists already, has ended, or is still under way with this Idempotency-Key",
    410: "What the request with this Idempotency-Key made was deleted since",
    413: "The body is too large",
    415: "The body is of the wrong type",
    422: "Well-formed, but wrong",
    500: "A failure of the server; the log knows the request by its id",
    503: "Busy, starting or stopping, or the event of Saywho-After was not seen here in time",
    507: "The disk is full",
}

HEADERS: Final = {
    "Allow": "The methods that the address takes.",
    "ETag": "Names this state of the answer, for If-None-Match.",
    "Location": "The address of what was made.",
    "Retry-After": "Seconds to wait.",
    "Saywho-Event": "The newest event that the answer rests on, for Saywho-After.",
    "WWW-Authenticate": "How to prove a right: Bearer.",
    "X-Request-ID": "The request's id, as sent or made.",
}
PARAMETERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Idempotency-Key": (
        "Sent again within 24 h with the same body, the request gets the same answer and does "
        "nothing; kept per token and path.",
        {"type": "string", "minLength": 1, "maxLength": 255},
    ),
    "If-None-Match": ("ETags that are known already: 304 if one still holds.", {"type": "string"}),
    "Last-Event-ID": (
        "Where the client was: only what came after it is sent; browsers send it by themselves.",
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    ),
    "Saywho-After": (
        "Answer only from a state that holds this event; waits up to 2 s.",
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    ),
    "X-Request-ID": ("An id of one's own for the log.", {"type": "string", "maxLength": 128}),
}

DESCRIPTIONS: Final = {
    "limit": "How many items the page may have.",
    "cursor": "`next` of the page before.",
    "next": "The cursor of the following page; null on the last one.",
    "tweet_id": "The post's id.",
    "import_id": "The import's id.",
    "ListUsersArgs.q": "The beginning of a name, in any case.",
    "SearchArgs.q": 'What to find: words, "a phrase", -without. Empty finds nothing.',
    "SearchArgs.mode": "How to search; `method` of the answer says what was done.",
    "LiveArgs.username": "Only what concerns this author.",
    "after": "The number of an event: only what came after it is sent.",
    "SearchArgs.username": "Only this author's posts.",
    "SearchArgs.platform": "Only posts of authors on this platform.",
    "SearchArgs.lang": "Only posts in this language.",
    "SearchArgs.kind": "Only posts of this kind.",
    "StatsArgs.username": "Only this author's posts; several times for several.",
    "StatsArgs.platform": "Only posts of authors on this platform.",
    "StatsArgs.lang": "Only posts in this language.",
    "StatsArgs.tz": "The IANA time zone of days and bare dates.",
    "Stats.users": "How many authors there are, those without posts too.",
    "Stats.undated": "Posts without a time, which no day counts.",
    "Stats.authors": "Authors with posts, those with the most first.",
    "Stats.days": "Days with posts, in their order; at most 20,000 counts of the newest days.",
    "DayCount.date": "A day in `tz`.",
    "AuthorCount.tweets": "How many posts.",
    "since": "From then on: RFC 3339, or a date as a day in `tz`.",
    "until": "Before then: RFC 3339, or a date as a day in `tz`.",
    "tz": "The IANA time zone of bare dates.",
    "CompareArgs.text": "The text to judge, with letters, at most 25,000 characters.",
    "CompareArgs.username": "An author; several times for two or more, never for all with posts.",
    "CompareArgs.explain": "0 leaves the evidence out.",
    "CompareForm.text": "The text to judge, with letters, at most 25,000 characters.",
    "CompareForm.usernames": "Two authors or more; none for all with posts.",
    "CompareForm.explain": "false leaves the evidence out.",
    "NewUserForm.username": "1 to 320 characters, without white space and / \\ ? # %.",
    "username": "The author's name.",
    "text": "1 to 25,000 characters, NFC.",
    "lang": "A language tag; by default ko where the letters say so.",
    "source_id": "The platform's own id, unique per author: sending it again adds nothing.",
    "url": "http or https.",
    "created_at": "RFC 3339 with a zone; by default the time of arrival.",
    "Author.username": "As first written.",
    "Author.tweets": "How many posts are kept.",
    "Author.created_at": "When the author was added, UTC.",
    "Post.created_at": "UTC; null where it is not known.",
    "Post.lang": "The language tag; null where it is not known.",
    "Post.source_id": "The platform's own id.",
    "Hit.created_at": "UTC; null where it is not known.",
    "Hit.lang": "The language tag; null where it is not known.",
    "Hit.source_id": "The platform's own id.",
    "Hit.score": "Higher is better.",
    "Hit.highlights": "Matches in the text, [start, end) in code points.",
    "Hits.method": "What was really done: words, wording, meaning or hybrid.",
    "Comparison.text": "The text as it was judged: NFC, LF.",
    "Comparison.verdict": "likely, close, short or unfamiliar.",
    "Comparison.ranking": "The likeliest first; the first 20 where no author is named.",
    "Ranked.probability": "Calibrated; they sum to 1 over all compared authors.",
    "Ranked.tweets": "How many posts it rests on.",
    "Evidence.text": "The piece of the text.",
    "Evidence.username": "The author it speaks for.",
    "Evidence.weight": "In log-odds.",
    "Model.version": "Equal versions have equal background and calibration.",
    "Model.as_of_event": "The last event that was taken into account.",
    "NewImportArgs.format": "The file's format; auto tells it by its content.",
    "NewImportArgs.username": "The author of records that name none.",
    "ImportForm.file": "The file.",
    "ImportFacts.state": "running, done, failed, cancelled or interrupted.",
    "ImportFacts.errors": "The first records that were not stored, with their place and why.",
    "ImportFacts.bytes_read": "How far it has come.",
    "Problem.errors": "What is wrong, place by place.",
    "Problem.request_id": "Only with 500: names the request in the log.",
    "FieldError.loc": "The parameter, field or header.",
    "BulkError.line": "The number of the line, from 1.",
}
"""What parameters and fields mean, by name or by struct and name."""
