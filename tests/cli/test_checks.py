"""``check``, ``test``, ``schema``, ``init``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.model import Source
from bot.store.base import Batch
from bot.store.sources_port import Poll
from tests.cli.conftest import RULES, Run
from tests.databases import open_store
from tests.samples import article

BROKEN = """\
rules:
  - id: flood
    title: Flood
    severity: hihg
    when: {any: [flood, {list: nil}]}
    tests: [{match: "A storm."}]
"""


def test_all_well_is_one_line(room: Path, run: Run) -> None:
    ran = run("check")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "2 rules, 2 tests, 0 lists, 0 sources: no problems\n"


def test_every_problem_has_its_place_what_is_wrong_and_what_to_do(room: Path, run: Run) -> None:
    (room / "rules" / "own.yaml").write_text(BROKEN, encoding="utf-8")
    (room / "rules" / "sources.yaml").write_text("sources: [{id: a, url: nowhere}]\n", encoding="utf-8")
    ran = run("check")
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith("rules/own.yaml:4:15: ")
    assert "'high'" in lines[0]
    assert any(line.startswith("rules/own.yaml:5:") and "'nil'" in line for line in lines)
    assert any(line.startswith("rules/sources.yaml:1:") for line in lines)
    assert ran.err == f"{len(lines)} errors, 0 warnings\n"


def test_what_is_wrong_in_rules_and_sources_is_told_beside_what_is_wrong_in_the_config(room: Path, run: Run) -> None:
    config = room / "wirewatch.yaml"
    config.write_text(config.read_text().replace("{kind: console}", "{kind: consol}"))
    (room / "rules" / "own.yaml").write_text(
        "rules: [{id: a, severity: hihg, when: x}, {id: b, severity: high, when: {list: downloaded}}]\n"
    )
    (room / "rules" / "sources.yaml").write_text("sources: [{id: a, kind: rss, url: 'http://a.example/${KEY}'}]\n")
    ran = run("check")
    assert ran.out.splitlines() == [
        "rules/own.yaml:1:27: no severity 'hihg'; did you mean 'high'?",
        "rules/sources.yaml:1:25: kind: 'rss' is not a kind of source; write feed, which reads RSS, RDF, Atom and JSON "
        "Feed",
        "rules/sources.yaml:1:35: url: takes nothing from the environment; write the address itself",
        "wirewatch.yaml:3:28: unknown kind 'consol'; did you mean 'console'?",
    ]
    assert (ran.status, ran.err) == (1, "4 errors, 0 warnings\n")


def test_names_that_nothing_has_are_told_beside_what_is_wrong_in_the_config(room: Path, run: Run) -> None:
    config = room / "wirewatch.yaml"
    config.write_text(
        f"{config.read_text()}\nretention: 90\nowners: {{wier: Wire}}\n"
        "throttles: [{max: 0, per: 1h, rules: [clahs]}]\ninhibit: [{rule: clash, silences: [flod]}]\n"
        'summaries: {s: {to: [console], cron: "0 7 * *", tags: [nil]}}\n'
    )
    (room / "rules" / "sources.yaml").write_text("sources: [{id: wire, url: 'https://wire.example/feed'}]\n")
    ran = run("check")
    assert [line.split(":", 3)[3].strip() for line in ran.out.splitlines()] == [
        "retention: 90 needs a unit: 90s, 90m, 90h, 90d or 90w",
        "warning: owners: no source of the rules folders has the id 'wier'; did you mean 'wire'?",
        "max: must be at least 1",
        "no rule has the id 'clahs'; did you mean 'clash'?",
        "no rule has the id 'flod'; did you mean 'flood'?",
        "cron: '0 7 * *' has 4 fields; write five: minute, hour, day of the month, month, day of the week, such as "
        '"0 7 * * mon-fri"',
        "no rule has the tag 'nil'",
    ]


def test_names_that_nothing_has_are_told_beside_what_is_wrong_in_the_rules(room: Path, run: Run) -> None:
    config = room / "wirewatch.yaml"
    config.write_text(f"{config.read_text()}\nroutes: [{{rules: [floot, flood], to: [console]}}]\n")
    (room / "rules" / "own.yaml").write_text(BROKEN, encoding="utf-8")
    told = run("check").out
    assert "no rule has the id 'floot'; did you mean 'flood'?" in told
    assert "no rule has the id 'flood'" not in told, "it is there, if wrong in itself"
    assert "no severity 'hihg'" in told
    (room / "rules" / "own.yaml").write_text("rules: [\n", encoding="utf-8")
    assert "no rule has" not in run("check").out, "what a file holds that cannot be read, nobody knows"
    (room / "rules" / "own.yaml").write_text("# none of our own yet\n", encoding="utf-8")
    told = run("check").out
    assert "no rule has the id 'floot'" in told
    assert "no rule has the id 'flood'" in told


def test_an_outlet_that_owners_cannot_find_is_warned_of(room: Path, run: Run) -> None:
    config = room / "wirewatch.yaml"
    owners = "{wire: A, bbc.co.uk: B, www.bbc.co.uk: B, Example.com: C, 'https://x.example': D}"
    config.write_text(f"{config.read_text()}\nowners: {owners}\n")
    (room / "rules" / "sources.yaml").write_text("sources: [{id: wire, url: 'https://wire.example/feed'}]\n")
    ran = run("check")
    assert ran.status == 0
    assert [line.partition("owners: ")[2] for line in ran.out.splitlines()[:-1]] == [
        "outlets are told by their registered domain; write bbc.co.uk for 'www.bbc.co.uk'",
        "outlets are told by their registered domain; write example.com for 'Example.com'",
        "no source of the rules folders has the id 'https://x.example'; write a source's id, or a domain such as "
        "bbc.co.uk",
    ]


def test_the_shipped_rules_without_the_shipped_sources(room: Path, run: Run) -> None:
    config = room / "wirewatch.yaml"
    text = config.read_text()
    config.write_text(text.replace("[rules/]", "[shipped-rules, rules/]"))
    ran = run("check")
    assert ran.status == 0
    assert "0 sources: 0 errors, 1 warning" in ran.out
    assert "which come without sources, and there are no others: nothing is polled" in ran.out
    (room / "rules" / "sources.yaml").write_text("sources: [{id: wire, url: 'https://wire.example/feed'}]\n")
    ran = run("check")
    assert "1 source: no problems" in ran.out
    assert int(ran.out.split()[0]) > 40, "our rules are in force"


def test_the_shipped_sources_without_the_shipped_rules(room: Path, run: Run) -> None:
    """Lists and defines of ours are there for one's own rules."""
    config = room / "wirewatch.yaml"
    text = config.read_text().replace("[rules/]", "[shipped-sources, rules/]")
    when = '{all: [storm, {country: "@sanctioned"}]}, unless: {use: fiction_context}'
    (room / "rules" / "own.yaml").write_text(f"rules: [{{id: own, severity: high, when: {when}}}]\n")
    config.write_text(f"{text}routes: [{{rules: [coup], to: [console]}}]\n")
    assert "no rule has the id 'coup'" in run("check").out
    config.write_text(f"{text}routes: [{{rules: [own], to: [console]}}]\n")
    ran = run("check")
    assert (ran.status, ran.out.startswith("1 rule, 0 tests")) == (0, True), ran.out
    assert " sources" in ran.out
    assert " 0 sources" not in ran.out


def test_where_nothing_is_there_to_be_named_that_is_told(room: Path, run: Run) -> None:
    (room / "rules" / "own.yaml").write_text("rules: [{id: a, severity: low, when: {source: wire}}]\n")
    assert "rules/own.yaml:1:47: no source 'wire'; there is none yet" in run("check").out


def test_a_service_that_wants_a_contact_says_so(room: Path, run: Run) -> None:
    (room / "rules" / "sources.yaml").write_text("sources: [{id: filings, kind: edgar, query: x}]\n")
    ran = run("check")
    assert "warning: contact: is not set, and 'filings' is refused without it; add contact: " in ran.out
    with (room / "wirewatch.yaml").open("a") as config:
        config.write("contact: desk@example.org\n")
    assert run("check").out.endswith("no problems\n")


def test_a_failing_test_inside_a_rule_is_a_problem_with_its_place(room: Path, run: Run) -> None:
    (room / "rules" / "own.yaml").write_text(RULES.replace("A river flows", "A river rises"), encoding="utf-8")
    for ran in (run("check"), run("test"), run("test", "flood")):
        assert ran.status == 1
        assert "rules/own.yaml:11:" in ran.out
        assert "must be ignored, but matched" in ran.out
    assert run("test", "clash").status == 0


def test_a_warning_says_that_it_is_one_and_refuses_nothing(room: Path, run: Run) -> None:
    (room / "rules" / "own.yaml").write_text(RULES.replace("{use: fire_words}", "fired"), encoding="utf-8")
    ran = run("check")
    assert ran.status == 0
    assert "rules/own.yaml:2:3: warning: nothing uses the define 'fire_words'" in ran.out
    assert ran.out.endswith("0 errors, 1 warning\n")


@pytest.mark.parametrize("output", ["json", "github", "sarif"])
def test_findings_come_in_the_forms_of_machines(room: Path, run: Run, output: str) -> None:
    (room / "rules" / "own.yaml").write_text(BROKEN, encoding="utf-8")
    ran = run("check", "--format", output)
    assert ran.status == 1
    if output == "json":
        found = json.loads(ran.out)[0]
        assert (found["file"], found["line"], found["column"], found["level"]) == ("rules/own.yaml", 4, 15, "error")
    elif output == "github":
        assert ran.out.startswith("::error file=rules/own.yaml,line=4,col=15,title=")
    else:
        (log,) = json.loads(ran.out)["runs"]
        place = log["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "rules/own.yaml"
        assert place["region"] == {"startLine": 4, "startColumn": 15}
        assert {r["ruleId"] for r in log["results"]} == {r["id"] for r in log["tool"]["driver"]["rules"]}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(b"rules: [\n", "rules/own.yaml:", id="broken YAML"),
        pytest.param(b"\x00\x01\x02", "rules/own.yaml:1:1", id="binary"),
        pytest.param(b"rules: [caf\xe9]\n", "rules/own.yaml:1:", id="not UTF-8"),
        pytest.param(b"just words\n", "rules/own.yaml:1:1", id="no mapping"),
    ],
)
def test_a_file_that_is_no_rule_file_is_a_finding_with_its_place(room: Path, run: Run, text: bytes, place: str) -> None:
    (room / "rules" / "own.yaml").write_bytes(text)
    ran = run("check")
    assert ran.status == 1
    assert ran.out.startswith(place), ran.out


def test_rules_of_several_folders_are_named_on_the_command_line(room: Path, run: Run) -> None:
    more = room / "more"
    more.mkdir()
    (more / "a.yaml").write_text(
        "rules: [{id: storm, title: Storm, severity: low, when: ice storm warning}]", encoding="utf-8"
    )
    assert run("check", "--rules", "rules", "--rules", "more").out.startswith("3 rules")
    assert run("check", "--rules", "more").out.startswith("1 rule, ")


def test_rules_without_tests_are_named(room: Path, run: Run) -> None:
    assert run("test").out == "without tests: clash\n2 tests, 0 failed\n"


def test_an_unknown_rule_gets_a_suggestion(room: Path, run: Run) -> None:
    ran = run("test", "fluud")
    assert (ran.status, ran.err) == (1, "wirewatch: no rule 'fluud'; did you mean 'flood'?\n")


@pytest.mark.parametrize("of", ["rules", "lists", "sources", "config"])
def test_schemas_are_schemas(run: Run, of: str) -> None:
    Draft202012Validator.check_schema(json.loads(run("schema", of).out))


def test_init_writes_a_starter_that_passes_its_own_check(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WIREWATCH_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    ran = run("init", "my desk")
    assert ran.status == 0
    assert "cd 'my desk' && wirewatch check" in ran.out
    monkeypatch.chdir(tmp_path / "my desk")
    assert run("check").status == 0
    assert run("test", "example-our-company").status == 0
    modeline = (tmp_path / "my desk" / "rules" / "own.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert (tmp_path / "my desk" / "rules" / modeline.partition("$schema=")[2]).is_file()
    before = (tmp_path / "my desk" / "wirewatch.yaml").read_text(encoding="utf-8")
    again = run("init", ".")
    assert (again.status, len(again.err.splitlines())) == (1, 1)
    assert "is there already" in again.err
    assert (tmp_path / "my desk" / "wirewatch.yaml").read_text(encoding="utf-8") == before


def test_init_never_overwrites_rules(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text("rules: []\n", encoding="utf-8")
    assert run("init", str(tmp_path)).status == 0
    assert (tmp_path / "rules" / "own.yaml").read_text(encoding="utf-8") == "rules: []\n"


def test_init_where_nothing_can_be_written_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    ran = run("init", str(tmp_path / "file"))
    assert ran.status == 1
    assert "cannot be made" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_term_that_the_archive_is_full_of_is_told(room: Path, run: Run) -> None:
    text = "rules:\n  - {id: zorb, severity: low, when: zorbing}\n  - {id: quux, severity: low, when: quuxing}\n"
    (room / "rules" / "zorb.yaml").write_text(text, encoding="utf-8")
    assert "nothing but 'zorbing'" not in run("check").out
    store = open_store(room / "own.db")
    now = datetime.now(UTC)
    texts = ["Zorbing again." if n % 10 else "Quiet." for n in range(500)]
    told = [article(f"k{n}", title="On Monday", text=text, fetched_at=now) for n, text in enumerate(texts)]
    store.sync_sources([Source("wire", "https://wire.example/feed")], now, {})
    store.commit(Batch(Poll("wire", now, now, "ok"), told, {one.key: (one.key, "first") for one in told}))
    store.close()
    found = run("check").out
    assert "rule 'zorb' asks for nothing but 'zorbing', which stands in about 90% of all articles" in found
    assert "quux" not in found
