"""Scripts, styles and ECharts, held in memory, compressed once.

Their address carries a hash of all of them: a browser keeps them for good, and a new version has a
new address. The modules import each other by relative names, and so stay within one version.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

from ems.domain.errors import EmsError

STATIC = Path(__file__).parent / "static"
LEAST_GZIP_BYTES = 500
KEEP = "public, max-age=31536000, immutable"


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One file."""

    media_type: str
    """For the browser."""

    body: bytes = field(repr=False)
    """As it is."""

    packed: bytes = field(repr=False)
    """Compressed with gzip."""


@dataclass(frozen=True, kw_only=True)
class Assets:
    """All files of one version."""

    version: str
    """Part of their address."""

    files: dict[str, Asset] = field(repr=False)
    """By path."""

    def url(self, path: str) -> str:
        """The address of a file.

        Raises:
            EmsError: there is no such file.
        """
        if path not in self.files:
            raise EmsError(f"the console has no file {path}", fix="install the package anew")
        return f"/static/{self.version}/{path}"


def read_assets(folder: Path = STATIC) -> Assets:
    """Read and compress every file below `folder`.

    Raises:
        EmsError: ECharts is missing, because the package was not built.
    """
    bodies = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if "vendor/index.js" not in bodies:
        raise EmsError(
            "the chart library is not there: it is put in place when the package is built",
            fix="run `pip install -e .` (or `pip install .`) once more",
        )
    digest = hashlib.sha256(b"".join(name.encode() + body for name, body in bodies.items()))
    files = {name: _asset(name, body) for name, body in bodies.items()}
    return Assets(version=digest.hexdigest()[:12], files=files)


def _asset(name: str, body: bytes) -> Asset:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(media_type=media_type, body=body, packed=gzip.compress(body, mtime=0))


def router(assets: Assets) -> APIRouter:
    """Serves them to anyone."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/static/{version}/{path:path}")
    async def asset(version: str, path: str, request: Request) -> Response:
        found = assets.files.get(path)
        if found is None or version != assets.version:
            raise HTTPException(404)
        headers = {"Cache-Control": KEEP, "Vary": "Accept-Encoding"}
        if len(found.body) < LEAST_GZIP_BYTES or "gzip" not in _accepted(request):
            return Response(found.body, media_type=found.media_type, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(found.packed, media_type=found.media_type, headers=headers)

    return routes


def _accepted(request: Request) -> str:
    return request.headers.get("accept-encoding", "")
