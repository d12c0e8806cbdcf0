#!/usr/bin/env bash
# emailnetwork 0.0.2: in a mailbox of two people, whoever got the first mail owns it, and sent mails are received mails.
#
# Expected: of the mails of a mailbox, those that its owner wrote are outgoing, and all others incoming.
# Seen: Mina's mailbox has six mails from her to Jiu, and then four answers. The owner is Jiu. Six mails are incoming,
# four outgoing.
# Why: the owner is guessed: whoever is most often sender or recipient of the first ten mails. Between two people each
# is in all of them, and then whoever was seen first counts: the recipient of the first mail. It does not say
# that it guesses, and cannot be told.
# Who is hurt: whoever keeps a conversation as a mailbox, or whose first ten mails come from a list: all sums of
# sent and received mails are the other way round.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'emailnetwork==0.0.2' 'matplotlib==3.11.2' \
  'networkx==3.6.1' 'python-dateutil==2.9.0.post0'
for number in 0 1 2 3 4 5 6 7 8 9; do
  if ((number < 6)); then from=Mina to=Jiu; else from=Jiu to=Mina; fi
  printf 'From - Tue Jan  7 10:0%s:00 2025\nFrom: %s <%s@harbour.example>\nTo: %s <%s@harbour.example>\n' \
    "$number" "$from" "${from,,}" "$to" "${to,,}"
  printf 'Subject: Tea\nDate: Tue, 07 Jan 2025 10:0%s:00 +0000\n\nIs there tea?\n\n' "$number"
done >"$folder/mina.mbox"
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - "$folder/mina.mbox" <<'PYTHON'
import sys

from emailnetwork.extract import MBoxReader
from emailnetwork.summary import IncomingOutgoingSummary

mailbox = IncomingOutgoingSummary(MBoxReader(sys.argv[1]))
print(mailbox.user_email, mailbox.summary)
assert mailbox.user_email == "jiu@harbour.example"
assert mailbox.summary == {"January 2025": {"Incoming": 6, "Outgoing": 4}}
PYTHON
