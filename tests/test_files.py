"""Files that are named on a command line, and pipes that are."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from bot.files import NOTHING_CAME, read_start
from tests.cli.conftest import Run, room, run

__all__ = ["room", "run"]  # fixtures

CONFIG = "rules: [rules/]\nchannels: {console: {kind: console}}\nroutes: [{rules: [floot], to: [console]}]\n"


def pipe_with(content: bytes) -> Path:
    """What ``<(command)`` is to a program: a pipe whose other end was written to and closed. Left open for reading."""
    reader, writer = os.pipe()
    os.write(writer, content)
    os.close(writer)
    return Path(f"/dev/fd/{reader}")


def test_a_file_is_read_up_to_the_most_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abcdef")
    (tmp_path / "empty").write_bytes(b"")
    assert (read_start(tmp_path / "a", 4), read_start(tmp_path / "empty", 4)) == (b"abcd", b"")
    with pytest.raises(IsADirectoryError):
        read_start(tmp_path, 4)
    with pytest.raises(FileNotFoundError):
        read_start(tmp_path / "b", 4)


def test_a_pipe_is_read_to_its_end_though_it_comes_in_parts() -> None:
    kept, fed = os.pipe()  # a shell keeps the end that is read, too, and names it like this

    def feed() -> None:
        for part in (b"ab", b"cd"):
            os.write(fed, part)
        os.close(fed)

    writer = threading.Thread(target=feed)
    writer.start()
    found = read_start(Path(f"/dev/fd/{kept}"), 100)
    writer.join()
    os.close(kept)
    assert found == b"abcd"


def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "quiet")
    with pytest.raises(OSError, match=NOTHING_CAME):
        read_start(tmp_path / "quiet", 4)


def test_check_of_a_pipe_without_a_writer_says_so(room: Path, run: Run) -> None:
    os.mkfifo(room / "quiet")
    ran = run("check", "-c", "quiet")
    assert ran.status == 1
    told = "cannot be read (nothing came through this pipe); name a file, or a command that writes"
    assert ran.out == f"quiet: {told}\n"
    ran = run("explain", "quiet")
    assert "nothing came through this pipe" in ran.err


def test_a_config_from_a_pipe_counts_from_the_current_folder_and_is_read_once(room: Path, run: Run) -> None:
    ran = run("check", "-c", str(pipe_with(CONFIG.encode())))
    assert (ran.status, "no rule has the id 'floot'; did you mean 'flood'?" in ran.out) == (1, True)
    broken = f"{CONFIG}retention: 9\n"
    ran = run("check", "-c", str(pipe_with(broken.encode())))
    assert [line.split(":")[1] for line in ran.out.splitlines()] == ["3", "4"]
    good = CONFIG.replace("floot", "flood")
    ran = run("check", "-c", str(pipe_with(good.encode())))
    assert (ran.status, ran.out) == (0, "2 rules, 2 tests, 0 lists, 0 sources: no problems\n")
    (room / "news.txt").write_text("A flood warning stands.")
    ran = run("explain", "-c", str(pipe_with(good.encode())), "news.txt")
    assert "goes to console" in ran.out
    empty = pipe_with(b"# nothing yet\n")
    assert run("check", "-c", str(empty)).out == f"{empty}: is empty; `wirewatch init` writes a starter\n"


def test_a_config_that_the_shell_opened_counts_from_the_current_folder(room: Path, run: Run) -> None:
    """``wirewatch check -c /dev/stdin < elsewhere/wirewatch.yaml``: /dev has no rules."""
    elsewhere = room / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "wirewatch.yaml").write_text(CONFIG.replace("floot", "flood"))
    with (elsewhere / "wirewatch.yaml").open("rb") as file:
        ran = run("check", "-c", f"/dev/fd/{file.fileno()}")
    assert (ran.status, ran.out) == (0, "2 rules, 2 tests, 0 lists, 0 sources: no problems\n")
