"""What changes something: mutes and watches. Every change is noted in the audit table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot import duration
from bot.channels.text import cut
from bot.commands.desk import Desk
from bot.commands.mute_words import MUTE_NOTE
from bot.commands.reply import Line, Reply, When, bold, bullets, code, done, line, paragraph, refused, small
from bot.commands.request import Progress, Request, UsageError
from bot.entities.facts import country_name
from bot.live.watches import OWN_MAX, complaint
from bot.model import Mute, MuteKind
from bot.people import NewAudit, NewWatch, Watch, called, person_id
from bot.store.base import Store
from bot.store.noise_port import NewMute
from bot.summary.summarise import shown_title
from bot.summary.words import number as count
from bot.why import address_of

DEFAULT_MUTE = "24h"
COMMENT_MAX = 500  # characters
LISTED = 30
TITLE_MAX = 80  # characters of a headline


async def mute(desk: Desk, request: Request, tell: Progress) -> Reply:
    """Silence something here or everywhere."""
    kind, value = MuteKind(request.get("kind")), request.get("what")
    if kind is MuteKind.STORY:
        value = await _story_of(desk, value)
    here = request.get("where") == "here" or (request.where.configured and not request.get("where"))
    channel = request.where.channel if here else None
    return await silence(
        desk, request, kind, value, channel, request.get("duration") or DEFAULT_MUTE, request.get("comment")
    )


async def _story_of(desk: Desk, address: str) -> str:
    """The id of the story that an article belongs to."""
    wanted = address_of(address)

    def look_up(store: Store) -> str:
        found = store.find_article(wanted)
        record = store.record(found.keys[0]) if found.keys else None
        return record.story_id if record else ""

    story = await desk.store.read(look_up)
    if not story:
        raise UsageError(f"no stored article has the address {address[:200]}; give that of an alert", "mute")
    return story


async def silence(
    desk: Desk, request: Request, kind: MuteKind, value: str, channel: str | None, length: str, comment: str
) -> Reply:
    """Add a mute, note it, and tell the running bot. One of the same on the same channel is replaced, so that ending it
    once ends it."""
    now = desk.clock()
    comment = " ".join(comment.split())[:COMMENT_MAX]
    new = NewMute(kind, value, channel, now, now + duration.parse(length), request.who.written, comment)
    where = channel or "all channels"
    what = f"{kind.value} {value} on {where} for {length}" + (f": {comment}" if comment else "")

    def write(store: Store) -> tuple[Mute, list[int]]:
        same = [m.id for m in store.mutes(now) if (m.kind, m.value, m.channel) == (kind, value, channel)]
        made = store.add_mute(new)
        for earlier in same:
            store.remove_mute(earlier, now, request.who.written)
        instead = f" in place of {', '.join(f'mute {one}' for one in same)}" if same else ""
        store.note_change(_change(request, now, "mute", f"{what} (mute {made.id}{instead})"))
        return made, same

    made, same = await desk.store.run(write)
    await desk.on_mutes()
    assert made.expires_at is not None
    before = ["It was muted before; now this holds."] if same else []
    return done(
        f"Muted: {subject(made)}",
        paragraph(
            line(f"On {where}, until ", When(made.expires_at), f": {comment}" if comment else "."),
            *before,
            line(MUTE_NOTE),
        ),
        small("End it earlier: ", code(f"/wire unmute {made.id}")),
    )


def subject(mute: Mute) -> str:
    """``rule arms-deal``, ``Iran``, ``this story``."""
    match mute.kind:
        case MuteKind.COUNTRY:
            return country_name(mute.value)
        case MuteKind.STORY:
            return "this story"
        case MuteKind.TERM:
            return f"“{mute.value}”"
        case _:
            return f"{mute.kind.value} {mute.value}"


async def unmute(desk: Desk, request: Request, tell: Progress) -> Reply:
    """End a mute before its time."""
    number = int(request.get("number"))
    now = desk.clock()

    def write(store: Store) -> Mute | None:
        known = next((m for m in desk.mutes(store.mutes(now), request.audience) if m.id == number), None)
        if known is None or not store.remove_mute(number, now, request.who.written):
            return None
        store.note_change(_change(request, now, "unmute", f"{known.kind.value} {known.value} (mute {number})"))
        return known

    ended = await desk.store.run(write)
    if ended is None:
        return refused(f"There is no mute {number} in force", small(code("/wire mutes"), " lists them."))
    await desk.on_mutes()
    return done(f"No longer muted: {subject(ended)}")


async def mutes(desk: Desk, request: Request, tell: Progress) -> Reply:
    """What is muted now."""
    found, names = await in_force(desk, request.audience)
    if not found:
        return Reply("Nothing is muted")
    more = [small(f"{len(found) - LISTED} more")] if len(found) > LISTED else []
    return Reply(
        f"{count(len(found), 'mute')} in force",
        (bullets(mute_line(m, names) for m in found[:LISTED]), *more, small("End one: ", code("/wire unmute NUMBER"))),
    )


async def in_force(desk: Desk, audience: Collection[str]) -> tuple[tuple[Mute, ...], Mapping[str, str]]:
    """The mutes of now that an audience is told of, and by which headline people know the stories among them."""
    now = desk.clock()

    def read(store: Store) -> tuple[tuple[Mute, ...], Mapping[str, str]]:
        found = desk.mutes(store.mutes(now), audience)
        stories = [mute.value for mute in found if mute.kind is MuteKind.STORY]
        documents = store.story_documents(stories, 1, TITLE_MAX) if stories else {}
        return found, {story: cut(shown_title(one[0].article), TITLE_MAX) for story, one in documents.items() if one}

    return await desk.store.read(read)


def mute_line(mute: Mute, stories: Mapping[str, str]) -> Line:
    """``12  rule arms-deal on desk until 14:00, by ada: exercise``. Who that is to the platform, the audit tells."""
    until = ["until ", When(mute.expires_at)] if mute.expires_at else ["until it is removed"]
    comment = f": {mute.comment}" if mute.comment else ""
    named = subject(mute)
    if mute.kind is MuteKind.STORY:
        named = f"story “{stories[mute.value]}”" if mute.value in stories else f"story {mute.value[:12]}"
    return line(
        code(str(mute.id)), "  ", bold(named), f" on {mute.channel or 'all channels'} ", *until,
        f", by {called(mute.author)}{comment}",
    )  # fmt: skip


# -- watches --------------------------------------------------------------------------------------------------------


async def watch(desk: Desk, request: Request, tell: Progress) -> Reply:
    """Subscribe a person or a channel to a term."""
    term, country = request.get("term"), request.get("country")
    if text := complaint(term, country):
        return refused("That cannot be watched", paragraph(f"{text[:1].upper()}{text[1:]}."))
    channel = request.where.channel if request.get("where") == "channel" else request.who.own_channel
    now = desk.clock()
    new = NewWatch(request.who.written, channel, term, country, now)

    def write(store: Store) -> Watch | int:
        mine = [w for w in store.watches() if w.channel == channel]
        if len(mine) >= OWN_MAX:
            return len(mine)
        made = store.add_watch(new)
        if made.created_at == now:
            store.note_change(_change(request, now, "watch", f"{named(made)} for {channel} ({made.rule_id})"))
        return made

    made = await desk.store.run(write)
    if isinstance(made, int):
        return refused(
            f"There are {made} watches here already", small("End one first: ", code("/wire unwatch"), " lists them.")
        )
    await desk.on_watches()
    direct = channel == request.who.own_channel
    hears = "You get a direct message" if direct else "This channel hears"
    of = "for" if direct else "of"
    known = "" if made.created_at == now else " It was watched before."
    return done(
        f"Watching {named(made)}",
        paragraph(f"{hears} {of} each new article that says so, besides the ordinary alerts.{known}"),
        small("End it: ", code(f"/wire unwatch {made.id}")),
    )


def named(watch: Watch) -> str:
    """``“drone strike” with Sudan``."""
    return f"“{watch.term}”" + (f" with {country_name(watch.country)}" if watch.country else "")


async def unwatch(desk: Desk, request: Request, tell: Progress) -> Reply:
    """End a watch of one's own or of this channel; without a number, list them."""
    number = request.get("number")
    everything = await desk.store.read(lambda s: s.watches())
    mine = [w for w in everything if _may_end(request, w)]
    if not number:
        return _listed(mine)
    wanted = next((w for w in mine if w.id == int(number)), None)
    if wanted is None:
        return refused(
            f"Neither you nor this channel has a watch {number}", small(code("/wire unwatch"), " lists them.")
        )
    now = desk.clock()

    def write(store: Store) -> bool:
        removed = store.remove_watch(wanted.id)
        if removed:
            store.note_change(
                _change(request, now, "unwatch", f"{named(wanted)} for {wanted.channel} ({wanted.rule_id})")
            )
        return removed

    await desk.store.run(write)
    await desk.on_watches()
    return done(f"No longer watching {named(wanted)}")


def _may_end(request: Request, watch: Watch) -> bool:
    own = person_id(watch.owner) == person_id(request.who.written)
    return own or (watch.channel == request.where.channel and not request.where.private)


def _listed(mine: list[Watch]) -> Reply:
    if not mine:
        return Reply("Neither you nor this channel watches anything", (small("Begin: ", code('/wire watch "term"')),))
    items = (line(code(str(w.id)), "  ", bold(named(w)), f"  to {_to(w)}, by {called(w.owner)}") for w in mine[:LISTED])
    return Reply(
        "Your watches and those of this channel", (bullets(items), small("End one: ", code("/wire unwatch NUMBER")))
    )


def _to(watch: Watch) -> str:
    return "direct messages" if watch.channel.startswith("dm:") else watch.channel


def _change(request: Request, now: datetime, verb: str, what: str) -> NewAudit:
    return NewAudit(now, request.who.written, request.where.written, verb, what)
