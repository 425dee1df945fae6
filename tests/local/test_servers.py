"""Real servers: they answer, they keep what they took, they leave nothing behind."""

import httpx
import pymongo
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.local.server import Server


async def test_kafka_keeps_its_records_over_kill_9_and_a_restart(kafka: Server):
    topic = "keeps-its-records"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka.address) as producer:
        for number in range(100):
            await producer.send_and_wait(topic, b"%d" % number)

    kafka.kill()
    kafka.start()
    kafka.wait_until_ready()

    async with AIOKafkaConsumer(bootstrap_servers=kafka.address) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        got = [int((await consumer.getone()).value) for _ in range(100)]
    assert got == list(range(100))


def test_mongo_gives_back_what_was_written_after_a_restart(mongo: Server):
    with pymongo.MongoClient(mongo.address) as client:
        client["servers"]["decisions"].insert_one({"_id": "t1", "outcome": "decline"})

    mongo.restart()

    with pymongo.MongoClient(mongo.address) as client:
        got = client["servers"]["decisions"].find_one({"_id": "t1"})
        client.drop_database("servers")
    assert got == {"_id": "t1", "outcome": "decline"}


def test_elasticsearch_finds_what_was_indexed_after_a_restart(elastic: Server):
    document = f"{elastic.address}/servers-test/_doc/t1"
    httpx.put(document, json={"outcome": "decline"}, timeout=60).raise_for_status()

    elastic.restart()

    found = httpx.get(
        f"{elastic.address}/servers-test/_search?q=outcome:decline", timeout=60
    )
    httpx.delete(f"{elastic.address}/servers-test", timeout=60).raise_for_status()
    assert [hit["_id"] for hit in found.json()["hits"]["hits"]] == ["t1"]
