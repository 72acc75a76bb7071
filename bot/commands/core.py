"""Requests in, replies out: checks who may, asks the handler of the verb, turns what goes wrong into words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

from bot.commands import changing, looking, rulebooks, sources, stories, summaries
from bot.commands.arguments import checked, resolved
from bot.commands.desk import Desk
from bot.commands.parse import parse
from bot.commands.reply import Heading, Reply, bullets, code, line, paragraph, refused, small
from bot.commands.request import Person, Place, Progress, Request, UsageError, heard_by
from bot.commands.verbs import BY_NAME, SHARE, VERBS, Kind, Verb
from bot.errors import StoreError, WirewatchError
from bot.log import Log
from bot.settings.permissions import Access, Who, access, who_may

Handler = Callable[[Desk, Request, Progress], Awaitable[Reply]]

BROKEN = refused("Something went wrong inside Wirewatch", paragraph("The log says what; no change was made by halves."))

_log = Log("commands")


class Commands:
    """All verbs, on one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def parsed(self, text: str, who: Person, where: Place) -> Request:
        """The request behind a text such as ``mute rule x 24h``. Raises :class:`UsageError`, whatever happens."""
        with _bugs_told("a text"):
            command = parse(text, self.desk.names(heard_by(who, where)))
            request = Request(command.verb.name, who, where, command.arguments, command.share)
            self._keep_to_themselves(request)
            return request

    def chosen(self, verb: Verb, given: Mapping[str, str], who: Person, where: Place, *, share: bool) -> Request:
        """The request behind fields that were filled in, by argument. Raises :class:`UsageError`, whatever happens."""
        found: dict[str, str] = {}
        with _bugs_told(verb.name):
            names = self.desk.names(heard_by(who, where))
            for parameter in verb.parameters:
                if given.get(parameter.name, "").strip():
                    found[parameter.name] = checked(resolved(parameter, found), given[parameter.name], names, verb.name)
            missing = next((p for p in verb.parameters if p.required and p.name not in found), None)
            if missing is not None:
                raise UsageError(f"{verb.name}: {missing.name} is missing", verb.name)
            request = Request(verb.name, who, where, found, share)
            self._keep_to_themselves(request)
            return request

    def _keep_to_themselves(self, request: Request) -> None:
        """What somebody watches is not for the channel. Raises :class:`UsageError`."""
        verb, others = BY_NAME[request.verb], self.desk.others(request.audience)
        for parameter in verb.parameters:
            value = request.get(parameter.name)
            if value in others and resolved(parameter, request.arguments).kind is Kind.RULE:
                raise UsageError(f"what you watch is not told to others; ask for {value} without sharing", verb.name)

    async def answer(self, request: Request, tell: Progress) -> Reply:
        """The reply to a request whatever happens: what cannot be done is said, with the reason."""
        try:
            return await self._answer(request, tell)
        except Exception:  # noqa: BLE001 - a bug: they hear that there is one, the log holds its trace
            _log.exception("bug in a command", verb=request.verb)
            return BROKEN

    async def _answer(self, request: Request, tell: Progress) -> Reply:
        try:
            denied = await self.denial(request.verb, request.who)
            if denied is not None:
                return denied
            return await _HANDLERS[request.verb](self.desk, request, tell)
        except UsageError as error:
            return misunderstood(error)
        except StoreError as error:
            _log.error("command failed", verb=request.verb, error=str(error))
            return refused("The store cannot be used right now", paragraph(str(error)))
        except WirewatchError as error:
            return refused("That did not work", paragraph(_sentence(str(error))))

    async def denial(self, verb: str, who: Person) -> Reply | None:
        """A polite no to somebody who may not use the verb; ``None`` for somebody who may."""
        verdict = access(self.desk.grants, verb, Who(who.platform, who.user))
        if verdict is Access.ASK:
            standing = await who.standing()
            verdict = access(self.desk.grants, verb, Who(who.platform, who.user, standing.groups, standing.manager))
        if verdict in (Access.OPEN, Access.GRANTED):
            return None
        _log.info("not allowed", verb=verb, who=who.written)
        return refused(
            f"Sorry, {verb} is not open to you",
            paragraph(
                f"It changes what is read or sent, so it is left to {who_may(self.desk.grants, verb, who.platform)}."
            ),
            small("Whoever runs Wirewatch can allow it, under ", code("permissions:"), " in wirewatch.yaml."),
        )


@contextmanager
def _bugs_told(what: str) -> Iterator[None]:
    """A bug while a request is read is said like one while it is answered."""
    try:
        yield
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - they hear that there is one, the log holds its trace
        _log.exception("bug in a command", verb=what)
        raise UsageError(BROKEN.title) from None


def _sentence(text: str) -> str:
    """As a sentence begins; an address stays as it is."""
    return text if text.startswith(("http://", "https://")) else text[:1].upper() + text[1:]


def misunderstood(error: UsageError) -> Reply:
    """What was wrong, and how it is written."""
    verb = BY_NAME.get(error.verb)
    text = _sentence(error.text)
    if verb is None:
        return refused(text, small(code("/wire help"), " lists the commands."))
    return refused(text, paragraph(line("Usage: ", code(verb.usage)), line("Example: ", code(verb.example))))


async def _help(desk: Desk, request: Request, tell: Progress) -> Reply:
    wanted = request.get("command").lower().lstrip("/")
    if wanted:
        verb = BY_NAME.get(wanted)
        if verb is None:
            parse(wanted, desk.names(request.audience))  # raises, with the nearest
            raise UsageError(f"there is no command {wanted!r}")
        return _about(verb)
    asking, changing_ = [[v for v in VERBS if v.changes is wanted] for wanted in (False, True)]
    return Reply(
        "What Wirewatch does here",
        (
            Heading("Asking"),
            bullets(line(code(v.usage), f"  {v.summary}") for v in asking),
            Heading("Changing something, for those who may"),
            bullets(line(code(v.usage), f"  {v.summary}") for v in changing_),
            small(
                "Answers are for you alone; add ", code(SHARE), " to show one to the channel. Quotes keep words "
                "together. ", code("/wire help mute"), " says more about one command.",
            ),
        ),
    )  # fmt: skip


def _about(verb: Verb) -> Reply:
    items = [line(code(p.name), f"  {p.help}{'' if p.required else ' (optional)'}") for p in verb.parameters]
    remarks = []
    if verb.changes:
        remarks.append("Open to those whom the operator allows; every change is noted, with who made it.")
    if verb.private:
        remarks.append("The answer is always for you alone.")
    return Reply(
        f"/wire {verb.name}",
        (
            paragraph(f"{verb.summary}.", line("Usage: ", code(verb.usage)), line("Example: ", code(verb.example))),
            *([bullets(items)] if items else []),
            *(small(text) for text in remarks),
        ),
    )


_HANDLERS: Mapping[str, Handler] = {
    "help": _help,
    "latest": stories.latest,
    "search": stories.search,
    "summary": summaries.summary,
    "why": stories.why,
    "explain": looking.explain,
    "rules": rulebooks.rules,
    "sources": sources.sources,
    "add": sources.add,
    "status": sources.status,
    "mute": changing.mute,
    "unmute": changing.unmute,
    "mutes": changing.mutes,
    "watch": changing.watch,
    "unwatch": changing.unwatch,
}
