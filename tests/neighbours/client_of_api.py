"""Uses the client that openapi-generator has made for Python: `client_of_api.py FOLDER URL TOKEN`.

It runs in the environment of the neighbours, without saywho.
"""

import sys

if __name__ == "__main__":
    folder, url, token = sys.argv[1:]
    sys.path.insert(0, folder)
    import openapi_client as made  # type: ignore[import-not-found]

    client = made.ApiClient(made.Configuration(host=url, access_token=token))
    tweets = made.TweetsApi(client)
    lines = [made.TweetLine(username="pia", text=f"The tide turns, {n}") for n in range(3)]
    assert tweets.create_many(lines).accepted == 3
    found = made.SearchApi(client).search_tweets(q="tide", limit=2)
    assert (len(found.items), found.total, bool(found.next)) == (2, 3, True)
    assert tweets.list_similar(found.items[0].id).next is None
    job = made.ImportsApi(client).create_import(file=("posts.csv", b"text,username\nfog,pia\n"))
    assert job.state == "running"
    print("whole")
