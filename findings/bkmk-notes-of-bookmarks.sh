#!/usr/bin/env bash
# bkmk 0.1: a note below a bookmark is glued to its name, and a folder's note to the folder's.
#
# Expected: in the bookmarks that browsers and bookmark services export, a note stands behind <DD> below a bookmark or
# a folder. A converter keeps it as a note, or leaves it out.
# Seen: the bookmark "Ferry" with the note "leaves at nine" is named "Ferryleaves at nine", in all four formats that
# the package writes, and the folder "Trips" with "for spring" is "Tripsfor spring". Tags are nowhere.
# Why: all letters are added to the name of whatever was begun last, and </A> and </H3> end nothing.
# Who is hurt: whoever moves bookmarks with notes between browsers. If they are moved back, the note is lost as a note,
# and bookmarks without notes, with which one tries it, are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'bkmk==0.1'
cd "$folder"
cat >bookmarks.html <<'HTML'
<!DOCTYPE NETSCAPE-Bookmark-file-1>
<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">
<TITLE>Bookmarks</TITLE>
<H1>Bookmarks</H1>
<DL><p>
    <DT><H3 ADD_DATE="1741348800">Trips</H3>
    <DD>for spring
    <DL><p>
        <DT><A HREF="https://example.org/ferry" ADD_DATE="1741348800" TAGS="tea">Ferry</A>
        <DD>leaves at nine
        <DT><A HREF="https://example.org/cake" ADD_DATE="1741348800">Cake</A>
    </DL><p>
</DL><p>
HTML
for format in netscape-html chrome-json xbel bkmk-json; do
  venv/bin/bkmk --from netscape-html --to "$format" bookmarks.html - >"moved.$format"
  echo "$format: $(grep --count 'Ferryleaves at nine' "moved.$format"), $(grep --count 'Tripsfor spring' "moved.$format")"
  grep --quiet 'Ferryleaves at nine' "moved.$format"
  grep --quiet 'Tripsfor spring' "moved.$format"
  grep --quiet 'Cake' "moved.$format"
  if grep --quiet 'tea' "moved.$format"; then exit 1; fi
done
grep 'HREF' moved.netscape-html
