"""Rule files that are broken, hostile or enormous, as the command tells of them: one line each, with its place."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CPU_MAX_S = 3.0  # of processor time for all files in one run, the start of the command (0.7 s) included

RULE = "rules:\n  - {{id: {0}, severity: low, when: {1}}}\n"


def bomb() -> str:
    """Nine levels of nine references each: half a billion words if it were unfolded."""
    levels = [f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)]
    return "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(levels)


def big(megabytes: int = 10) -> str:
    """Rules, all well."""
    one = "  - {{id: big-{0:06}, severity: low, when: word{0:06}}}\n"
    return "rules:\n" + "".join(one.format(n) for n in range((megabytes << 20) // len(one.format(0)) + 1))


FILES: dict[str, tuple[str | bytes, str]] = {
    "bomb": (bomb(), ":1:4: an anchor (&a) is not supported; use define: and use:"),
    "large": (big(), ": larger than 8 MiB; split it into several files"),
    "junk": ("x" * (10 << 20), ": larger than 8 MiB; split it into several files"),
    "deep-flow": (RULE.format("deep", "{any: [" * 1000 + "x" + "]}" * 1000), ":2:239: nested deeper than 60 levels"),
    "deep-block": (
        "rules:\n- id: block\n  severity: low\n  when:\n"
        + "".join(f"{' ' * (4 + n)}any:\n{' ' * (4 + n)}-\n" for n in range(1000)),
        ":62:33: nested deeper than 60 levels",
    ),
    "brackets": ("[" * 1_000_000, ":1:61: nested deeper than 60 levels"),
    "term": (
        RULE.format("term", '"' + "word " * 209_716 + '"'),
        ":2:37: a value of 1,048,580 characters; the limit is",
    ),
    "cycle": (
        "define:\n  here: {any: [x, {use: there}]}\n  there: {any: [y, {use: here}]}\n",
        ":3:26: a define that uses itself: here uses there uses here; take one of the uses out",
    ),
    "nul": (RULE.format("nul", "arms\0deal"), ":2:40: the control character U+0000 is not allowed here; delete it"),
    "surrogate": (
        RULE.format("surrogate", "xx").encode().replace(b"xx", b"\xed\xa0\x80"),
        ":2:42: not UTF-8 from here on; save the file in the encoding UTF-8",
    ),
    "half-escaped": (RULE.format("escaped", '"\\ud800 arms"'), ":2:43: not valid YAML (found invalid Unicode"),
    "line-ends": (
        "rules:\r\n  - id: ends\r    severity: low\n    when: x\r\n    wen: y\r\n",
        ":5:5: a rule has no key 'wen'; did you mean 'when'?",
    ),
    "tabs": ("rules:\n\t- id: tabs\n", ":2:1: not valid YAML: a tab indents this line; indent"),
    "tab-inside": ("rules:\n  - id: inside\n\tseverity: low\n", ":3:1: not valid YAML: a tab indents this line"),
    "twice": (
        "rules:\n  - {id: twice, severity: low, when: x, severity: high}\n",
        ":2:41: the key 'severity' stands here for the second time (first in line 2); delete one of the two",
    ),
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What ``wirewatch check`` says of a folder that holds them all."""
    room = tmp_path_factory.mktemp("bad")
    (room / "rules").mkdir()
    for name, (content, _) in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        (room / "rules" / f"{name}.yaml").write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "check", "--rules", "rules"],
        cwd=room,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran.returncode == 1
    assert ran.stderr == f"{len(FILES)} errors, 0 warnings\n"
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < CPU_MAX_S
    return ran.stdout.splitlines()


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_one_line_with_its_place_and_what_to_do(lines: list[str], name: str) -> None:
    (line,) = [one for one in lines if one.startswith(f"rules/{name}.yaml")]
    assert line.startswith(f"rules/{name}.yaml{FILES[name][1]}"), line


def test_mixed_line_ends_alone_are_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_bytes(b"rules:\r\n  - id: ends\r    severity: low\n    when: x\r\n")
    from bot.live import rulebook

    (rule,) = rulebook.load([tmp_path]).ruleset.rules
    assert rule.id == "ends"
