"""URLs as articles need them: absolute, and comparable.

Pure. :func:`absolute` is for links in feeds, :func:`canonical` for identity: two spellings
of one address give one canonical form, which need not itself be reachable.
"""

from __future__ import annotations

import contextlib
import re
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit

MAX_URL = 2048  # characters; longer links are taken for garbage (the limit that sitemaps.org states)

_DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say who sent the reader, not what is read. Exact names, and prefixes of whole families: Google
# Analytics (utm_), Matomo (mtm_, pk_, piwik_), HubSpot (hsa_, _hs), AT Internet (at_), Vero (vero_).
_TRACKING_WORDS = (
    "fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh li_fat_id mc_cid mc_eid mkt_tok "
    "oly_anon_id oly_enc_id _openstat s_cid ocid cmpid cmp ns_mchannel ns_source ns_campaign ns_linkname ns_fee rss_id "
    "ref_src ref_url smid smtyp soc_src soc_trk wt_mc wtmc xtor __twitter_impression guccounter guce_referrer "
    "guce_referrer_sig"
)
_TRACKING_NAMES = frozenset(_TRACKING_WORDS.split())
_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "_hs", "at_", "vero_")
# Removed only with these values, because the bare name may select content.
_TRACKING_PAIRS = frozenset({("ref", "rss"), ("source", "rss"), ("from", "rss"), ("src", "rss"), ("cid", "rss")})

_WRAPPED_PATHS = {"google.com": "/url", "news.google.com": "/url"}  # redirectors that carry the real link
_ORDINARY = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?(?:[/?#][!-~]*)?\Z")
_PLAIN_HOST = re.compile(r"https?://([a-z0-9][a-z0-9.-]*)(?::\d{1,5})?(?=[/?#]|\Z)")
# Addresses of which nothing has to be decoded, encoded or put straight: host, path, query.
_PLAIN = re.compile(
    r"https?://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)((?:/[A-Za-z0-9._~%:@!$&'()*+,;=-]+)*+)/?"
    r"(?:\?((?:[A-Za-z0-9._~-]++=[A-Za-z0-9._~-]*+(?:&|(?=#|\Z)))*+))?(?:#[!-~]*)?\Z"
)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")


def absolute(link: str, base: str) -> str:
    """A link from a feed as an absolute http(s) URL, or ``""`` where it is none (``javascript:``, garbage).

    White space and control characters are dropped, as browsers do.
    """
    if _ORDINARY.match(link) and len(link) <= MAX_URL:
        return link
    link = _UNSAFE.sub("", link) if _UNSAFE.search(link) else link
    if not link or len(link) > MAX_URL:
        return ""
    try:
        joined = link if link.startswith(("https://", "http://")) else urljoin(base, link)
        parts = urlsplit(joined)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return joined if usable and len(joined) <= MAX_URL else ""


def canonical(url: str) -> str:
    """One spelling for all spellings of an address, or ``""`` if it is not a web address.

    http is folded to https; the host is lower case, in ASCII, without ``www.`` and the default port; tracking
    parameters, user names, fragments and trailing slashes are dropped; the other parameters are sorted. A Google
    redirect (Google Alerts) gives way to the page that it leads to.
    """
    if (plain := _PLAIN.match(url)) is not None and (host := plain[1].removeprefix("www.")) not in _WRAPPED_PATHS:
        return f"https://{host}{plain[2]}{_plain_query(plain[3])}"
    parts = _split(url)
    if parts is None:
        return ""
    host = _host(parts.hostname or "")
    wrapped = _WRAPPED_PATHS.get(host)
    if wrapped is not None and parts.path == wrapped:
        query = dict(parse_qsl(parts.query))
        inner = _split(query.get("url") or query.get("q") or "")
        if inner is not None:
            parts, host = inner, _host(inner.hostname or "")
    port = parts.port
    netloc = host if port is None or port == _DEFAULT_PORTS[parts.scheme] else f"{host}:{port}"
    path = quote(re.sub("/{2,}", "/", parts.path), safe="/%:@!$&'()*+,;=~-._").rstrip("/")
    return f"https://{netloc}{path}{_query(parts.query)}"


def host_of(url: str) -> str:
    """The host of an address in lower case, or ``""`` where there is none."""
    plain = _PLAIN_HOST.match(url)
    if plain is not None:
        return plain[1]
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def identifies(canonical_url: str) -> bool:
    """Whether a canonical URL can name one article: a bare home page, the link of many items, cannot."""
    parts = urlsplit(canonical_url)
    return bool(parts.path.strip("/") or parts.query)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(_UNSAFE.sub("", url))
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            return None
        _ = parts.port  # raises ValueError if it is not a number
    except ValueError:
        return None
    return parts


def _host(host: str) -> str:
    host = host.rstrip(".").lower()
    if not host.isascii():
        with contextlib.suppress(UnicodeError):  # not a name that DNS knows; as written it is still an identity
            host = host.encode("idna").decode("ascii")
    if ":" in host:
        return f"[{host}]"
    return host.removeprefix("www.")


def _query(query: str) -> str:
    if not query:
        return ""
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace")
        if not _is_tracking(name.lower(), value.lower())
    )
    return f"?{urlencode(kept)}" if kept else ""


def _plain_query(query: str | None) -> str:
    """The same for names and values of nothing but letters, digits and ``._~-``."""
    if not query:
        return ""
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    kept = sorted((name, value) for name, _, value in pairs if not _is_tracking(name.lower(), value.lower()))
    return f"?{'&'.join([f'{name}={value}' for name, value in kept])}" if kept else ""


def _is_tracking(name: str, value: str) -> bool:
    return name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES) or (name, value) in _TRACKING_PAIRS
