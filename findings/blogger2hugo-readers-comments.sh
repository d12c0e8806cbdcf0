#!/usr/bin/env bash
# blogger2hugo 0.1.0: comments of readers, the design and the settings of a blog become posts of its author.
#
# Expected: Blogger's backup has the posts and pages of a blog, and in the same list its comments, its settings and
# its template. Each entry says what it is. The package says that it converts posts and pages.
# Seen: of five entries with one post and one page, four are posts: what a reader answered, the name of the blog
# and the style sheet are posts beside hers, with dates and tags of their own. Nothing names who wrote them.
# Why: an entry is a page if it says so. Whatever else it says, it is a post.
# Who is hurt: whoever moves a blog. A backup has dozens of settings, and a blog that is read has many comments, so
# much of the new site is not by its author.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'blogger2hugo==0.1.0' 'beautifulsoup4==4.13.5' 'soupsieve==2.8' 'typing_extensions==4.15.0' 'html2text==2025.4.15' \
  'python-slugify==8.0.4' 'text-unidecode==1.3'
"$folder/venv/bin/python" - "$folder/blog.xml" <<'PYTHON'
import sys

entry = (
    "<entry><id>tag:blogger.com,1999:blog-1.{id}</id><published>2025-01-07T10:00:00.000Z</published>"
    "<updated>2025-01-07T10:00:00.000Z</updated><category scheme='http://schemas.google.com/g/2005#kind' "
    "term='http://schemas.google.com/blogger/2008/kind#{kind}'/><title type='text'>{title}</title>"
    "<content type='{type}'>{text}</content><author><name>{author}</name></author></entry>"
)
entries = [
    ("template", "layout", "text", "Template: Pier", "body { color: navy }", "Mina"),
    ("settings", "settings.BLOG_NAME", "text", "The name of the blog", "Pier", "Mina"),
    ("page", "page-2", "html", "About", "I live by the pier.", "Mina"),
    ("post", "post-3", "html", "The ferry", "The ferry is late.", "Mina"),
    ("comment", "post-4", "html", "Mine was", "Mine was not late.", "Jiu"),
]
names = ("kind", "id", "type", "title", "text", "author")
with open(sys.argv[1], "w", encoding="utf-8") as file:
    file.write("<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>Pier</title>")
    file.writelines(entry.format(**dict(zip(names, each, strict=True))) for each in entries)
    file.write("</feed>")
PYTHON
cd "$folder"
venv/bin/blogger2hugo blog.xml --out posts --pages-out pages --flat
cat posts/2025/01/*.md | grep -v '^date\|^lastmod\|^draft'
test "$(ls posts/2025/01 | tr '\n' ' ')" = \
  "20250107-mine-was.md 20250107-template-pier.md 20250107-the-ferry.md 20250107-the-name-of-the-blog.md "
test "$(ls pages/2025/01)" = "20250107-about.md"
test -z "$(grep -r Jiu posts)"
