BEGIN;
CREATE TABLE "BackgroundSnapshot" (
	version INTEGER NOT NULL, 
	recipe INTEGER NOT NULL, 
	posts INTEGER NOT NULL, 
	authors INTEGER NOT NULL, 
	counts BLOB NOT NULL, 
	temperature DOUBLE NOT NULL, 
	members BLOB NOT NULL, 
	population BLOB NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT "pk_BackgroundSnapshot" PRIMARY KEY (version)
);
CREATE TABLE "Embedding" (
	tweet_id INTEGER NOT NULL, 
	model VARCHAR(2100) NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT "pk_Embedding" PRIMARY KEY (tweet_id), 
	CONSTRAINT "fk_Embedding_tweet_id_Tweet" FOREIGN KEY(tweet_id) REFERENCES "Tweet" (id) ON DELETE CASCADE
);
CREATE TABLE "Event" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(32) NOT NULL, 
	user_id INTEGER NOT NULL, 
	tweet_id INTEGER, 
	count INTEGER NOT NULL, 
	created_at DATETIME NOT NULL
);
CREATE TABLE "Game" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	code VARCHAR(8) NOT NULL, 
	state VARCHAR(8) NOT NULL, 
	question INTEGER NOT NULL, 
	questions INTEGER NOT NULL, 
	seconds INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	user_ids VARCHAR(200) NOT NULL, 
	room_id INTEGER, 
	created_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	CONSTRAINT "uq_Game_code" UNIQUE (code)
);
CREATE TABLE "GameAnswer" (
	player_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	game_id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	ms INTEGER NOT NULL, 
	points INTEGER NOT NULL, 
	CONSTRAINT "pk_GameAnswer" PRIMARY KEY (player_id, number), 
	CONSTRAINT "fk_GameAnswer_player_id_GamePlayer" FOREIGN KEY(player_id) REFERENCES "GamePlayer" (id) ON DELETE CASCADE, 
	CONSTRAINT "fk_GameAnswer_game_id_Game" FOREIGN KEY(game_id) REFERENCES "Game" (id) ON DELETE CASCADE
);
CREATE TABLE "GamePlayer" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	game_id INTEGER NOT NULL, 
	name VARCHAR(60) NOT NULL, 
	name_key VARCHAR(200) NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	seen_ms INTEGER, 
	CONSTRAINT "fk_GamePlayer_game_id_Game" FOREIGN KEY(game_id) REFERENCES "Game" (id) ON DELETE CASCADE, 
	CONSTRAINT "uq_GamePlayer_sha256" UNIQUE (sha256)
);
CREATE TABLE "GameQuestion" (
	game_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	tweet_id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	model_user_id INTEGER NOT NULL, 
	model_probability DOUBLE NOT NULL, 
	asked_ms INTEGER, 
	over_ms INTEGER, 
	CONSTRAINT "pk_GameQuestion" PRIMARY KEY (game_id, number), 
	CONSTRAINT "fk_GameQuestion_game_id_Game" FOREIGN KEY(game_id) REFERENCES "Game" (id) ON DELETE CASCADE
);
CREATE TABLE "ImportJob" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	state VARCHAR(16) NOT NULL, 
	format VARCHAR(16) NOT NULL, 
	file_name VARCHAR(255) NOT NULL, 
	spool VARCHAR(255) NOT NULL, 
	options BLOB, 
	bytes_total INTEGER NOT NULL, 
	bytes_read INTEGER NOT NULL, 
	accepted INTEGER NOT NULL, 
	duplicates INTEGER NOT NULL, 
	rejected INTEGER NOT NULL, 
	reposts INTEGER NOT NULL, 
	restricted INTEGER NOT NULL, 
	skipped INTEGER DEFAULT 0 NOT NULL, 
	errors BLOB NOT NULL, 
	stored BLOB, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	attempts INTEGER NOT NULL
);
CREATE TABLE "Invitation" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sha256 BLOB NOT NULL, 
	name VARCHAR(100), 
	created_at DATETIME NOT NULL, 
	created_by_id INTEGER, 
	expires_at DATETIME NOT NULL, 
	used_at DATETIME, 
	used_by_id INTEGER, 
	ended_at DATETIME, 
	CONSTRAINT "uq_Invitation_sha256" UNIQUE (sha256), 
	CONSTRAINT "fk_Invitation_created_by_id_Operator" FOREIGN KEY(created_by_id) REFERENCES "Operator" (id) ON DELETE SET NULL, 
	CONSTRAINT "fk_Invitation_used_by_id_Operator" FOREIGN KEY(used_by_id) REFERENCES "Operator" (id) ON DELETE SET NULL
);
CREATE TABLE "LiveSource" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	source VARCHAR(2100) NOT NULL, 
	platform VARCHAR(16) NOT NULL, 
	host VARCHAR(260) NOT NULL, 
	username VARCHAR(320) NOT NULL, 
	username_key VARCHAR(960) NOT NULL, 
	mark TEXT NOT NULL, 
	accepted INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	last_error TEXT, 
	added_at DATETIME NOT NULL, 
	visited_at DATETIME, 
	success_at DATETIME, 
	posts_at DATETIME, 
	next_visit_at DATETIME NOT NULL, 
	not_before DATETIME, 
	CONSTRAINT "uq_LiveSource_source" UNIQUE (source)
);
CREATE TABLE "LoginFailure" (
	id INTEGER NOT NULL, 
	subject BLOB NOT NULL, 
	failed_at DATETIME NOT NULL, 
	CONSTRAINT "pk_LoginFailure" PRIMARY KEY (id)
);
CREATE TABLE "LoginSession" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sha256 BLOB NOT NULL, 
	operator_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT "uq_LoginSession_sha256" UNIQUE (sha256), 
	CONSTRAINT "fk_LoginSession_operator_id_Operator" FOREIGN KEY(operator_id) REFERENCES "Operator" (id) ON DELETE CASCADE
);
CREATE TABLE "MediaUse" (
	id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	tweet_id INTEGER, 
	CONSTRAINT "pk_MediaUse" PRIMARY KEY (id), 
	CONSTRAINT "fk_MediaUse_tweet_id_Tweet" FOREIGN KEY(tweet_id) REFERENCES "Tweet" (id) ON DELETE SET NULL
);
CREATE TABLE "Operator" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100) NOT NULL, 
	name_key VARCHAR(300) NOT NULL, 
	password_hash VARCHAR(200) NOT NULL, 
	created_at DATETIME NOT NULL, 
	role VARCHAR(8) DEFAULT 'operator' NOT NULL, 
	CONSTRAINT "uq_Operator_name_key" UNIQUE (name_key)
);
CREATE TABLE "PostCount" (
	user_id INTEGER NOT NULL, 
	slot INTEGER NOT NULL, 
	lang VARCHAR(35) NOT NULL, 
	posts INTEGER NOT NULL, 
	CONSTRAINT "pk_PostCount" PRIMARY KEY (user_id, slot, lang), 
	CONSTRAINT "fk_PostCount_user_id_Users" FOREIGN KEY(user_id) REFERENCES "Users" (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE "Profile" (
	user_id INTEGER NOT NULL, 
	recipe INTEGER NOT NULL, 
	as_of_event INTEGER NOT NULL, 
	posts INTEGER NOT NULL, 
	counts BLOB NOT NULL, 
	texts BLOB, 
	CONSTRAINT "pk_Profile" PRIMARY KEY (user_id), 
	CONSTRAINT "fk_Profile_user_id_Users" FOREIGN KEY(user_id) REFERENCES "Users" (id) ON DELETE CASCADE
);
CREATE TABLE "Room" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	platform VARCHAR(16) NOT NULL, 
	external_id VARCHAR(512), 
	title VARCHAR(320), 
	name VARCHAR(320), 
	tz VARCHAR(64), 
	joined_to_id INTEGER, 
	created_at DATETIME NOT NULL, 
	judged_messages INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT "uq_Room_platform_external_id" UNIQUE (platform, external_id), 
	CONSTRAINT "fk_Room_joined_to_id_Room" FOREIGN KEY(joined_to_id) REFERENCES "Room" (id) ON DELETE CASCADE
);
CREATE TABLE "RoomPerson" (
	room_id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	messages INTEGER DEFAULT '0' NOT NULL, 
	asked INTEGER DEFAULT '0' NOT NULL, 
	recognised INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT "pk_RoomPerson" PRIMARY KEY (room_id, user_id), 
	CONSTRAINT "fk_RoomPerson_room_id_Room" FOREIGN KEY(room_id) REFERENCES "Room" (id) ON DELETE CASCADE, 
	CONSTRAINT "fk_RoomPerson_user_id_Users" FOREIGN KEY(user_id) REFERENCES "Users" (id) ON DELETE CASCADE
)
 WITHOUT ROWID;
CREATE TABLE "SetupLink" (
	id INTEGER NOT NULL, 
	sha256 BLOB NOT NULL, 
	name VARCHAR(100), 
	created_at DATETIME NOT NULL, 
	CONSTRAINT "pk_SetupLink" PRIMARY KEY (id), 
	CONSTRAINT "uq_SetupLink_sha256" UNIQUE (sha256)
);
CREATE TABLE "Site" (
	id INTEGER NOT NULL, 
	public BOOLEAN, 
	own_user_id INTEGER, 
	is_own_chosen BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT "pk_Site" PRIMARY KEY (id), 
	CONSTRAINT "fk_Site_own_user_id_Users" FOREIGN KEY(own_user_id) REFERENCES "Users" (id) ON DELETE SET NULL
);
CREATE TABLE "Token" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100) NOT NULL, 
	scope VARCHAR(8) NOT NULL, 
	sha256 BLOB NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by_id INTEGER, 
	CONSTRAINT "uq_Token_sha256" UNIQUE (sha256), 
	CONSTRAINT "fk_Token_created_by_id_Operator" FOREIGN KEY(created_by_id) REFERENCES "Operator" (id) ON DELETE SET NULL
);
CREATE TABLE "Tweet" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	text TEXT NOT NULL, 
	user_id INTEGER NOT NULL, 
	event_id INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	created_at DATETIME, 
	dated_at DATETIME, 
	lang VARCHAR(35), 
	source_id VARCHAR(512), 
	url VARCHAR(2048), 
	reply_to_source_id VARCHAR(512), 
	reply_to_username VARCHAR(320), 
	reply_to_id INTEGER, 
	media TEXT, 
	counts TEXT, 
	room_id INTEGER, 
	CONSTRAINT "uq_Tweet_user_id_source_id" UNIQUE (user_id, source_id), 
	CONSTRAINT "fk_Tweet_user_id_Users" FOREIGN KEY(user_id) REFERENCES "Users" (id) ON DELETE CASCADE, 
	CONSTRAINT "fk_Tweet_room_id_Room" FOREIGN KEY(room_id) REFERENCES "Room" (id) ON DELETE SET NULL
);
CREATE TABLE "Users" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	username VARCHAR(320) NOT NULL, 
	username_key VARCHAR(960) NOT NULL, 
	display_name VARCHAR(320), 
	platform VARCHAR(16) NOT NULL, 
	is_of_chat BOOLEAN DEFAULT 0 NOT NULL, 
	created_at DATETIME NOT NULL, 
	tweet_count INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	deleted_at DATETIME, 
	CONSTRAINT "uq_Users_username_key" UNIQUE (username_key)
);
CREATE TABLE "Vocabulary" (
	id INTEGER NOT NULL, 
	recipe INTEGER NOT NULL, 
	tweets INTEGER NOT NULL, 
	terms INTEGER NOT NULL, 
	CONSTRAINT "pk_Vocabulary" PRIMARY KEY (id)
);
CREATE TABLE "Word" (
	word VARCHAR NOT NULL, 
	tweets INTEGER NOT NULL, 
	CONSTRAINT "pk_Word" PRIMARY KEY (word)
)
 WITHOUT ROWID;
CREATE TABLE "WrongCode" (
	id INTEGER NOT NULL, 
	network BLOB NOT NULL, 
	sent_at DATETIME NOT NULL, 
	CONSTRAINT "pk_WrongCode" PRIMARY KEY (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE VIRTUAL TABLE "TweetWords" USING fts5(
        terms, content='TweetTerms', content_rowid='id', tokenize='ascii', columnsize=0
    );
CREATE VIRTUAL TABLE "TweetWordsVocabulary" USING fts5vocab('TweetWords', 'row');
CREATE VIEW "TweetTerms" AS
        SELECT id, saywho_terms(text, user_id, media) AS terms FROM "Tweet";
CREATE INDEX "ix_GameAnswer_game_id_number" ON "GameAnswer" (game_id, number);
CREATE INDEX "ix_ImportJob_state" ON "ImportJob" (state);
CREATE INDEX "ix_LiveSource_host" ON "LiveSource" (host);
CREATE INDEX "ix_LiveSource_next_visit_at" ON "LiveSource" (next_visit_at);
CREATE INDEX "ix_LiveSource_username_key" ON "LiveSource" (username_key);
CREATE INDEX "ix_LoginFailure_subject_failed_at" ON "LoginFailure" (subject, failed_at);
CREATE INDEX "ix_LoginSession_operator_id" ON "LoginSession" (operator_id);
CREATE INDEX "ix_MediaUse_name" ON "MediaUse" (name);
CREATE INDEX "ix_MediaUse_tweet_id" ON "MediaUse" (tweet_id);
CREATE INDEX "ix_PostCount_slot_lang_posts" ON "PostCount" (slot, lang, posts);
CREATE INDEX "ix_Profile_posts" ON "Profile" (posts);
CREATE INDEX "ix_RoomPerson_user_id" ON "RoomPerson" (user_id);
CREATE INDEX "ix_Room_joined_to_id" ON "Room" (joined_to_id);
CREATE INDEX "ix_Room_platform_title" ON "Room" (platform, title);
CREATE INDEX "ix_Tweet_created_at_id" ON "Tweet" (created_at, id);
CREATE INDEX "ix_Tweet_reply_to_source_id" ON "Tweet" (reply_to_source_id) WHERE reply_to_source_id IS NOT NULL;
CREATE INDEX "ix_Tweet_room_id_created_at_id" ON "Tweet" (room_id, created_at, id) WHERE room_id IS NOT NULL;
CREATE INDEX "ix_Tweet_room_id_likes"
        ON "Tweet" (room_id, json_extract(counts, '$.likes'))
        WHERE counts IS NOT NULL AND room_id IS NOT NULL;
CREATE INDEX "ix_Tweet_room_id_media" ON "Tweet" (room_id, created_at, id) WHERE media IS NOT NULL;
CREATE INDEX "ix_Tweet_user_id_created_at_id" ON "Tweet" (user_id, created_at, id);
CREATE INDEX "ix_Tweet_user_id_dated_at" ON "Tweet" (user_id, dated_at) WHERE dated_at IS NOT NULL;
CREATE INDEX "ix_Tweet_user_id_event_id" ON "Tweet" (user_id, event_id);
CREATE INDEX "ix_Tweet_user_id_likes"
        ON "Tweet" (user_id, json_extract(counts, '$.likes')) WHERE counts IS NOT NULL;
CREATE INDEX "ix_Tweet_user_id_media" ON "Tweet" (user_id, created_at, id) WHERE media IS NOT NULL;
CREATE INDEX "ix_Users_deleted_at" ON "Users" (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "ix_WrongCode_network_sent_at" ON "WrongCode" (network, sent_at);
CREATE UNIQUE INDEX "uq_GamePlayer_game_id_name_key" ON "GamePlayer" (game_id, name_key);
CREATE TRIGGER "TweetWords_delete" AFTER DELETE ON "Tweet" BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
            VALUES ('delete', old.id, saywho_terms(old.text, old.user_id, old.media));
    END;
CREATE TRIGGER "TweetWords_insert" AFTER INSERT ON "Tweet" BEGIN
        INSERT INTO "TweetWords" (rowid, terms)
            VALUES (new.id, saywho_terms(new.text, new.user_id, new.media));
    END;
CREATE TRIGGER "TweetWords_update" AFTER UPDATE OF text, user_id, media ON "Tweet"
    WHEN new.text IS NOT old.text OR new.user_id IS NOT old.user_id OR new.media IS NOT old.media
    BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
            VALUES ('delete', old.id, saywho_terms(old.text, old.user_id, old.media));
        INSERT INTO "TweetWords" (rowid, terms)
            VALUES (new.id, saywho_terms(new.text, new.user_id, new.media));
    END;
INSERT INTO "Vocabulary" VALUES (1, 2, 0, 0);
INSERT INTO "Room" VALUES (1, 'whatsapp', NULL, 'wa-british-one-day-taken-for-april', NULL, NULL, NULL, '2026-11-26 02:08:08.000000', 0);
INSERT INTO "Room" VALUES (2, 'whatsapp', NULL, 'wa-th-buddhist-year-2567', NULL, NULL, NULL, '2026-11-26 02:08:08.000000', 0);
INSERT INTO "Room" VALUES (3, 'kakaotalk', NULL, '차 마시는 방', NULL, 'Asia/Seoul', NULL, '2026-11-26 02:08:08.000000', 0);
INSERT INTO "Room" VALUES (4, 'whatsapp', NULL, 'wa-ios-no-blank-after-colon-half-lost', NULL, NULL, NULL, '2026-11-26 02:08:08.000000', 0);
INSERT INTO "Users" VALUES (1, 'Mina', 'mina', 'Mina', 'local', 1, '2026-11-26 02:08:07.000000', 7, 0, NULL);
INSERT INTO "Users" VALUES (2, 'Jun', 'jun', 'Jun', 'local', 1, '2026-11-26 02:08:07.000000', 3, 0, NULL);
INSERT INTO "Users" VALUES (3, '하늘', '하늘', '하늘', 'local', 1, '2026-11-26 02:08:08.000000', 9, 0, NULL);
INSERT INTO "Users" VALUES (4, '바다', '바다', '바다', 'local', 1, '2026-11-26 02:08:08.000000', 3, 0, NULL);
INSERT INTO "Users" VALUES (5, 'saltmarsh_light', 'saltmarsh_light', 'Mina Park', 'local', 0, '2026-11-26 02:08:08.000000', 1, 0, NULL);
INSERT INTO "Users" VALUES (6, 'the_night_ferry', 'the_night_ferry', 'Jun', 'local', 0, '2026-11-26 02:08:08.000000', 1, 0, NULL);
INSERT INTO "Event" VALUES (1, 'room.updated', 1, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (2, 'user.created', 1, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (3, 'user.created', 2, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (4, 'tweets.imported', 1, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (5, 'tweets.imported', 2, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (6, 'tweets.imported', 1, NULL, 2, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (7, 'tweets.imported', 2, NULL, 2, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (8, 'user.created', 3, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (9, 'user.created', 4, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (10, 'tweets.imported', 3, NULL, 9, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (11, 'tweets.imported', 4, NULL, 3, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (12, 'tweets.imported', 1, NULL, 2, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (13, 'user.created', 5, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (14, 'user.created', 6, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (15, 'tweets.imported', 5, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (16, 'tweets.imported', 6, NULL, 1, '2026-11-26 02:08:08.000000');
INSERT INTO "Event" VALUES (17, 'tweets.imported', 1, NULL, 2, '2026-11-26 02:08:08.000000');
INSERT INTO "PostCount" VALUES (5, 70828446, 'en', 1);
INSERT INTO "PostCount" VALUES (6, 70828446, 'en', 1);
INSERT INTO "PostCount" VALUES (4, 70934328, 'ko', 3);
INSERT INTO "PostCount" VALUES (3, 70934328, 'ko', 9);
INSERT INTO "PostCount" VALUES (1, 70934340, '', 1);
INSERT INTO "PostCount" VALUES (1, 70936128, '', 1);
INSERT INTO "PostCount" VALUES (1, 70941972, '', 1);
INSERT INTO "PostCount" VALUES (2, 70941972, '', 1);
INSERT INTO "PostCount" VALUES (2, 71034728, '', 2);
INSERT INTO "PostCount" VALUES (1, 71034728, '', 4);
INSERT INTO "RoomPerson" VALUES (1, 1, 1, 0, 0);
INSERT INTO "RoomPerson" VALUES (1, 2, 1, 0, 0);
INSERT INTO "RoomPerson" VALUES (2, 1, 2, 0, 0);
INSERT INTO "RoomPerson" VALUES (2, 2, 2, 0, 0);
INSERT INTO "RoomPerson" VALUES (3, 3, 9, 0, 0);
INSERT INTO "RoomPerson" VALUES (3, 4, 3, 0, 0);
INSERT INTO "RoomPerson" VALUES (4, 1, 2, 0, 0);
INSERT INTO "Site" VALUES (1, NULL, 5, 0);
INSERT INTO "Tweet" VALUES (1, 'm0', 1, 4, 'post', '2024-04-03 21:05:00.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "Tweet" VALUES (2, 'm1', 2, 5, 'post', '2024-04-03 21:06:00.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO "Tweet" VALUES (3, 'first line here', 1, 6, 'post', '2026-11-26 02:08:08.000000', '2567-01-15 09:05:00.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO "Tweet" VALUES (4, 'second, the evening', 2, 7, 'post', '2026-11-26 02:08:08.000000', '2567-01-15 21:05:00.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO "Tweet" VALUES (5, 'after midnight', 1, 6, 'post', '2026-11-26 02:08:08.000000', '2567-02-03 00:10:00.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO "Tweet" VALUES (6, 'at noon', 2, 7, 'post', '2026-11-26 02:08:08.000000', '2567-02-28 12:30:00.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);
INSERT INTO "Tweet" VALUES (7, '안녕하세요', 3, 10, 'post', '2024-01-15 06:02:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (8, '투표가 등록되었습니다.', 4, 11, 'post', '2024-01-15 06:04:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (9, '톡게시판 ''공지'': 모임 장소', 4, 11, 'post', '2024-01-15 06:05:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (10, '일정: 모임', 4, 11, 'post', '2024-01-15 06:05:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (11, '송금 봉투가 도착했어요.', 3, 10, 'post', '2024-01-15 06:06:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (12, '선물과 메시지를 보냈습니다.', 3, 10, 'post', '2024-01-15 06:06:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (13, '보이스룸이 시작되었습니다.', 3, 10, 'post', '2024-01-15 06:07:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (14, '#샵검색 날씨', 3, 10, 'post', '2024-01-15 06:09:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (15, '카카오맵: 바닷가 찻집', 3, 10, 'post', '2024-01-15 06:09:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (16, '[이모티콘] 하트
채팅방 관리자가 메시지를 가렸습니다.', 3, 10, 'post', '2024-01-15 06:10:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (17, '이제 가요', 3, 10, 'post', '2024-01-15 06:11:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (18, '네', 3, 10, 'post', '2024-01-15 06:12:00.000000', NULL, 'ko', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3);
INSERT INTO "Tweet" VALUES (19, 'first line here', 1, 12, 'post', '2024-01-15 09:05:01.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 4);
INSERT INTO "Tweet" VALUES (20, 'after midnight', 1, 12, 'post', '2024-02-03 00:10:03.000000', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 4);
INSERT INTO "Tweet" VALUES (21, 'Fog again. Wind NW 4.', 5, 15, 'post', '2021-01-07 07:41:13.000000', NULL, 'en', NULL, NULL, NULL, NULL, NULL, NULL, '{"likes":2,"reposts":0,"replies":null,"quotes":null,"as_of":"2026-11-26T02:08:08Z","signs":[]}', NULL);
INSERT INTO "Tweet" VALUES (22, '@saltmarsh_light How far?', 6, 16, 'post', '2021-01-07 07:42:13.000000', NULL, 'en', NULL, NULL, NULL, NULL, NULL, NULL, '{"likes":0,"reposts":0,"replies":null,"quotes":null,"as_of":"2026-11-26T02:08:08Z","signs":[]}', NULL);
INSERT INTO "Tweet" VALUES (23, 'Fog', 1, 17, 'post', '2026-11-26 02:08:08.000000', '2610-10-14 16:19:10.000000', NULL, '1', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "Tweet" VALUES (24, 'Wind', 1, 17, 'post', '2026-11-26 02:08:08.000000', '2610-10-14 16:35:50.000000', NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "alembic_version" VALUES ('0034');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('Users', 6);
INSERT INTO sqlite_sequence VALUES ('Event', 17);
INSERT INTO sqlite_sequence VALUES ('Room', 4);
INSERT INTO sqlite_sequence VALUES ('Tweet', 24);
COMMIT;
