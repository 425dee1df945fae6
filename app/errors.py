"""Every error the product raises on purpose, in one tree.

```
SmartbankError
├── BadRecord        a record from outside that does not fit its schema
├── RefusedError     a record that a store will not have
├── RuleError        a rule that cannot be used (app/rules refines it)
├── SettingError     a setting that is missing or out of range
├── ColumnMapError   a file whose columns do not fit its map
├── AnonymityError   a table that cannot be made as anonymous as asked
├── ModelError       a model that cannot be made or used
├── SealError        what is sealed and cannot be opened
└── ServiceError     a server that could not be started or reached
```
"""

from dataclasses import dataclass

import msgspec

from app.masking import masked

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a decoder raises of bytes that are not what it is for."""


class SmartbankError(Exception):
    """Something the product refuses, said in one readable line."""


@dataclass
class BadRecord(SmartbankError):  # noqa: N818 - the field's term, not "...Error"
    """A record does not fit: which field, what was got, what is expected.

    It goes to logs, dead letters and answers, so it repeats no card number and no
    address, wherever in the record somebody wrote one.
    """

    field: str
    got: str
    expected: str

    def __post_init__(self) -> None:
        self.field, self.got = masked(self.field), masked(self.got)

    def __str__(self) -> str:
        return f"{self.field}: got {self.got}, expected {self.expected}"


class RefusedError(SmartbankError):
    """A store will never have a record."""


class RuleError(SmartbankError):
    """A rule cannot be used."""


class SettingError(SmartbankError):
    """A setting is missing or out of range."""


class ColumnMapError(SmartbankError):
    """A file's columns do not fit the map it is read through."""


class AnonymityError(SmartbankError):
    """A table cannot be made as anonymous as asked."""


class ModelError(SmartbankError):
    """A model cannot be made or used."""


class ServiceError(SmartbankError):
    """A server could not be started or reached."""


class SealError(SmartbankError):
    """What is sealed cannot be opened: the key is gone, another, or it was changed."""
