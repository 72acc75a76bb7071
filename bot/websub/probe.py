"""Whether hubs reach the bot: its public address is asked for a callback that nobody has, and must answer as we do."""

from __future__ import annotations

import re

import httpx

from bot.config import Config
from bot.web.exchange import trusting
from bot.websub.desk import PATH
from bot.websub.receiver import UNKNOWN

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
WAIT_S = 5.0  # seconds for an answer


async def probe(config: Config) -> str | None:
    """``None`` if a request to ``websub.public_url`` comes out at a running bot's listener, or nothing is wanted; else
    what came instead and what to do, in a sentence."""
    if config.websub is None or config.http is None:
        return None
    url = f"{config.websub.public_url}{PATH}/doctor"
    verify = True if config.ca_file is None else trusting(config.ca_file)
    try:
        async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=WAIT_S) as client:
            answer = await client.get(url)
    except (httpx.HTTPError, OSError) as error:
        why = _ERRNO.sub("", str(error)) or type(error).__name__
        what = f"does not answer ({why[:1].lower()}{why[1:]})"
    else:
        if (answer.status_code, answer.text) == (404, UNKNOWN):
            return None
        what = f"answers {answer.status_code}, and not as the bot does"
    return (
        f"{url} {what}; let your HTTPS proxy pass {PATH}/ on to {config.http.listen}, and ask again while the bot runs"
    )
