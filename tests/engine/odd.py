"""Record batches that a client of another language can send, and ours cannot."""

import struct

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c

NAME = b"\xff\xfe\xc0"  # no UTF-8


def with_an_odd_header(key: bytes, value: bytes) -> BatchBuilder:
    """Return a batch of three records; the name of the second's header is no UTF-8."""
    batch = BatchBuilder(1024 * 1024, 0)
    for name in ("one", "two", "odd"):
        batch.append(timestamp=1, key=key, value=value, headers=[(name, b"x")])
    batch.close()
    data = bytearray(batch._build()).replace(b"two", NAME)  # noqa: SLF001
    data[17:21] = struct.pack(">I", calc_crc32c(bytes(data[21:])))
    batch._buffer = data  # noqa: SLF001
    return batch
