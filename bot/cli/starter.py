"""``wirewatch init``."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from bot.cli.checks import write_schemas
from bot.config import shipped_rules
from bot.errors import WirewatchError

_OWN_RULES = """\
# yaml-language-server: $schema=schema/rules.json
# Your own rules. The shipped ones are in force, too (rules: [shipped, rules/] in wirewatch.yaml); a rule here with the
# id of a shipped one replaces it, and [shipped-sources, rules/] there leaves all of ours away. `wirewatch check` says
# what is wrong, `wirewatch explain FILE` what would fire.
rules:
  - id: example-our-company
    title: Our company in the news
    severity: medium
    tags: [company]
    when:
      any: ["Example Holdings", "=EXHL"]
    tests:
      - match: "Shares of Example Holdings rose on Monday."
      - ignore: "This is only an example, holdings aside."
"""

_OWN_SOURCES = """\
# yaml-language-server: $schema=schema/sources.json
# Your own sources; those that ship with Wirewatch are polled, too. One with the id of a shipped one replaces it, and
# {id: that-id, enabled: false} switches it off; `rules: [shipped-rules, rules/]` in wirewatch.yaml leaves all of ours
# away. `wirewatch sources check` fetches each once.
defaults: {every: auto}
sources: []
"""


def init(folder: Path) -> int:
    """Write the starter. What is there already is never overwritten."""
    target = folder / "wirewatch.yaml"
    if target.exists():
        raise WirewatchError(f"{target} is there already; name another folder, or edit it")
    rules = folder / "rules"
    try:
        rules.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WirewatchError(
            f"{rules}: cannot be made ({error.strerror}); name a folder that you can write to"
        ) from None
    # The sample config stands beside the shipped rules, in a checkout and in the installed package alike.
    shutil.copyfile(shipped_rules().parent / target.name, target)
    written = [target]
    for name, text in (("own.yaml", _OWN_RULES), ("sources.yaml", _OWN_SOURCES)):
        path = rules / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            written.append(path)
    written.extend(write_schemas(rules / "schema"))
    for path in written:
        print(f"wrote {path}")
    go = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    print(f"next: {go}wirewatch check && wirewatch run")
    return 0
