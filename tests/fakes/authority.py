"""Certificates for servers of this machine, signed by an authority that is made for the test, and an HTTPS proxy that
uses one.

``openssl`` makes them; a test that asks for an authority is skipped where it is not installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Authority:
    """``pem`` is what clients trust it by."""

    folder: Path

    @property
    def pem(self) -> Path:
        return self.folder / "ca.pem"

    @classmethod
    def make(cls, folder: Path) -> Authority:
        """A new one, with its files in ``folder``."""
        if shutil.which("openssl") is None:
            pytest.skip("openssl, which makes the certificates, is not installed")
        uses = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
        _openssl(
            "req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=Test authority", *uses,
            "-out", folder / "ca.pem", "-keyout", folder / "ca.key",
        )  # fmt: skip
        return cls(folder)

    def server(self, *names: str) -> ssl.SSLContext:
        """For a server that is called by these names; by those of this machine if there are none."""
        said = ",".join(f"DNS:{name}" for name in names) or "DNS:localhost,IP:127.0.0.1"
        name = str(abs(hash(said)))
        request, key, cert, more = (self.folder / f"{name}.{end}" for end in ("csr", "key", "pem", "ext"))
        more.write_text(f"subjectAltName={said}\n")
        _openssl("req", *_KEY, "-subj", "/CN=server", "-out", request, "-keyout", key)
        signed = ["-CA", self.pem, "-CAkey", self.folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", more]
        _openssl("x509", "-req", "-in", request, *signed, "-out", cert)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
        return context

    def client(self) -> ssl.SSLContext:
        """For a client that trusts it and nobody else."""
        return ssl.create_default_context(cafile=str(self.pem))


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class HttpsProxy:
    """Takes TLS connections and passes on what comes over them, as an HTTPS proxy before a bot does. ``taken`` counts
    the connections."""

    def __init__(self, tls: ssl.SSLContext, to_port: int) -> None:
        self.taken = 0
        self.port = 0
        self._tls = tls
        self._to_port = to_port
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        with contextlib.suppress(ConnectionError):
            behind, onward = await asyncio.open_connection("127.0.0.1", self._to_port)
            await asyncio.gather(_pass_on(reader, onward), _pass_on(behind, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()
