"""Rule files: rules as the bodies of requests and of answers."""

from typing import Literal

import msgspec
import tomli_w
from starlette.requests import Request

from app.errors import RuleError
from app.rules.errors import BadRule, fault
from app.rules.ruleset import Rule, Ruleset, read_rule, read_ruleset
from web.bodies import read_body
from web.problems import Problem

MOST_BYTES = 1024 * 1024
TOML = "application/toml"


def written(ruleset: Ruleset, form: Literal["toml", "json"]) -> tuple[bytes, str]:
    """Return a ruleset as a file's bytes, without what is null, and its media type."""
    raw = msgspec.to_builtins(ruleset)
    raw["rules"] = [
        {name: value for name, value in rule.items() if value is not None}
        for rule in raw["rules"]
    ]
    if form == "toml":
        return tomli_w.dumps(raw).encode(), TOML
    pretty = msgspec.json.format(msgspec.json.encode(raw), indent=2)
    return pretty, "application/json"


async def read_rules(request: Request, *, name: str | None = None) -> Rule | Ruleset:
    """Read a rule or a ruleset, whatever the body holds.

    Raises:
        Problem: 400, 413 or 422.
    """
    text = await read_body(request, most=MOST_BYTES)
    toml = "toml" in request.headers.get("content-type", "")
    return parsed(text, form="toml" if toml else "json", name=name)


def parsed(
    text: bytes, *, form: Literal["toml", "json"], name: str | None = None
) -> Rule | Ruleset:
    """Read a rule or a ruleset; in JSON a rule's `name` may be left out.

    Raises:
        Problem: 400 or 422.
    """
    try:
        if form == "toml":
            return read_ruleset(text, form="toml")
        raw = msgspec.json.decode(text)
        if isinstance(raw, dict) and "rules" not in raw and "bands" not in raw:
            if name is not None and raw.setdefault("name", name) != name:
                detail = f"got name {raw['name']!r}, expected {name!r} as in the path"
                raise Problem(422, detail, kind="invalid-rules")
            return read_rule(raw)
        return read_ruleset(text)
    except BadRule as error:
        found = [fault(error)]
        raise Problem(422, str(error), kind="invalid-rules", faults=found) from error
    except RuleError as error:
        raise Problem(422, str(error), kind="invalid-rules") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is no JSON: {error}") from error
