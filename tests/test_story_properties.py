"""What holds of stories whatever comes, in whatever order."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.story import WINDOW, Reading, Stories, read
from tests.samples import NOW, article

# Eight events with words of their own; an article takes a handful of them, so that likeness has something to decide.
EVENTS = [
    "tanker Fujairah seized crew Oman navy captain crude strait boarding helicopter insurers",
    "quake Lisbon magnitude tremor rescue rubble aftershock Tagus hospital volunteers bridge fault",
    "chip fabrication Dresden subsidy wafers engineers plant lithography grant cleanroom exports supplier",
    "vaccine trial Lagos malaria doses placebo children immunity researchers clinic mosquito protein",
    "coup Examplia barracks general broadcast curfew palace loyalists airport convoy decree garrison",
    "strike dockworkers Antwerp union wages containers cranes picket harbour overtime negotiators pension",
    "satellite launch Kourou rocket orbit payload telescope countdown booster antenna telemetry debris",
    "flood Brno river dam evacuation sandbags rainfall reservoir levee farmland firefighters boats",
]

wild_text = st.one_of(
    st.text(max_size=200),
    st.sampled_from(["", " ", "\0", "a", "the the the", "word " * 300, "伊朗核谈判在日内瓦举行双方表示取得进展" * 3]),
    st.sampled_from(
        ["المحادثات النووية بين إيران والولايات المتحدة في جنيف", "การเจรจานิวเคลียร์", "핵 협상이 제네바에서 열렸다"]
    ),
    st.sampled_from(["\ud800 lone surrogate", "12 13 14 15 16 17", "É́́́ combining", "🚢" * 40]),
)


@st.composite
def reports(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Titles and texts about a few events."""
    made = []
    for _ in range(draw(st.integers(1, 14))):
        words = draw(st.sampled_from(EVENTS)).split()
        picked = draw(st.lists(st.sampled_from(words), min_size=4, max_size=30))
        made.append((" ".join(picked[:6]), " ".join(picked)))
    return made


def fill(stories: Stories, made: list[tuple[str, str]], prefix: str = "a") -> dict[str, str]:
    """Remember reports, an hour apart; the story of each."""
    found = {}
    for number, (title, text) in enumerate(made):
        one = report(f"{prefix}{number}", title, text)
        now = NOW + timedelta(hours=number)
        story = stories.place(one, now)
        stories.remember(one, story, now)
        found[one.key] = story.id
    return found


def report(key: str, title: str, text: str) -> Reading:
    return read(article(key, title=title, text=text, canonical_url=f"{key}.example/x", source_id=f"outlet-{key}"))


@settings(max_examples=40)
@given(reports().flatmap(lambda made: st.tuples(st.just(made), st.permutations(made))))
def test_every_article_is_in_exactly_one_story_whatever_the_order(orders: tuple[list[tuple[str, str]], ...]) -> None:
    for made in orders:
        stories = Stories()
        found = fill(stories, made)
        founders = {key for key, story in found.items() if key == story}
        assert len(found) == len(made)
        assert set(found.values()) == founders
        assert stories.count == len(founders)


@settings(max_examples=40)
@given(reports())
def test_the_same_articles_give_the_same_stories(made: list[tuple[str, str]]) -> None:
    first, second = Stories(), Stories()
    assert fill(first, made) == fill(second, made)
    assert first.digest() == second.digest()


@settings(max_examples=40)
@given(reports(), reports())
def test_undo_restores_what_was_kept_to_the_byte(kept: list[tuple[str, str]], lost: list[tuple[str, str]]) -> None:
    stories = Stories()
    fill(stories, kept)
    stories.keep()
    before = stories.digest()
    fill(stories, lost, "b")
    stories.forget(NOW + timedelta(hours=1))
    assert stories.digest() != before
    stories.undo()
    assert stories.digest() == before


@settings(max_examples=40)
@given(reports(), reports())
def test_undo_can_leave_the_first_of_what_was_learnt(first: list[tuple[str, str]], lost: list[tuple[str, str]]) -> None:
    stories = Stories()
    fill(stories, first)
    learnt, before = stories.learnt, stories.digest()
    fill(stories, lost, "b")
    stories.undo(learnt)
    assert (stories.learnt, stories.digest()) == (len(first), before)
    stories.undo()
    assert stories.digest() == Stories().digest()


@settings(max_examples=40)
@given(reports(), reports())
def test_placing_changes_nothing(made: list[tuple[str, str]], asked: list[tuple[str, str]]) -> None:
    stories = Stories()
    fill(stories, made)
    before = stories.digest()
    answers = [stories.place(report(f"q{n}", *one), NOW) for n, one in enumerate(asked)]
    assert stories.digest() == before
    assert [stories.place(report(f"q{n}", *one), NOW) for n, one in enumerate(asked)] == answers


@settings(max_examples=40)
@given(reports())
def test_what_was_stored_gives_the_same_memory_after_a_restart(made: list[tuple[str, str]]) -> None:
    stories, again = Stories(), Stories()
    found = fill(stories, made)
    for number, (title, text) in enumerate(made):
        one = report(f"a{number}", title, text).article
        seen = NOW + timedelta(hours=number)
        again.restore(found[one.key], one.source_id, one.canonical_url, title, text, seen, one.published)
    assert again.digest() == stories.digest()


@settings(max_examples=60)
@given(st.lists(st.tuples(wild_text, wild_text), max_size=6))
def test_any_text_finds_its_place(made: list[tuple[str, str]]) -> None:
    stories = Stories()
    found = fill(stories, made)
    assert set(found.values()) <= set(found)
    stories.undo()
    assert stories.digest() == Stories().digest()


BODY = (
    "The coaster Alma ran onto the mole of Northport in heavy fog on Friday, the port authority said. Divers found two "
    "tears in the hull below the waterline. Nine sailors were taken off by a lifeboat and nobody was hurt. Booms were "
    "laid around the wreck to hold back the fuel, of which some forty tonnes were on board. The channel stays shut to "
    "deep ships until a salvage tug arrives from Eastwick on Sunday, and ferries sail from the outer quay until then."
)


@settings(max_examples=60)
@given(
    noise=reports(),
    dateline=st.sampled_from(["", "NORTHPORT (Reuters) - ", "NORTHPORT, Examplia, March 4 (AP) — ", "By Ann Ro\n\n"]),
    footer=st.sampled_from(
        ["", " Reporting by Ann Ro; editing by Bo Li.", " Follow us for more. Sign up for our letter."]
    ),
    edit=st.sampled_from([("heavy ", ""), ("forty", "40"), ("sailors", "crew"), ("said", "told reporters"), ("", "")]),
    cut=st.sampled_from([None, 45]),
    after=st.integers(0, int(WINDOW.total_seconds())),
)
def test_wire_copy_joins_within_the_window(
    noise: list[tuple[str, str]], dateline: str, footer: str, edit: tuple[str, str], cut: int | None, after: int
) -> None:
    stories = Stories()
    first = report("first", "Ship hits the mole", BODY)
    stories.remember(first, stories.place(first, NOW), NOW)
    for number, (title, text) in enumerate(noise):
        one = report(f"n{number}", title, text)
        stories.remember(one, stories.place(one, NOW), NOW)
    copied = " ".join(BODY.replace(*edit, 1).split()[:cut])
    second = report("second", "Coaster aground off Northport", f"{dateline}{copied}{footer}")
    story = stories.place(second, NOW + timedelta(seconds=after))
    assert (story.id, story.is_new) == ("first", False)


@settings(max_examples=30)
@given(reports())
def test_exact_copies_join_within_the_window_and_not_after_it(made: list[tuple[str, str]]) -> None:
    stories = Stories()
    first = report("first", "Ship hits the mole", BODY)
    stories.remember(first, stories.place(first, NOW), NOW)
    copy = report("copy", "Ship hits the mole", BODY)
    assert stories.place(copy, NOW + WINDOW).reason == "same text as an earlier article"
    assert stories.place(copy, NOW + WINDOW + timedelta(seconds=1)).is_new
    fill(stories, made, "n")
    assert stories.place(copy, NOW + WINDOW).id == "first"


def test_forgetting_bounds_the_memory_over_a_long_stream() -> None:
    stories = Stories()
    sizes = []
    for day in range(12):
        for number in range(60):
            now = NOW + timedelta(days=day, minutes=20 * number)
            event = EVENTS[number % len(EVENTS)]
            one = report(f"d{day}n{number}", f"Day{day} case{number} {event[:30]}", f"{event} item{number} day{day}")
            stories.remember(one, stories.place(one, now), now)
            stories.keep()
        stories.forget(now)
        sizes.append((stories.count, stories.nbytes))
    assert max(count for count, _ in sizes[4:]) <= 4 * 60
    assert max(size for _, size in sizes[4:]) <= 1.1 * sizes[4][1]
    stories.forget(now + WINDOW + timedelta(hours=1))
    assert stories.count == 0
