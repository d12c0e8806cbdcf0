"""Columns of a file and their fields, by names that programs use in several languages, or a guess.

A column of a nested document is named by its path: `author.username`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any, Final

import msgspec

from saywho.formats.post import headers
from saywho.formats.records import ExportedPost
from saywho.formats.source.times import is_time
from saywho.formats.tables.cells import is_filled, is_flag, plain_column, refers, word
from saywho.formats.tables.column_kinds import kind_of_texts
from saywho.text import word_set


def _paths(heads: str, keys: str, joined_by: str = ".") -> str:
    return " ".join(f"{head}{joined_by}{key}" for key, head in product(keys.split(), heads.split()))


_AUTHORS: Final = (
    "author user account owner creator poster tweeter writer from sender profile publisher actor"
    " member person speaker commenter tweetby userinfo authorinfo authormeta userdata"
    " core.userresults.result.core core.userresults.result.legacy"
)
_FLAT_AUTHORS: Final = "user author account owner creator poster"
"""The same at the beginning of a column's name."""
_ACCOUNT_KEYS: Final = (
    "acct screenname username handle userhandle login uniqueid uniquename preferredusername steamid"
    " accountname"
)
_FLAT_ACCOUNT_KEYS: Final = "acct screenname username handle login uniqueid uniquename steamid"
_PERSON_KEYS: Final = "displayname name nickname nick fullname"

# The names of each field, in the order of preference, as `plain_column` writes them. The name of
# an account comes before the name that is shown, which several accounts may have.
ALIASES: Final[dict[str, str]] = {
    "text": "originaltext rawtext myreview sharecommentary"
    " fulltext text tweet tweettext content body 내용 트윗 트윗내용 본문 텍스트 글 게시글"
    " rawcontent renderedcontent textoriginal textcontent contenttext tweetcontent tweetbody tweets"
    " posttext postcontent commenttext commentcontent commentbody commentmessage"
    " messagetext selftext statustext document"
    " 댓글 댓글내용 메시지 note.text legacy.fulltext snippet.textoriginal"
    " snippet.toplevelcomment.snippet.textoriginal"
    " 本文 内容 內容 正文 文本 ツイート ツイート本文 投稿内容 コメント 微博正文 微博内容 评论内容"
    " texto contenido texte contenu inhalt testo contenuto conteúdo текст содержание метин metin"
    " tekst treść tresc szöveg κείμενο teksti besked bericht nachricht beitrag kommentar mensaje"
    " mensagem messaggio comentario comentário commentaire commento сообщение комментарий"
    " повідомлення nộidung เนื้อหา ข้อความ نص النص טקסט isi teks pesan komentar",
    "username": f"acct {_paths(_FLAT_AUTHORS, 'screenname', '')} screenname"
    f" {_paths(_FLAT_AUTHORS, 'acct handle login', '')} handle"
    f" username {_paths(_FLAT_AUTHORS, _FLAT_ACCOUNT_KEYS, '')} accountname twitterhandle"
    f" {_paths(_AUTHORS, _ACCOUNT_KEYS)} fromuser fromusername postedby tweetedby"
    " uniqueid user author authorname poster tweeter commenter blogname userposted commentauthor"
    " postauthor tweetauthor speaker reviewauthor reviewername reviewer commentername messageauthor"
    " fromid.userid steamid"
    " 작성자 글쓴이 사용자 사용자명 사용자이름 아이디 계정 ユーザー名 ユーザー ユーザ名 投稿者"
    " アカウント 用户名 用户 作者 用户昵称 昵称 博主 使用者 帳號 usuario autor utilisateur auteur"
    " benutzer benutzername verfasser utente autore usuário автор пользователь kullanıcı"
    " kullanıcıadı gebruiker gebruikersnaam auteurs użytkownik felhasználó szerző χρήστης"
    " συγγραφέας käyttäjä kirjoittaja användare författare bruger forfatter bruker користувач"
    " pengguna penulis ngườidùng ผู้ใช้ مستخدم المستخدم الكاتب משתמש vertex1",
    "display_name": "displayname userdisplayname authordisplayname nickname usernickname"
    f" {_paths(_AUTHORS, _PERSON_KEYS)} snippet.authordisplayname"
    " snippet.toplevelcomment.snippet.authordisplayname 표시이름 닉네임 이름 name",
    "platform": "platform 플랫폼",
    "kind": "kind 종류 유형 posttype tweettype threadentrytype contenttype commenttype",
    "created_at": "完整日期 完整时间 createdat date datetime timestamp timeparsed time 작성일시"
    " 작성일 작성시간 작성시각 날짜 일시 등록일시 등록일 시간 createdutc timestamputc createddate"
    " datecreated createtime createdtime creationtime creationdate created"
    " tweettime tweetdate tweetcreatedat createat ts"
    " datetimeutc dateutc utctime publishdate publisheddate publishedat published postdate"
    " posttime postedat posteddate posted commentdate commenttime commentcreatedat isodate dateiso"
    " timestampiso createtimeiso takenat takenattimestamp createtimestamp senddate sentat pubdate"
    " indexedat legacy.createdat snippet.publishedat snippet.toplevelcomment.snippet.publishedat"
    " 작성날짜 게시일 게시일시 日時 投稿日時 投稿日 作成日時 日付 时间 時間 日期 发布时间 發布時間"
    " 創建時間 创建时间 fecha fechahora fechayhora dateheure horodatage datum zeitpunkt zeitstempel"
    " data datahora dataora дата tarih dátum ημερομηνία päivämäärä dato tanggal waktu czas время"
    " час ngày วันที่ التاريخ תאריך localtime at dateread dateadded",
    "lang": "lang language tweetlanguage 언어 legacy.lang",
    "source_id": "sourceid idstr tweetid statusid statusidstr restid commentid noteid cid id postid"
    " 트윗id 게시물id _id legacy.idstr",
    "url": "url tweeturl permalink link 링크 주소 tweetlink tweetpermalink posturl",
    "is_repost": "isforward isforwarded forwarded"
    " isrepost isretweet isrt isreblog retweet repost 리트윗 리트윗여부 재게시"
    " isreshare isboost",
    "is_reply": "isreply reply 답글 답글여부",
    "is_quote": "isquote isquotestatus quote 인용 isquoted isquotetweet",
    "reposts": "fwdfrom forwardfrom forwardedfrom"
    " retweetedstatusid retweetedstatusidstr retweetedstatus"
    " referencedtweets.retweeted.id retweetstatusid retweetedid retweetedtweetid retweettweetid"
    " retweetid retweetedtweet retweetedpost retweetof retweetuserid retweeteduser"
    " retweeteduserid retweetedscreenname userrt userrtid reblog reblogof reblogofid reblogid"
    " repostof repostid repostedid repostedpost legacy.retweetedstatusresult boostof",
    "shares": "renote renoteid sharedtext sharedpostid",
    "reply_to": "replyto",
    "counts": "counts",
    "n_likes": "favoritecount favouritescount favouritecount likecount publicmetrics.likecount"
    " likes like 좋아요 좋아요수 공감수 추천수 likescount"
    " favoritescount favorites favourites diggcount numberoflikes numlikes"
    " nlikes statistics.likecount legacy.favoritecount",
    "n_reposts": "retweetcount repostcount publicmetrics.retweetcount retweets retweetscount"
    " 리트윗수 재게시수 공유수 repostscount reblogscount"
    " reblogs renotecount boosts shares sharecount numberofshares"
    " numberofretweets numretweets nretweets legacy.retweetcount",
    "n_replies": "replycount publicmetrics.replycount replies repliescount numreplies nreplies"
    " 답글수 댓글수 commentcount commentscount numcomments legacy.replycount",
    "n_quotes": "quotecount publicmetrics.quotecount quotes quotescount 인용수 legacy.quotecount",
    "reply_id": "inreplytostatusidstr inreplytostatusid inreplytotweetid inreplytoid inreplyto"
    " referencedtweets.repliedto.id replytostatusid replytotweetid replytoid totweetid replyid"
    " parentid parentcommentid parent legacy.inreplytostatusidstr",
    "reply_name": "inreplytoscreenname inreplytousername replytoscreenname replytousername"
    " parenthandle"
    f" tousername {_paths('inreplytouser replytouser', _ACCOUNT_KEYS)} legacy.inreplytoscreenname",
    "replies_to": "replyto inreplytostatusid inreplytostatusidstr inreplytotweetid inreplytouserid"
    " inreplytoscreenname inreplytoid inreplyto referencedtweets.repliedto.id replytostatusid"
    " replytotweetid replytouserid replytoscreenname replytoid inreplytouser totweetid touserid"
    " replyid parentid parentcommentid parent parenthandle parentdid parenturi"
    " legacy.inreplytostatusidstr",
    "quotes": "quotedhandle quoteddid quoteduri quotedusername quotedscreenname"
    " quotedstatusid quotedstatusidstr referencedtweets.quoted.id quotedid quotedtweetid"
    " quotedtweettweetid quotedtweet quotedstatus quotedpost quoteid quoteof"
    " legacy.quotedstatusidstr",
    "visibility": "visibility privacy audience 공개범위 公開範囲",
    "is_restricted": "protected isprotected isprivate private"
    f" {_paths('author user account owner', 'protected isprotected isprivate privateaccount')}",
    "is_for_all": "ispublic public ispubliclink",
    "is_deleted": "isdeleted deleted isdraft draft istrashed isscheduled",
    "is_published": "ispublished published",
    "is_bot": "isbot bot botuser isautomated isprogram 봇 봇여부"
    f" {_paths('author user account owner sender actor', 'isbot bot type')}",
    "is_anonymous": "isanonymous anonymous isanon anonym anonyme anónimo anonimo anônimo анонимно"
    " isanonymouspost postedanonymously 익명 익명여부 匿名 是否匿名",
    "status": "status poststatus state",
    "title": "title 제목",
    "is_by_community": "subreddit upvoteratio",
    "answered_thread": "linkid parentid parent link",
    "conversation": "conversationid",
    "reblogged_from": "rebloggedfromname rebloggedfromid",
    "reply_words": "embeddedtext",
    "actor": _paths("creator author account user", "actorid"),
    "family_name": "lastname familyname surname nachname apellido apellidos sobrenome cognome"
    " achternaam nazwisko фамилия nomdefamille 성 姓",
    "clock": "time 작성시간 작성시각 시간 시각 tweettime createdtime posttime publishtime"
    " 时间 時間",
}
PERSONS: Final = (
    *("name", "이름", "닉네임", "표시이름"),
    *("displayname", "userdisplayname", "authordisplayname", "nickname"),
    *_paths(_AUTHORS, _PERSON_KEYS).split(),
    *("snippet.authordisplayname", "snippet.toplevelcomment.snippet.authordisplayname"),
)
"""Columns that name the author if none has an account's name."""
GIVEN_NAMES: Final = word_set(
    "firstname givenname forename vorname nombre nombres nome prénom prenom voornaam imię имя"
    " 이름 名"
)
"""Columns that name the author together with one of family names."""
_HELPERS: Final = word_set(
    "replies_to is_by_community answered_thread conversation clock shares title reblogged_from"
    " reply_words actor is_for_all is_published status audience is_bot is_anonymous"
)
"""Fields that only decide about another field; alone they identify no column."""
UNWRAPPED: Final = (
    *("data", "_source", "tweet", "post", "status", "toot", "comment", "node", "doc", "item"),
    *("record", "row"),
)
_LISTS: Final = (
    *("tweets", "posts", "statuses", "toots", "notes", "comments", "results", "items", "records"),
    *("data", "entries", "rows", "documents", "docs", "hits", "children", "articles", "reviews"),
    *("messages", "conversation", "segments", "utterances", "dialogue", "quotes"),
)
LISTS: Final = (
    *_LISTS,
    *_paths("data response result results hits post_stream", " ".join(_LISTS)).split(),
)
"""Keys of a list of posts in an object or its inner object."""
ANSWERS: Final = ("replies", "answers", "comments", "children", "latestComments")
"""Keys of a post whose values are other people's replies to it."""
_REMARK: Final = re.compile(r"(?<!\s)\s*[(（][^()（）]*[)）]\s*\Z")


@cache
def types_of_own_fields() -> dict[str, Any]:
    """Return the types, by name, of fields that only this program exports."""
    fields = msgspec.structs.fields(ExportedPost)
    return {field.name: field.type for field in fields if field.name not in ALIASES}


def is_export(names: Iterable[str]) -> bool:
    """Return whether a version of this program exports these columns: values are read as is.

    Other programs put them into another order, or number the rows in a column without a name.
    """
    own = {name for name in names if not is_index(name)}
    return own in map(set, headers())


def is_index(name: str) -> bool:
    """Return whether a program gave a name to the numbers of the rows."""
    return _INDEX.fullmatch(name) is not None


_INDEX: Final = re.compile(r"(?:unnamed: \d+|index|level_\d+|row_?names|\.\.\.1|)", re.IGNORECASE)
"""Name of the column in which a program numbers the rows."""


@cache
def _ranks() -> dict[str, list[tuple[str, int]]]:
    aliases_of_exports = {field: plain_column(field) for field in types_of_own_fields()}
    ranks: dict[str, list[tuple[str, int]]] = {}
    for field, aliases in (ALIASES | aliases_of_exports).items():
        for rank, alias in enumerate(dict.fromkeys(aliases.split())):
            ranks.setdefault(alias, []).append((field, rank))
    return ranks


def is_text(name: str) -> bool:
    """Return whether programs have the words of people in a column of this name."""
    return any(field == "text" for field, _ in _ranks().get(plain_column(name), ()))


@cache
def heads() -> frozenset[str]:
    return frozenset(alias.partition(".")[0] for alias in _ranks() if "." in alias)


@cache
def inner_names() -> frozenset[str]:
    parts = (alias.split(".") for alias in _ranks() if "." in alias)
    return frozenset(".".join(path[:n]) for path in parts for n in range(1, len(path) + 1))


def names_by_field(plain: dict[str, str], chosen: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return each field's columns; `plain` has all columns by plain name."""
    names: dict[str, tuple[str, ...]] = {}
    for name, field in chosen.items():
        column = plain.pop(plain_column(name), None)
        if column is not None and field:
            names[field] = (*names.get(field, ()), column)
    known = _ranks()
    found: dict[str, list[tuple[int, str]]] = {}
    for alias, name in plain.items():
        for field, rank in known.get(alias, ()):
            found.setdefault(field, []).append((rank, name))
    for field in [*ALIASES, *types_of_own_fields()]:
        if columns := found.get(field):
            names[field] = (*names.get(field, ()), *(name for _, name in sorted(columns)))
    _part_comments(plain, names)
    _part_texts(plain, names)
    if "to" in plain and {"url", "n_reposts"} <= names.keys():
        # GetOldTweets3 names who is answered.
        names |= dict.fromkeys(("reply_name", "replies_to"), (plain["to"],))
    persons = _persons(plain, names)
    if "username" not in names and persons:
        names["username"] = tuple(persons)
        shown = tuple(name for name in names.get("display_name", ()) if name not in persons)
        names["display_name"] = shown
        if not shown:
            del names["display_name"]
    return names


def _persons(plain: Mapping[str, str], names: Mapping[str, Sequence[str]]) -> list[str]:
    given = [name for alias, name in plain.items() if alias in GIVEN_NAMES]
    family = names.get("family_name", ())
    if given and family:
        return given[:1]
    return [plain[alias] for alias in PERSONS if alias in plain] or [*family[:1]]


TEXTS_IF_NAMED: Final = ("message", "caption", "comment", "review", "reviewtext")
"""Columns that hold the texts if no column has a better name and the author is known."""


def _part_texts(plain: Mapping[str, str], names: dict[str, tuple[str, ...]]) -> None:
    texts = names.get("text", ())
    if "sharedtext" in plain and "posttext" in plain and plain["posttext"] in texts:
        # Facebook-scraper's `text` has its own words and the shared ones.
        names["text"] = (plain["posttext"],)
    others = [plain[alias] for alias in TEXTS_IF_NAMED if alias in plain]
    is_named = "username" in names or any(alias in plain for alias in PERSONS)
    if others and not texts and is_named:
        names["text"] = (others[0],)


_POST_IDS: Final = ("statusid", "statusidstr", "postid", "tweetid", "videoid", "mediaid")


def _part_comments(plain: Mapping[str, str], names: dict[str, tuple[str, ...]]) -> None:
    """Use the id of a comment as its id, and the id of the post above as what it answers."""
    comment = plain.get("commentid", plain.get("댓글id"))
    posts = tuple(plain[alias] for alias in _POST_IDS if alias in plain)
    if comment is None or not posts:
        return
    others = (name for name in names.get("source_id", ()) if name not in {comment, *posts})
    names["source_id"] = (comment, *others)
    for field in ("reply_id", "replies_to"):
        names[field] = (*(name for name in names.get(field, ()) if name not in posts), *posts)


_OF_WORKS: Final = word_set(
    "isbn isbn13 letterboxduri numberofpages yearpublished myrating originalpublicationyear"
)
"""Columns that only a table of works has."""
_BESIDE_WORKS: Final = word_set(
    "publisher director averagerating binding pages genre 출판사 감독 출간일 출판일 출판년도 쪽수"
)
"""Columns of which two tell a table of works."""
_BESIDE_PLACES: Final = word_set("place latitude longitude rating stars 위도 경도 별점")
_TITLES: Final = word_set("title name 이름 제목")


_WORDS_OF_BOOKS: Final = word_set(
    "claim claims book books isbn shelf shelves edition goodreads novel 책 도서 출판 소설 書籍 图书"
    " 圖書 出版 libro livre buch editorial verlag éditeur editora"
)
_WORDS_OF_WORKS: Final = _WORDS_OF_BOOKS | word_set(
    "film films movie movies album albums imdb letterboxd anime manga 영화 감독 음반 앨범 만화 电影"
    " 電影 映画 漫画 película filme pelicula"
)
_WORDS_OF_REVIEWS: Final = word_set(
    "review reviews note notes memo rating ratings star stars score shelf read 평점 별점 후기 감상"
    " 감상평 서평 한줄평 리뷰 평가 評価 感想 評分 评分 reseña calificación avis bewertung avaliação"
)
_AUTHORS_OF_WORKS: Final = re.compile(
    r"(?:book|work|novel|primary|secondary|additional|작품|책|도서)?(?:authors?|저자|작가|지은이|作者|著者|autor|auteur)(?:names?|명|이름)?"
)


def names_of_works(names: Iterable[str]) -> list[str]:
    """Return the columns with the author, name or title of a work or place that the rows review.

    A table is of works by a word in the name of any column, beside one of reviews or ratings.
    """
    plain = {plain_column(name): name for name in names}
    words = {word for name in plain.values() for word in words_of(name)}
    words |= {word for word in _WORDS_OF_WORKS | _WORDS_OF_REVIEWS if _is_inside(word, plain)}
    is_known = not _OF_WORKS.isdisjoint(plain) or len(_BESIDE_WORKS & {*plain}) > 1
    if is_known or (words & _WORDS_OF_WORKS and words & _WORDS_OF_REVIEWS):
        # The author beside a film is who reviews it, beside a claim who made it.
        has_authors = is_known or bool(words & _WORDS_OF_BOOKS)
        return [
            name
            for alias, name in plain.items()
            if alias in _TITLES | GIVEN_NAMES
            or _is_family(name)
            or (has_authors and _AUTHORS_OF_WORKS.fullmatch(alias))
        ]
    is_of_places = len(_BESIDE_PLACES & {*plain}) > 2
    return [name for alias, name in plain.items() if is_of_places and alias in _TITLES]


def _is_inside(word: str, names: Iterable[str]) -> bool:
    """Return whether a word of a script without blanks is a part of a name."""
    return not word.isascii() and word[0] >= "\u2e80" and any(word in name for name in names)


def is_helper(field: str) -> bool:
    return field in _HELPERS


def without_remark(name: str) -> str:
    """Return a name without its last brackets, such as a unit or time zone."""
    return _REMARK.sub("", name) or name


ROLES: Final = {"username": "author", "created_at": "time", "text": "text"}


_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")
_AUTHOR_WORDS: Final = word_set(
    "author user username account poster posted writer written creator sender member nick"
    " nickname login screen handle commenter reviewer owner speaker person people by who blogger"
    " profile tweeter publisher critic columnist byline reporter reader poet artist participant"
    " contributor from candidate politician"
    " senator congressperson celebrity influencer journalist narrator interviewee"
    " respondent character 작성자 글쓴이 사용자 유저 계정 블로거 닉네임 아이디 이름 작성자명"
    " 기자 평론가 독자 지은이"
    " 사용자명 유저명 회원명 계정명 고객명 채널명 블로그명 필명 저자 게시자 등록자 응답자 발신자"
    " 보낸사람 화자 회원 글쓴사람 작성인 보낸이 별명 발언자 유튜버 리뷰어 구매자 아이디명 후보"
    " 후보자 후보명 후보자명 정치인 의원 의원명 발화자 출연자 인물 등장인물 인물명 참가자 ユーザー"
    " ユーザー名 投稿者 名前 用户 用户名 昵称 作者"
)
_TIME_WORDS: Final = word_set(
    "date dates time datetime timestamp created posted published when day written sent submitted"
    " added fecha datum 날짜 시간 일시 일자 시각 작성일 등록일 게시일 수정일 日時 日付 日期 时间"
)
_TEXT_WORDS: Final = word_set(
    "text message msg body content comment post tweet caption sentence review words status"
    " description note opinion answer speech speeches utterance dialogue dialog line lyrics"
    " contents summary transcript statement texto texte inhalt 내용 본문 의견 글 댓글 리뷰 후기"
    " 소감 답변"
    " 텍스트 문장 메시지 코멘트 감상 감상평 한줄평 원문 상품평 구매평 이용평 서평 총평 사용기 발언"
    " 대사 캡션 트윗 発言 发言 本文 内容 感想 意見 コメント 正文 评论"
)
ORIGINAL_WORDS: Final = word_set("original orig raw unprocessed 원문 원본 原文 元の originale")
MADE_WORDS: Final = word_set(
    "translated translation english cooked html rendered clean cleaned processed preprocessed"
    " normalized stripped lemmatized tokenized 번역 번역문 정제 전처리 翻訳 翻译 翻譯 清洗"
)
"""Words of columns with what people wrote, and with what a program made of it."""
SPOKEN_WORDS: Final = word_set(
    "speech speeches utterance dialogue dialog line statement comment review quote 발언 대사 댓글"
    " 리뷰 発言 发言 コメント 评论"
)
"""Words of columns with what somebody said, in JSON whose authors have a known key."""
_REPOST_WORDS: Final = word_set(
    "retweet retweeted retweeter repost reposted reposter reblog reblogger boosted booster renoted"
    " rt"
)
_OTHER_WORDS: Final = word_set(
    "count counts followers following friends url urls link image img avatar photo picture"
    " description bio location verified lang language mention mentions reply replied replies to"
    " quoted quote type is has protected agent zone timezone color score karma total number num"
    " likes favorites favourites clicks impressions hashtags source device tags rate length flair"
    " css class gender sex age region country city nationality party role badge rank level"
    " reputation 수 개수 횟수 번호 여부 링크 주소 종류 유형 분류 카테고리 점수 평점 별점 제목 언어"
    " 길이 감정 감성"
)
_LATER_WORDS: Final = word_set(
    "join signup order ordered purchase purchased release visit visited start end experience stay"
    " 가입 주문 구매 방문 출시 개봉 시작 종료"
    " updated edited modified collected scraped retrieved harvested joined registered crawled"
    " fetched last deleted birth collection account user author page channel group"
)
"""Words of times at which no post was written."""
WRITING_WORDS: Final = word_set(
    "post posted write written publish published review reviewed comment commented tweet tweeted"
    " submit submitted 작성 작성일 작성일시 등록 등록일 등록일시 게시 게시일 投稿 発表 发布 發布"
)
"""Words of times at which a post was written."""
_OF_THINGS: Final = re.compile(
    "상품|제품|파일|영화|책|도서|가게|업체|장소|회사|브랜드|과목|메뉴|앱|게임|학교|호텔|식당|매장|지역"
)
"""Beginnings of compounds that name no people: 상품이름."""
_OF_ACCOUNTS: Final = word_set("followers following friends 팔로워 팔로잉 フォロワー 粉丝")
"""Words of columns in a list of accounts, whose descriptions are no posts."""
_OUTLETS: Final = word_set(
    "publisher channel outlet site website company brand press newspaper magazine organization"
    " 매체 언론사 신문사 출판사 채널 사이트 회사"
)
"""Words of columns with who published texts of several people."""
_KINDS_OF_POSTS: Final = word_set("comment post tweet review message msg")
_NAME_WORDS: Final = word_set("name username login screen handle nickname")
_ACCOUNT_WORDS: Final = word_set("username screen handle login acct")
_LONGEST_NAME: Final = 100


def values_by_name(
    rows: Iterable[Mapping[str, object]], *, with_lists: bool = False
) -> dict[str, list[object]]:
    """Return the filled values of columns and of objects by their paths; of lists, if asked."""
    values: dict[str, list[object]] = {}
    for row in rows:
        for name, value in _simple(row, "", 1, with_lists=with_lists):
            if name in values or len(values) < 1_000:
                values.setdefault(name, []).append(value)
    return values


def _simple(
    row: Mapping[str, object], path: str, depth: int, *, with_lists: bool
) -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            if depth < 3:
                yield from _simple(value, f"{name}.", depth + 1, with_lists=with_lists)
        elif (with_lists or not isinstance(value, list)) and value is not None and is_filled(value):
            yield name, value


def guess(field: str, values: Mapping[str, Sequence[object]], *, least: int = 1) -> list[str]:
    """Return the columns whose name and values look like a field, the most likely first.

    `least` is the smallest rating; a time at which no post was written has 1.
    """
    is_of_accounts = field == "text" and any(words_of(name) & _OF_ACCOUNTS for name in values)
    rated = sorted(
        (-rating, place, name)
        for place, (name, column) in enumerate(values.items())
        if not (is_of_accounts and words_of(name) & {"description", "bio"})
        if (rating := _RATINGS[field](words_of(name), column)) >= least
    )
    return [name for _, _, name in rated]


_SENTENCE: Final = 30
"""Letters of a mean cell of sentences."""


def likeliest_person(values: Mapping[str, Sequence[object]], found: Sequence[str]) -> list[str]:
    """Return columns that may name authors, those first that tell most of them apart.

    A title, a party or a country has several people, each of whom has one.
    """
    for name in found[1:]:
        pairs = {*zip(map(str, values[name]), map(str, values[found[0]]), strict=False)}
        people, kinds = len({one for one, _ in pairs}), len({other for _, other in pairs})
        returns = people < len(values[name]) or "name" in words_of(name)
        if 10 * people >= 9 * len(pairs) and 2 * kinds <= people and returns:
            return [name, *(other for other in found if other != name)]
    return [*found]


def inner_person(values: Mapping[str, object]) -> dict[str, str]:
    """Return the fields of the parts of a name in an inner object, whatever that is called."""
    for name in values:
        head, _, key = name.rpartition(".")
        if head and plain_column(key) in GIVEN_NAMES:
            family = (n for n in values if n.startswith(f"{head}.") and _is_family(n))
            return {name: "username", **dict.fromkeys(family, "family_name")}
    return {}


def _is_family(name: str) -> bool:
    known = _ranks().get(plain_column(name.rpartition(".")[2]), ())
    return any(field == "family_name" for field, _ in known)


def longest_texts(values: Mapping[str, Sequence[object]]) -> list[str]:
    """Return the column with the words of people, whatever it is called; empty if it is unclear.

    Its cells are sentences, nearly all different, and twice as long as any other column's.
    """
    if any(is_value(name) or name.strip().isdigit() for name in values):
        return []  # The first row has no names.
    sizes = sorted(((_mean_length(column), name) for name, column in values.items()), reverse=True)
    first, name = sizes[0] if sizes else (0, "")
    same = [other for size, other in sizes[1:] if size and _say_the_same(values, name, other)]
    others = [size for size, other in sizes[1:] if other not in same]
    if same:  # The fewest tags are in what was written.
        name = min((name, *same), key=lambda other: sum(map(_has_tag, values[other])))
    return [name] if first >= _SENTENCE and first >= 2 * max(others, default=0) else []


def _say_the_same(values: Mapping[str, Sequence[object]], name: str, other: str) -> bool:
    """Return whether two columns have the same words, though one has them in HTML."""
    pairs = [*zip(values[name], values[other], strict=False)][:_MOST_SAME]
    words = [(_bare_words(one), _bare_words(another)) for one, another in pairs]
    return all(10 * len(one & another) >= 9 * len(one | another) for one, another in words)


def _has_tag(text: object) -> bool:
    return "<" in str(text) and _IN_TAGS.search(str(text)) is not None


def _bare_words(text: object) -> set[str]:
    return {*re.findall(r"\w+", _IN_TAGS.sub(" ", str(text)))}


_MOST_SAME: Final = 20
_IN_TAGS: Final = re.compile(r"<[^<>]{1,300}>|&\w{1,8};|\]\([^()\s]{1,300}\)")


def _mean_length(column: Sequence[object]) -> int:
    texts = [value for value in column if isinstance(value, str)]
    if not texts or 2 * len(texts) < len(column) or kind_of_texts(texts) != "words":
        return 0
    several = sum(len(text.split()) > 2 or not text.isascii() for text in texts)
    is_varied = len(texts) > 2 and 10 * len({*texts}) >= 9 * len(texts)
    is_wordy = is_varied and 2 * several > len(texts)
    return sum(map(len, texts)) // len(texts) if is_wordy else 0


def likely_reposts(values: Mapping[str, Sequence[object]]) -> list[str]:
    """Return columns named like reposts, with such a value in some row."""
    return [
        name
        for name, column in values.items()
        if (words := words_of(name)) & _REPOST_WORDS
        and not words & _OTHER_WORDS
        and any(map(refers, column))
    ]


def words_of(name: str) -> set[str]:
    """Return the words of a name; of a Korean, Japanese or Chinese compound, known last parts."""
    words = {part.casefold() for part in _PARTS.findall(name[:_LONGEST_NAME])}
    compounds = [word for word in words if not word.isascii()]
    ends = {end for word in compounds for end in _ends() if word.endswith(end)}
    if any(_OF_THINGS.match(word) for word in compounds):
        ends -= _AUTHOR_WORDS
    return words | ends


@cache
def _ends() -> frozenset[str]:
    known = _AUTHOR_WORDS | _TIME_WORDS | _TEXT_WORDS | _OTHER_WORDS
    return frozenset(word for word in known if not word.isascii())


_AMOUNT: Final = re.compile(r"\s*\d+[.,]\d+ ?[^\W\d_]{0,2}\s*")
"""An amount, such as `1.2K`."""


def _author_rating(words: set[str], column: Sequence[object]) -> int:
    # The name of the author of a comment is one, the comment is none.
    texts = _TEXT_WORDS - _KINDS_OF_POSTS if words & _NAME_WORDS else _TEXT_WORDS
    named = words | {word.removesuffix("s") for word in words}
    if not named & _AUTHOR_WORDS or words & (_OTHER_WORDS | (texts - _TIME_WORDS)):
        return 0
    names = [name for name in map(word, column) if name and len(name) <= _LONGEST_NAME]
    if 2 * len(names) < len(column) or any("://" in name for name in names):
        return 0
    if words & _TIME_WORDS and any(map(is_time, names)):
        return 0
    if all(map(is_flag, names)):
        return 0
    if words & {"id", "ids"} or all(name.isdigit() for name in names):
        # Others write on an owner's page.
        return (1 if "owner" in words else 2) if words & {"id", "ids"} else 0
    if words & _OUTLETS or all("@" in name[1:] for name in names):
        return 1  # An address of mail names somebody only if nothing else does.
    return 5 if words & _ACCOUNT_WORDS else 4 if "name" not in words else 3


def _time_rating(words: set[str], column: Sequence[object]) -> int:
    if not words & _TIME_WORDS or words & (_OTHER_WORDS - {"to"}):
        return 0
    if 2 * sum(map(is_time, column)) <= len(column):
        return 0
    return 1 if words & _LATER_WORDS else 3 if words & WRITING_WORDS else 2


def is_value(name: str) -> bool:
    """Return whether the name of a column is a text, time, id or amount, so that the first row has
    no names.
    """
    is_number = (name.isdigit() and len(name) > 9) or _AMOUNT.fullmatch(name) is not None
    return is_number or len(name) > _LONGEST_NAME or (":" in name and is_time(name))


def _text_rating(words: set[str], column: Sequence[object]) -> int:
    if not words & _TEXT_WORDS or words & (
        (_OTHER_WORDS - {"description"}) | {"id", "ids", "date", "time"}
    ):
        return 0
    texts = [value for value in column if isinstance(value, str) and not value.strip().isdigit()]
    if kind_of_texts(column) != "words":
        return 0
    if 2 * len(texts) < len(column) or 2 * sum(map(is_time, texts)) > len(texts):
        return 0
    if 2 * len(set(texts)) < len(texts):  # Few different values are states, not words of people.
        return 1
    if len(texts) > 1 and all(text.isascii() and len(text.split()) == 1 for text in texts):
        return 0 if words & _OF_STATES else 1
    return 2 + sum(map(len, texts)) // len(texts) if texts else 0


_OF_STATES: Final = frozenset({"status"})
"""Words of columns whose single words are states: `to-read`."""
_RATINGS: Final = {"username": _author_rating, "created_at": _time_rating, "text": _text_rating}
