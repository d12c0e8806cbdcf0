"""Columns of a file and their fields, by names that programs use in several languages.

A column of a nested document is named by its path: `author.username`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Any, Final, Literal, TypeAlias

import msgspec

from saywho.formats.post import headers
from saywho.formats.records import ExportedPost
from saywho.formats.source.times import is_time
from saywho.formats.tables.cells import is_filled, plain_column
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
    "created_at": "完整日期 完整时间 createdat datetime date timestamp timeparsed time 작성일시"
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
    " час ngày วันที่ التاريخ תאריך localtime at dateread dateadded releasedat",
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
    "shares": "renote renoteid sharedtext sharedpostid sharedusername shareduserid",
    "reply_to": "replyto",
    "counts": "counts",
    "handles": "handles",
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
    "is_cut": "truncated istruncated iscut tronqué tronque truncado gekürzt 잘림 잘림여부",
    "time_zone": "timezone utcoffset tz zone tzoffset timezoneoffset 시간대 时区 時區 タイムゾーン",
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
    " time_zone reply_words actor is_for_all is_published status audience is_bot is_anonymous"
    " is_cut"
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


def names_of_works(names: Sequence[str]) -> list[str]:
    """Return the columns with the author, name or title of a work or place that the rows review.

    A table is of works by a word in the name of any column, beside one of reviews or ratings.
    """
    plain = {plain_column(name): name for name in names}
    words = {word for name in plain.values() for word in words_of(name)}
    words |= {word for word in _WORDS_OF_WORKS | _WORDS_OF_REVIEWS if _is_inside(word, plain)}
    is_known = is_of_works(names)
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


def is_of_works(names: Iterable[str]) -> bool:
    """Return whether a table has columns that only programs for books and films have."""
    plain = {*map(plain_column, names)}
    return not _OF_WORKS.isdisjoint(plain) or len(_BESIDE_WORKS & plain) > 1


def _is_inside(word: str, names: Iterable[str]) -> bool:
    """Return whether a word of a script without blanks is a part of a name."""
    return not word.isascii() and word[0] >= "\u2e80" and any(word in name for name in names)


def is_helper(field: str) -> bool:
    return field in _HELPERS


def without_remark(name: str) -> str:
    """Return a name without its last brackets, such as a unit or time zone."""
    return _REMARK.sub("", name) or name


ROLES: Final = {"username": "author", "created_at": "time", "text": "text"}
Role: TypeAlias = Literal["author", "text", "time"]


_PARTS: Final = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-zß-ÿ])|[^\W\d_]+")
_AUTHOR_WORDS: Final = word_set(
    "author user username account poster posted writer written creator sender member nick"
    " nickname login screen handle commenter reviewer speaker person people by who blogger"
    " profile tweeter publisher critic columnist byline reporter reader poet artist participant"
    " contributor from candidate politician"
    " senator congressperson celebrity influencer journalist narrator interviewee"
    " respondent character 작성자 글쓴이 사용자 유저 계정 블로거 닉네임 아이디 이름 작성자명"
    " 기자 평론가 독자 지은이"
    " 사용자명 유저명 회원명 계정명 고객명 채널명 블로그명 필명 저자 게시자 등록자 응답자 발신자"
    " 보낸사람 화자 회원 글쓴사람 작성인 보낸이 별명 발언자 유튜버 리뷰어 구매자 아이디명 후보"
    " 후보자 후보명 후보자명 정치인 의원 의원명 발화자 출연자 인물 등장인물 인물명 참가자 성명 실명"
    " ユーザー ユーザー名 投稿者 名前 差出人 送信者 用户 用户名 昵称 作者 发送者 发送人"
    " 发件人 寄件者 寄件人 發送者 absender expéditeur expediteur remitente mittente remetente"
    " nadawca afzender отправитель відправник gönderen"
)
_TIME_WORDS: Final = word_set(
    "date dates time datetime timestamp when day fecha datum 날짜 시간 일시 일자 일 시각 작성일"
    " 등록일 게시일 수정일 日時 日付 日期 时间 日 時刻"
)
_TEXT_WORDS: Final = word_set(
    "text message msg body content comment post tweet caption sentence review words"
    " note opinion answer speech speeches utterance dialogue dialog line lyrics"
    " contents transcript statement texto texte inhalt レビュー 口コミ 消息 訊息 留言 评价"
    " 내용 본문 의견 글 댓글 리뷰 후기 소감 답변"
    " 텍스트 문장 메시지 코멘트 감상 감상평 한줄평 원문 상품평 구매평 이용평 서평 총평 사용기 발언"
    " 대사 캡션 트윗 発言 发言 本文 内容 感想 意見 コメント 正文 评论"
)
ORIGINAL_WORDS: Final = word_set("original orig raw unprocessed 원문 원본 原文 元の originale")
MADE_WORDS: Final = word_set(
    "translated translation cooked html rendered clean cleaned processed preprocessed"
    " normalized stripped lemmatized tokenized 번역 번역문 정제 전처리 翻訳 翻译 翻譯 清洗"
)
"""Words of columns with what people wrote, and with what a program made of it."""
_REPOST_WORDS: Final = word_set(
    "retweet retweeted retweeter repost reposted reposter reblog reblogger boosted booster renoted"
    " rt"
)
_OTHER_WORDS: Final = word_set(
    "count counts followers following friends url urls link image img avatar photo picture"
    " description bio location verified lang language mention mentions reply replied replies to"
    " quoted quote parent type is has protected agent zone timezone color score karma total"
    " number num likes favorites favourites clicks impressions hashtags source device tags rate"
    " label category categories topic sentiment theme subreddit section genre emotion mood"
    " recommend recommendation rating stance status kind"
    " length flair css class gender sex age region country city nationality party role badge rank"
    " level reputation"
    " 수 개수 횟수 번호 여부 링크 주소 종류 유형 분류 카테고리 점수 평점 별점 제목 언어"
    " 길이 감정 감성"
)
_LATER_WORDS: Final = word_set(
    "join signup order ordered purchase purchased release visit visited start end experience stay"
    " 가입 주문 구매 방문 출시 개봉 시작 종료"
    " updated edited modified collected scraped retrieved harvested joined registered crawled"
    " fetched last deleted birth collection page channel group"
)
"""Words of times at which no post was written."""
WRITING_WORDS: Final = word_set(
    "post posted write written publish published review reviewed comment commented tweet tweeted"
    " submit submitted created sent added 보낸 응답 제출 작성"
    " 작성일 작성일시 등록 등록일 등록일시 게시 게시일 投稿 送信 発表 发布 發布 发送"
)
"""Words of times at which a post was written."""
_OUTLETS: Final = word_set(
    "publisher channel outlet site website company brand press newspaper magazine organization"
    " 매체 언론사 신문사 출판사 채널 사이트 회사"
)
"""Words of columns with who published texts of several people."""
_PEOPLE_IN_COMPOUNDS: Final = tuple(word for word in _AUTHOR_WORDS if not word.isascii())
_NAMES: Final = word_set("name names nm 이름 名")
_NEUTRAL: Final = word_set(
    "at on of the in a an my our name names nm display full real data list node doc item record row"
    " entry attributes fields object properties value 명 名"
)
"""Words that say nothing about the field of a column."""
_SHORTEST_PART: Final = 3
"""Letters of a word of the Latin script that is joined with others: `reviewtext`."""
LONGEST_NAME: Final = 100


@cache
def _classes() -> dict[str, str]:
    """Return the field that each known word stands for, or what else it says."""
    classes: dict[str, str] = {}
    for role, field, listed in (
        ("time", "created_at", _TIME_WORDS),
        ("author", "username", _AUTHOR_WORDS),
        ("text", "text", _TEXT_WORDS),
    ):
        names = (alias for alias in ALIASES[field].split() if "." not in alias)
        classes = dict.fromkeys((*names, *listed), role) | classes
    for kind, listed in (("verb", WRITING_WORDS), ("made", MADE_WORDS), ("own", ORIGINAL_WORDS)):
        classes = dict.fromkeys(listed, kind) | classes
    classes |= dict.fromkeys(("raw", "unprocessed", "원문", "原文"), "raw")
    for verb in ("created", "posted", "published", "sent", "written"):
        classes[verb] = "verb"
    others = dict.fromkeys((*_OTHER_WORDS, *_REPOST_WORDS, *_LATER_WORDS, *_OUTLETS), "other")
    ids = dict.fromkeys(("id", "ids", "jid", "did", "아이디"), "id")
    return classes | others | ids | dict.fromkeys(_NEUTRAL, "")


@lru_cache(4_000)
def classes_of(name: str) -> tuple[str, ...] | None:
    """Return what each word of a name stands for; None if one is unknown."""
    found: list[str] = []
    for part in _PARTS.findall(name[:LONGEST_NAME]):
        classes = _classes_of_word(part.casefold())
        if classes is None:
            return None
        found += classes
    return (*found,)


def _classes_of_word(word: str) -> list[str] | None:
    """Return what a word stands for, or each of the known words that it is made of."""
    classes = _classes()
    if (known := classes.get(word, classes.get(word.removesuffix("s")))) is not None:
        return [known]
    shortest = _SHORTEST_PART if word.isascii() else 1
    for end in range(len(word) - shortest, shortest - 1, -1):
        if word[:end] in classes and (rest := _classes_of_word(word[end:])) is not None:
            return [classes[word[:end]], *rest]
    return None


def role_of(name: str) -> Role | None:
    """Return the role of a column by its name: one that programs use, or made of known words.

    Among people and words, the last noun counts: `comment_author`, `작성자의견`.
    """
    ranks = _ranks().get(plain_column(name), ())
    if known := next((ROLES[field] for field, _ in ranks if field in ROLES), None):
        return known  # type: ignore[return-value] # is a role
    classes = [each for each in classes_of(name) or () if each]
    nouns = [each for each in classes if each in {"author", "text", "time"}]
    nouns = nouns or ["text" for each in classes if each in {"made", "raw"}]
    if "other" in classes or not (nouns or "verb" in classes):
        return None
    if name.casefold().endswith("by"):
        return "author"
    if (
        "time" in nouns
        or name.casefold().endswith(("_at", " at"))
        or name.endswith("At")
        or classes[-1] == "verb"
    ):  # Of an account, if a person is named.
        return None if "author" in nouns or "id" in classes else "time"
    last: Any = nouns[-1]
    if len({*nouns}) > 1 and not _ends_with_its_noun(name):
        return None
    return None if ("id" if last == "text" else "own") in classes else last


def _ends_with_its_noun(name: str) -> bool:
    """Return whether a name is of a language whose compounds end with what they are."""
    last = _PARTS.findall(name)[-1].casefold()
    return not last.isascii() or last in _AUTHOR_WORDS | _TEXT_WORDS | _NEUTRAL


def is_made(name: str) -> bool:
    """Return whether a program made what a column has, such as a translation."""
    return "made" in (classes_of(name) or ())


def is_account(name: str) -> bool:
    """Return whether a name is that of accounts, beside which a shown name may stand."""
    return plain_column(name.rpartition(".")[2]) in _FLAT_ACCOUNT_KEYS.split()


def is_of_ids(name: str) -> bool:
    return "id" in (classes_of(name) or ())


def is_of_accounts(name: str) -> bool:
    """Return whether a name is that of ids or addresses of people, such as `authorChannelId`."""
    classes = [each for each in classes_of(name) or () if each]
    is_id = classes[-1:] == ["id"] or plain_column(name).endswith(("url", "link"))
    return classes[:1] == ["author"] and is_id


def _known_classes(name: str) -> list[str]:
    """Return what the known words of a name stand for."""
    classes: list[str] = []
    for part in map(str.casefold, _PARTS.findall(name[:LONGEST_NAME])):
        is_person = not part.isascii() and part.endswith(_PEOPLE_IN_COMPOUNDS)
        classes += _classes_of_word(part) or (["author"] if is_person else [])
    return [each for each in classes if each in {"author", "text", "time", "other", "id"}]


def may_name_people(name: str) -> bool:
    """Return whether a word of a name is one for people, and none says that it is not."""
    classes = [each for each in _known_classes(name) if each != "id"]
    return classes[-1:] == ["author"] and "other" not in classes


def is_of_things(name: str) -> bool:
    """Return whether a word of a name is for something else than people, or for ids of things."""
    classes = {*_known_classes(name)}
    return "other" in classes or (bool(classes) and "author" not in classes)


def may_be_names(name: str) -> bool:
    """Return whether a column has names of people or things, whose kind is unknown."""
    last = [part.casefold() for part in _PARTS.findall(name[:LONGEST_NAME])][-1:]
    return classes_of(name) is None and bool(_NAMES.intersection(last) or name.endswith("명"))


def may_be_original(name: str) -> bool:
    """Return whether a column may have the words of people as they wrote them."""
    return not {"own", "raw"}.isdisjoint(classes_of(name) or ())


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


def says_repost(name: str) -> bool:
    """Return whether a name has a word for posts that were passed on."""
    words = words_of(name)
    return bool(words & _REPOST_WORDS) and not words & _OTHER_WORDS


def words_of(name: str) -> set[str]:
    return {part.casefold() for part in _PARTS.findall(name[:LONGEST_NAME])}


_AMOUNT: Final = re.compile(r"\s*\d+[.,]\d+ ?[^\W\d_]{0,2}\s*")
"""An amount, such as `1.2K`."""


def is_value(name: str) -> bool:
    """Return whether the name of a column is a text, time, id or amount, so that the first row has
    no names.
    """
    is_number = (name.isdigit() and len(name) > 9) or _AMOUNT.fullmatch(name) is not None
    return is_number or len(name) > LONGEST_NAME or (":" in name and is_time(name))
