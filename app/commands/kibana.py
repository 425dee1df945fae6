"""Give Kibana its data views, panels and dashboards, or print them."""

import time

import click
import httpx
from msgspec import DecodeError, Struct, field, json

from app.errors import ServiceError
from app.kibana.objects import ndjson
from app.settings import load

PATIENCE = 180.0  # seconds for Kibana to start
PAUSE = 2.0
_TIMEOUT = 30.0
_NOT_YET = {429, 502, 503, 504}


class Told(Struct):
    """What Kibana says of an import."""

    success: bool
    count: int = field(default=0, name="successCount")


@click.command()
@click.option("--to", "address", help="Import into this Kibana: http://kibana:5601.")
@click.option(
    "--patience",
    default=PATIENCE,
    show_default=True,
    help="Seconds to wait for a Kibana that is starting.",
)
def kibana(*, address: str | None, patience: float) -> None:
    """Print the saved objects as Kibana imports them, or import them.

    The indices are those of SMARTBANK_DATABASE. What is there already is overwritten.
    """
    text = ndjson(database=load().database)
    if address is None:
        click.echo(text, nl=False)
        return
    count = imported(address, text, patience=patience)
    click.echo(f"{count} objects are in {address}")


def imported(address: str, text: str, *, patience: float) -> int:
    """Import saved objects; return how many.

    Raises:
        ServiceError: Kibana refuses some of them, or is not there for so long; or the
            address is not one, or not Kibana's.
    """
    deadline = time.monotonic() + patience
    url = f"{address.rstrip('/')}/api/saved_objects/_import"
    with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
        while True:
            try:
                answer = client.post(
                    url,
                    params={"overwrite": "true"},
                    headers={"kbn-xsrf": "smartbank"},
                    files={"file": ("smartbank.ndjson", text.encode())},
                )
            except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
                message = f"--to: got {address}, expected one like http://kibana:5601"
                raise ServiceError(message) from error
            except httpx.TransportError as error:
                trouble = f"no answer: {error or type(error).__name__}"
            else:
                trouble = f"{answer.status_code} {' '.join(answer.text[:500].split())}"
                if answer.status_code not in _NOT_YET:
                    break
            if time.monotonic() > deadline:
                message = f"Kibana at {address} was not ready in {patience:g} s: "
                raise ServiceError(message + trouble)
            time.sleep(PAUSE)
    refused = f"Kibana at {address} refused the objects: {trouble}"
    if not answer.is_success:
        raise ServiceError(refused)
    try:
        told = json.decode(answer.content, type=Told)
    except DecodeError as error:
        message = f"what answers at {address} is not Kibana: {trouble}"
        raise ServiceError(message) from error
    if not told.success:
        raise ServiceError(refused)
    return told.count
