"""Everything that httpx, aiohttp and the operating system raise for a request, as one :class:`FetchError`.

The transport maps aiohttp's errors onto httpx's by rough classes (a dropped connection comes as a connect timeout),
so the reason is read from the innermost error that says something. Bugs (``TypeError``) are not converted.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

import aiohttp
import httpx

from bot.errors import FetchError, FetchReason
from bot.log import redact
from bot.web.address import REFUSED, AddressRefusedError

# httpx.InvalidURL stands outside HTTPError; yarl raises ValueError, idna UnicodeError (a ValueError) on bad hosts.
FOREIGN: tuple[type[Exception], ...] = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    aiohttp.ClientError,
    OSError,
    ValueError,
)

_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
"""OpenSSL's X509_V_ERR codes for a chain that ends with nobody we know (x509_vfy.h): self-signed, or its issuer is not
among the authorities."""


def timed_out(source_id: str, where: str, error: BaseException, total_s: float | None) -> FetchError:
    """``total_s`` is the deadline if that is what ended it, else ``None``."""
    if total_s is not None:
        text = f"{where} did not finish within {total_s:g} s"
    elif any(isinstance(e, aiohttp.ConnectionTimeoutError) for e in _chain(error)):
        text = f"{where} took too long to accept a connection"
    else:
        text = f"{where} stopped sending"
    return FetchError(source_id, FetchReason.TIMEOUT, text)


def converted(source_id: str, where: str, host: str, error: Exception) -> FetchError:
    """The error with its reason and a sentence; the caller keeps the cause with ``raise ... from``."""
    chain = tuple(_chain(error))
    for one in chain:
        found = _known(source_id, where, host, one)
        if found is not None:
            return found
    if any(isinstance(one, httpx.TimeoutException) for one in chain):
        return timed_out(source_id, where, error, None)
    # aiohttp writes a status of its own, a piece of what came, and a drawing of where it is wrong.
    wrong = next((one.message.partition(":")[0] for one in chain if isinstance(one, aiohttp.ClientResponseError)), "")
    detail = redact(" ".join((wrong or str(chain[-1])).split()))[:120] or type(chain[-1]).__name__
    if any(isinstance(one, OSError | httpx.NetworkError) for one in chain):
        return FetchError(source_id, FetchReason.CONNECT, f"{where} cannot be reached ({detail})")
    return FetchError(source_id, FetchReason.PROTOCOL, f"{where} does not answer in proper HTTP ({detail})")


def _known(source_id: str, where: str, host: str, error: BaseException) -> FetchError | None:
    """The verdict on one link of the chain, if it is one that says what happened."""
    remedy = f"name {host} under allow_private if this is meant"
    match error:
        case AddressRefusedError():
            return FetchError(
                source_id, FetchReason.ADDRESS, f"{where} leads to {error.address}, {error.why}; {remedy}"
            )
        case OSError() if REFUSED in str(error):
            return FetchError(
                source_id, FetchReason.ADDRESS, f"{where} leads to an address that sources may not reach; {remedy}"
            )
        case aiohttp.ClientConnectorDNSError() | socket.gaierror():
            return FetchError(source_id, FetchReason.DNS, f"the host {host} of {where} has no address; check the name")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            why = getattr(error, "verify_message", "") or "it is not valid for this host"
            own = getattr(error, "verify_code", 0) in _UNKNOWN_AUTHORITY
            advice = "; if its authority is your own, name that under ca_file" if own else ""
            return FetchError(source_id, FetchReason.TLS, f"the certificate of {where} is refused: {why}{advice}")
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return FetchError(
                source_id,
                FetchReason.TLS,
                f"no secure connection to {where} could be made; if its server has none, write http://",
            )
        case aiohttp.ServerTimeoutError():
            return timed_out(source_id, where, error, None)
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientConnectionResetError() | ConnectionResetError():
            return FetchError(source_id, FetchReason.CONNECT, f"{where} closed the connection without an answer")
        case aiohttp.ClientPayloadError():
            return FetchError(source_id, FetchReason.PROTOCOL, f"{where} broke off in the middle of its answer")
        case ConnectionRefusedError():
            return FetchError(source_id, FetchReason.CONNECT, f"{where} refuses connections")
        case aiohttp.InvalidURL() | httpx.InvalidURL() | httpx.UnsupportedProtocol() | UnicodeError():
            return FetchError(source_id, FetchReason.INVALID_URL, f"{where} is not a usable address; correct it")
        case aiohttp.ClientConnectorError() if not isinstance(error.os_error, TimeoutError):
            # No route, no network: the transport calls it a connect timeout.
            why = os.strerror(error.os_error.errno).lower() if error.os_error.errno else "no connection"
            return FetchError(source_id, FetchReason.CONNECT, f"{where} cannot be reached ({why})")
        case _:
            return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes, innermost first, each once."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
        error = error.__cause__ or inner or error.__context__
    return reversed(seen)
