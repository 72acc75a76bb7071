"""Whether a hub's message is one of a hub that knows our secret (WebSub, section 7.1). Pure."""

from __future__ import annotations

import hmac

METHODS = frozenset({"sha1", "sha256", "sha384", "sha512"})
"""Those that the recommendation registers. SHA-1 is what most hubs use; as a key of an HMAC it is not broken."""


def signature(secret: str, body: bytes, method: str = "sha256") -> str:
    """The value of ``X-Hub-Signature`` over the body as it was sent."""
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


def signed(secret: str, body: bytes, header: str) -> bool:
    """Whether ``header`` signs the body; compared in constant time. An empty header, or a method that is not among
    :data:`METHODS`, signs nothing."""
    method, _, given = header.strip().partition("=")
    method = method.strip().lower()
    if method not in METHODS or not given.isascii():
        return False
    wanted = signature(secret, body, method).partition("=")[2]
    return hmac.compare_digest(wanted, given.strip().lower())
