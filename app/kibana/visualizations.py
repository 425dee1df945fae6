"""Visualizations: a panel as Kibana's aggregation-based visualizations state it.

The format is that of Kibana 8's own exports (`visState`). Its aggregations are those of
Elasticsearch by other names, so what a panel asks can be asked without Kibana.
"""

from typing import Any

from app.kibana.boards import Bucket, Chart, Measure, Panel

TYPES: dict[Chart, str] = {
    "number": "metric",
    "bars": "histogram",
    "line": "line",
    "ranking": "horizontal_bar",
    "pie": "pie",
    "table": "table",
}
"""Kibana's names; a list is no visualization but a saved search."""

State = dict[str, Any]


def vis_state(panel: Panel, *, time: str) -> State:
    """Return a panel's `visState`; `time` is the field that says when."""
    kind = TYPES[panel.chart]
    measures = [
        _measure(str(number), one) for number, one in enumerate(panel.measures, 1)
    ]
    first = len(measures) + 1
    buckets = [
        _bucket(str(first + place), one, time=time, schema=_schema(panel.chart, place))
        for place, one in enumerate(panel.buckets)
    ]
    return {
        "title": panel.title,
        "type": kind,
        "aggs": [*measures, *buckets],
        "params": {"type": kind, **_params(panel)},
    }


def _measure(identity: str, measure: Measure) -> State:
    params: State = {"customLabel": measure.label}
    if measure.field:
        params["field"] = measure.field
    return _agg(identity, measure.function, params, schema="metric")


def _bucket(identity: str, bucket: Bucket, *, time: str, schema: str) -> State:
    if bucket.every:
        params = {
            "field": time,
            "interval": bucket.every,
            "useNormalizedEsInterval": True,
            "scaleMetricValues": False,
            "drop_partials": False,
            "min_doc_count": 1,
            "extended_bounds": {},
        }
        return _agg(identity, "date_histogram", params, schema=schema)
    if bucket.width:
        params = {
            "field": bucket.field,
            "interval": bucket.width,
            "min_doc_count": False,
            "has_extended_bounds": False,
            "extended_bounds": {"min": "", "max": ""},
        }
        return _agg(identity, "histogram", params, schema=schema)
    params = {
        "field": bucket.field,
        "orderBy": "1",
        "order": "desc",
        "size": bucket.most,
        "otherBucket": False,
        "otherBucketLabel": "Other",
        "missingBucket": bucket.missing is not None,
        "missingBucketLabel": bucket.missing or "Missing",
    }
    return _agg(identity, "terms", params, schema=schema)


def _agg(identity: str, kind: str, params: State, *, schema: str) -> State:
    return {
        "id": identity,
        "enabled": True,
        "type": kind,
        "params": params,
        "schema": schema,
    }


def _schema(chart: Chart, place: int) -> str:
    """Say what a bucket is for: an axis, a slice or rows first, a split next."""
    if chart == "table":
        return "bucket"
    return "group" if place else "segment"


def _params(panel: Panel) -> State:
    if panel.chart == "number":
        return _NUMBER
    if panel.chart == "pie":
        return _PIE
    if panel.chart == "table":
        return _TABLE
    return _axes(panel)


def _axes(panel: Panel) -> State:
    kind = "line" if panel.chart == "line" else "histogram"
    lying = panel.chart == "ranking"
    return {
        "grid": {"categoryLines": False},
        "categoryAxes": [
            {
                "id": "CategoryAxis-1",
                "type": "category",
                "position": "left" if lying else "bottom",
                "show": True,
                "style": {},
                "scale": {"type": "linear"},
                "labels": {"show": True, "filter": not lying, "truncate": 200},
                "title": {},
            }
        ],
        "valueAxes": [
            {
                "id": "ValueAxis-1",
                "name": "LeftAxis-1" if not lying else "BottomAxis-1",
                "type": "value",
                "position": "bottom" if lying else "left",
                "show": True,
                "style": {},
                "scale": {"type": "linear", "mode": "normal"},
                "labels": {"show": True, "rotate": 0, "filter": lying, "truncate": 100},
                "title": {"text": panel.measures[0].label},
            }
        ],
        "seriesParams": [
            {
                "show": True,
                "type": kind,
                "mode": "normal" if kind == "line" else "stacked",
                "data": {"label": measure.label, "id": str(number)},
                "valueAxis": "ValueAxis-1",
                "drawLinesBetweenPoints": True,
                "lineWidth": 2,
                "showCircles": True,
            }
            for number, measure in enumerate(panel.measures, 1)
        ],
        "addTooltip": True,
        "detailedTooltip": True,
        "addLegend": len(panel.buckets) > 1,
        "legendPosition": "right",
        "times": [],
        "addTimeMarker": False,
        "truncateLegend": True,
        "maxLegendLines": 1,
        "labels": {"show": lying},
        "thresholdLine": {
            "show": False,
            "value": 10,
            "width": 1,
            "style": "full",
            "color": "#E7664C",
        },
        "palette": {"type": "palette", "name": "default"},
    }


_NUMBER: State = {
    "addTooltip": True,
    "addLegend": False,
    "metric": {
        "percentageMode": False,
        "useRanges": False,
        "colorSchema": "Green to Red",
        "metricColorMode": "None",
        "colorsRange": [{"from": 0, "to": 10_000}],
        "labels": {"show": True},
        "invertColors": False,
        "style": {
            "bgFill": "#000",
            "bgColor": False,
            "labelColor": False,
            "subText": "",
            "fontSize": 36,
        },
    },
}
_PIE: State = {
    "addTooltip": True,
    "legendDisplay": "show",
    "legendPosition": "right",
    "nestedLegend": False,
    "truncateLegend": True,
    "maxLegendLines": 1,
    "distinctColors": False,
    "isDonut": True,
    "palette": {"type": "palette", "name": "default"},
    "labels": {
        "show": True,
        "last_level": True,
        "values": True,
        "valuesFormat": "percent",
        "percentDecimals": 1,
        "truncate": 100,
        "position": "default",
    },
}
_TABLE: State = {
    "perPage": 10,
    "showPartialRows": False,
    "showMetricsAtAllLevels": False,
    "showTotal": False,
    "showToolbar": True,
    "totalFunc": "sum",
    "percentageCol": "",
}
