"""Activities: all that the logs of customers and of terminals hold."""

from app.events.aggregates import Declared, Ready, Remembered
from app.events.app_events import AppEvent
from app.events.erasures import Erased
from app.events.groups import Grouped
from app.events.labels import Label
from app.events.merchants import MerchantLabel, MerchantsPaid
from app.events.payments import Payment, ProfiledPayment
from app.events.readings import Alarms, Fixes

CustomerActivity = (
    Payment
    | Label
    | Fixes
    | AppEvent
    | Declared
    | Remembered
    | Ready
    | Erased
    | Grouped
)
TerminalActivity = (
    ProfiledPayment
    | Label
    | Alarms
    | Declared
    | Remembered
    | Ready
    | MerchantsPaid
    | MerchantLabel
)
