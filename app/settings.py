"""Settings: read once from `SMARTBANK_*` environment variables, then frozen.

A variable is named after its field: `SMARTBANK_KAFKA`, `SMARTBANK_WEB_PORT`. A name
ending in `_FILE` reads the value from that file, for secrets.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from app.errors import SettingError
from app.misfits import misfit

PREFIX = "SMARTBANK_"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that differs from one place of use to another.

    Secrets (`token_key`, `session_key`) have no default: a worker that needs one
    and has none refuses to start.
    """

    kafka: str = "127.0.0.1:9092"
    mongo: str = "mongodb://127.0.0.1:27017"
    elastic: str = "http://127.0.0.1:9200"
    influx: str = ""
    influx_token: str = ""
    timestream: str = ""
    timestream_endpoint: str = ""
    readings_keys: str = ""
    mqtt: str = ""
    mqtt_cert: str = ""
    mqtt_key: str = ""
    mqtt_ca: str = ""
    database: Annotated[str, Meta(pattern="^[a-z0-9_-]+$")] = "smartbank"
    role: Literal["score", "deliver", "sketch"] = "score"
    worker: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]+$")] = "worker-1"
    partitions: Annotated[int, Meta(ge=1, le=1024)] = 4
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    data_dir: str = ".run"
    users_file: str = ""
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"
    customer_keys: str = ""
    retention: str = ""
    token_keys: str = ""
    token_key: str = ""
    token_key_id: Annotated[str, Meta(pattern="^[a-z0-9]{1,8}$")] = "k1"
    session_key: str = ""
    checkpoint_interval: Annotated[float, Meta(gt=0)] = 1.0
    sketch_capacity: Annotated[int, Meta(ge=1, le=100_000_000)] = 50_000
    sketch_error: Annotated[float, Meta(gt=0, lt=1)] = 0.01

    @property
    def archive(self) -> Path:
        """The folder of this machine's Parquet archive."""
        return Path(self.data_dir) / "archive"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from an environment.

    Raises:
        SettingError: a value does not fit, or a `_FILE` cannot be read.

    >>> load({"SMARTBANK_PARTITIONS": "8"}).partitions
    8
    >>> load({"SMARTBANK_PARTITIONS": "many"})
    Traceback (most recent call last):
    ...
    app.errors.SettingError: SMARTBANK_PARTITIONS: got 'many', expected int
    """
    values: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        name = PREFIX + field.name.upper()
        if name in environ:
            values[field.name] = environ[name]
        elif path := environ.get(name + "_FILE"):
            try:
                values[field.name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                message = f"{name}_FILE: cannot read {path}: {error.strerror}"
                raise SettingError(message) from error
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        wrong = misfit(error, Settings, values)
        message = f"{PREFIX}{wrong.field.upper()}: {wrong.why}"
        raise SettingError(message) from error


def secret(value: str, name: str) -> bytes:
    """Return a secret's bytes (hexadecimal, at least 32 bytes).

    Raises:
        SettingError: it is missing, not hexadecimal or too short; the message never
            repeats the value.
    """
    try:
        key = bytes.fromhex(value)
    except ValueError:
        key = b""
    if len(key) < 32:  # noqa: PLR2004 - 256 bits
        message = (
            f"{PREFIX}{name.upper()}: expected at least 64 hexadecimal digits; "
            "make one with: openssl rand -hex 32"
        )
        raise SettingError(message)
    return key
