"""Results of a table of many texts, in sentences."""

from math import ceil

from app.language.i18n import gettext, ngettext, show_number
from app.services.compare.batch_lines import Summary


def summary_sentences(summary: Summary) -> list[str]:
    """Return what the lines say together, the most important first."""
    judged = ngettext(
        "{count} line could be judged.", "{count} lines could be judged.", summary.judged
    ).format(count=show_number(summary.judged))
    sentences = [judged if summary.judged else gettext("No line could be judged.")]
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
