"""Static files: addressed by content hash, served as immutable, compressed beforehand."""

import hashlib
import mimetypes
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, send_file, url_for

from app.web.guards import open_to_all

_IMMUTABLE = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=3600"
_FONTS = ".woff2"


class Files:
    """The static files of one process, hashed at its start (and again when a file has changed on disk)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths: dict[str, Path] = {}
        self._hashes: dict[str, tuple[float, str]] = {}
        self._addresses: dict[str, str] = {}

    def find(self, name: str) -> Path | None:
        """Return the file *name* below the folder, or None: no way out of it."""
        try:
            path = (self.folder / name).resolve()
            is_file = path.is_file()
        except (OSError, ValueError):  # longer than a name may be, or with a NUL in it
            return None
        inside = path.is_relative_to(self.folder.resolve()) and not any(
            part.startswith(".") for part in Path(name).parts
        )
        return path if inside and is_file else None

    def version(self, name: str) -> str:
        """Return the first twelve hex digits of the SHA-256 of *name*; "0" for a missing file."""
        # Every page names five files: the way to each is looked up once, its time whenever it is named.
        path = self._paths.get(name) or self.find(name)
        if path is None or not path.is_file():
            return "0"
        self._paths[name] = path
        changed = path.stat().st_mtime
        known = self._hashes.get(name)
        if known is None or known[0] != changed:
            known = (changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
            self._hashes[name] = known
        return known[1]

    def address(self, name: str) -> str:
        """Return the address of *name* with its version; made once in a process, as templates are read once."""
        if name not in self._addresses:
            self._addresses[name] = url_for("static", name=name, v=self.version(name))
        return self._addresses[name]

    def compressed(self, name: str, path: Path) -> Path | None:
        """Return the gzip made at set-up, unless the file has changed since."""
        candidate = self.folder / "build" / "gz" / f"{name}.gz"
        fresh = candidate.is_file() and int(candidate.stat().st_mtime) == int(path.stat().st_mtime)
        return candidate if fresh else None


def init(app: Flask, folder: Path) -> None:
    """Serve *folder* under /static and give templates ``static_url``."""
    files = Files(folder)
    app.extensions["kladka.static"] = files
    app.jinja_env.globals["static_url"] = static_url
    app.add_url_rule("/static/<path:name>", "static", _serve)


def static_url(name: str) -> str:
    """Return the address of *name* with its content hash."""
    files: Files = current_app.extensions["kladka.static"]
    return files.address(name)


@open_to_all
def _serve(name: str) -> Response:
    files: Files = current_app.extensions["kladka.static"]
    path = files.find(name)
    if path is None or name.startswith("build/gz/"):
        abort(404)
    mimetype = "font/woff2" if path.suffix == _FONTS else mimetypes.guess_type(path.name)[0]
    packed = files.compressed(name, path) if request.accept_encodings["gzip"] else None
    response = send_file(packed or path, mimetype=mimetype or "application/octet-stream", conditional=True)
    response.set_etag(files.version(name) + ("-gz" if packed else ""))
    response.last_modified = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    if packed:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    kept = request.args.get("v") == files.version(name) or path.suffix == _FONTS
    response.headers["Cache-Control"] = _IMMUTABLE if kept else _SHORT
    return response
