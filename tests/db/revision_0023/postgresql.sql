CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
CREATE FUNCTION public.saywho_notify() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN PERFORM pg_notify('saywho', ''); RETURN NULL; END
    $$;
CREATE TABLE public."BackgroundSnapshot" (
    version bigint NOT NULL,
    recipe integer NOT NULL,
    posts integer NOT NULL,
    counts bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    calibration bytea,
    impostors bytea
);
CREATE TABLE public."Embedding" (
    tweet_id bigint NOT NULL,
    set_id bigint NOT NULL,
    vector public.halfvec NOT NULL
);
CREATE TABLE public."Event" (
    id bigint NOT NULL,
    kind character varying(32) NOT NULL,
    user_id bigint NOT NULL,
    tweet_id bigint,
    count integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    xact xid8 DEFAULT pg_current_xact_id() NOT NULL
);
CREATE SEQUENCE public."Event_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."Event_id_seq" OWNED BY public."Event".id;
CREATE TABLE public."IdempotencyRecord" (
    id bigint NOT NULL,
    method character varying(8) NOT NULL,
    path character varying(2048) NOT NULL,
    key character varying(255) NOT NULL,
    body_sha256 bytea NOT NULL,
    status integer,
    resource_id bigint,
    report bytea,
    event_id bigint,
    touched_at timestamp with time zone NOT NULL,
    holder character varying(32) NOT NULL
);
CREATE SEQUENCE public."IdempotencyRecord_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."IdempotencyRecord_id_seq" OWNED BY public."IdempotencyRecord".id;
CREATE TABLE public."ImportJob" (
    id bigint NOT NULL,
    state character varying(16) NOT NULL,
    format character varying(16) NOT NULL,
    file_name character varying(255) NOT NULL,
    spool character varying(255) NOT NULL,
    username character varying(320),
    bytes_total bigint NOT NULL,
    bytes_read bigint NOT NULL,
    accepted integer NOT NULL,
    duplicates integer NOT NULL,
    rejected integer NOT NULL,
    reposts integer NOT NULL,
    restricted integer NOT NULL,
    errors bytea NOT NULL,
    detail text,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    epoch integer NOT NULL,
    attempts integer NOT NULL,
    beat_at timestamp with time zone,
    skipped integer DEFAULT 0 NOT NULL,
    stored bytea,
    with_media boolean DEFAULT true NOT NULL,
    decode_entities boolean DEFAULT false NOT NULL
);
CREATE SEQUENCE public."ImportJob_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."ImportJob_id_seq" OWNED BY public."ImportJob".id;
CREATE TABLE public."Lease" (
    name character varying(32) NOT NULL,
    holder character varying(100),
    epoch bigint NOT NULL,
    beat bigint NOT NULL
);
CREATE TABLE public."LiveSource" (
    id bigint NOT NULL,
    source character varying(2100) NOT NULL,
    platform character varying(16) NOT NULL,
    host character varying(260) NOT NULL,
    username character varying(320) NOT NULL,
    username_key character varying(960) NOT NULL,
    mark text NOT NULL,
    accepted integer NOT NULL,
    rejected integer NOT NULL,
    failures integer NOT NULL,
    last_error text,
    added_at timestamp with time zone NOT NULL,
    visited_at timestamp with time zone,
    success_at timestamp with time zone,
    posts_at timestamp with time zone,
    next_visit_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone
);
CREATE SEQUENCE public."LiveSource_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."LiveSource_id_seq" OWNED BY public."LiveSource".id;
CREATE TABLE public."LoginFailure" (
    id bigint NOT NULL,
    subject bytea NOT NULL,
    failed_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public."LoginFailure_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."LoginFailure_id_seq" OWNED BY public."LoginFailure".id;
CREATE TABLE public."LoginSession" (
    id bigint NOT NULL,
    sha256 bytea NOT NULL,
    operator_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public."LoginSession_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."LoginSession_id_seq" OWNED BY public."LoginSession".id;
CREATE TABLE public."MediaUse" (
    id bigint NOT NULL,
    name character varying(80) NOT NULL,
    tweet_id bigint
);
CREATE SEQUENCE public."MediaUse_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."MediaUse_id_seq" OWNED BY public."MediaUse".id;
CREATE TABLE public."ModelCard" (
    authors character varying(64) NOT NULL,
    user_ids text NOT NULL,
    posts character varying(64) NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    card bytea,
    answers bytea
);
CREATE TABLE public."Operator" (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    name_key character varying(300) NOT NULL,
    password_hash character varying(200) NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public."Operator_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."Operator_id_seq" OWNED BY public."Operator".id;
CREATE TABLE public."PostCount" (
    user_id bigint NOT NULL,
    slot integer NOT NULL,
    lang character varying(35) NOT NULL,
    posts integer NOT NULL
);
CREATE TABLE public."Profile" (
    user_id bigint NOT NULL,
    recipe integer NOT NULL,
    as_of_event bigint NOT NULL,
    posts integer NOT NULL,
    counts bytea NOT NULL,
    texts bytea
);
CREATE TABLE public."SetupLink" (
    id bigint NOT NULL,
    sha256 bytea NOT NULL,
    name character varying(100),
    created_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public."SetupLink_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."SetupLink_id_seq" OWNED BY public."SetupLink".id;
CREATE TABLE public."Token" (
    id bigint NOT NULL,
    name character varying(100) NOT NULL,
    scope character varying(8) NOT NULL,
    sha256 bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone
);
CREATE SEQUENCE public."Token_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."Token_id_seq" OWNED BY public."Token".id;
CREATE TABLE public."Tweet" (
    id bigint NOT NULL,
    text text NOT NULL,
    user_id bigint NOT NULL,
    event_id bigint NOT NULL,
    kind character varying(8) NOT NULL,
    created_at timestamp with time zone,
    lang character varying(35),
    source_id character varying(512),
    url character varying(2048),
    dated_at timestamp with time zone,
    reply_to_source_id character varying(512),
    reply_to_username character varying(320),
    reply_to_id bigint,
    thread_id bigint,
    media text,
    counts text,
    thread_first_id bigint
);
CREATE TABLE public."TweetWords" (
    id bigint NOT NULL,
    terms tsvector NOT NULL
);
CREATE SEQUENCE public."Tweet_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."Tweet_id_seq" OWNED BY public."Tweet".id;
CREATE TABLE public."Users" (
    id bigint NOT NULL,
    username character varying(320) NOT NULL,
    username_key character varying(960) NOT NULL COLLATE pg_catalog."C",
    display_name character varying(320),
    platform character varying(16) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    tweet_count integer NOT NULL,
    deletion_count integer NOT NULL,
    deleted_at timestamp with time zone
);
CREATE SEQUENCE public."Users_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."Users_id_seq" OWNED BY public."Users".id;
CREATE TABLE public."VectorSet" (
    id bigint NOT NULL,
    model character varying(2100) NOT NULL,
    dimension integer,
    embedded_to bigint NOT NULL,
    is_complete boolean NOT NULL,
    is_stopped boolean DEFAULT false NOT NULL,
    began_at timestamp with time zone,
    began_to bigint DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public."VectorSet_id_seq"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public."VectorSet_id_seq" OWNED BY public."VectorSet".id;
CREATE TABLE public."Vocabulary" (
    id integer NOT NULL,
    recipe integer NOT NULL,
    as_of_event bigint NOT NULL,
    tweets integer NOT NULL,
    terms bigint NOT NULL
);
CREATE TABLE public."Word" (
    word character varying NOT NULL COLLATE pg_catalog."C",
    tweets integer NOT NULL
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE ONLY public."Event" ALTER COLUMN id SET DEFAULT nextval('public."Event_id_seq"'::regclass);
ALTER TABLE ONLY public."IdempotencyRecord" ALTER COLUMN id SET DEFAULT nextval('public."IdempotencyRecord_id_seq"'::regclass);
ALTER TABLE ONLY public."ImportJob" ALTER COLUMN id SET DEFAULT nextval('public."ImportJob_id_seq"'::regclass);
ALTER TABLE ONLY public."LiveSource" ALTER COLUMN id SET DEFAULT nextval('public."LiveSource_id_seq"'::regclass);
ALTER TABLE ONLY public."LoginFailure" ALTER COLUMN id SET DEFAULT nextval('public."LoginFailure_id_seq"'::regclass);
ALTER TABLE ONLY public."LoginSession" ALTER COLUMN id SET DEFAULT nextval('public."LoginSession_id_seq"'::regclass);
ALTER TABLE ONLY public."MediaUse" ALTER COLUMN id SET DEFAULT nextval('public."MediaUse_id_seq"'::regclass);
ALTER TABLE ONLY public."Operator" ALTER COLUMN id SET DEFAULT nextval('public."Operator_id_seq"'::regclass);
ALTER TABLE ONLY public."SetupLink" ALTER COLUMN id SET DEFAULT nextval('public."SetupLink_id_seq"'::regclass);
ALTER TABLE ONLY public."Token" ALTER COLUMN id SET DEFAULT nextval('public."Token_id_seq"'::regclass);
ALTER TABLE ONLY public."Tweet" ALTER COLUMN id SET DEFAULT nextval('public."Tweet_id_seq"'::regclass);
ALTER TABLE ONLY public."Users" ALTER COLUMN id SET DEFAULT nextval('public."Users_id_seq"'::regclass);
ALTER TABLE ONLY public."VectorSet" ALTER COLUMN id SET DEFAULT nextval('public."VectorSet_id_seq"'::regclass);
INSERT INTO public."Embedding" VALUES (1, 1, '[0.25170898,0.58740234,0.6713867,0.16784668,0.33569336]');
INSERT INTO public."Embedding" VALUES (2, 1, '[0.21691895,0.6508789,0.54248047,0.21691895,0.4338379]');
INSERT INTO public."Embedding" VALUES (4, 1, '[0.4489746,0.4489746,0.7182617,0.089782715,0.2692871]');
INSERT INTO public."Embedding" VALUES (5, 1, '[0.072387695,0.57910156,0.6513672,0.21704102,0.43408203]');
INSERT INTO public."Embedding" VALUES (6, 1, '[0.5253906,0.2626953,0.78759766,0.13134766,0.13134766]');
INSERT INTO public."Embedding" VALUES (7, 1, '[0.30151367,0.60302734,0.7036133,0.2010498,0.1005249]');
INSERT INTO public."Embedding" VALUES (8, 1, '[0.5131836,0.61572266,0.4104004,0.30786133,0.30786133]');
INSERT INTO public."Embedding" VALUES (9, 1, '[0.41601562,0.6933594,0.5546875,0.13867188,0.13867188]');
INSERT INTO public."Embedding" VALUES (10, 1, '[0.22497559,0.5625,0.5625,0.44995117,0.33764648]');
INSERT INTO public."Embedding" VALUES (12, 1, '[0.3161621,0.6323242,0.6323242,0,0.3161621]');
INSERT INTO public."Embedding" VALUES (13, 1, '[0.57714844,0.57714844,0.57714844,0,0]');
INSERT INTO public."Event" VALUES (1, 'user.created', 1, NULL, 1, '2026-11-22 10:49:20+00', '753');
INSERT INTO public."Event" VALUES (2, 'user.created', 2, NULL, 1, '2026-11-22 10:49:20+00', '753');
INSERT INTO public."Event" VALUES (3, 'tweets.imported', 1, NULL, 5, '2026-11-22 10:49:20+00', '753');
INSERT INTO public."Event" VALUES (4, 'tweets.imported', 2, NULL, 6, '2026-11-22 10:49:20+00', '753');
INSERT INTO public."Event" VALUES (5, 'user.created', 3, NULL, 1, '2026-11-22 10:49:21+00', '757');
INSERT INTO public."Event" VALUES (6, 'tweets.imported', 3, NULL, 2, '2026-11-22 10:49:21+00', '757');
INSERT INTO public."Event" VALUES (7, 'user.created', 4, NULL, 1, '2026-11-22 10:49:22+00', '761');
INSERT INTO public."Event" VALUES (8, 'tweets.imported', 4, NULL, 1, '2026-11-22 10:49:22+00', '761');
INSERT INTO public."Event" VALUES (9, 'user.deleted', 4, NULL, 1, '2026-11-22 10:49:23+00', '765');
INSERT INTO public."Event" VALUES (10, 'rows.removed', 4, NULL, 1, '2026-11-22 10:49:23+00', '766');
INSERT INTO public."Event" VALUES (11, 'tweet.updated', 1, 5, 1, '2026-11-22 10:49:25+00', '777');
INSERT INTO public."Event" VALUES (12, 'tweet.deleted', 1, 3, 1, '2026-11-22 10:49:25+00', '777');
INSERT INTO public."Event" VALUES (13, 'tweet.created', 3, 15, 1, '2026-11-22 10:49:29+00', '778');
INSERT INTO public."Event" VALUES (14, 'user.created', 5, NULL, 1, '2026-11-22 10:49:33+00', '794');
INSERT INTO public."Event" VALUES (15, 'tweets.imported', 5, NULL, 1, '2026-11-22 10:49:33+00', '794');
INSERT INTO public."IdempotencyRecord" VALUES (1, 'POST', '0686615e2158eaf075d272985c8d3bb51adb5f4fffc3b802f0c470c888a86951', '6ab9f1eb8f7d3388f4f9d586f66e99fd54080df2c446f0e58668b09c08a16dd0', '\x6c3131235a47f0881e31ad1d33a8813553a3c8cbaf2e70b342904c16c309c866', 201, 15, NULL, 13, '2026-11-22 10:49:29+00', 'token 1');
INSERT INTO public."ImportJob" VALUES (1, 'done', 'jsonl', 'upload', 'tmpg_r8vjhk', NULL, 66, 66, 1, 0, 1, 0, 0, '\x5b7b227265636f7264223a322c2264657461696c223a226e6f20617574686f723b202d2d757365726e616d65204e414d45206e616d6573206f6e65222c226d657373616765223a226e6f20617574686f723b202d2d757365726e616d65204e414d45206e616d6573206f6e65222c2276616c756573223a7b7d7d5d', NULL, '2026-11-22 10:49:29+00', '2026-11-22 10:49:33+00', '2026-11-22 10:49:34+00', 0, 0, NULL, 0, '\x7b22706f737473223a7b2235223a317d2c2266697273745f6174223a6e756c6c2c226e65776573745f6174223a6e756c6c7d', true, false);
INSERT INTO public."Lease" VALUES ('words', NULL, 1, 0);
INSERT INTO public."Lease" VALUES ('sources', NULL, 1, 1);
INSERT INTO public."Lease" VALUES ('card c', NULL, 1, 0);
INSERT INTO public."Lease" VALUES ('imports', NULL, 1, 5);
INSERT INTO public."LiveSource" VALUES (1, 'rss:https://blog.example/feed', 'rss', 'blog.example', 'blog.example', 'blog.example', '{}', 0, 0, 1, '["no address was found for {host}; is its name right?",{"host":"blog.example"}]', '2026-11-22 10:49:24+00', '2026-11-22 10:49:29+00', NULL, NULL, '2026-11-22 10:49:48+00', NULL);
INSERT INTO public."MediaUse" VALUES (1, '9b3a359977e924fe8a3b8153c3d0790e7ba97e282d1fa519aca47069ec10ab7b.png', 12);
INSERT INTO public."ModelCard" VALUES ('c625fadf0fd67137983ebf016f1077f8c6984aaa439151ecb0f030a793cbc360', ',3,2,', '39735e2afd3f27afab5cf730103f10a50b08d8d1fad5a62e1b354a1a21518be9', '2026-11-22 10:49:34+00', '\x7b22617574686f7273223a5b7b22757365726e616d65223a226d696e61222c22747765657473223a332c2261736b6564223a302c227269676874223a307d2c7b22757365726e616d65223a22616e6e222c22747765657473223a362c2261736b6564223a302c227269676874223a307d5d2c226c6566745f6f7574223a302c22747765657473223a392c2268656c645f6f7574223a6e756c6c2c2272616e646f6d5f73706c6974223a7b2261736b6564223a312c226163637572616379223a312e302c226c6f77223a302e323036352c2268696768223a312e302c226c6f675f6c6f7373223a302e303235332c2263616c6962726174696f6e5f6572726f72223a302e3032352c2262696e73223a5b7b2261745f6c65617374223a302e392c22636c61696d6564223a302e3937352c227269676874223a312e302c2261736b6564223a317d5d2c22635f61745f31223a312e307d2c226d616a6f726974795f6775657373223a6e756c6c2c22746f7069635f7761726e696e67223a66616c73652c22636f6e667573696f6e223a5b5b302c305d2c5b302c305d5d2c227479706963616c223a5b7b22757365726e616d65223a226d696e61222c22776f726473223a5b5d2c227369676e73223a5b5d7d2c7b22757365726e616d65223a22616e6e222c22776f726473223a5b5d2c227369676e73223a5b5d7d5d2c22766572696669636174696f6e223a6e756c6c2c22737472616e67657273223a6e756c6c2c226d6f64656c223a7b226e616d65223a22737461636b65642d636f756e74732d32222c2276657273696f6e223a302c2261735f6f665f6576656e74223a31357d2c226d6164655f6174223a22323032362d31312d32325431303a34393a33345a222c227477656574735f73696e6365223a307d', '\x5b5d');
INSERT INTO public."Operator" VALUES (1, 'op', 'op', '$argon2id$v=19$m=65536,t=3,p=4$PE+k5DpGsFce0iua0PQBug$uIUPTfukTUzZv56286sm2ysxW9r5/q22EU7qvPfx+dI', '2026-11-22 10:49:24+00');
INSERT INTO public."PostCount" VALUES (1, 70944616, 'en', 1);
INSERT INTO public."PostCount" VALUES (2, 70944712, 'en', 1);
INSERT INTO public."PostCount" VALUES (2, 70944904, 'en', 1);
INSERT INTO public."PostCount" VALUES (1, 70945000, 'en', 1);
INSERT INTO public."PostCount" VALUES (2, 70945096, 'en', 1);
INSERT INTO public."PostCount" VALUES (1, 70945192, 'en', 1);
INSERT INTO public."PostCount" VALUES (2, 70945288, 'en', 1);
INSERT INTO public."PostCount" VALUES (1, 70945384, 'en', 1);
INSERT INTO public."PostCount" VALUES (2, 70945480, 'en', 1);
INSERT INTO public."PostCount" VALUES (2, -1, '', 1);
INSERT INTO public."PostCount" VALUES (3, 70902576, '', 2);
INSERT INTO public."PostCount" VALUES (3, 71034379, '', 1);
INSERT INTO public."PostCount" VALUES (5, -1, '', 1);
INSERT INTO public."Profile" VALUES (2, 3, 4, 6, '\x636e7431960000000000000037490801fbba4001d44e8201e8124702da315102fdd7e1028bfb2203b252cf043faff704318317054a9a3d0552d3c405e042a906f6c7d60643ec4807c96a4f07102fb40757bdfc07a163110893f6920873c99908d6ebca08771cf0080f5d1009a363290938588e09568ea10a2a58bb0a3892c90af9b2f10a2b3aa60b8a85590cdc12680cea6a2b0da167410dc2796a0d2245850d94c0ea0d66d5340e8f2bd30e15fb130fcf50cb0f7973291095ffa1101ea47411e1a69e113ec3c41162841a12f29f821220cdb412d291b912809a09131d3116132ec95c136fd83114748d471513e84b15f0b585162c0c131758e1cf18aa1c50199b7cc41ad62fc71a34d4d81b55df3e1c6290a71c2895ef1cf011bf1d464fe61dbb40601e23f9f31e239f3c1f0f784d1f79b2701ffc33b21f16fffd2013884d256d9bf527c829b6290091a22bdd00fc2b873a5830fc5ba13359a3fc34ad8a5237fca0083970a11a39e66d453c4b4dc33c97e2ea3c9d8edb3deae4b840b9116e417d9d37429f9de342ad2c214627d5b14663a490481321cd488e16bd4a56e4c44ae067ee4c66d3204dcace544d91b29150eea26753ace5be53f4f2cb53c2a2fd57ae4e18582b28c459582aca5ae3be4c5b22c2c85cc098cb5e3885505f5751596036f4756a0ec1926cc92a82701ec9647173acd27183e9197210077174c8ec2684380337863479648626eae2860313a6878c2877883e54fa8c093e388d3acc968e67eabc8e50807e8f69b6e3925edc2193ad732e989a19ec996b79429af4cd689a5c13809bc3a7aa9b1f0fa39c2865619d2d72b29e46b1e59eb538fc9e71db279f1a18709f010101010101010101010201020101020201020101010204040201010101020101010401010101020101010101010101010201010101010101010101010101010101010102010101010101010101010101010101010101040201010101010101010101010101010101010101010101010101010105050405050505050101050205030505010505010105050105010505050505010502', '\xbf4975a303fe5f011187ee041cd07d3499962b555bb4a53cfa5a403d7034b799e4a6a0577479b2b486fbca5b3cc696fe010000000100000001000000010000000100000001000000');
INSERT INTO public."Profile" VALUES (3, 3, 6, 2, '\x636e7431260000000000000023beb304442c450551a2b009edad790b28e6a610cbb84d144e6f341b245c421eb7efdc238d6c8a3a0dbed53a98a7aa4f9f282951c6966f5322f6a356b154495d7f837175684f3879e609527bf9f73f84347964860313a6878c287788bb42b5893e54fa8c093e388d67eabc8e50807e8fad732e989a19ec99f4cd689ac3a7aa9b1f0fa39c72bd2f9d43a6369d2865619d46b1e59e71db279f0101020201020102010201010101010202020201020202020202020202020202020201020202', '\x75329fb4fefc02997f5d9706302699cf0100000001000000');
INSERT INTO public."Profile" VALUES (1, 3, 3, 4, '\x636e7431a100000000000000eb6f4700f8a9ad00e62358015bcef9025b4d84044a9a3d05972dc305329d0706fb80c906d3457807102fb407a1631108689e70087c760d090f5d1009a36329091a803e09fe22190a82f86e0a75b4c70ab1ca3f0b7e825a0ca108270d6785270da167410d7541770db6bfa80d3b313d0e8f2bd30ecbc8570f9dc06e0f3017960f18981510ae1f1d10b7adb510b74fdd10e0a97b115a49ca11741fe71120cdb412e92cc6122ec95c137a4fc613a52301151b5a76153881a51675e3e4168dfd2a17413c4217a9064e186f8db9181627f618c7a5fe18f2381e1974bcb2191f4b1a1ac4e0481a65f1341b8f5b481b89b2a71bb36de41b82cda81c26c1271df2c0641d7a615e1eefc9761ee34cfd1ea384341f239f3c1f203f641f57d3ab1f6cacb41f2250ce1f6e83da202102472471366c261f28aa273cfd572a1f12712a951f2a2ff809752fc5a6d43331bd613651d0a636a7dd153be66d453c4b4dc33c5fad463d0c23563e131c0d3f8ceef040d22e25418e446641d034f6417d9d3742d952f6430cce60494e5b324b53906f4c03b0454f203f744f32f46a548ddba854669395562b47bd56d19afa56f6278958301b9559b2ccb85a6e0cd35ba206c25c0622a55f575159602f17276551cf2366be03eb68d8ffc569a433326a36f4756ac0cdb26a608b1c6c0ec1926c4571526ec92a82701ec9647173acd27183e919721ed7077370ca93736c5dfa7310077174847bc7783a5ed87a5945567ef315e67ee2a7447f7a352a82e16f31853479648626eae286118020870313a6879723bb878c287788893fa48b3e54fa8c093e388d67eabc8e50807e8fae333091ad732e989a19ec996b79429af4cd689ac3a7aa9b1f0fa39c2865619d2d72b29e46b1e59e71db279f1a18709f0101010102010201010101010101020202010101010101010201010101010201020101010101010101010101010101020101010101010101020101010101010101010101010201010101010101010101010101010102010101020101010101010101010201010101010101010101010103010101010104010103010404030301010103010101010101020401010401020104040404010404020404030403040402', '\xd9e198a0603b5a42ae99c86bfb5cab4c78d59d15c9f5eb605a697723fa5565fd01000000010000000100000001000000');
INSERT INTO public."Profile" VALUES (5, 3, 15, 1, '\x636e7431230000000000000081f51c014a9a3d057265cf068c14020c836f990d7b5269130fd7ba1312e31319ee84f71f1fe6bd3742d2cb3fe28c6d4cd021c94c1749414e5751596083e91972c51c767938033786347964860313a6878c287788bb42b5893e54fa8c093e388d3acc968e67eabc8e50807e8fad732e989a19ec99f4cd689ac3a7aa9b1f0fa39c2865619d46b1e59e71db279f0101010101010101010101010101010101010101010101010101010101010101010101', '\x0f22c3e462d7c12301000000');
INSERT INTO public."Token" VALUES (1, 'script', 'admin', '\x46412fcbc0464c97a4bd5698d7e3edac3e40e5b76674ac2e07aad646ee7d2a43', '2026-11-22 10:49:23+00', NULL);
INSERT INTO public."Tweet" VALUES (1, 'the ferry leaves at dawn', 1, 3, 'post', '2024-05-01 10:00:00+00', 'en', '0', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (2, 'bread from the oven', 2, 4, 'post', '2024-05-02 10:00:00+00', 'en', '1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (4, 'rain on the roof again', 2, 4, 'post', '2024-05-04 10:00:00+00', 'en', '3', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (6, 'soup and bread', 2, 4, 'post', '2024-05-06 10:00:00+00', 'en', '5', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (7, 'tide tables for May', 1, 3, 'post', '2024-05-07 10:00:00+00', 'en', '6', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (8, 'the lighthouse is lit', 2, 4, 'post', '2024-05-08 10:00:00+00', 'en', '7', NULL, NULL, NULL, NULL, NULL, 8, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (9, 'no bread today', 1, 3, 'post', '2024-05-09 10:00:00+00', 'en', '8', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (10, 'gulls over the pier', 2, 4, 'reply', '2024-05-10 10:00:00+00', 'en', '9', NULL, NULL, '7', NULL, 8, 8, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (11, '', 2, 4, 'post', NULL, NULL, '77', NULL, NULL, NULL, NULL, NULL, NULL, '[{"kind":"photo","source_url":"https://a.example/7.png","alt":"a red boat"}]', '{"likes":3,"reposts":1,"replies":0,"quotes":null,"as_of":"2024-06-01T00:00:00Z"}', NULL);
INSERT INTO public."Tweet" VALUES (12, 'post 1', 3, 6, 'post', '2023-02-18 12:00:01+00', NULL, '1', 'https://x.com/mina/status/1', NULL, NULL, NULL, NULL, NULL, '[{"kind":"photo","source_url":"https://p.example/1.png","file":"9b3a359977e924fe8a3b8153c3d0790e7ba97e282d1fa519aca47069ec10ab7b.png"}]', NULL, NULL);
INSERT INTO public."Tweet" VALUES (13, 'post 2', 3, 6, 'post', '2023-02-18 12:00:02+00', NULL, '2', 'https://x.com/mina/status/2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (5, 'I agree, the ferry was late', 1, 3, 'reply', '2024-05-05 10:00:00+00', 'en', '4', NULL, NULL, '2', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (15, 'answered once', 3, 13, 'post', '2026-11-22 10:49:29+00', NULL, '900', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."Tweet" VALUES (16, 'by upload', 5, 15, 'post', NULL, NULL, '1', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public."TweetWords" VALUES (1, '''at'':4 ''dawn'':5 ''ferry'':2 ''leaves'':3 ''the'':1 ''1'':6');
INSERT INTO public."TweetWords" VALUES (2, '''bread'':1 ''from'':2 ''oven'':4 ''the'':3 ''2'':5');
INSERT INTO public."TweetWords" VALUES (4, '''again'':5 ''on'':2 ''rain'':1 ''roof'':4 ''the'':3 ''2'':6');
INSERT INTO public."TweetWords" VALUES (5, '''agree'':2 ''ferry'':4 ''i'':1 ''late'':6 ''the'':3 ''was'':5 ''1'':7');
INSERT INTO public."TweetWords" VALUES (6, '''and'':2 ''bread'':3 ''soup'':1 ''2'':4');
INSERT INTO public."TweetWords" VALUES (7, '''for'':3 ''may'':4 ''tables'':2 ''tide'':1 ''1'':5');
INSERT INTO public."TweetWords" VALUES (8, '''is'':3 ''lighthouse'':2 ''lit'':4 ''the'':1 ''2'':5');
INSERT INTO public."TweetWords" VALUES (9, '''bread'':2 ''no'':1 ''today'':3 ''1'':4');
INSERT INTO public."TweetWords" VALUES (10, '''gulls'':1 ''over'':2 ''pier'':4 ''the'':3 ''2'':5');
INSERT INTO public."TweetWords" VALUES (11, '''a'':1 ''boat'':3 ''red'':2 ''2'':4');
INSERT INTO public."TweetWords" VALUES (12, '''1'':2 ''post'':1 ''3'':3');
INSERT INTO public."TweetWords" VALUES (13, '''2'':2 ''post'':1 ''3'':3');
INSERT INTO public."TweetWords" VALUES (15, '''answered'':1 ''once'':2 ''3'':3');
INSERT INTO public."TweetWords" VALUES (16, '''by'':1 ''upload'':2 ''5'':3');
INSERT INTO public."Users" VALUES (2, 'ann', 'ann', NULL, 'local', '2026-11-22 10:49:20+00', 6, 0, NULL);
INSERT INTO public."Users" VALUES (1, 'bo', 'bo', NULL, 'local', '2026-11-22 10:49:20+00', 4, 1, NULL);
INSERT INTO public."Users" VALUES (3, 'mina', 'mina', NULL, 'x', '2026-11-22 10:49:21+00', 3, 0, NULL);
INSERT INTO public."Users" VALUES (5, 'ben', 'ben', NULL, 'local', '2026-11-22 10:49:33+00', 1, 0, NULL);
INSERT INTO public."VectorSet" VALUES (1, 'letters:5', 5, 13, true, false, '2026-11-22 10:49:25+00', 0);
INSERT INTO public."Vocabulary" VALUES (1, 2, 15, 14, 49);
INSERT INTO public."Word" VALUES ('again', 1);
INSERT INTO public."Word" VALUES ('agree', 1);
INSERT INTO public."Word" VALUES ('and', 1);
INSERT INTO public."Word" VALUES ('at', 1);
INSERT INTO public."Word" VALUES ('boat', 1);
INSERT INTO public."Word" VALUES ('bread', 3);
INSERT INTO public."Word" VALUES ('dawn', 1);
INSERT INTO public."Word" VALUES ('ferry', 2);
INSERT INTO public."Word" VALUES ('for', 1);
INSERT INTO public."Word" VALUES ('from', 1);
INSERT INTO public."Word" VALUES ('gulls', 1);
INSERT INTO public."Word" VALUES ('i', 1);
INSERT INTO public."Word" VALUES ('is', 1);
INSERT INTO public."Word" VALUES ('late', 1);
INSERT INTO public."Word" VALUES ('leaves', 1);
INSERT INTO public."Word" VALUES ('lighthouse', 1);
INSERT INTO public."Word" VALUES ('lit', 1);
INSERT INTO public."Word" VALUES ('may', 1);
INSERT INTO public."Word" VALUES ('no', 1);
INSERT INTO public."Word" VALUES ('on', 1);
INSERT INTO public."Word" VALUES ('oven', 1);
INSERT INTO public."Word" VALUES ('over', 1);
INSERT INTO public."Word" VALUES ('pier', 1);
INSERT INTO public."Word" VALUES ('rain', 1);
INSERT INTO public."Word" VALUES ('red', 1);
INSERT INTO public."Word" VALUES ('roof', 1);
INSERT INTO public."Word" VALUES ('soup', 1);
INSERT INTO public."Word" VALUES ('tables', 1);
INSERT INTO public."Word" VALUES ('tide', 1);
INSERT INTO public."Word" VALUES ('today', 1);
INSERT INTO public."Word" VALUES ('was', 1);
INSERT INTO public."Word" VALUES ('1', 1);
INSERT INTO public."Word" VALUES ('2', 1);
INSERT INTO public."Word" VALUES ('post', 2);
INSERT INTO public."Word" VALUES ('answered', 1);
INSERT INTO public."Word" VALUES ('once', 1);
INSERT INTO public."Word" VALUES ('a', 1);
INSERT INTO public."Word" VALUES ('the', 6);
INSERT INTO public."Word" VALUES ('by', 1);
INSERT INTO public."Word" VALUES ('upload', 1);
INSERT INTO public.alembic_version VALUES ('0023_since_0022');
SELECT pg_catalog.setval('public."Event_id_seq"', 15, true);
SELECT pg_catalog.setval('public."IdempotencyRecord_id_seq"', 1, true);
SELECT pg_catalog.setval('public."ImportJob_id_seq"', 1, true);
SELECT pg_catalog.setval('public."LiveSource_id_seq"', 1, true);
SELECT pg_catalog.setval('public."LoginFailure_id_seq"', 1, false);
SELECT pg_catalog.setval('public."LoginSession_id_seq"', 1, false);
SELECT pg_catalog.setval('public."MediaUse_id_seq"', 1, true);
SELECT pg_catalog.setval('public."Operator_id_seq"', 1, true);
SELECT pg_catalog.setval('public."SetupLink_id_seq"', 1, false);
SELECT pg_catalog.setval('public."Token_id_seq"', 1, true);
SELECT pg_catalog.setval('public."Tweet_id_seq"', 16, true);
SELECT pg_catalog.setval('public."Users_id_seq"', 5, true);
SELECT pg_catalog.setval('public."VectorSet_id_seq"', 1, true);
ALTER TABLE ONLY public."TweetWords"
    ADD CONSTRAINT "TweetWords_pkey" PRIMARY KEY (id);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public."BackgroundSnapshot"
    ADD CONSTRAINT "pk_BackgroundSnapshot" PRIMARY KEY (version);
ALTER TABLE ONLY public."Embedding"
    ADD CONSTRAINT "pk_Embedding" PRIMARY KEY (tweet_id, set_id);
ALTER TABLE ONLY public."Event"
    ADD CONSTRAINT "pk_Event" PRIMARY KEY (id);
ALTER TABLE ONLY public."IdempotencyRecord"
    ADD CONSTRAINT "pk_IdempotencyRecord" PRIMARY KEY (id);
ALTER TABLE ONLY public."ImportJob"
    ADD CONSTRAINT "pk_ImportJob" PRIMARY KEY (id);
ALTER TABLE ONLY public."Lease"
    ADD CONSTRAINT "pk_Lease" PRIMARY KEY (name);
ALTER TABLE ONLY public."LiveSource"
    ADD CONSTRAINT "pk_LiveSource" PRIMARY KEY (id);
ALTER TABLE ONLY public."LoginFailure"
    ADD CONSTRAINT "pk_LoginFailure" PRIMARY KEY (id);
ALTER TABLE ONLY public."LoginSession"
    ADD CONSTRAINT "pk_LoginSession" PRIMARY KEY (id);
ALTER TABLE ONLY public."MediaUse"
    ADD CONSTRAINT "pk_MediaUse" PRIMARY KEY (id);
ALTER TABLE ONLY public."ModelCard"
    ADD CONSTRAINT "pk_ModelCard" PRIMARY KEY (authors);
ALTER TABLE ONLY public."Operator"
    ADD CONSTRAINT "pk_Operator" PRIMARY KEY (id);
ALTER TABLE ONLY public."PostCount"
    ADD CONSTRAINT "pk_PostCount" PRIMARY KEY (user_id, slot, lang);
ALTER TABLE ONLY public."Profile"
    ADD CONSTRAINT "pk_Profile" PRIMARY KEY (user_id);
ALTER TABLE ONLY public."SetupLink"
    ADD CONSTRAINT "pk_SetupLink" PRIMARY KEY (id);
ALTER TABLE ONLY public."Token"
    ADD CONSTRAINT "pk_Token" PRIMARY KEY (id);
ALTER TABLE ONLY public."Tweet"
    ADD CONSTRAINT "pk_Tweet" PRIMARY KEY (id);
ALTER TABLE ONLY public."Users"
    ADD CONSTRAINT "pk_Users" PRIMARY KEY (id);
ALTER TABLE ONLY public."VectorSet"
    ADD CONSTRAINT "pk_VectorSet" PRIMARY KEY (id);
ALTER TABLE ONLY public."Vocabulary"
    ADD CONSTRAINT "pk_Vocabulary" PRIMARY KEY (id);
ALTER TABLE ONLY public."Word"
    ADD CONSTRAINT "pk_Word" PRIMARY KEY (word);
ALTER TABLE ONLY public."IdempotencyRecord"
    ADD CONSTRAINT "uq_IdempotencyRecord_holder_method_path_key" UNIQUE (holder, method, path, key);
ALTER TABLE ONLY public."LiveSource"
    ADD CONSTRAINT "uq_LiveSource_source" UNIQUE (source);
ALTER TABLE ONLY public."LoginSession"
    ADD CONSTRAINT "uq_LoginSession_sha256" UNIQUE (sha256);
ALTER TABLE ONLY public."Operator"
    ADD CONSTRAINT "uq_Operator_name_key" UNIQUE (name_key);
ALTER TABLE ONLY public."SetupLink"
    ADD CONSTRAINT "uq_SetupLink_sha256" UNIQUE (sha256);
ALTER TABLE ONLY public."Token"
    ADD CONSTRAINT "uq_Token_sha256" UNIQUE (sha256);
ALTER TABLE ONLY public."Tweet"
    ADD CONSTRAINT "uq_Tweet_user_id_source_id" UNIQUE (user_id, source_id);
ALTER TABLE ONLY public."Users"
    ADD CONSTRAINT "uq_Users_username_key" UNIQUE (username_key);
CREATE INDEX "ix_Event_xact" ON public."Event" USING btree (xact);
CREATE INDEX "ix_IdempotencyRecord_touched_at" ON public."IdempotencyRecord" USING btree (touched_at);
CREATE INDEX "ix_ImportJob_state" ON public."ImportJob" USING btree (state);
CREATE INDEX "ix_LiveSource_host" ON public."LiveSource" USING btree (host);
CREATE INDEX "ix_LiveSource_next_visit_at" ON public."LiveSource" USING btree (next_visit_at);
CREATE INDEX "ix_LiveSource_username_key" ON public."LiveSource" USING btree (username_key);
CREATE INDEX "ix_LoginFailure_subject_failed_at" ON public."LoginFailure" USING btree (subject, failed_at);
CREATE INDEX "ix_LoginSession_operator_id" ON public."LoginSession" USING btree (operator_id);
CREATE INDEX "ix_MediaUse_name" ON public."MediaUse" USING btree (name);
CREATE INDEX "ix_MediaUse_tweet_id" ON public."MediaUse" USING btree (tweet_id);
CREATE INDEX "ix_Profile_posts" ON public."Profile" USING btree (posts);
CREATE INDEX "ix_TweetWords_terms" ON public."TweetWords" USING gin (terms);
CREATE INDEX "ix_Tweet_newest" ON public."Tweet" USING btree (created_at DESC NULLS LAST, id DESC);
CREATE INDEX "ix_Tweet_reply_to_source_id" ON public."Tweet" USING btree (reply_to_source_id) WHERE (reply_to_source_id IS NOT NULL);
CREATE INDEX "ix_Tweet_thread_id" ON public."Tweet" USING btree (thread_id) WHERE (thread_id IS NOT NULL);
CREATE INDEX "ix_Tweet_user_id_dated_at" ON public."Tweet" USING btree (user_id, dated_at) WHERE (dated_at IS NOT NULL);
CREATE INDEX "ix_Tweet_user_id_event_id" ON public."Tweet" USING btree (user_id, event_id);
CREATE INDEX "ix_Tweet_user_id_newest" ON public."Tweet" USING btree (user_id, created_at DESC NULLS LAST, id DESC);
CREATE INDEX "ix_Users_deleted_at" ON public."Users" USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX "ix_VectorSet_model" ON public."VectorSet" USING btree (model);
CREATE TRIGGER "Event_notify" AFTER INSERT ON public."Event" FOR EACH STATEMENT EXECUTE FUNCTION public.saywho_notify();
ALTER TABLE ONLY public."TweetWords"
    ADD CONSTRAINT "TweetWords_id_fkey" FOREIGN KEY (id) REFERENCES public."Tweet"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public."Embedding"
    ADD CONSTRAINT "fk_Embedding_set_id_VectorSet" FOREIGN KEY (set_id) REFERENCES public."VectorSet"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public."Embedding"
    ADD CONSTRAINT "fk_Embedding_tweet_id_Tweet" FOREIGN KEY (tweet_id) REFERENCES public."Tweet"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public."LoginSession"
    ADD CONSTRAINT "fk_LoginSession_operator_id_Operator" FOREIGN KEY (operator_id) REFERENCES public."Operator"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public."MediaUse"
    ADD CONSTRAINT "fk_MediaUse_tweet_id_Tweet" FOREIGN KEY (tweet_id) REFERENCES public."Tweet"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public."PostCount"
    ADD CONSTRAINT "fk_PostCount_user_id_Users" FOREIGN KEY (user_id) REFERENCES public."Users"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public."Profile"
    ADD CONSTRAINT "fk_Profile_user_id_Users" FOREIGN KEY (user_id) REFERENCES public."Users"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public."Tweet"
    ADD CONSTRAINT "fk_Tweet_user_id_Users" FOREIGN KEY (user_id) REFERENCES public."Users"(id) ON DELETE CASCADE;
