"""Certificates: an authority of one machine's own, made with openssl."""

import subprocess
from pathlib import Path

from app.errors import ServiceError

DAYS = "825"


def authority(folder: Path) -> Path:
    """Return the certificate of the folder's authority; made the first time."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = folder / "ca.pem"
    if not made.exists():
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", DAYS, "-subj", "/CN=smartbank local authority"),
            *("-keyout", str(folder / "ca.key"), "-out", str(made)),
        )
    return made


def certificate(folder: Path, name: str, *, host: str = "") -> tuple[Path, Path]:
    """Return a certificate and its key, for a device or, with `host`, for a server."""
    authority(folder)
    made, key, request = (folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
    if made.exists():
        return made, key
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request)),
    )
    extensions = folder / f"{name}.ext"
    named = f"subjectAltName=DNS:{host},IP:127.0.0.1\n" if host else ""
    use = "serverAuth" if host else "clientAuth"
    extensions.write_text(f"{named}extendedKeyUsage={use}\n", encoding="utf-8")
    _openssl(
        *("x509", "-req", "-in", str(request), "-days", DAYS, "-CAcreateserial"),
        *("-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key")),
        *("-extfile", str(extensions), "-out", str(made)),
    )
    return made, key


def _openssl(*words: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - our own words
            ["openssl", *words],  # noqa: S607 - the user's own openssl
            check=True,
            capture_output=True,
        )
    except FileNotFoundError as error:
        message = "openssl is not installed; certificates are made with it"
        raise ServiceError(message) from error
    except subprocess.CalledProcessError as error:
        message = f"openssl {words[0]} failed: {error.stderr.decode()[-500:]}"
        raise ServiceError(message) from error
