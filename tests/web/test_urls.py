"""The host of an address."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.urls import host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://news.example/feed?a=b@c#d", "news.example"),
        ("http://news.example", "news.example"),
        ("http://127.0.0.1:8080/feed", "127.0.0.1"),
        ("HTTP://News.Example/feed", "news.example"),
        ("https://joe:pw@news.example/feed", "news.example"),
        ("https://joe:1@news.example/feed", "news.example"),  # what looks like host and port is a name and a password
        ("http://[2001:db8::1]:80/feed", "2001:db8::1"),
        ("http://[2001:db8::1/feed", ""),
        ("//news.example/feed", "news.example"),
        ("mailto:desk@news.example", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


@given(st.text(alphabet="htps:/?#@[]%.-aZ09\t\n \\é", max_size=20).map("http://".__add__))
def test_however_it_is_spelled_it_is_what_the_parser_says(url: str) -> None:
    wanted = ""
    with suppress(ValueError):
        wanted = (urlsplit(url).hostname or "").lower()
    assert host_of(url) == wanted
