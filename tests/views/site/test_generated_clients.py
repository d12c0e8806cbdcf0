"""Clients that common generators make of the API's document compile, and are answered.

The generators are installed for the test; without Node, or without them, it is skipped.
"""

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.installation import Installation
from tests.server import SERVE, Server, serving

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]

PYTHON_PACKAGE: Final = "openapi-python-client==0.29.1"
READING_PACKAGE: Final = "aiopenapi3==0.11.0"
NODE_PACKAGES: Final = (
    *("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3"),
    *("swagger-typescript-api@13.13.0", "@types/node@20.19.25"),
)
INSTALL_S: Final = 240
"""Seconds that an installation may take."""
NAMES: Final = ("saltmarsh_light", "the_night_ferry")
"""Sample authors."""
PYTHON: Final = """
    import sys

    from saywho_client import AuthenticatedClient
    from saywho_client.api.compare import compare_get, compare_post
    from saywho_client.api.search import search_tweets
    from saywho_client.api.tweets import create_many, create_tweet
    from saywho_client.api.users import create_user
    from saywho_client.models import (
        CompareFormWithText,
        CompareFormWithTexts,
        NewTweetForm,
        NewUserForm,
        TweetLine,
    )

    url, token, *names = sys.argv[1:]
    client = AuthenticatedClient(base_url=url, token=token)
    text = "Fog again. Wind NW 4, visibility two miles."
    assert create_user.sync(client=client, body=NewUserForm("mina")).username == "mina"
    post = create_tweet.sync("mina", client=client, body=NewTweetForm("The ferry waits."))
    assert (post.text, post.kind) == ("The ferry waits.", "post")
    lines = [TweetLine(username="mina", text=text), TweetLine(username="mina", text="Nets.")]
    assert create_many.sync(client=client, body=lines).accepted == 2
    read = compare_get.sync(client=client, text=[text], username=names, reasons=True)
    for body in (CompareFormWithText(text, names), CompareFormWithTexts([text], names)):
        answer = compare_post.sync(client=client, body=body)
        assert (answer.verdict, answer.ranking) == (read.verdict, read.ranking)
    assert read.evidence[0].text in text
    assert compare_post.sync(client=client, body=CompareFormWithText(text, ["no"])).status == 404
    found = search_tweets.sync(client=client, q="fog", facets=True, limit=2)
    start, end = found.items[0].highlights[0]
    assert found.items[0].text[start:end].lower() == "fog"
    assert search_tweets.sync(client=client, q="fog", limit=2, cursor=found.next_).items
"""
TYPESCRIPT: Final = """
    import createClient from "openapi-fetch";
    import type { components, paths } from "./saywho.js";

    const [baseUrl, token, ...usernames] = process.argv.slice(2);
    const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
    const text = "Fog again. Wind NW 4, visibility two miles.";
    const params = { path: { username: "jun" } };

    await client.POST("/api/v1/users", { body: { username: "jun" } });
    const post = await client.POST("/api/v1/users/{username}/tweets", { params, body: { text } });
    const query = { text: [text], username: usernames };
    const read = await client.GET("/api/v1/compare", { params: { query } });
    const answer = await client.POST("/api/v1/compare", { body: { text, usernames } });
    const several = await client.POST("/api/v1/compare", { body: { texts: [text], usernames } });
    const options = { q: "fog", limit: 2, facets: true };
    const found = await client.GET("/api/v1/search", { params: { query: options } });
    if (!post.data || !read.data || !answer.data || !several.data || !found.data)
      throw new Error(post.error?.detail ?? answer.error?.detail ?? "no answer");
    const verdict: "likely" | "close" | "unfamiliar" | "short" = answer.data.verdict;
    const likeliest: components["schemas"]["RankedAuthor"] = read.data.ranking[0];
    const id: number = post.data.id;
    // @ts-expect-error it has no text
    await client.GET("/api/v1/compare", { params: { query: {} } });
    // @ts-expect-error it has neither a text nor texts
    const neither = await client.POST("/api/v1/compare", { body: {} });
    // @ts-expect-error it has no text
    await client.POST("/api/v1/users/{username}/tweets", { params, body: {} });
    console.log(JSON.stringify([verdict, likeliest.username, id > 0, neither.error?.status]));
"""
READING: Final = """
    import sys

    from aiopenapi3 import OpenAPI

    url, token, name = sys.argv[1:4]
    client = OpenAPI.load_sync(f"{url}/api/v1/openapi.json")
    client.authenticate(bearer=token)
    assert client._.create_user(data={"username": "sora"}).username == "sora"
    sent = {"text": "The ferry waits in the fog."}
    post = client._.create_tweet(parameters={"username": "sora"}, data=sent)
    assert client._.show_tweet(parameters={"tweet_id": post.id}).reply_to is None
    found = client._.search_tweets(parameters={"q": "fog", "username": name, "limit": 2}).items[0]
    start, end = found.highlights[0]
    assert found.text[start:end].lower() == "fog"
    assert client._.list_users(parameters={"limit": 1}).items[0].tweets > 0
"""
CALLS: Final = """
    import { Api } from "./calls.js";

    const [baseUrl, token, username] = process.argv.slice(2);
    const headers = { Authorization: `Bearer ${token}` };
    const { api } = new Api({ baseUrl, baseApiParams: { headers } });
    await api.createUser({ username: "li" });
    const post = await api.createTweet("li", { text: "The ferry waits in the fog." });
    const read = await api.showTweet(post.data.id);
    const found = await api.searchTweets({ q: "fog", username, limit: 2 });
    const [start, end]: [number, number] = found.data.items[0].highlights[0];
    const mark = found.data.items[0].text.slice(start, end);
    console.log(JSON.stringify([read.data.reply_to, mark.toLowerCase()]));
"""
SETTINGS: Final = {
    "compilerOptions": {
        "target": "es2022",
        "module": "nodenext",
        "strict": True,
        "skipLibCheck": False,
        "types": ["node"],
        "lib": ["es2022", "dom"],
    },
    "files": ["client.ts", "calls_client.ts"],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site with the sample authors."""
    installation = Installation(tmp_path_factory.mktemp("site") / "instance")
    installation.done("demo")
    with serving(installation, *SERVE, "--workers", "1") as server:
        server.token = installation.json("token", "add", "t", "--scope", "write")["token"]
        yield server


def address_of(site: Server) -> str:
    return f"http://127.0.0.1:{site.port}"


def install(name: str, *commands: list[str], folder: Path) -> None:
    """Run commands that install a generator; skip the test without it."""
    for command in commands:
        try:
            subprocess.run(
                command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_S, text=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            pytest.skip(f"{name} cannot be installed: {said.strip().splitlines()[-1]}")


def done(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def test_a_client_of_openapi_python_client_is_answered(site: Server, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    install(
        "openapi-python-client",
        [sys.executable, "-m", "venv", "venv"],
        [str(python), "-m", "pip", "install", "--quiet", PYTHON_PACKAGE],
        folder=tmp_path,
    )
    document = f"{address_of(site)}/api/v1/openapi.json"
    generated = done(
        *(python.with_name("openapi-python-client"), "generate", "--url", document),
        *("--meta", "none", "--output-path", "saywho_client"),
        folder=tmp_path,
    )
    # Its clients send no JSON lines, and an array instead. They return the answer to a batch, which
    # is in lines, unread.
    left_out = [line for line in generated.stderr.splitlines() if line.startswith("WARNING")]
    batch = "/api/v1/compare/batch"
    assert [line.split()[3] for line in left_out] == ["/api/v1/tweets", batch, batch]
    (tmp_path / "client.py").write_text(textwrap.dedent(PYTHON))
    done(python, "client.py", address_of(site), site.token, *NAMES, folder=tmp_path)


def test_aiopenapi3_reads_the_document_and_is_answered(site: Server, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    install(
        "aiopenapi3",
        [sys.executable, "-m", "venv", "venv"],
        [str(python), "-m", "pip", "install", "--quiet", READING_PACKAGE],
        folder=tmp_path,
    )
    (tmp_path / "client.py").write_text(textwrap.dedent(READING))
    done(python, "client.py", address_of(site), site.token, NAMES[0], folder=tmp_path)


def test_clients_in_typescript_compile_and_are_answered(site: Server, tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("openapi-typescript cannot be installed: Node and npm are missing")
    (tmp_path / "package.json").write_text(json.dumps({"type": "module", "private": True}))
    install(
        "openapi-typescript",
        ["npm", "install", "--silent", "--no-audit", "--no-fund", *NODE_PACKAGES],
        folder=tmp_path,
    )
    document, tools = f"{address_of(site)}/api/v1/openapi.json", tmp_path / "node_modules" / ".bin"
    done(tools / "openapi-typescript", document, "--output", "saywho.ts", folder=tmp_path)
    made = done(
        *(tools / "swagger-typescript-api", "generate", "--path", document),
        *("--output", ".", "--name", "calls.ts"),
        folder=tmp_path,
    )
    assert "error" not in made.stdout
    calls = (tmp_path / "calls.ts").read_text()
    # Otherwise nothing that it makes would be checked.
    (tmp_path / "calls.ts").write_text(calls.replace("// @ts-nocheck", ""))
    (tmp_path / "client.ts").write_text(textwrap.dedent(TYPESCRIPT))
    (tmp_path / "calls_client.ts").write_text(textwrap.dedent(CALLS))
    (tmp_path / "tsconfig.json").write_text(json.dumps(SETTINGS))
    done(tools / "tsc", folder=tmp_path)
    ran = done("node", "client.js", address_of(site), site.token, *NAMES, folder=tmp_path)
    assert json.loads(ran.stdout) == ["likely", NAMES[0], True, 422]
    ran = done("node", "calls_client.js", address_of(site), site.token, NAMES[0], folder=tmp_path)
    assert json.loads(ran.stdout) == [None, "fog"]
