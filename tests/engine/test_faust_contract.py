"""Faust's private parts that the engine leans on; red when an upgrade moves one."""

# ruff: noqa: SLF001 - private parts are what this file is about

import inspect
from importlib.metadata import version

import faust
import mode
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder, MessageBatch
from aiokafka.producer.sender import SendProduceReqHandler
from aiokafka.record.default_records import _DefaultRecordBatchPy
from faust.app.base import App, BootStrategy
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport import consumer
from faust.transport.drivers import aiokafka as driver
from mode.worker import exiting


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


def test_the_wait_of_a_fetch_is_taken_from_the_consumer_when_it_starts() -> None:
    assert "return self._create_worker_consumer(transport" in source(
        driver.AIOKafkaConsumerThread._create_consumer
    )
    assert "fetch_max_wait_ms=1500" in source(
        driver.AIOKafkaConsumerThread._create_worker_consumer
    )
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in source(AIOKafkaConsumer.start)


def test_a_partition_is_looked_at_by_one_method_that_counts_idle_time() -> None:
    thread = driver.AIOKafkaConsumerThread

    assert "self.verify_event_path(now, tp)" in source(
        consumer.Consumer.verify_all_partitions_active
    )
    assert "if secs_since_started >= self.tp_stream_timeout_secs" in source(
        thread.verify_event_path
    )
    assert "self._verify_aiokafka_event_path(now, tp)" in source(
        thread.verify_event_path
    )


def test_a_full_batch_builder_answers_none() -> None:
    builder = BatchBuilder(200, 0)
    appended = builder.append(timestamp=1, key=b"k", value=b"v" * 100)
    refused = builder.append(timestamp=1, key=b"k", value=b"v" * 100)

    assert appended is not None
    assert refused is None


def test_the_consumer_tells_where_logs_begin_and_end() -> None:
    thread = driver.AIOKafkaConsumerThread

    assert "beginning_offsets" in source(thread.earliest_offsets)
    assert "end_offsets(partitions)" in source(thread._highwaters)
    for name in ("earliest_offsets", "highwaters", "seek_to_committed", "seek_wait"):
        assert hasattr(consumer.ThreadDelegateConsumer, name)


def test_a_consumer_that_is_past_a_log_s_end_goes_back_to_its_beginning() -> None:
    assert "auto_offset_reset=conf.consumer_auto_offset_reset" in source(
        driver.AIOKafkaConsumerThread._create_worker_consumer
    )
    assert "OffsetOutOfRangeError" in source(Fetcher._proc_fetch_request)
    assert faust.App("contract").conf.consumer_auto_offset_reset == "earliest"


def test_no_setting_makes_a_stop_wait_for_streams_that_will_never_be_done() -> None:
    assert "self.conf.stream_wait_empty" in source(App._consumer_wait_empty)
    assert "self.app.conf.stream_wait_empty" in source(consumer.Consumer.on_stop)


def test_a_worker_raises_what_it_crashed_of_when_all_has_stopped() -> None:
    assert "raise self.crash_reason" in source(mode.Worker._shutdown_loop)
    assert "sys.exit(EX_FAILURE)" in source(exiting)
    assert "self.conf.Worker(self" in source(App.Worker)


def test_a_producer_that_is_idempotent_tries_for_ever() -> None:
    can_retry = source(SendProduceReqHandler._can_retry)

    assert "_txn_manager is None and batch.expired()" in can_retry


def test_a_batch_that_was_sent_tells_its_first_offset() -> None:
    assert "batch.done(offset, timestamp" in source(
        SendProduceReqHandler.handle_response
    )
    assert "base_offset," in source(MessageBatch.done)


def test_a_fetcher_that_closes_raises_the_cancelling_of_its_own_fetches() -> None:
    assert "x.cancel()\n            await x" in source(Fetcher.close)
    assert "await self._consumer.stop()" in source(
        driver.AIOKafkaConsumerThread.on_thread_stop
    )
    assert "return AIOKafkaConsumerThread(" in source(
        driver.Consumer._new_consumer_thread
    )


def test_a_commit_gives_way_to_one_that_is_under_way() -> None:
    assert "if await self.maybe_wait_for_commit_to_finish():" in source(
        consumer.Consumer.commit
    )


def test_a_commit_that_waits_swallows_its_cancelling() -> None:
    assert "except asyncio.CancelledError:" in source(
        consumer.Consumer.maybe_wait_for_commit_to_finish
    )
    assert "self.commit_and_end_transactions()" in source(consumer.Consumer.on_stop)


def test_a_fetcher_makes_its_records_by_a_name_that_can_be_given_another() -> None:
    assert "records = MemoryRecords(part_data[-1])" in source(
        Fetcher._proc_fetch_request
    )
    assert "partition_records = PartitionRecords(" in source(
        Fetcher._proc_fetch_request
    )
    unpacked = source(PartitionRecords._unpack_records)
    assert "for record in next_batch:" in unpacked
    assert "consumer_record = self._consumer_record(tp, record)" in unpacked
    assert "self._records_iterator = self._unpack_records()" in source(
        PartitionRecords.__init__
    )
    assert "for msg in self._partition_records:" in source(FetchResult.getall)
    assert '.decode("utf-8")' in source(_DefaultRecordBatchPy._read_msg)
    assert "self._maybe_uncompress()" in source(_DefaultRecordBatchPy.__iter__)
