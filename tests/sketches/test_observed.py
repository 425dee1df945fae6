"""Observed: what is kept of a payment that is drawn."""

from msgspec.structs import replace

from app.events.decisions import Hit
from app.sketches.observed import sample
from tests.sketches.builders import observed

ON_A_LIST = Hit("watch-list", None, None, "lives with Anna", 0.0, "review")
OF_A_RULE = Hit("large-amount", 9.0, 5.0, "9.00, the limit is 5", 50.0, "score")


def test_a_sample_tells_the_first_reason_but_never_what_people_wrote_on_a_list():
    told = [
        sample(replace(observed(1), hits=hits)).reason
        for hits in ([], [OF_A_RULE], [ON_A_LIST, OF_A_RULE], [ON_A_LIST])
    ]

    assert told == ["", "9.00, the limit is 5", "9.00, the limit is 5", "on a list"]
