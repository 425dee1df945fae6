"""The bank: the same bytes for the same seed, in the order of event time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import msgspec
import pytest

from app.capture import label, transaction
from app.events.payments import Transaction
from app.features.clock import HOUR, SECOND, microseconds
from app.privacy.tokens import passes_luhn
from app.simulate.bank import CHUNK, LABEL_DELAY, START, Bank
from app.simulate.fraud import INCIDENTS
from app.simulate.payments import midnight
from app.sources.chunks import Chunk

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)


def values(bank: Bank, *, limit: int = 3_000) -> list[bytes]:
    return [value for chunk in bank.chunks(limit=limit) for value in chunk.values]


def test_the_same_seed_gives_the_same_payments_and_labels(chunks: list[Chunk]):
    end = chunks[-1].times[-1] + 1

    again = list(Bank(customers=200).chunks(until=end))

    assert again == chunks


@pytest.mark.parametrize(("seed", "customers"), [(1, 200), (0, 201)])
def test_another_bank_has_other_payments_under_other_ids(seed: int, customers: int):
    one, other = Bank(customers=200), Bank(seed=seed, customers=customers)

    assert one.name != other.name
    assert not set(values(one)) & set(values(other))


def test_event_time_never_goes_back_and_begins_with_the_first_day(chunks: list[Chunk]):
    times = [at for chunk in chunks for at in chunk.times]

    assert times == sorted(times)
    assert midnight(START) <= times[0] < midnight(START) + 6 * HOUR
    assert times[-1] > midnight(START + timedelta(days=9))


def test_chunks_state_each_payment_under_its_own_id_key_and_time(chunks: list[Chunk]):
    ids = [identity for chunk in chunks for identity in chunk.ids]

    assert len(ids) == len(set(ids)) > 3_000
    assert max(len(chunk.ids) for chunk in chunks) == CHUNK
    for chunk in chunks:
        rows = zip(chunk.ids, chunk.keys, chunk.values, chunk.times, strict=True)
        for identity, key, value, at in rows:
            stated = msgspec.json.decode(value, type=Transaction)
            assert identity == stated.id
            assert key == stated.customer_id.encode()
            assert at == microseconds(stated.occurred_at)


def test_every_record_passes_capture_and_is_marked_synthetic(chunks: list[Chunk]):
    for chunk in chunks:
        for value in chunk.values:
            stated = transaction(value, received_at=NOW, currency="EUR")
            assert stated.synthetic
        for due in chunk.labels:
            assert label(due.value, received_at=NOW).synthetic


def test_cards_are_numbers_that_check_in_the_range_for_tests(busy):
    numbers = {paid.card_number for paid, _ in busy if paid.channel != "transfer"}

    assert len(numbers) > 2_000
    assert all(number.startswith("400000") for number in numbers)
    assert all(passes_luhn(number) for number in numbers)
    assert all(
        (paid.card_number is None, paid.beneficiary_id is None)
        == ((True, False) if paid.channel == "transfer" else (False, True))
        for paid, _ in busy
    )


def test_a_label_is_due_a_week_after_its_payment_and_names_the_scenario(
    chunks: list[Chunk],
):
    found = 0
    for chunk in chunks:
        stated = dict(zip(chunk.ids, chunk.values, strict=True))
        for due in chunk.labels:
            found += 1
            told = label(due.value, received_at=NOW)
            paid = msgspec.json.decode(stated[due.transaction_id], type=Transaction)
            assert told.occurred_at == paid.occurred_at
            assert told.labelled_at == paid.occurred_at + LABEL_DELAY
            assert due.due == microseconds(told.labelled_at)
            assert (told.customer_id, told.terminal_id) == (
                paid.customer_id,
                paid.terminal_id,
            )
            assert (told.kind, told.fraud) == ("chargeback", True)
            assert told.scenario in INCIDENTS

    assert found


def test_between_half_and_one_percent_of_payments_are_fraud_of_every_scenario(busy):
    scenarios = Counter(told.scenario for _, told in busy if told)

    assert 0.005 < scenarios.total() / len(busy) < 0.01
    assert set(scenarios) == set(INCIDENTS)
    assert min(scenarios.values()) > 0.025 * scenarios.total()


def test_customers_pay_about_twice_a_day_most_of_it_by_card_in_shops(busy):
    channels = Counter(paid.channel for paid, _ in busy)

    assert 2.0 < len(busy) / 30 / 2_000 < 2.5
    assert [name for name, _ in channels.most_common(2)] == ["pos", "online"]
    assert channels["pos"] > len(busy) / 2
    assert min(channels["atm"], channels["transfer"]) > 0.01 * len(busy)


def test_a_bank_whose_customers_pay_seldom_has_its_share_of_fraud():
    bank = Bank(customers=3_000, payments_a_day=0.5)

    [first, *_, last] = chunks = list(bank.chunks(limit=15_000))

    days = (last.times[-1] - first.times[0]) / (24 * HOUR)
    frauds = sum(len(chunk.labels) for chunk in chunks)
    assert 0.45 < 15_000 / days / 3_000 < 0.6
    assert 0.003 < frauds / 15_000 < 0.012
    assert bank.name != Bank(customers=3_000).name


def test_without_fraud_there_is_no_label():
    chunks = Bank(customers=500, fraud=False).chunks(limit=10_000)

    assert not any(chunk.labels for chunk in chunks)


def test_a_live_bank_catches_up_and_then_pays_at_its_rate_from_now_on():
    started = microseconds(NOW)
    ticks = iter([started, started + 7 * SECOND])  # the past takes seven seconds
    bank = Bank(customers=200, start=(NOW - timedelta(days=3)).date(), trips=False)

    chunks = bank.live(
        rate=50, since=started - 3 * 24 * HOUR, clock=lambda: next(ticks), limit=3_000
    )

    parts = list(chunks)
    times = [at for chunk in parts for at in chunk.times]
    past = [at for at in times if at < started]
    live = times[len(past) :]
    assert 3 * 24 * HOUR * 0.9 < past[-1] - past[0] <= 3 * 24 * HOUR
    assert len(past) > 1_000
    assert live[0] == started + 7 * SECOND
    assert {later - earlier for earlier, later in pairwise(live)} == {SECOND // 50}
    assert all(len(c.ids) == 1 for c in parts if c.times[0] > started)


def test_a_live_bank_never_repeats_the_ids_of_an_earlier_run():
    def ids(now: int) -> set[str]:
        bank = Bank(customers=50, start=NOW.date())
        chunks = bank.live(rate=1, since=now, clock=lambda: now)
        return {chunk.ids[0] for chunk in islice(chunks, 5)}

    assert not ids(microseconds(NOW)) & ids(microseconds(NOW) + SECOND)
