"""Listens to a live stream until an event with data comes, by a client: `listen.py CLIENT URL`.

It prints the events' names. It runs in the environment of the neighbours, without saywho.
"""

import json
import sys


def by_httpx_sse(url: str) -> None:
    import httpx
    from httpx_sse import connect_sse

    with httpx.Client(timeout=30) as client, connect_sse(client, "GET", url) as source:
        for event in source.iter_sse():
            print(event.event, event.id, sorted(event.json()), flush=True)
            if event.event != "ready":
                return


def by_sseclient(url: str) -> None:
    import requests
    import sseclient

    answer = requests.get(url, stream=True, timeout=30, headers={"Accept": "text/event-stream"})
    for event in sseclient.SSEClient(answer).events():
        print(event.event, event.id, sorted(json.loads(event.data)), flush=True)
        if event.event != "ready":
            return


if __name__ == "__main__":
    {"httpx-sse": by_httpx_sse, "sseclient-py": by_sseclient}[sys.argv[1]](sys.argv[2])
