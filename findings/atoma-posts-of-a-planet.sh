#!/usr/bin/env bash
# atoma 0.0.17: collected posts are given to the collector, and posts in XHTML have no words.
#
# Expected: a planet is an Atom feed that collects the posts of other feeds. An entry without an author is by
# the author of its `source`, and only without one by the author of the whole feed (RFC 4287, 4.2.1).
# Seen: the posts of Mina and Jiu are by "The editors" of the planet, although the package has read their names
# in the source. The title and the words of Mina's post, which are XHTML, are None.
# Why: the authors of the feed are asked before those of the source. From an element, only the text before its
# first child is taken. XHTML is always in a child.
# Who is hurt: whoever compares the people of a planet. Two people are one, and some have written nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'atoma==0.0.17' 'attrs==26.1.0' 'defusedxml==0.7.1' 'python-dateutil==2.9.0.post0' 'six==1.17.0'
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import atoma

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def entry(name, title, content):
    source = f"<source><id>urn:{name}</id><title>Notes</title><author><name>{name}</name></author></source>"
    return f"<entry><id>urn:{name}:1</id><updated>2025-05-01T10:00:00Z</updated>{title}{content}{source}</entry>"


mina = entry(
    "Mina",
    f'<title type="xhtml"><div {XHTML}>The <b>cold</b> tea</div></title>',
    f'<content type="xhtml"><div {XHTML}><p>The tea is cold.</p></div></content>',
)
jiu = entry("Jiu", "<title>Gulls</title>", '<content type="text">Gulls are loud.</content>')
feed = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:planet</id><title>Planet of the harbour</title>'
    f"<updated>2025-05-01T10:00:00Z</updated><author><name>The editors</name></author>{mina}{jiu}</feed>"
)
entries = atoma.parse_atom_bytes(feed.encode()).entries
for post in entries:
    authors, source = ([person.name for person in by] for by in (post.authors, post.source.authors))
    title, words = (text and text.value for text in (post.title, post.content))
    print(f"authors {authors}, of the source {source}, title {title}, words {words}")
assert [[person.name for person in post.authors] for post in entries] == [["The editors"]] * 2
assert [post.source.authors[0].name for post in entries] == ["Mina", "Jiu"]
assert entries[0].title is entries[0].content is None and entries[1].content.value == "Gulls are loud."
PYTHON
