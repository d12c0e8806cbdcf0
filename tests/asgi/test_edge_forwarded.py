"""What proxies say of the client: believed as far as they are trusted, and no further."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.asgi.hosts import forwarded

HOST = (b"host", b"own.example")
own = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
addresses = own.filter(lambda address: not address.startswith("::ffff:"))
# What a client may invent: any header value, commas and all.
junk = st.lists(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20), max_size=3
)


def scope(*headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "scheme": "http",
        "client": ("127.0.0.1", 4711),
        "headers": [HOST, *((name.encode(), value.encode("latin-1")) for name, value in headers)],
    }


@settings(deadline=None)  # Other work on the machine is no fault.
@given(invented=junk, hops=st.lists(addresses, min_size=1, max_size=3), schemes=st.data())
def test_the_entry_of_the_outermost_trusted_proxy_counts_whatever_stands_before_it(
    invented: list[str], hops: list[str], schemes: st.DataObject
) -> None:
    scheme = schemes.draw(st.sampled_from(["http", "https"]))
    rest = ["http"] * (len(hops) - 1)
    sent = scope(
        ("x-forwarded-for", ",".join([*invented, *hops])),
        ("x-forwarded-proto", ", ".join([*invented, scheme, *rest])),
    )
    seen = forwarded(sent, len(hops))
    assert seen["client"] == (hops[0], 0)
    assert seen["scheme"] == scheme
    assert seen["headers"][0] == HOST


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:DB8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown", None),
        ("", None),
        ("203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.256", None),
        ("[2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),  # One client is called by one name.
        ("<script>", None),
    ],
)
def test_forms_of_an_address(entry: str, address: str | None) -> None:
    seen = forwarded(scope(("x-forwarded-for", entry)), 1)
    assert seen["client"] == ((address, 0) if address else ("127.0.0.1", 4711))


@pytest.mark.parametrize("scheme", ["HTTPS", "javascript", ""])
def test_a_scheme_that_is_none_changes_nothing(scheme: str) -> None:
    assert forwarded(scope(("x-forwarded-proto", scheme)), 1)["scheme"] == "http"


def test_the_forwarded_host_replaces_the_one_that_the_proxy_used() -> None:
    seen = forwarded(scope(("x-forwarded-host", "evil.example, saywho.example.org")), 1)
    assert [value for name, value in seen["headers"] if name == b"host"] == [b"saywho.example.org"]
