#!/usr/bin/env bash
# wxr2md 0.3.0: private posts and posts from the trash are among the published posts, and the evening is a morning.
#
# Expected: WordPress's export of "All content" has posts of every status. The package puts drafts into a folder of
# their own, so the folder `posts` has what was published.
# Seen: a private diary and a post from the trash are in `posts`, beside the public post, and nothing in these
# files tells their status. A post of 22:05 is dated "10:05" in its text, and its tags replace its categories.
# Why: only the status "draft" is asked for; "private", "trash", "pending" and "future" count as published. The
# hour is written by the clock of twelve hours, without AM or PM. Both lists are stored as `categories`.
# Who is hurt: whoever moves a blog to a generator of static pages. What was private or thrown away is
# published with the next build.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'wxr2md==0.3.0' 'markdownify==0.13.1' 'beautifulsoup4==4.13.5' 'soupsieve==2.8' 'six==1.17.0' \
  'typing_extensions==4.15.0' 'PyYAML==6.0.3'
"$folder/venv/bin/python" - "$folder/blog.xml" <<'PYTHON'
import sys

post = (
    "<item><title>{title}</title><dc:creator>mina</dc:creator><content:encoded><![CDATA[{text}]]></content:encoded>"
    "<wp:post_id>{number}</wp:post_id><wp:post_date>2025-01-07 22:05:00</wp:post_date>"
    "<wp:post_modified>2025-01-07 22:05:00</wp:post_modified><wp:post_name>{title}</wp:post_name>"
    "<wp:status>{status}</wp:status><wp:post_type>post</wp:post_type>"
    '<category domain="category" nicename="tea">Tea</category><category domain="post_tag" nicename="sea">Sea</category></item>'
)
posts = [("pier", "publish", "Words for all."), ("diary", "private", "Words for me."), ("gone", "trash", "Words for nobody.")]
items = "".join(post.format(number=n, title=t, status=s, text=w) for n, (t, s, w) in enumerate(posts, 1))
spaces = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:wp="http://wordpress.org/export/1.2/"'
)
about = "<title>Blog</title><link>https://example.org</link><description>notes</description>"
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write(f'<rss version="2.0" {spaces}><channel>{about}{items}</channel></rss>')
PYTHON
cd "$folder"
venv/bin/python -m wxr2md blog.xml --output site --date-in-body
ls site/Blog/posts site/Blog/drafts
cat site/Blog/posts/2025-01-07-diary.md
test "$(ls site/Blog/posts | tr '\n' ' ')" = "2025-01-07-diary.md 2025-01-07-gone.md 2025-01-07-pier.md "
test -z "$(ls site/Blog/drafts)"
test -z "$(cat site/Blog/posts/*.md | grep -iE 'private|trash|status')"
grep -qx '_Tue 07 Jan 2025, 10:05_' site/Blog/posts/2025-01-07-pier.md
grep -qx -- '- Sea' site/Blog/posts/2025-01-07-pier.md
test -z "$(grep Tea site/Blog/posts/2025-01-07-pier.md)"
