"""Faust's private parts that the engine leans on; red when an upgrade moves one."""

# ruff: noqa: SLF001 - private parts are what this file is about

import inspect
from importlib.metadata import version

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.app.base import App, BootStrategy
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport import consumer
from faust.transport.drivers import aiokafka as driver


def source(of: object) -> str:
    return inspect.getsource(of)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("package", "pinned"), [("faust-streaming", "0.15.3"), ("aiokafka", "0.14.0")]
)
def test_the_versions_are_the_ones_the_engine_was_proven_on(
    package: str, pinned: str
) -> None:
    assert version(package) == pinned


def test_the_drain_loop_reads_getmany_and_hands_each_message_to_the_callback() -> None:
    drain = source(consumer.Consumer._drain_messages)

    assert "getmany(timeout=1.0)" in drain
    assert "callback(message), self.suspend_flow.wait()" in drain
    assert "gap = offset - (r_offset or 0)" in drain
    assert "if gap > 1 and r_offset" in drain


def test_a_commit_asks_for_the_pending_partitions_and_their_new_offsets() -> None:
    assert "self._filter_tps_with_pending_acks(topics)" in source(
        consumer.Consumer.force_commit
    )
    assert "self._new_offset(tp)" in source(
        consumer.Consumer._filter_committable_offsets
    )


def test_the_transport_names_its_consumer_class_and_the_app_makes_it_once() -> None:
    assert driver.Transport.Consumer is driver.Consumer
    assert "self._transport = self._new_transport()" in source(App.transport.fget)


def test_seek_wait_seeks_in_the_thread_and_moves_the_read_offset() -> None:
    seek = source(driver.AIOKafkaConsumerThread._seek_wait)

    assert "consumer.seek(tp, offset)" in seek
    assert "self.consumer._read_offset[tp] = offset" in seek


def test_recovery_registers_changelogs_through_add_active_and_add_standby() -> None:
    rebalance = source(Recovery.on_rebalance)

    assert "self.add_active(table, tp)" in rebalance
    assert "self.add_standby(table, tp)" in rebalance


def test_recovery_ends_in_on_recovery_completed_which_seeks_before_it_resumes() -> None:
    completed = source(Recovery.on_recovery_completed)

    assert "self.on_recovery_completed" in source(Recovery._restart_recovery.fun)
    assert completed.index("consumer.perform_seek()") < completed.index(
        "consumer.resume_flow()"
    )


def test_an_app_without_tables_resumes_through_perform_seek_too() -> None:
    assert "consumer.perform_seek()" in source(Recovery._resume_streams)


def test_the_table_manager_makes_its_recovery_on_first_use() -> None:
    assert "self._recovery = Recovery(" in source(TableManager.recovery.fget)


def test_revocation_sends_its_signal_after_flow_has_stopped() -> None:
    revoked = source(App._on_partitions_revoked)

    assert revoked.index("consumer.stop_flow") < revoked.index(
        "self.on_partitions_revoked.send"
    )


def test_a_boot_strategy_can_leave_fausts_web_server_out() -> None:
    assert "return self.enable_web" in source(BootStrategy._should_enable_web)


def test_a_member_without_an_instance_id_leaves_its_group_when_it_closes() -> None:
    assert "self._group_instance_id is None" in source(
        GroupCoordinator._maybe_leave_group
    )


def test_a_full_batch_builder_answers_none() -> None:
    builder = BatchBuilder(200, 0)
    appended = builder.append(timestamp=1, key=b"k", value=b"v" * 100)
    refused = builder.append(timestamp=1, key=b"k", value=b"v" * 100)

    assert appended is not None
    assert refused is None
