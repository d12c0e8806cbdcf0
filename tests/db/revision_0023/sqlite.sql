PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE "Users" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	username VARCHAR(320) NOT NULL, 
	username_key VARCHAR(960) NOT NULL, 
	display_name VARCHAR(320), 
	platform VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	tweet_count INTEGER NOT NULL, 
	deletion_count INTEGER NOT NULL, 
	deleted_at DATETIME, 
	CONSTRAINT "uq_Users_username_key" UNIQUE (username_key)
);
CREATE TABLE "Tweet" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	text TEXT NOT NULL, 
	user_id INTEGER NOT NULL, 
	event_id INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	created_at DATETIME, 
	lang VARCHAR(35), 
	source_id VARCHAR(512), 
	url VARCHAR(2048), dated_at DATETIME, reply_to_source_id VARCHAR(512), reply_to_username VARCHAR(320), reply_to_id INTEGER, thread_id INTEGER, media TEXT, counts TEXT, thread_first_id INTEGER, 
	CONSTRAINT "fk_Tweet_user_id_Users" FOREIGN KEY(user_id) REFERENCES "Users" (id) ON DELETE CASCADE, 
	CONSTRAINT "uq_Tweet_user_id_source_id" UNIQUE (user_id, source_id)
);
CREATE TABLE "Event" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR(32) NOT NULL, 
	user_id INTEGER NOT NULL, 
	tweet_id INTEGER, 
	count INTEGER NOT NULL, 
	created_at DATETIME NOT NULL
);
CREATE TABLE "Word" (
	word VARCHAR NOT NULL, 
	tweets INTEGER NOT NULL, 
	CONSTRAINT "pk_Word" PRIMARY KEY (word)
)
 WITHOUT ROWID

;
CREATE TABLE "Vocabulary" (
	id INTEGER NOT NULL, 
	recipe INTEGER NOT NULL, 
	as_of_event INTEGER NOT NULL, 
	tweets INTEGER NOT NULL, 
	terms INTEGER NOT NULL, 
	CONSTRAINT "pk_Vocabulary" PRIMARY KEY (id)
);
CREATE TABLE "PostCount" (
	user_id INTEGER NOT NULL, 
	slot INTEGER NOT NULL, 
	lang VARCHAR(35) NOT NULL, 
	posts INTEGER NOT NULL, 
	CONSTRAINT "pk_PostCount" PRIMARY KEY (user_id, slot, lang), 
	CONSTRAINT "fk_PostCount_user_id_Users" FOREIGN KEY(user_id) REFERENCES "Users" (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
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
CREATE TABLE "BackgroundSnapshot" (
	version INTEGER NOT NULL, 
	recipe INTEGER NOT NULL, 
	posts INTEGER NOT NULL, 
	counts BLOB NOT NULL, 
	created_at DATETIME NOT NULL, 
	calibration BLOB, 
	impostors BLOB, 
	CONSTRAINT "pk_BackgroundSnapshot" PRIMARY KEY (version)
);
CREATE TABLE "ModelCard" (
	authors VARCHAR(64) NOT NULL, 
	user_ids TEXT NOT NULL, 
	posts VARCHAR(64) NOT NULL, 
	asked_at DATETIME NOT NULL, 
	card BLOB, 
	answers BLOB, 
	CONSTRAINT "pk_ModelCard" PRIMARY KEY (authors)
);
CREATE TABLE "VectorSet" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	model VARCHAR(2100) NOT NULL, 
	dimension INTEGER, 
	embedded_to INTEGER NOT NULL, 
	is_complete BOOLEAN NOT NULL, 
	is_stopped BOOLEAN DEFAULT 0 NOT NULL, 
	began_at DATETIME, 
	began_to INTEGER DEFAULT 0 NOT NULL
);
CREATE TABLE "Embedding" (
	tweet_id INTEGER NOT NULL, 
	set_id INTEGER NOT NULL, 
	vector BLOB NOT NULL, 
	CONSTRAINT "pk_Embedding" PRIMARY KEY (tweet_id, set_id), 
	CONSTRAINT "fk_Embedding_set_id_VectorSet" FOREIGN KEY(set_id) REFERENCES "VectorSet" (id) ON DELETE CASCADE, 
	CONSTRAINT "fk_Embedding_tweet_id_Tweet" FOREIGN KEY(tweet_id) REFERENCES "Tweet" (id) ON DELETE CASCADE
);
CREATE TABLE "ImportJob" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	state VARCHAR(16) NOT NULL, 
	format VARCHAR(16) NOT NULL, 
	file_name VARCHAR(255) NOT NULL, 
	spool VARCHAR(255) NOT NULL, 
	username VARCHAR(320), 
	bytes_total INTEGER NOT NULL, 
	bytes_read INTEGER NOT NULL, 
	accepted INTEGER NOT NULL, 
	duplicates INTEGER NOT NULL, 
	rejected INTEGER NOT NULL, 
	reposts INTEGER NOT NULL, 
	restricted INTEGER NOT NULL, 
	errors BLOB NOT NULL, 
	detail TEXT, 
	created_at DATETIME NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	epoch INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	beat_at DATETIME
, skipped INTEGER DEFAULT 0 NOT NULL, stored BLOB, with_media BOOLEAN DEFAULT 1 NOT NULL, decode_entities BOOLEAN DEFAULT 0 NOT NULL);
CREATE TABLE "IdempotencyRecord" (
	id INTEGER NOT NULL, 
	method VARCHAR(8) NOT NULL, 
	path VARCHAR(2048) NOT NULL, 
	"key" VARCHAR(255) NOT NULL, 
	body_sha256 BLOB NOT NULL, 
	status INTEGER, 
	resource_id INTEGER, 
	report BLOB, 
	event_id INTEGER, 
	touched_at DATETIME NOT NULL, 
	holder VARCHAR(32) NOT NULL, 
	CONSTRAINT "pk_IdempotencyRecord" PRIMARY KEY (id), 
	CONSTRAINT "uq_IdempotencyRecord_holder_method_path_key" UNIQUE (holder, method, path, "key")
);
CREATE TABLE "Lease" (
	name VARCHAR(32) NOT NULL, 
	holder VARCHAR(100), 
	epoch INTEGER NOT NULL, 
	beat INTEGER NOT NULL, 
	CONSTRAINT "pk_Lease" PRIMARY KEY (name)
);
CREATE TABLE "Token" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100) NOT NULL, 
	scope VARCHAR(8) NOT NULL, 
	sha256 BLOB NOT NULL, 
	created_at DATETIME NOT NULL, 
	revoked_at DATETIME, 
	CONSTRAINT "uq_Token_sha256" UNIQUE (sha256)
);
CREATE TABLE "Operator" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(100) NOT NULL, 
	name_key VARCHAR(300) NOT NULL, 
	password_hash VARCHAR(200) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT "uq_Operator_name_key" UNIQUE (name_key)
);
CREATE TABLE "LoginSession" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	sha256 BLOB NOT NULL, 
	operator_id INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT "fk_LoginSession_operator_id_Operator" FOREIGN KEY(operator_id) REFERENCES "Operator" (id) ON DELETE CASCADE, 
	CONSTRAINT "uq_LoginSession_sha256" UNIQUE (sha256)
);
CREATE TABLE "LoginFailure" (
	id INTEGER NOT NULL, 
	subject BLOB NOT NULL, 
	failed_at DATETIME NOT NULL, 
	CONSTRAINT "pk_LoginFailure" PRIMARY KEY (id)
);
CREATE TABLE "SetupLink" (
	id INTEGER NOT NULL, 
	sha256 BLOB NOT NULL, 
	name VARCHAR(100), 
	created_at DATETIME NOT NULL, 
	CONSTRAINT "pk_SetupLink" PRIMARY KEY (id), 
	CONSTRAINT "uq_SetupLink_sha256" UNIQUE (sha256)
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
	rejected INTEGER NOT NULL, 
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
CREATE TABLE "MediaUse" (
	id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	tweet_id INTEGER, 
	CONSTRAINT "pk_MediaUse" PRIMARY KEY (id), 
	CONSTRAINT "fk_MediaUse_tweet_id_Tweet" FOREIGN KEY(tweet_id) REFERENCES "Tweet" (id) ON DELETE SET NULL
);
INSERT INTO "alembic_version" ("version_num") VALUES ('0023_since_0022');
INSERT INTO "Users" ("id","username","username_key","display_name","platform","created_at","tweet_count","deletion_count","deleted_at") VALUES (1,'bo','bo',NULL,'local','2026-11-22 10:48:51.000000',4,1,NULL);
INSERT INTO "Users" ("id","username","username_key","display_name","platform","created_at","tweet_count","deletion_count","deleted_at") VALUES (2,'ann','ann',NULL,'local','2026-11-22 10:48:51.000000',6,0,NULL);
INSERT INTO "Users" ("id","username","username_key","display_name","platform","created_at","tweet_count","deletion_count","deleted_at") VALUES (3,'mina','mina',NULL,'x','2026-11-22 10:48:51.000000',3,0,NULL);
INSERT INTO "Users" ("id","username","username_key","display_name","platform","created_at","tweet_count","deletion_count","deleted_at") VALUES (5,'ben','ben',NULL,'local','2026-11-22 10:48:58.000000',1,0,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (1,'the ferry leaves at dawn',1,3,'post','2024-05-01 10:00:00.000000','en','0',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (2,'bread from the oven',2,4,'post','2024-05-02 10:00:00.000000','en','1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (4,'rain on the roof again',2,4,'post','2024-05-04 10:00:00.000000','en','3',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (5,'I agree, the ferry was late',1,3,'reply','2024-05-05 10:00:00.000000','en','4',NULL,NULL,'2',NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (6,'soup and bread',2,4,'post','2024-05-06 10:00:00.000000','en','5',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (7,'tide tables for May',1,3,'post','2024-05-07 10:00:00.000000','en','6',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (8,'the lighthouse is lit',2,4,'post','2024-05-08 10:00:00.000000','en','7',NULL,NULL,NULL,NULL,NULL,8,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (9,'no bread today',1,3,'post','2024-05-09 10:00:00.000000','en','8',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (10,'gulls over the pier',2,4,'reply','2024-05-10 10:00:00.000000','en','9',NULL,NULL,'7',NULL,8,8,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (11,'',2,4,'post',NULL,NULL,'77',NULL,NULL,NULL,NULL,NULL,NULL,'[{"kind":"photo","source_url":"https://a.example/7.png","alt":"a red boat"}]','{"likes":3,"reposts":1,"replies":0,"quotes":null,"as_of":"2024-06-01T00:00:00Z"}',NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (12,'post 1',3,6,'post','2023-02-18 12:00:01.000000',NULL,'1','https://x.com/mina/status/1',NULL,NULL,NULL,NULL,NULL,'[{"kind":"photo","source_url":"https://p.example/1.png","file":"9b3a359977e924fe8a3b8153c3d0790e7ba97e282d1fa519aca47069ec10ab7b.png"}]',NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (13,'post 2',3,6,'post','2023-02-18 12:00:02.000000',NULL,'2','https://x.com/mina/status/2',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (15,'answered once',3,13,'post','2026-11-22 10:48:56.000000',NULL,'900',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Tweet" ("id","text","user_id","event_id","kind","created_at","lang","source_id","url","dated_at","reply_to_source_id","reply_to_username","reply_to_id","thread_id","media","counts","thread_first_id") VALUES (16,'by upload',5,15,'post',NULL,NULL,'1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (1,'user.created',1,NULL,1,'2026-11-22 10:48:51.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (2,'user.created',2,NULL,1,'2026-11-22 10:48:51.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (3,'tweets.imported',1,NULL,5,'2026-11-22 10:48:51.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (4,'tweets.imported',2,NULL,6,'2026-11-22 10:48:51.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (5,'user.created',3,NULL,1,'2026-11-22 10:48:51.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (6,'tweets.imported',3,NULL,2,'2026-11-22 10:48:51.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (7,'user.created',4,NULL,1,'2026-11-22 10:48:52.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (8,'tweets.imported',4,NULL,1,'2026-11-22 10:48:52.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (9,'user.deleted',4,NULL,1,'2026-11-22 10:48:52.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (10,'rows.removed',4,NULL,1,'2026-11-22 10:48:52.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (11,'tweet.updated',1,5,1,'2026-11-22 10:48:53.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (12,'tweet.deleted',1,3,1,'2026-11-22 10:48:53.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (13,'tweet.created',3,15,1,'2026-11-22 10:48:56.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (14,'user.created',5,NULL,1,'2026-11-22 10:48:58.000000');
INSERT INTO "Event" ("id","kind","user_id","tweet_id","count","created_at") VALUES (15,'tweets.imported',5,NULL,1,'2026-11-22 10:48:58.000000');
INSERT INTO "Word" ("word","tweets") VALUES ('1',1);
INSERT INTO "Word" ("word","tweets") VALUES ('2',1);
INSERT INTO "Word" ("word","tweets") VALUES ('a',1);
INSERT INTO "Word" ("word","tweets") VALUES ('again',1);
INSERT INTO "Word" ("word","tweets") VALUES ('agree',1);
INSERT INTO "Word" ("word","tweets") VALUES ('and',1);
INSERT INTO "Word" ("word","tweets") VALUES ('answered',1);
INSERT INTO "Word" ("word","tweets") VALUES ('at',1);
INSERT INTO "Word" ("word","tweets") VALUES ('boat',1);
INSERT INTO "Word" ("word","tweets") VALUES ('bread',3);
INSERT INTO "Word" ("word","tweets") VALUES ('by',1);
INSERT INTO "Word" ("word","tweets") VALUES ('dawn',1);
INSERT INTO "Word" ("word","tweets") VALUES ('ferry',2);
INSERT INTO "Word" ("word","tweets") VALUES ('for',1);
INSERT INTO "Word" ("word","tweets") VALUES ('from',1);
INSERT INTO "Word" ("word","tweets") VALUES ('gulls',1);
INSERT INTO "Word" ("word","tweets") VALUES ('i',1);
INSERT INTO "Word" ("word","tweets") VALUES ('is',1);
INSERT INTO "Word" ("word","tweets") VALUES ('late',1);
INSERT INTO "Word" ("word","tweets") VALUES ('leaves',1);
INSERT INTO "Word" ("word","tweets") VALUES ('lighthouse',1);
INSERT INTO "Word" ("word","tweets") VALUES ('lit',1);
INSERT INTO "Word" ("word","tweets") VALUES ('may',1);
INSERT INTO "Word" ("word","tweets") VALUES ('no',1);
INSERT INTO "Word" ("word","tweets") VALUES ('on',1);
INSERT INTO "Word" ("word","tweets") VALUES ('once',1);
INSERT INTO "Word" ("word","tweets") VALUES ('oven',1);
INSERT INTO "Word" ("word","tweets") VALUES ('over',1);
INSERT INTO "Word" ("word","tweets") VALUES ('pier',1);
INSERT INTO "Word" ("word","tweets") VALUES ('post',2);
INSERT INTO "Word" ("word","tweets") VALUES ('rain',1);
INSERT INTO "Word" ("word","tweets") VALUES ('red',1);
INSERT INTO "Word" ("word","tweets") VALUES ('roof',1);
INSERT INTO "Word" ("word","tweets") VALUES ('soup',1);
INSERT INTO "Word" ("word","tweets") VALUES ('tables',1);
INSERT INTO "Word" ("word","tweets") VALUES ('the',6);
INSERT INTO "Word" ("word","tweets") VALUES ('tide',1);
INSERT INTO "Word" ("word","tweets") VALUES ('today',1);
INSERT INTO "Word" ("word","tweets") VALUES ('upload',1);
INSERT INTO "Word" ("word","tweets") VALUES ('was',1);
INSERT INTO "Vocabulary" ("id","recipe","as_of_event","tweets","terms") VALUES (1,2,15,14,49);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (1,70944616,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (1,70945000,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (1,70945192,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (1,70945384,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (2,-1,'',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (2,70944712,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (2,70944904,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (2,70945096,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (2,70945288,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (2,70945480,'en',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (3,70902576,'',2);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (3,71034379,'',1);
INSERT INTO "PostCount" ("user_id","slot","lang","posts") VALUES (5,-1,'',1);
INSERT INTO "Profile" ("user_id","recipe","as_of_event","posts","counts","texts") VALUES (1,3,3,4,X'636E7431A100000000000000EB6F4700F8A9AD00E62358015BCEF9025B4D84044A9A3D05972DC305329D0706FB80C906D3457807102FB407A1631108689E70087C760D090F5D1009A36329091A803E09FE22190A82F86E0A75B4C70AB1CA3F0B7E825A0CA108270D6785270DA167410D7541770DB6BFA80D3B313D0E8F2BD30ECBC8570F9DC06E0F3017960F18981510AE1F1D10B7ADB510B74FDD10E0A97B115A49CA11741FE71120CDB412E92CC6122EC95C137A4FC613A52301151B5A76153881A51675E3E4168DFD2A17413C4217A9064E186F8DB9181627F618C7A5FE18F2381E1974BCB2191F4B1A1AC4E0481A65F1341B8F5B481B89B2A71BB36DE41B82CDA81C26C1271DF2C0641D7A615E1EEFC9761EE34CFD1EA384341F239F3C1F203F641F57D3AB1F6CACB41F2250CE1F6E83DA202102472471366C261F28AA273CFD572A1F12712A951F2A2FF809752FC5A6D43331BD613651D0A636A7DD153BE66D453C4B4DC33C5FAD463D0C23563E131C0D3F8CEEF040D22E25418E446641D034F6417D9D3742D952F6430CCE60494E5B324B53906F4C03B0454F203F744F32F46A548DDBA854669395562B47BD56D19AFA56F6278958301B9559B2CCB85A6E0CD35BA206C25C0622A55F575159602F17276551CF2366BE03EB68D8FFC569A433326A36F4756AC0CDB26A608B1C6C0EC1926C4571526EC92A82701EC9647173ACD27183E919721ED7077370CA93736C5DFA7310077174847BC7783A5ED87A5945567EF315E67EE2A7447F7A352A82E16F31853479648626EAE286118020870313A6879723BB878C287788893FA48B3E54FA8C093E388D67EABC8E50807E8FAE333091AD732E989A19EC996B79429AF4CD689AC3A7AA9B1F0FA39C2865619D2D72B29E46B1E59E71DB279F1A18709F0101010102010201010101010101020202010101010101010201010101010201020101010101010101010101010101020101010101010101020101010101010101010101010201010101010101010101010101010102010101020101010101010101010201010101010101010101010103010101010104010103010404030301010103010101010101020401010401020104040404010404020404030403040402',X'D9E198A0603B5A42AE99C86BFB5CAB4C78D59D15C9F5EB605A697723FA5565FD01000000010000000100000001000000');
INSERT INTO "Profile" ("user_id","recipe","as_of_event","posts","counts","texts") VALUES (2,3,4,6,X'636E7431960000000000000037490801FBBA4001D44E8201E8124702DA315102FDD7E1028BFB2203B252CF043FAFF704318317054A9A3D0552D3C405E042A906F6C7D60643EC4807C96A4F07102FB40757BDFC07A163110893F6920873C99908D6EBCA08771CF0080F5D1009A363290938588E09568EA10A2A58BB0A3892C90AF9B2F10A2B3AA60B8A85590CDC12680CEA6A2B0DA167410DC2796A0D2245850D94C0EA0D66D5340E8F2BD30E15FB130FCF50CB0F7973291095FFA1101EA47411E1A69E113EC3C41162841A12F29F821220CDB412D291B912809A09131D3116132EC95C136FD83114748D471513E84B15F0B585162C0C131758E1CF18AA1C50199B7CC41AD62FC71A34D4D81B55DF3E1C6290A71C2895EF1CF011BF1D464FE61DBB40601E23F9F31E239F3C1F0F784D1F79B2701FFC33B21F16FFFD2013884D256D9BF527C829B6290091A22BDD00FC2B873A5830FC5BA13359A3FC34AD8A5237FCA0083970A11A39E66D453C4B4DC33C97E2EA3C9D8EDB3DEAE4B840B9116E417D9D37429F9DE342AD2C214627D5B14663A490481321CD488E16BD4A56E4C44AE067EE4C66D3204DCACE544D91B29150EEA26753ACE5BE53F4F2CB53C2A2FD57AE4E18582B28C459582ACA5AE3BE4C5B22C2C85CC098CB5E3885505F5751596036F4756A0EC1926CC92A82701EC9647173ACD27183E9197210077174C8EC2684380337863479648626EAE2860313A6878C2877883E54FA8C093E388D3ACC968E67EABC8E50807E8F69B6E3925EDC2193AD732E989A19EC996B79429AF4CD689A5C13809BC3A7AA9B1F0FA39C2865619D2D72B29E46B1E59EB538FC9E71DB279F1A18709F010101010101010101010201020101020201020101010204040201010101020101010401010101020101010101010101010201010101010101010101010101010101010102010101010101010101010101010101010101040201010101010101010101010101010101010101010101010101010105050405050505050101050205030505010505010105050105010505050505010502',X'BF4975A303FE5F011187EE041CD07D3499962B555BB4A53CFA5A403D7034B799E4A6A0577479B2B486FBCA5B3CC696FE010000000100000001000000010000000100000001000000');
INSERT INTO "Profile" ("user_id","recipe","as_of_event","posts","counts","texts") VALUES (3,3,6,2,X'636E7431260000000000000023BEB304442C450551A2B009EDAD790B28E6A610CBB84D144E6F341B245C421EB7EFDC238D6C8A3A0DBED53A98A7AA4F9F282951C6966F5322F6A356B154495D7F837175684F3879E609527BF9F73F84347964860313A6878C287788BB42B5893E54FA8C093E388D67EABC8E50807E8FAD732E989A19EC99F4CD689AC3A7AA9B1F0FA39C72BD2F9D43A6369D2865619D46B1E59E71DB279F0101020201020102010201010101010202020201020202020202020202020202020201020202',X'75329FB4FEFC02997F5D9706302699CF0100000001000000');
INSERT INTO "Profile" ("user_id","recipe","as_of_event","posts","counts","texts") VALUES (5,3,15,1,X'636E7431230000000000000081F51C014A9A3D057265CF068C14020C836F990D7B5269130FD7BA1312E31319EE84F71F1FE6BD3742D2CB3FE28C6D4CD021C94C1749414E5751596083E91972C51C767938033786347964860313A6878C287788BB42B5893E54FA8C093E388D3ACC968E67EABC8E50807E8FAD732E989A19EC99F4CD689AC3A7AA9B1F0FA39C2865619D46B1E59E71DB279F0101010101010101010101010101010101010101010101010101010101010101010101',X'0F22C3E462D7C12301000000');
INSERT INTO "ModelCard" ("authors","user_ids","posts","asked_at","card","answers") VALUES ('c625fadf0fd67137983ebf016f1077f8c6984aaa439151ecb0f030a793cbc360',',3,2,','39735e2afd3f27afab5cf730103f10a50b08d8d1fad5a62e1b354a1a21518be9','2026-11-22 10:48:59.000000',X'7B22617574686F7273223A5B7B22757365726E616D65223A226D696E61222C22747765657473223A332C2261736B6564223A302C227269676874223A307D2C7B22757365726E616D65223A22616E6E222C22747765657473223A362C2261736B6564223A302C227269676874223A307D5D2C226C6566745F6F7574223A302C22747765657473223A392C2268656C645F6F7574223A6E756C6C2C2272616E646F6D5F73706C6974223A7B2261736B6564223A312C226163637572616379223A312E302C226C6F77223A302E323036352C2268696768223A312E302C226C6F675F6C6F7373223A302E303235332C2263616C6962726174696F6E5F6572726F72223A302E3032352C2262696E73223A5B7B2261745F6C65617374223A302E392C22636C61696D6564223A302E3937352C227269676874223A312E302C2261736B6564223A317D5D2C22635F61745F31223A312E307D2C226D616A6F726974795F6775657373223A6E756C6C2C22746F7069635F7761726E696E67223A66616C73652C22636F6E667573696F6E223A5B5B302C305D2C5B302C305D5D2C227479706963616C223A5B7B22757365726E616D65223A226D696E61222C22776F726473223A5B5D2C227369676E73223A5B5D7D2C7B22757365726E616D65223A22616E6E222C22776F726473223A5B5D2C227369676E73223A5B5D7D5D2C22766572696669636174696F6E223A6E756C6C2C22737472616E67657273223A6E756C6C2C226D6F64656C223A7B226E616D65223A22737461636B65642D636F756E74732D32222C2276657273696F6E223A302C2261735F6F665F6576656E74223A31357D2C226D6164655F6174223A22323032362D31312D32325431303A34383A35395A222C227477656574735F73696E6365223A307D',X'5B5D');
INSERT INTO "VectorSet" ("id","model","dimension","embedded_to","is_complete","is_stopped","began_at","began_to") VALUES (1,'letters:5',5,13,1,0,'2026-11-22 10:48:53.000000',0);
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (1,1,X'0734B3385F395F315F35');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (2,1,X'F13235395738F132F136');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (4,1,X'2F372F37BF39BF2D4F34');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (5,1,X'A22CA2383639F232F236');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (6,1,X'343834344D3A34303430');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (7,1,X'D334D338A1396F326F2E');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (8,1,X'1B38ED389136ED34ED34');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (9,1,X'A8368C39703870307030');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (10,1,X'33338038803833376735');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (12,1,X'0F350F390F3900000F35');
INSERT INTO "Embedding" ("tweet_id","set_id","vector") VALUES (13,1,X'9E389E389E3800000000');
INSERT INTO "ImportJob" ("id","state","format","file_name","spool","username","bytes_total","bytes_read","accepted","duplicates","rejected","reposts","restricted","errors","detail","created_at","started_at","finished_at","epoch","attempts","beat_at","skipped","stored","with_media","decode_entities") VALUES (1,'done','jsonl','upload','tmpjejzt46x',NULL,66,66,1,0,1,0,0,X'5B7B227265636F7264223A322C2264657461696C223A226E6F20617574686F723B202D2D757365726E616D65204E414D45206E616D6573206F6E65222C226D657373616765223A226E6F20617574686F723B202D2D757365726E616D65204E414D45206E616D6573206F6E65222C2276616C756573223A7B7D7D5D',NULL,'2026-11-22 10:48:56.000000','2026-11-22 10:48:58.000000','2026-11-22 10:48:58.000000',0,0,NULL,0,X'7B22706F737473223A7B2235223A317D2C2266697273745F6174223A6E756C6C2C226E65776573745F6174223A6E756C6C7D',1,0);
INSERT INTO "IdempotencyRecord" ("id","method","path","key","body_sha256","status","resource_id","report","event_id","touched_at","holder") VALUES (1,'POST','0686615e2158eaf075d272985c8d3bb51adb5f4fffc3b802f0c470c888a86951','6ab9f1eb8f7d3388f4f9d586f66e99fd54080df2c446f0e58668b09c08a16dd0',X'6C3131235A47F0881E31AD1D33A8813553A3C8CBAF2E70B342904C16C309C866',201,15,NULL,13,'2026-11-22 10:48:56.000000','token 1');
INSERT INTO "Lease" ("name","holder","epoch","beat") VALUES ('sources',NULL,1,1);
INSERT INTO "Lease" ("name","holder","epoch","beat") VALUES ('words',NULL,1,0);
INSERT INTO "Lease" ("name","holder","epoch","beat") VALUES ('imports',NULL,1,2);
INSERT INTO "Lease" ("name","holder","epoch","beat") VALUES ('card c',NULL,1,0);
INSERT INTO "Token" ("id","name","scope","sha256","created_at","revoked_at") VALUES (1,'script','admin',X'C30D39A22BAE95787AE5ECC658BD41A8C921791089C434070D34C078A194D98E','2026-11-22 10:48:52.000000',NULL);
INSERT INTO "Operator" ("id","name","name_key","password_hash","created_at") VALUES (1,'op','op','$argon2id$v=19$m=65536,t=3,p=4$BELOQeXMaDU74mBAPSkPTA$kB6OERyn3s4KOWxnMj9UvziAaEscc2Aki1BQZhHowAY','2026-11-22 10:48:52.000000');
INSERT INTO "LiveSource" ("id","source","platform","host","username","username_key","mark","accepted","rejected","failures","last_error","added_at","visited_at","success_at","posts_at","next_visit_at","not_before") VALUES (1,'rss:https://blog.example/feed','rss','blog.example','blog.example','blog.example','{}',0,0,1,'["no address was found for {host}; is its name right?",{"host":"blog.example"}]','2026-11-22 10:48:53.000000','2026-11-22 10:48:56.000000',NULL,NULL,'2026-11-22 10:49:15.000000',NULL);
INSERT INTO "MediaUse" ("id","name","tweet_id") VALUES (1,'9b3a359977e924fe8a3b8153c3d0790e7ba97e282d1fa519aca47069ec10ab7b.png',12);
DELETE FROM sqlite_sequence;
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('Users',5);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('Tweet',16);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('Event',15);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('Token',1);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('Operator',1);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('LiveSource',1);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('VectorSet',1);
INSERT INTO "sqlite_sequence" ("name","seq") VALUES ('ImportJob',1);
CREATE VIRTUAL TABLE "TweetWords" USING fts5(
        terms, content='TweetTerms', content_rowid='id', tokenize='ascii', columnsize=0
    );
CREATE VIRTUAL TABLE "TweetWordsVocabulary" USING fts5vocab('TweetWords', 'row');
CREATE VIEW "TweetTerms" AS SELECT id, saywho_terms(text, user_id, media) AS terms FROM "Tweet";
CREATE INDEX "ix_Users_deleted_at" ON "Users" (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX "ix_Tweet_user_id_event_id" ON "Tweet" (user_id, event_id);
CREATE INDEX "ix_VectorSet_model" ON "VectorSet" (model);
CREATE INDEX "ix_ImportJob_state" ON "ImportJob" (state);
CREATE INDEX "ix_IdempotencyRecord_touched_at" ON "IdempotencyRecord" (touched_at);
CREATE INDEX "ix_LoginSession_operator_id" ON "LoginSession" (operator_id);
CREATE INDEX "ix_LoginFailure_subject_failed_at" ON "LoginFailure" (subject, failed_at);
CREATE INDEX "ix_Tweet_created_at_id" ON "Tweet" (created_at, id);
CREATE INDEX "ix_Tweet_user_id_created_at_id" ON "Tweet" (user_id, created_at, id)
    ;
CREATE INDEX "ix_Tweet_user_id_dated_at" ON "Tweet" (user_id, dated_at) WHERE dated_at IS NOT NULL;
CREATE INDEX "ix_Tweet_reply_to_source_id" ON "Tweet" (reply_to_source_id) WHERE reply_to_source_id IS NOT NULL;
CREATE INDEX "ix_Tweet_thread_id" ON "Tweet" (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX "ix_LiveSource_host" ON "LiveSource" (host);
CREATE INDEX "ix_LiveSource_username_key" ON "LiveSource" (username_key);
CREATE INDEX "ix_LiveSource_next_visit_at" ON "LiveSource" (next_visit_at);
CREATE INDEX "ix_MediaUse_name" ON "MediaUse" (name);
CREATE INDEX "ix_MediaUse_tweet_id" ON "MediaUse" (tweet_id);
CREATE INDEX "ix_Profile_posts" ON "Profile" (posts);
CREATE TRIGGER "TweetWords_insert" AFTER INSERT ON "Tweet" BEGIN INSERT INTO "TweetWords" (rowid, terms) VALUES (new.id, saywho_terms(new.text, new.user_id, new.media)); END;
CREATE TRIGGER "TweetWords_delete" AFTER DELETE ON "Tweet" BEGIN 
    INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
        VALUES ('delete', old.id, saywho_terms(old.text, old.user_id, old.media));
 END;
CREATE TRIGGER "TweetWords_update" AFTER UPDATE OF text, user_id, media ON "Tweet" WHEN new.text IS NOT old.text OR new.user_id IS NOT old.user_id OR new.media IS NOT old.media BEGIN 
    INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
        VALUES ('delete', old.id, saywho_terms(old.text, old.user_id, old.media));
 INSERT INTO "TweetWords" (rowid, terms) VALUES (new.id, saywho_terms(new.text, new.user_id, new.media)); END;
INSERT INTO "TweetWords" ("TweetWords") VALUES ('rebuild');
COMMIT;
