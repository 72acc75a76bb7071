"""Which addresses sources may reach."""

from __future__ import annotations

import socket

import pytest

from bot.web.address import AddressRefusedError, allowance, guarded_socket, refusal


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.31.0.1", "private"),
        ("192.168.1.1", "private"),
        ("169.254.169.254", "link-local"),
        ("100.64.0.1", "carrier"),
        ("198.18.0.1", "benchmarking"),
        ("192.0.0.8", "reserved"),
        ("224.0.0.251", "multicast"),
        ("240.0.0.1", ""),
        ("255.255.255.255", ""),
        ("::1", "loopback"),
        ("::", "unspecified"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fc00::1", "private"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("::ffff:127.0.0.1", "IPv4-mapped"),
        ("::ffff:93.184.216.34", "IPv4-mapped"),
        ("::127.0.0.1", ""),
        ("2002:7f00:1::", "6to4"),
        ("2001:0:1::1", "Teredo"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b:1::1", "translation"),
        ("2001:db8::1", ""),
        ("0177.0.0.1", "plain notation"),
        ("2130706433", "plain notation"),
        ("0x7f.1", "plain notation"),
        ("127.1", "plain notation"),
    ],
)
def test_an_address_inside_is_refused_with_its_kind(address: str, why: str) -> None:
    found = refusal(address)
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::5db8:d822", "100.128.0.1", "172.32.0.1"]
)
def test_a_public_address_passes(address: str) -> None:
    assert refusal(address) is None


def test_the_socket_factory_makes_no_socket_for_a_refused_address() -> None:
    with pytest.raises(AddressRefusedError, match=r"127\.0\.0\.1 is a loopback address"):
        guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))


def test_the_socket_factory_makes_a_socket_for_a_public_address() -> None:
    made = guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80)))
    with made:
        assert made.family == socket.AF_INET


@pytest.mark.parametrize(
    ("allow", "host", "lifted"),
    [
        (True, "anything", True),
        (False, "anything", False),
        (frozenset({"Wiki.Intern."}), "wiki.intern", True),
        (frozenset({"wiki.intern"}), "evil.wiki.intern", False),
        (frozenset({"::1"}), "[::1]", True),
        (frozenset[str](), "wiki.intern", False),
    ],
)
def test_only_named_hosts_are_lifted(allow: frozenset[str] | bool, host: str, lifted: bool) -> None:
    assert allowance(allow)(host) is lifted
