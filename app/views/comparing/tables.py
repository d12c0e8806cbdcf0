"""Results of a table of many texts, in sentences."""

from collections.abc import Sequence
from math import ceil

from app.language.i18n import gettext, ngettext, show_number
from app.services.compare.batch_lines import FEWEST_OWN, Summary
from app.views.cast import shown_name


def summary_sentences(summary: Summary, usernames: Sequence[str]) -> list[str]:
    """Return what the lines say together, the most important first."""
    judged = ngettext(
        "{count} line could be judged.", "{count} lines could be judged.", summary.judged
    ).format(count=show_number(summary.judged))
    sentences = [judged if summary.judged else gettext("No line could be judged.")]
    share, low, high = summary.share, summary.share_low, summary.share_high
    if share is not None and low is not None and high is not None and summary.judged:
        about, least, most = (round(each * summary.judged) for each in (share, low, high))
        sentences.append(
            gettext(
                "About {about} of {all} lines read like {name}, or like someone who "
                "writes very much like {name} ({least} to {most})."
            ).format(
                about=show_number(about),
                all=show_number(summary.judged),
                name=shown_name(usernames[0]),
                least=show_number(least),
                most=show_number(most),
            )
        )
        if share < FEWEST_OWN:
            sentences.append(
                gettext("All lines may well be by strangers, so no line is called likely.")
            )
    if summary.likely:
        sentences.append(
            ngettext(
                "{count} line is called likely.", "{count} lines are called likely.", summary.likely
            ).format(count=show_number(summary.likely))
            + " "
            + gettext(
                "Expect up to {wrong} of them to be wrong, and more if someone who "
                "writes like an author wrote some of the lines."
            ).format(wrong=show_number(ceil(summary.wrong_expected)))
        )
    return sentences
