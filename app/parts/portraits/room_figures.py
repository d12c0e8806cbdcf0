"""What pages show of the people of a chat: a card for each, and their figures."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from markupsafe import Markup

from app.drawing.drawings import HOURS, Row
from app.language import i18n
from app.services.rooms.chat_portrait import ChatPage
from app.views.cast import hue
from app.views.figures import figure
from app.views.figures.chats import PAIR, Months, name_of, other_called, share_label
from app.views.figures.habits import habit_row
from app.views.tell import Peers, label_of, share_told, told_alone, value_of
from saywho.people.alike import PeopleAlike, does_more
from saywho.people.fingerprint import Measure
from saywho.people.portrait import PersonPortrait
from saywho.people.times import BUSY_H, DAY_H
from saywho.significance import CLEAR_OF_MANY, FEWEST_COMPARED, are_most

MOST_LINES: Final = 2
_SCRIPTS: Final = {
    "HANGUL": i18n.gettext_noop("Writes Korean"),
    "LATIN": i18n.gettext_noop("Writes in Latin letters"),
    "CYRILLIC": i18n.gettext_noop("Writes in Cyrillic letters"),
    "ARABIC": i18n.gettext_noop("Writes in Arabic letters"),
    "GREEK": i18n.gettext_noop("Writes Greek"),
    "THAI": i18n.gettext_noop("Writes Thai"),
}
"""A sentence on each script that only one person of a chat writes."""


class PeopleGroup(NamedTuple):
    """People who are alike, or one whom a habit sets apart."""

    title: str
    """What they share; empty for one person."""
    line: str
    """How often they do it; of one person, the habit as a sentence."""
    usernames: list[str]


class CardLine(NamedTuple):
    """A sentence about a person, with its drawing."""

    kind: str
    """What it is about: nobody else has a line of this kind."""
    text: str
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class PersonCard:
    username: str
    messages: int
    lines: Sequence[CardLine]
    """What sets the person apart, the best first; nobody else has lines of these kinds."""

    @property
    def hue(self) -> str:
        return hue(self.username)


def cards_of(sight: ChatPage) -> list[PersonCard]:
    """Return a card for each person whom a line sets apart that nobody else has, with up to two
    lines; and for those who are silent.
    """
    named = [place for place, person in enumerate(sight.people) if person.username]
    offered = {place: [*_lines_about(sight, place)] for place in named}
    chosen: dict[int, list[CardLine]] = {}
    kinds: set[str] = set()
    # A person with few lines chooses first.
    for place in sorted(named, key=lambda place: len(offered[place])):
        line = next((line for line in offered[place] if line.kind not in kinds), None)
        if line is None and place in sight.silent and not sight.alike:
            line = CardLine("silent", _absence(sight, place))
        if line:
            chosen[place] = [line]
            kinds.add(line.kind)
    for place in [*chosen] * (MOST_LINES - 1):
        if line := next((line for line in offered[place] if line.kind not in kinds), None):
            chosen[place].append(line)
            kinds.add(line.kind)
    return [
        PersonCard(person.username, person.messages, chosen[place])
        for place in named
        if place in chosen and (person := sight.people[place]).username
    ]


def _lines_about(sight: ChatPage, place: int) -> Iterator[CardLine]:
    """Yield what sets a person apart by more than chance, the best first."""
    person = sight.people[place]
    beside = _beside(sight, person)
    habits = sight.habits[place] if sight.habits else []
    if sight.alike:  # Of many people, always some do less of anything than most.
        habits = [*filter(does_more, habits)]
    if script := _script_apart(sight, place):
        yield CardLine("script", script)
    positive = [habit for habit in habits if not habit.is_never]
    for habit in positive:
        yield _line_of_habit(habit, beside)
    yield from _lines_of_words(sight, place, beside)
    yield from _line_of_wait(sight, place)
    yield from _line_of_hours(sight, place)
    for habit in habits:
        if habit.is_never:
            yield _line_of_habit(habit, beside)


def _script_apart(sight: ChatPage, place: int) -> str:
    """Return in which script somebody writes, if most others write in another and nobody else in
    this one; empty otherwise.
    """
    own = sight.people[place].script
    others = [person for person in sight.people if person is not sight.people[place]]
    most = [one for one in others if one.script not in (None, own)]
    is_shared = any(one.script == own for one in others)
    is_written = sight.people[place].messages >= FEWEST_COMPARED
    if own not in _SCRIPTS or is_shared or not is_written or not are_most(len(most), len(others)):
        return ""
    return i18n.gettext(_SCRIPTS[own])


def _beside(sight: ChatPage, person: PersonPortrait) -> Peers:
    only_other = other_called(person.username or "", sight.room)
    others = sorted(
        (one for one in sight.people if one is not person), key=lambda one: -one.messages
    )
    counts = [one.messages for one in others]
    # Where two have as many messages, the order is not known.
    is_known = sight.room.people_total == len(sight.people) and len({*counts}) == len(counts)
    each = [one.username or "" for one in others if one.messages >= FEWEST_COMPARED]
    return Peers(sight.room.people_total - 1, only_other, each=each if is_known else ())


def _line_of_habit(habit: Measure, beside: Peers) -> CardLine:
    # Of two people, one writes longer messages if the other writes shorter ones.
    side = "" if beside.only_other else "more" if habit.errors > 0 else "less"
    kind = f"{side} {habit.name} {habit.sign if habit.habit.has_signs else ''}"
    return CardLine(kind, told_alone(habit, beside), habit_row(habit, beside))


def _lines_of_words(sight: ChatPage, place: int, beside: Peers) -> Iterator[CardLine]:
    for word in (sight.people[place].typical or [])[:3]:
        others = beside.without(word.not_behind)
        if not others:
            continue
        text = i18n.gettext("Says “{word}” more often than {others}").format(
            word=word.text, others=others
        )
        told = share_told(word.share, word.share_beside, beside.only_other)
        # On the scale of habits, since the cards stand next to each other.
        row = Row("", "", told, "", 100 * word.share, 100 * word.share_beside)
        yield CardLine(f"word {word.text}", text, row)


def _line_of_wait(sight: ChatPage, place: int) -> Iterator[CardLine]:
    person = sight.people[place]
    own_s = _wait_s(person)
    waits_s = [wait_s for other in sight.people if (wait_s := _wait_s(other)) is not None]
    if own_s is None or not (told := wait_of(person)):
        return
    others_s = [wait_s for wait_s in waits_s if wait_s != own_s]
    usual = ""
    if _wait_told(own_s) in map(_wait_told, others_s):
        return
    if others_s:
        shortest, longest = _wait_told(min(others_s)), _wait_told(max(others_s))
        one = i18n.gettext("Everyone else in {longest}")
        several = i18n.gettext("Everyone else in {shortest} to {longest}")
        text = one if shortest == longest else several
        usual = text.format(shortest=shortest, longest=longest)
    most_s = max(waits_s)
    mark = 100 * max(others_s) / most_s if others_s else None
    yield CardLine("wait", told, Row("", "", usual, "", 100 * own_s / most_s, mark))


def _line_of_hours(sight: ChatPage, place: int) -> Iterator[CardLine]:
    """Yield the busiest hours of a person if nobody else is busiest in any of them."""
    person = sight.people[place]
    starts = [other.busy_from for other in sight.people if other is not person and other.username]
    start = person.busy_from
    if start is None or any(
        other is None or min((start - other) % DAY_H, (other - start) % DAY_H) < BUSY_H
        for other in starts
    ):
        return
    yield CardLine("hours", figure.busiest_told(start).removesuffix("."))


def _absence(sight: ChatPage, place: int) -> str:
    periods = [period for period in sight.periods if period.people[place]]
    if not periods:
        return i18n.gettext("Silent lately")
    last = Months(sight).period_name(periods[-1])
    return i18n.gettext("Silent lately, last in {period}").format(period=last)


def groups_of(alike: Iterable[PeopleAlike], carded: Collection[str]) -> list[PeopleGroup]:
    """Return what people share; carded: people whose card says what sets them apart, who are in
    groups of several only.
    """
    groups: list[PeopleGroup] = []
    for group in alike:
        usernames = group.usernames
        if group.habit is None or len(usernames) == 1:
            usernames = [username for username in usernames if username not in carded]
        if usernames:
            groups.append(PeopleGroup(*_told_of_group(group), usernames))
    return groups


def _told_of_group(group: PeopleAlike) -> tuple[str, str]:
    habit = group.habit
    if habit is None:
        few = i18n.gettext("Too few messages to compare")
        return few if group.has_few else i18n.gettext("No habit stands out"), ""
    if len(group.usernames) == 1:
        return "", told_alone(habit)
    is_more, is_length = habit.errors > 0, habit.habit.is_mean
    title = i18n.gettext("More often than most: {habit}")
    if is_length:
        title = i18n.gettext("Longer messages than most")
        title = title if is_more else i18n.gettext("Shorter messages than most")
    elif not is_more:
        title = i18n.gettext("Less often than most: {habit}")
    show = partial(value_of, habit) if is_length else i18n.show_percent
    low, high = show(group.lowest), show(group.highest)
    value = low if low == high else i18n.gettext("{low} to {high}").format(low=low, high=high)
    if habit.habit.of == "turns":
        value = i18n.gettext("{share} of the turns").format(share=value)
    elif habit.habit.of == "sentences":
        value = i18n.gettext("{share} of the sentences").format(share=value)
    elif not is_length:
        value = i18n.gettext("{share} of the messages").format(share=value)
    if habit.script:
        script = i18n.gettext("{value}, next to people who write in the same alphabet")
        value = script.format(value=value)
    return title.format(habit=label_of(habit)), value


def wait_of(writing: PersonPortrait) -> str:
    """Return how long a person takes to reply if that sets them apart, or empty."""
    wait_s = _wait_s(writing)
    if wait_s is None or not (abs(writing.answer_errors) >= CLEAR_OF_MANY):
        return ""
    if wait_s < i18n.MINUTE_S:
        return i18n.gettext("Replies in less than a minute")
    return i18n.gettext("Replies in about {time}").format(time=_wait_told(wait_s))


def _wait_told(wait_s: float) -> str:
    return i18n.show_roughly(wait_s - wait_s % i18n.MINUTE_S)


def _wait_s(writing: PersonPortrait) -> float | None:
    return writing.median_answer_s if writing.answers >= 10 else None


def is_alone(sight: ChatPage) -> bool:
    return sum(person.people for person in sight.people) == 1


def people_of(sight: ChatPage) -> figure.Figure[None]:
    """Return what was counted of each person."""
    people = sight.people
    means = [person.words_per_message for person in people]
    waits_s = [person.median_answer_s for person in people]
    emoji = Markup('<span class="emoji-count"><bdi>{}</bdi> {}</span> ')
    columns: list[tuple[str, Sequence[figure.TableCell]]] = [
        (i18n.gettext("Messages"), [person.messages for person in people]),
        (
            i18n.gettext("Share"),
            [share_label(person.share, person.share_there) for person in people],
        ),
        (i18n.gettext("Words a message"), [mean and round(mean, 1) for mean in means]),
        (i18n.gettext("Starts"), [person.beginnings for person in people]),
        (i18n.gettext("Replies to other people"), [person.answers for person in people]),
        (i18n.gettext("Time to reply"), [wait and i18n.show_duration(wait) for wait in waits_s]),
        *(
            (laughs[0].text, [laugh.messages for laugh in laughs])
            for laughs in zip(*(person.laughs for person in people), strict=True)
        ),
        (
            i18n.gettext("Emoji"),
            [
                Markup().join(
                    emoji.format(one.text, i18n.show_number(one.messages)) for one in person.emoji
                )
                for person in people
            ],
        ),
    ]
    headings, cells = zip(*columns, strict=True)
    return figure.Figure(
        topic=i18n.gettext("Who writes how much"),
        notes=times_missing(sight),
        about=" ".join(_about_people(sight)),
        columns=[i18n.gettext("Name"), *headings],
        rows=[*zip(map(name_of, people), *cells, strict=True)],
        name="amount",
    )


def _about_people(sight: ChatPage) -> Iterator[str]:
    people = sight.people
    if people[-1].username is None:
        yield i18n.gettext(
            "The six people with the most messages are shown by name; everyone else is combined."
        )
    if any(person.words_per_message for person in people):
        yield i18n.gettext(
            "Words are separated by spaces. Only messages with text count for words a message."
        )
    if any(person.beginnings or person.answers for person in people):
        yield i18n.gettext(
            "A person starts a conversation by writing after more than six hours without a "
            "message. A reply is a message right after someone else's, at most six hours later. "
            "Half of a person's replies take no longer than the time shown (without the seconds). "
            "Messages without a time are not counted."
        )
    if people[0].laughs:
        yield i18n.gettext(
            "Messages that contain each sign, however often: ㅋㅋ and ㅎㅎ of two letters or more, "
            "ㅠㅠ and ㅜㅜ together, haha, lol and laughs of other languages, such as jaja, хаха "
            "and www, of any length. Signs that no one writes are left out."
        )
    if any(person.emoji for person in people):
        yield i18n.gettext("The five emoji that appear in the most messages, in any skin tone.")


def times_missing(sight: ChatPage) -> list[str]:
    """Return why there are no starts or no replies."""
    dated = sum(sum(person.hours) for person in sight.people)
    if dated == 0:
        return [i18n.gettext("No message has a time.")]
    if dated == 1:
        return [i18n.gettext("Only one message has a time.")]
    sentences: list[str] = []
    if is_alone(sight):
        sentences.append(i18n.gettext("Only one person writes here, so there are no replies."))
    elif not any(person.answers for person in sight.people):
        sentences.append(i18n.gettext("No one replied within six hours."))
    if sight.longest_silence is None:
        sentences.append(i18n.gettext("All messages with a time were sent in the same second."))
    elif not any(person.beginnings for person in sight.people):
        sentences.append(i18n.gettext("There was no silence of more than six hours."))
    return sentences


def typical_words(sight: ChatPage) -> figure.Figure[None]:
    about = i18n.gettext(
        "Words that appear in a clearly larger share of one person's messages than of anyone "
        "else's. People are compared if they seem to write the same language. Words that go "
        "together are one phrase. Both sides need 20 messages."
    )
    beside = i18n.gettext("By other people")
    if sight.room.people_total == PAIR:
        about = i18n.gettext(
            "Words that appear in a clearly larger share of one person's messages than of the "
            "other's, if both seem to write the same language. Words that go together are one "
            "phrase. Both sides need 20 messages."
        )
        beside = i18n.gettext("By the other author")
    chosen = i18n.gettext(
        "On average, at most 1 in 20 of the listed words is there by chance, however many "
        "were compared. Very common words are left out, if saywho knows the language."
    )
    rows = [
        (
            name_of(person),
            word.text,
            i18n.show_percent(word.share),
            i18n.show_percent(word.share_beside),
        )
        for person in sight.people
        for word in person.typical or []
    ]
    return figure.Figure(
        topic=i18n.gettext("Typical words"),
        title=words_missing(sight),
        notes=_alone_in_language(sight),
        about=f"{about} {chosen}",
        columns=[i18n.gettext("Name"), i18n.gettext("Word"), i18n.gettext("Share"), beside],
        rows=rows,
        beside=2,
        name="typical",
    )


def _alone_in_language(sight: ChatPage) -> list[str]:
    """Return a sentence on those whose words are not compared, though others' are."""
    enough = [one for one in sight.people if one.username and one.messages >= FEWEST_COMPARED]
    names = [name_of(person) for person in enough if person.typical is None]
    if not names or len(names) == len(enough):
        return []
    text = i18n.gettext("Too few messages in the same language to compare the words of {names}.")
    return [text.format(names=i18n.show_list(names))]


def words_missing(sight: ChatPage) -> str:
    """Return why no words are shown; empty if a person has some."""
    if any(person.typical for person in sight.people):
        return ""
    if any(person.typical is not None for person in sight.people):
        return i18n.gettext("saywho found no word that is typical of one person.")
    if is_alone(sight):
        return i18n.gettext("Only one person writes here, so there are no people to compare with.")
    return i18n.gettext("There are too few messages in the same language to compare words.")


def hours_of_day(sight: ChatPage) -> figure.Figure[None]:
    dated = [person for person in sight.people if any(person.hours)]
    return figure.Figure(
        topic=i18n.gettext("By hour"),
        title="" if dated else i18n.gettext("No message has a time."),
        about=figure.how_told() if dated else "",
        zone=sight.tz,
        columns=[i18n.gettext("Name"), *HOURS],
        rows=[[name_of(person), *person.hours] for person in dated],
        beside=1,
        name="hours",
    )


FIGURES: Final[Sequence[Callable[[ChatPage], figure.Figure[None]]]] = (
    *(people_of, hours_of_day, typical_words),
)
"""Figures in the folded numbers of the page."""
