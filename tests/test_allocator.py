"""Memory that threads gave back, as the C library counts its arenas."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Eight threads hold memory at once; then glibc writes what it has, an element for each arena.
COUNT = """
import ctypes, sys, threading
if sys.argv[1] == "thrifty":
    from bot.allocator import thrifty
    thrifty()
libc = ctypes.CDLL(None)
met = threading.Barrier(9)
def hold():
    mine = bytes(100_000)
    met.wait()
    met.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for one in threads:
    one.start()
met.wait()
libc.fopen.restype = ctypes.c_void_p
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(file))
libc.fclose(ctypes.c_void_p(file))
met.wait()
"""


@pytest.mark.skipif(
    "glibc" not in os.confstr("CS_GNU_LIBC_VERSION") if sys.platform == "linux" else True, reason="glibc"
)
def test_threads_share_two_arenas(tmp_path: Path) -> None:
    def arenas(how: str) -> int:
        told = tmp_path / how
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", COUNT, how, str(told)], env=env, check=True, timeout=60)
        return told.read_text().count("<heap nr=")

    assert arenas("plain") > 2
    assert arenas("thrifty") <= 2
