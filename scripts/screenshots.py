"""The pictures of alerts in ``docs/img``, taken from the demo with headless Chromium.

    python scripts/screenshots.py            # writes chat-slack.png and chat-discord.png, and the two of "Why?"

They show alerts as they stand after their stories went on: an update in place, answers in a thread, a raise, a report
that was withdrawn; and what whoever presses "Why?" sees. Chromium comes with the system (Debian: ``apt install
chromium``).
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "img"
STORIES = ("Ransomware attack", "rifles from dhow", "enriched uranium")
HEIGHT = 4000  # pixels; more than any page, which is cut to what it holds


async def pages() -> dict[str, str]:
    """Pages by the name of their picture."""
    from bot.demo.chat import config_in, played
    from bot.log import set_up

    set_up("error")
    with tempfile.TemporaryDirectory() as folder:
        async with played(config_in(Path(folder)), lambda app, result: None) as shown:
            slack, discord = shown.on_slack(STORIES), shown.on_discord(STORIES)
            return {
                "chat-slack": re.sub(r"<div class=\"message private\">.*", "", slack),
                "chat-slack-why": shown.on_slack(()),
                "chat-discord": re.sub(r"<article class=\"only\">.*", "", discord, flags=re.DOTALL),
                "chat-discord-why": shown.on_discord(()),
            }


def take(html: str, to: Path, browser: str, width: int) -> None:
    """One page as a picture, cut to what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        page, raw = Path(folder) / "page.html", Path(folder) / "page.png"
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}",
             f"--window-size={width},{HEIGHT}", f"--screenshot={raw}", page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
        picture = Image.open(raw).convert("RGB")
        right = picture.crop(
            (picture.width // 2, 0, picture.width, picture.height)
        )  # a side bar is as long as the page
        blank = Image.new("RGB", right.size, right.getpixel((right.width - 1, right.height - 1)))
        box = ImageChops.difference(right, blank).getbbox()
        low = min(box[3] + 16 if box else picture.height, picture.height)
        picture.crop((0, 0, picture.width, low)).quantize(256).save(to, optimize=True)


def main() -> int:
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not browser:
        print("no Chromium found; install it (Debian: apt install chromium)", file=sys.stderr)
        return 1
    sys.path.insert(0, str(ROOT))
    for name, html in asyncio.run(pages()).items():
        take(html, IMAGES / f"{name}.png", browser, width=900 if "slack" in name else 760)
        print(IMAGES / f"{name}.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
