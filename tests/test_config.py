"""Settings: each is read from the environment, and a wrong one is named."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from app import create_app, withdrawn
from app.config import Config, ConfigError, settings_file

PRIMARY = "postgresql+asyncpg://u@a/saywho"
SETTINGS: dict[str, tuple[str, Any]] = {
    "env": ("production", "production"),
    "data_dir": ("/var/lib/saywho 한글", Path("/var/lib/saywho 한글")),
    "database_url": ("sqlite+aiosqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
    "secret_key": ("0123456789abcdef,fedcba9876543210", "0123456789abcdef,fedcba9876543210"),
    "public": ("0", False),
    "durability": ("normal", "normal"),
    "population": ("0", False),
    "embedder": ("sentence-transformers:model/name", "sentence-transformers:model/name"),
    "cache_mb": ("0", 0),
    "max_body_mb": ("2", 2),
    "max_import_mb": ("8192", 8192),
    "max_media_gb": ("0", 0),
    "live_clients": ("5", 5),
    "follow_deletions": ("1", True),
    "follow_private": ("1", True),
    "bluesky_url": ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    "url": ("https://saywho.example.org/", "https://saywho.example.org"),
    "cors": (
        "https://App.example.org:443/, http://[::1]:3000",
        frozenset({"https://app.example.org", "http://[::1]:3000"}),
    ),
    "embedder_key": ("key-1", "key-1"),
    "locale": ("ko", "ko"),
    "trusted_proxies": ("2", 2),
    "log": ("text", "text"),
    "access_log": ("addresses", "addresses"),
    "home": ("https://example.org/saywho/", "https://example.org/saywho"),
    "without": ("spark", frozenset({"spark"})),
}


def from_env(**values: str) -> Config:
    return Config.from_env({f"SAYWHO_{name.upper()}": value for name, value in values.items()})


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder without a `.env` file."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_setting_is_tested_here() -> None:
    assert SETTINGS.keys() == {field.name for field in fields(Config)}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting_is_read(name: str) -> None:
    given, expected = SETTINGS[name]
    assert getattr(from_env(**{name: f" {given} "}), name) == expected


def test_settings_pass_on_to_another_process_unchanged() -> None:
    settings = {name: given for name, (given, _) in SETTINGS.items()}
    config = from_env(**settings | {"database_url": PRIMARY})
    assert Config.from_env(config.to_env()) == config


def test_defaults_are_those_documented() -> None:
    config = Config.from_env({"PATH": "/bin", "OTHER_PUBLIC": "maybe"})
    assert config == Config(log=config.log)
    assert config.public is None
    assert config.durability == "full"
    assert (config.max_body_mb, config.max_import_mb, config.cache_mb) == (1, 4096, 64)
    assert (config.trusted_proxies, config.live_clients) == (0, 5_000)


def test_each_environment_has_a_database_of_its_own(tmp_path: Path) -> None:
    urls = {
        env: from_env(env=env, data_dir=str(tmp_path)).database_url
        for env in ("development", "testing", "production")
    }
    for env, url in urls.items():
        assert url == f"sqlite+aiosqlite:///{tmp_path / env}.db"


def test_the_default_folder_is_in_the_current_one(tmp_path: Path) -> None:
    assert Config().database_url == f"sqlite+aiosqlite:///{tmp_path}/instance/development.db"


def test_an_empty_value_is_as_good_as_none() -> None:
    assert from_env(public="", url=" ", embedder_key="") == from_env()


@pytest.mark.parametrize("name", ["SAYWHO_PUBLC", "SAYWHO_", "SAYWHO_DATABASE", "SAYWHO_PORT"])
def test_an_unknown_name_is_named(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_env({name: "secret-value"})
    assert name in str(caught.value)
    assert "secret-value" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(withdrawn.SETTINGS))
def test_a_setting_that_went_is_ignored_with_one_line(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert from_env(**{name: "what it was"}) == from_env()
    assert Config.from_mapping({name.upper(): 5}) == Config.from_mapping({})
    assert capsys.readouterr().err.count(f"SAYWHO_{name.upper()} is no setting any more") <= 1


BAD = [
    *(("env", "prod"), ("public", "yes"), ("public", "2"), ("durability", "FULL")),
    *(("cache_mb", "-1"), ("cache_mb", "1.5"), ("cache_mb", "1e3"), ("cache_mb", "٣")),
    *(
        ("max_body_mb", "0"),
        ("max_import_mb", "0"),
        ("max_body_mb", "9" * 13),
        ("live_clients", "x"),
    ),
    *(("trusted_proxies", "101"), ("trusted_proxies", "all")),
    *(("url", "saywho.example.org"), ("url", "https://a.example/path"), ("url", "ftp://a.example")),
    *(("locale", "fr"), ("log", "xml"), ("access_log", "true"), ("embedder", "openai")),
    *(("embedder", "http:ftp://a"), ("embedder", "sentence-transformers:")),
    *(("url", "https://[bad"), ("url", "https://a:b"), ("url", "https://a:65536")),
    *(
        ("url", "https://a..b"),
        ("url", "https://<x>"),
        ("url", "https://me:pw@a"),
        ("url", "https://."),
    ),
    *(("cors", "*"), ("cors", "null"), ("cors", "https://a.example, https://b.example/path")),
    *(("bluesky_url", "https://[bad"), ("bluesky_url", "https://:443/x")),
    *(
        ("embedder", "http:https://"),
        ("embedder", "http:http://[bad"),
        ("embedder", "http:http://a:b/v1"),
    ),
    *(("database_url", "postgresql+asyncpg://[bad/x"), ("database_url", f"{PRIMARY}?port=b")),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda v: ascii(v))
def test_a_bad_value_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env(**{name: value})
    assert f"SAYWHO_{name.upper()} " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "too-short-hush"),
        ("secret_key", "0123456789abcdef,hush"),
        ("database_url", "postgres://me:hush@db/saywho"),
        ("database_url", "sqlite:///hush.db"),
        ("database_url", "sqlite+aiosqlite:///:memory:hush"),
        ("database_url", "sqlite+aiosqlite://"),
        ("database_url", "postgresql+asyncpg://a:hush,b/x"),
    ],
    ids=["short", "second", "postgres", "sync", "memory", "no file", "port"],
)
def test_a_secret_is_never_in_the_message(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env(**{name: value})
    assert f"SAYWHO_{name.upper()} " in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.fixture
def named(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of settings that the environment names."""
    file = empty_folder / "named.env"
    monkeypatch.setenv("SAYWHO_ENV_FILE", str(file))
    return file


def test_a_settings_file_is_read_below_the_environment(
    named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named.write_text(
        "# settings\nSAYWHO_PUBLIC=0\nSAYWHO_CACHE_MB=7\nSAYWHO_EMBEDDER_KEY='한글 key'\nOTHER=1\n"
    )
    monkeypatch.setenv("SAYWHO_CACHE_MB", "8")
    config = Config.from_env()
    assert (config.public, config.cache_mb, config.embedder_key) == (False, 8, "한글 key")


def test_one_settings_file_counts_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout, data, here = (tmp_path / name for name in ("checkout", "data", "here"))
    monkeypatch.setattr("app.config.PROGRAM_FOLDER", checkout)
    for folder in (checkout, data, here):
        folder.mkdir()
        (folder / ".env").write_text("SAYWHO_LOCALE=ko\n")
    monkeypatch.chdir(here)
    assert settings_file({}) == checkout / ".env"
    names_data = {"SAYWHO_DATA_DIR": str(data)}
    assert settings_file(names_data) == data / ".env"
    assert settings_file(names_data | {"SAYWHO_ENV_FILE": ".env"}) == here / ".env"
    (data / ".env").unlink()
    assert settings_file(names_data | {"SAYWHO_ENV_FILE": ""}) == checkout / ".env"
    (checkout / ".env").unlink()
    (checkout / ".env").mkdir()  # Many call their virtual environment so.
    assert settings_file(names_data) is None


def test_a_settings_file_of_the_current_folder_is_noted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.config.PROGRAM_FOLDER", tmp_path / "checkout")
    folder = tmp_path / "a \x1b[2Jfolder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / ".env").write_text("SAYWHO_PUBLIK=0\n")
    assert Config.from_env() == Config.from_env()
    (line,) = capsys.readouterr().err.splitlines()
    shown = f"{tmp_path}/a \ufffd[2Jfolder/.env"
    assert line == f"saywho: {shown} is not read; to use it, set SAYWHO_ENV_FILE='{shown}'"


@pytest.mark.parametrize("database", ["own.db", "/srv/own.db"])
def test_paths_in_a_settings_file_begin_at_its_folder(
    named: Path, database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    named.write_text(f"SAYWHO_DATA_DIR=data\nSAYWHO_DATABASE_URL=sqlite+aiosqlite:///{database}\n")
    configs = []
    for _ in range(2):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp("elsewhere"))
            configs.append(Config.from_env())
    assert configs[0] == configs[1]
    assert configs[0].data_dir == named.parent / "data"
    assert configs[0].database_url == f"sqlite+aiosqlite:///{named.parent / database}"


def test_a_settings_file_names_no_other_file(named: Path) -> None:
    named.write_text("SAYWHO_ENV_FILE=other.env\n")
    with pytest.raises(ConfigError, match="SAYWHO_ENV_FILE can only be set in the environment"):
        Config.from_env()


def test_an_unset_variable_stays_unset_in_a_child_process() -> None:
    passed_on = from_env(log="text").to_env()
    of_file = {"SAYWHO_PUBLIC": "1", "SAYWHO_LOCALE": "ko"}
    assert Config.from_env(of_file | passed_on) == from_env(log="text")


def test_a_wrong_setting_stops_the_start_with_one_line(
    empty_folder: Path, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named.write_text("SAYWHO_PUBLIK=0\n")
    with pytest.raises(SystemExit, match=r"^saywho: SAYWHO_PUBLIK is not a setting"):
        create_app()
    monkeypatch.setenv("SAYWHO_PUBLIC", "perhaps")
    named.write_text("")
    with pytest.raises(SystemExit, match=r"^saywho: SAYWHO_PUBLIC must be 0 or 1"):
        create_app()
    assert not (empty_folder / "instance").exists()
