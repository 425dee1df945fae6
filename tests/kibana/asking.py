"""What Kibana asks Elasticsearch for a panel, read off its saved objects alone.

Kibana cannot run here. What its aggregations become is simple enough to be said again:
an aggregation's type and parameters, an interval's unit, a query in Lucene's words.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.kibana.objects import FILE, INDEX

Object = dict[str, Any]
Row = tuple[Any, ...]
_CALENDAR = re.compile(r"1[mhdwMqy]")  # the intervals that are a calendar's units


def objects() -> list[Object]:
    """Read what is imported."""
    return [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


@dataclass(frozen=True)
class Asked:
    """A search: where, and what."""

    index: str
    body: Object


def asked(panel: Object, views: Mapping[str, Object]) -> Asked:
    """Return the search of a visualization, or of a saved search."""
    (reference,) = panel["references"]
    assert (reference["type"], reference["name"]) == ("index-pattern", INDEX)
    view = views[reference["id"]]["attributes"]
    told = panel["attributes"]
    source = json.loads(told["kibanaSavedObjectMeta"]["searchSourceJSON"])
    assert source["query"]["language"] == "lucene"
    body: Object = {"query": {"match_all": {}}, "size": 0}
    if where := source["query"]["query"]:
        body["query"] = {"query_string": {"query": where, "analyze_wildcard": True}}
    if panel["type"] == "search":
        body["sort"] = [{field: order} for field, order in told["sort"]]
        body["fields"] = told["columns"]
        body["size"] = 500
    else:
        aggs = json.loads(told["visState"])["aggs"]
        body["aggs"] = _aggs([one for one in aggs if one["enabled"]])
    return Asked(view["title"], body)


def _aggs(aggs: list[Object]) -> Object:
    """Nest the buckets in their order, the measures inside the last."""
    measures = {
        one["id"]: {one["type"]: {"field": one["params"]["field"]}}
        for one in aggs
        if one["schema"] == "metric" and one["type"] != "count"
    }
    counted = {one["id"] for one in aggs if one["type"] == "count"}
    nested = measures
    for bucket in reversed([one for one in aggs if one["schema"] != "metric"]):
        kind, told = _bucket(bucket, counted)
        nested = {bucket["id"]: {kind: told, "aggs": measures | nested}}
    return nested


def _bucket(bucket: Object, counted: set[str]) -> tuple[str, Object]:
    params, kind = bucket["params"], bucket["type"]
    if kind == "date_histogram":
        every = params["interval"]
        unit = "calendar" if _CALENDAR.fullmatch(every) else "fixed"
        told = {"field": params["field"], f"{unit}_interval": every}
        return kind, told | {"min_doc_count": params["min_doc_count"]}
    if kind == "histogram":
        told = {"field": params["field"], "interval": params["interval"]}
        return kind, told | {"min_doc_count": 1}
    assert kind == "terms"
    by = "_count" if params["orderBy"] in counted else params["orderBy"]
    told = {"field": params["field"], "size": params["size"]}
    told["order"] = {by: params["order"]}
    if params["missingBucket"]:
        told["missing"] = "__missing__"
    return kind, told


def rows(panel: Object, reply: Mapping[str, Any]) -> list[Row]:
    """Return what a panel shows: a bucket's keys, then the measures."""
    aggs = json.loads(panel["attributes"]["visState"])["aggs"]
    measures = [one for one in aggs if one["schema"] == "metric"]
    buckets = [one["id"] for one in aggs if one["schema"] != "metric"]
    total = reply["hits"]["total"]["value"]
    whole = {"doc_count": total, **reply.get("aggregations", {})}
    return list(_rows(whole, buckets, measures))


def _rows(part: Object, buckets: list[str], measures: list[Object]) -> Iterator[Row]:
    if not buckets:
        yield tuple(
            part["doc_count"] if one["type"] == "count" else part[one["id"]]["value"]
            for one in measures
        )
        return
    for bucket in part[buckets[0]]["buckets"]:
        for row in _rows(bucket, buckets[1:], measures):
            yield bucket["key"], *row
