"""Alerts on Discord over one of a channel's webhooks: no bot, no gateway, one address.

A webhook cannot read the channel back, answer a click or make threads, and Discord lets it send no button but links;
hence after a crash one message may be repeated, and "Why?" is missing. It can change its own posts and attach pictures.
The one endpoint is spoken to directly: discord.py would sleep through 429 and 5xx, and keeps its address in a class.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from bot import __version__
from bot.channels.base import Capabilities, File
from bot.channels.discord_embed import ALT_MAX, Post, alert_post, digest_post, notice_post
from bot.channels.discord_errors import Refusal, delivery_error, lost_connection
from bot.channels.discord_summary import summary_post
from bot.errors import DeliveryError
from bot.log import redact_url
from bot.message import Digest, Message, Notice, Receipt
from bot.secret import Secret
from bot.summary.post import SummaryPost

if TYPE_CHECKING:
    import aiohttp

TIMEOUT_S: Final = 20.0
CLOUDFLARE_WAIT_S: Final = 60.0  # where a ban does not say how long
USER_AGENT: Final = f"Wirewatch/{__version__} aiohttp"

_ADDRESS = re.compile(r"(?P<base>https?://[^/]+/api(?:/v\d+)?)/webhooks/(?P<id>\d+)/(?P<token>[\w.-]+)/?(?:\?.*)?$")


class DiscordWebhook:
    """One webhook. ``thread_id`` posts into a thread of its channel; in a forum each post becomes a thread."""

    capabilities = Capabilities(edits=True, files=True)

    def __init__(
        self, name: str, *, url: Secret, thread_id: int | None = None, forum: bool = False, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Raises ``ValueError`` if ``url`` is no address of a Discord webhook."""
        found = _ADDRESS.match(url.reveal())
        if found is None:
            raise ValueError(
                f"{redact_url(url.reveal())} is no Discord webhook; it looks like .../api/webhooks/ID/TOKEN"
            )
        self._name = name
        self._url = Secret(f"{found['base']}/webhooks/{found['id']}/{found['token']}")
        self._thread_id = thread_id
        self._forum = forum
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"<DiscordWebhook {self._name}>"

    @property
    def name(self) -> str:
        return self._name

    async def start(self) -> None:
        import aiohttp

        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
            self._session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": USER_AGENT})

    async def stop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def post(self, message: Message) -> Receipt:
        return await self._send(alert_post(message))

    async def post_digest(self, digest: Digest) -> Receipt:
        return await self._send(digest_post(digest))

    async def post_notice(self, notice: Notice) -> Receipt:
        return await self._send(notice_post(notice))

    async def post_summary(self, post: SummaryPost) -> Receipt:
        return await self._send(summary_post(post))

    async def post_file(self, to: Receipt, file: File) -> Receipt:
        """In the post itself: a second post could not be looked up after a lost answer, and would come twice, while a
        picture that is put there again takes the place of the first."""
        place, _, message_id = to.ref.partition("/")
        query = f"?with_components=true{self._of_thread(place)}"
        about = {"id": 0, "filename": file.name, "description": file.alt[:ALT_MAX]}
        body = {"allowed_mentions": {"parse": []}, "attachments": [about]}
        status, answer = await self._request("PATCH", f"/messages/{message_id}{query}", body, file)
        if not 200 <= status < 300:
            raise self._verdict(status, answer)
        return Receipt(self._name, file.key, to.ref, datetime.now(UTC))

    async def reply(self, to: Receipt, message: Message, *, aloud: bool = False) -> Receipt:
        return await self.post(message)

    async def edit(self, receipt: Receipt, message: Message) -> Receipt | None:
        place, _, message_id = receipt.ref.partition("/")
        query = f"?with_components=true{self._of_thread(place)}"
        await self._variants(alert_post(message), "PATCH", f"/messages/{message_id}{query}")
        return receipt

    def _of_thread(self, place: str) -> str:
        """What is added to the address for a message beside or instead of one in ``place``: a channel is not named."""
        return f"&thread_id={place}" if self._forum or self._thread_id else ""

    async def find(self, key: str, *, since: datetime | None = None, thread: Receipt | None = None) -> Receipt | None:
        return None

    async def check(self) -> str | None:
        try:
            status, answer = await self._request("GET", "", None)
        except DeliveryError as error:
            return error.text
        return None if status == 200 else self._verdict(status, answer).text

    # -- requests -----------------------------------------------------------------------------------------------

    async def _send(self, post: Post) -> Receipt:
        query = "?wait=true&with_components=true" + (f"&thread_id={self._thread_id}" if self._thread_id else "")
        sent = await self._variants(post, "POST", query)
        return self._receipt(post.key, sent)

    def _receipt(self, key: str, sent: dict[str, Any]) -> Receipt:
        ref = f"{sent['channel_id']}/{sent['id']}"
        return Receipt(self._name, key, ref, datetime.fromisoformat(sent["timestamp"]).astimezone(UTC))

    async def _variants(self, post: Post, method: str, path: str) -> dict[str, Any]:
        """As asked; without addresses if one is refused; as plain text if the looks are."""
        for variant in (post, post.without_links(), post.text_only()):
            status, answer = await self._request(method, path, self._body(variant, new=method == "POST"))
            if 200 <= status < 300:
                return answer
            refusal = _refusal(status, answer)
            if not refusal.about_form:
                break
        raise delivery_error(self._name, refusal, webhook=True)

    def _body(self, post: Post, *, new: bool) -> dict[str, Any]:
        button = {"type": 2, "style": 5, "label": "Open", "url": post.link}
        body: dict[str, Any] = {
            "content": post.content,
            "embeds": [post.embed] if post.embed is not None else [],
            "components": [{"type": 1, "components": [button]}] if post.link else [],
            "allowed_mentions": {"parse": []},
        }
        if self._forum and new and self._thread_id is None:
            body["thread_name"] = post.thread_name or "Alert"
        return body

    async def _request(
        self, method: str, path: str, body: dict[str, Any] | None, file: File | None = None
    ) -> tuple[int, dict[str, Any]]:
        """(status, JSON). The cause of a failure is not kept: its text holds the address, which is the secret."""
        import aiohttp

        await self.start()
        assert self._session is not None
        failure = ""
        try:
            sent = {"json": body} if file is None else {"data": _with_file(body, file)}
            async with self._session.request(method, self._url.reveal() + path, **sent) as response:
                text = await response.text()
                retry_after = response.headers.get("Retry-After", "")
                status = response.status
        except TimeoutError:
            failure = "no answer in time"
        except (aiohttp.ClientError, OSError) as error:
            failure = type(error).__name__
        if failure:
            raise lost_connection(self._name, failure)
        answer = _json(text)
        if status == 429 and "retry_after" not in answer:
            answer["retry_after"] = float(retry_after) if retry_after.isdigit() else CLOUDFLARE_WAIT_S
        return status, answer

    def _verdict(self, status: int, answer: dict[str, Any]) -> DeliveryError:
        return delivery_error(self._name, _refusal(status, answer), webhook=True)


def _with_file(body: dict[str, Any] | None, file: File) -> aiohttp.FormData:
    """As Discord takes files: "Uploading Files" in its reference."""
    import aiohttp

    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps(body), content_type="application/json")
    form.add_field("files[0]", file.content, filename=file.name, content_type="image/png")
    return form


def _json(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, answer: dict[str, Any]) -> Refusal:
    words = [str(answer.get("message") or ""), *_flatten(answer.get("errors"), "")]
    retry_after = answer.get("retry_after")
    return Refusal(status, int(answer.get("code") or 0), "\n".join(words), float(retry_after) if retry_after else None)


def _flatten(errors: object, path: str) -> list[str]:
    """Discord's nested errors in the words of discord.py: ``In embeds.0.url: Not a well formed URL.``"""
    if not isinstance(errors, dict):
        return []
    lines = [f"In {path}: {e.get('message', '')}" for e in errors.get("_errors", []) if isinstance(e, dict)]
    for key, value in errors.items():
        if key != "_errors":
            lines += _flatten(value, f"{path}.{key}".lstrip("."))
    return lines
