#!/usr/bin/env bash
# mastodon-archive 1.4.8: a search for a hashtag finds no post, and a search for "span" finds those with one.
#
# Expected: `text` prints the posts of an archive, and with a pattern those that have it. A post has its warning, its
# words, and the choices of its poll.
# Seen: "#tea" and "don't" find nothing, although a post says both. "span" finds it. The warning "Food, with fish" and
# the choices "green tea" and "coffee" are in no text, and are not found either.
# Output:
#   Bring [#tea](https://harbour.example/tags/tea), don't be late
#   It was very good.
#   Which one?
#   #tea: 0
#   don't: 0
#   fish: 0
#   coffee: 0
#   Bring [#tea](https://harbour.example/tags/tea), don't be late
# Why: the pattern is looked for in the HTML, where the hashtag is `#<span>tea</span>` and the apostrophe `&#39;`. Only
# the content is printed.
# Who is hurt: people who look for an old post of their own. It seems lost, and a page of all posts says what was eaten
# without what it was.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'mastodon-archive==1.4.8' 'Mastodon.py==2.3.3' 'html2text==2025.4.15'
cd "$folder"
venv/bin/python - <<'PYTHON'
import json

account = {"display_name": "Mina", "username": "mina", "acct": "mina"}
tea = (
    '<p>Bring <a href="https://harbour.example/tags/tea" class="mention hashtag" rel="tag">#<span>tea</span></a>'
    ", don&#39;t be late</p>"
)
poll = {"options": [{"title": "green tea", "votes_count": 2}, {"title": "coffee", "votes_count": 1}]}
posts = [
    {"id": str(number), "created_at": f"2025-01-0{number}T10:00:00.000Z", "account": account, "reblog": None}
    | {"uri": f"https://harbour.example/{number}", "url": f"https://harbour.example/{number}", "content": content}
    | {"spoiler_text": warning, "poll": poll, "media_attachments": [], "tags": [], "in_reply_to_id": None}
    for number, content, warning, poll in (
        (1, tea, "", None),
        (2, "<p>It was very good.</p>", "Food, with fish", None),
        (3, "<p>Which one?</p>", "", poll),
    )
]
archive = {"account": account, "statuses": posts, "favourites": [], "bookmarks": [], "mentions": []}
with open("harbour.example.user.mina.json", "w") as file:
    json.dump(archive, file)
PYTHON
words() { venv/bin/mastodon-archive text mina@harbour.example "$@" | grep -v -e '^Mina @mina' -e '^🔗' -e '^$' || true; }
words
[ "$(words | wc -l)" = 3 ]
for pattern in '#tea' "don't" fish coffee; do
  echo "$pattern: $(words "$pattern" | wc -l)"
  [ -z "$(words "$pattern")" ]
done
words span
[ "$(words span)" = "Bring [#tea](https://harbour.example/tags/tea), don't be late" ]
