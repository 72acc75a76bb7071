"""Every picture in ``docs/img``, taken anew with headless Chromium.

    python scripts/screenshots.py            # all of them
    python scripts/screenshots.py why mute   # those whose names hold one of these words

They show what the local Slack and Discord received from the real bot (:mod:`scripts.scenes`), drawn by the previews in
``tests/fakes``. Chromium comes with the system (Debian: ``apt install chromium fonts-lato fonts-noto-core
fonts-noto-color-emoji``).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from scripts.scenes import Desk

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
WIDTH, HEIGHT = 660, 6000  # pixels of the page; pictures are cut to what they hold
SHARP = 1.3  # pixels of the picture to one of the page

ALERTS = ("attack forces three", "enriched uranium")
THREAD = "rifles from dhow"
ASKED_WHY = "artillery shells"
TEXT = "Tehran signed an arms deal with Khartoum on Monday."
ARTICLE = "https://meridian.example/news/2005"
Chosen = Mapping[str, object]
SHOWN: Mapping[str, Sequence[tuple[str, str, Chosen | None]]] = {
    # By picture: who asks, what is typed on Slack, what is chosen on Discord (None: it cannot be).
    "latest": [("ada", "latest 5 severity:high", {"count": 5, "severity": "high"})],
    "search": [("ada", "search ransomware hospital*", {"query": "ransomware hospital*"})],
    "summary": [("ada", "summary 24h Russia", {"period": "24h", "country": "RU"})],
    "whynot": [("ada", f"why {ARTICLE}", {"url": ARTICLE})],
    "explain": [("ada", f"explain {TEXT}", {"text": TEXT})],
    "rules": [("ada", "rules", {}), ("ada", "rules ransomware-attack", {"id": "ransomware-attack"})],
    "sources": [
        ("ada", "status", {}),
        ("ada", "sources", {}),
        ("ada", "sources atlantic-gazette", {"id": "atlantic-gazette"}),
    ],
    "changes": [
        (
            "ada",
            "mute rule tariffs 7d trade fair",
            {"kind": "rule", "what": "tariffs", "duration": "7d", "comment": "trade fair"},
        ),
        ("ada", "mutes", {}),
        ("ada", 'watch "drone strike" Sudan', {"term": "drone strike", "country": "SD"}),
        ("ada", "unwatch", {}),
    ],
    "help": [("ada", "help", {}), ("ada", "help mute", {"command": "mute"})],
    "mistakes": [
        ("ada", "sumary 7d", None),
        ("ada", "mute rule ransomware", {"kind": "rule", "what": "ransomware"}),
        ("bob", "mute rule tariffs", {"kind": "rule", "what": "tariffs"}),
    ],
}


async def pages() -> dict[str, str | bytes]:
    """Pages, and the pictures that are none, by the name of their file."""
    from bot.log import set_up
    from scripts.scenes import in_a_terminal, two_days

    set_up("error")
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, str | bytes] = {"alert": await in_a_terminal(Path(folder))}
        async with two_days(Path(folder)) as desk:
            found |= await _slack(desk)
            found |= await _discord(desk)
            # The outlets answer on this machine only; shown is where they would be.
            here = re.compile(re.escape(desk.outlets) + r"/([a-z-]+)")
            return {
                name: here.sub(r"https://\1.example/feed.xml", page) if isinstance(page, str) else page
                for name, page in found.items()
            }


async def _slack(desk: Desk) -> dict[str, str | bytes]:
    from scripts.scenes import DESK
    from tests.fakes import slack_preview as preview

    room, files, now = desk.room(DESK), desk.slack.workspace.files, desk.clock()
    summaries = [i for i, m in enumerate(room.messages) if m["text"].startswith("News summary")]

    def channel(*words: str) -> str:
        alerts = [m for m in room.messages if "thread_ts" not in m and m.get("metadata") and m not in _at(summaries)]
        tops = {m["ts"] for m in alerts if any(w in m["text"] for w in words)}
        kept = [m for m in room.messages if m.get("thread_ts", m["ts"]) in tops]
        return preview.render([replace(room, messages=kept)], files=files, now=now)

    def _at(places: Iterable[int]) -> list[Any]:
        return [room.messages[i] for i in places]

    overnight = desk.room("overnight")
    digests = [m for m in overnight.messages if m["text"].startswith("Digest")]
    last = summaries[-1]
    chart = room.messages[last + 1]["files"][0]["id"]
    found: dict[str, str | bytes] = {
        "chat-slack": channel(*ALERTS),
        "chat-slack-thread": channel(THREAD),
        "chat-slack-digest": preview.render([replace(overnight, messages=digests[-1:])], now=now),
        "summary-slack": preview.render([replace(room, messages=room.messages[last : last + 2])], files=files, now=now),
        "chart": files[chart]["content"],
    }
    post = next(m for m in room.messages if ASKED_WHY in m["text"] and m.get("metadata"))
    buttons = [e["action_id"] for b in post["blocks"] if b["type"] == "actions" for e in b["elements"]]
    await desk.ada.clicks(room, post, next(b for b in buttons if ":why:" in b))
    why = await desk.ada.hears(1)
    found["chat-slack-why"] = preview.render([replace(room, messages=[])], private=[why], now=now)
    await desk.ada.clicks(room, post, next(b for b in buttons if ":mute:" in b))
    found["chat-slack-mute"] = preview.render_modal(await desk.ada.sees_form(), now=now)
    for name, asked in SHOWN.items():
        answers = []
        for who, typed, _ in asked:
            person = desk.bob if who == "bob" else desk.ada
            seen = len(person.private)
            await person.types(f"/wire {typed}", room)
            await person.hears(seen + 1)
            answers.append((f"/wire {typed}", person.private[-1]))
        found[f"chat-slack-{name}"] = preview.render_answers(answers, room=DESK, now=now)
    await desk.ada.opens_home()
    await desk.slack.settled(lambda: desk.ada.id in desk.slack.workspace.homes)
    found["chat-slack-home"] = preview.render_home(desk.slack.workspace.homes[desk.ada.id], now=now)
    return found


async def _discord(desk: Desk) -> dict[str, str | bytes]:
    from scripts.scenes import DESK
    from tests.fakes import discord_preview as preview

    place, world, now = desk.place(DESK), desk.discord.world, desk.clock()
    threads = {t.id: (t.name, t.messages) for t in world.children(place.id)}

    def channel(*words: str) -> str:
        known = {m["id"] for m in place.messages if any(w in m["content"] for w in words)}
        kept = [m for m in place.messages if m["id"] in known or _answers(m) in known]
        return preview.render(kept, channel=DESK, uploads=world.uploads, threads=threads, now=now)

    digests = [m for m in desk.place("overnight").messages if "DIGEST" in m["content"]]
    at = max(i for i, m in enumerate(place.messages) if "News summary" in m["content"])
    found: dict[str, str | bytes] = {
        "chat-discord": channel(*ALERTS),
        "chat-discord-thread": channel(THREAD),
        "chat-discord-digest": preview.render(digests[-1:], channel="overnight", now=now),
        "summary-discord": preview.render(place.messages[at : at + 2], channel=DESK, uploads=world.uploads, now=now),
    }
    post = next(m for m in place.messages if ASKED_WHY in m["content"])
    buttons = [p["custom_id"] for row in post["components"] for p in row["components"] if "custom_id" in p]
    why = await desk.ann.reads(await desk.ann.clicks(post, next(b for b in buttons if ":why:" in b)))
    found["chat-discord-why"] = preview.render([why], channel=DESK, now=now)
    form = await desk.ann.clicks(post, next(b for b in buttons if ":mute:" in b))
    found["chat-discord-mute"] = preview.render_modal(await desk.ann.form(form))
    for name, asked in SHOWN.items():
        answers = []
        for who, typed, chosen in asked:
            if chosen is None:
                continue
            person = desk.ben if who == "bob" else desk.ann
            verb = typed.partition(" ")[0]
            options = "".join(f" {k}: {v}" for k, v in chosen.items())
            answer = await person.reads(await person.runs(f"wire {verb}", place, **chosen))
            answers.append((who, f"wire {verb}{options}", answer))
        found[f"chat-discord-{name}"] = preview.render_answers(answers, channel=DESK, now=now)
    return found


def _answers(message: Mapping[str, Any]) -> str:
    return str((message.get("message_reference") or {}).get("message_id", ""))


def take(html: str, to: Path, browser: str) -> None:
    """One page as a picture, cut to what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        page, raw = Path(folder) / "page.html", Path(folder) / "page.png"
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-background-networking", f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}",
             f"--force-device-scale-factor={SHARP}", f"--screenshot={raw}", page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
        picture = Image.open(raw).convert("RGB")
        ground = Image.new("RGB", picture.size, picture.getpixel((picture.width - 1, picture.height - 1)))
        box = ImageChops.difference(picture, ground).getbbox()
        low = min((box[3] if box else picture.height) + round(16 * SHARP), picture.height)
        small(picture.crop((0, 0, picture.width, low))).save(to, optimize=True)


def small(picture: Image.Image) -> Image.Image:
    """With 256 colours: those of the grounds and letters as they are, and some for the signs and flags."""
    counted = sorted(picture.getcolors(1 << 24), reverse=True)[:160]
    rest = picture.quantize(96, Image.Quantize.MAXCOVERAGE).getpalette()[: 3 * 96]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in counted for part in colour] + rest)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def main(words: list[str]) -> int:
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not browser:
        print("no Chromium found; install it (Debian: apt install chromium)", file=sys.stderr)
        return 1
    sys.path.insert(0, str(ROOT))
    for name, page in asyncio.run(pages()).items():
        if words and not any(word in name for word in words):
            continue
        to = IMAGES / f"{name}.png"
        if isinstance(page, bytes):
            to.write_bytes(page)
        else:
            take(page, to, browser)
        print(f"{to.stat().st_size:8,} {to}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
