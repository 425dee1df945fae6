"""Trials: rules tried on the archive, and what was tried put on record."""

import asyncio
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from app.errors import SmartbankError
from app.features import catalogue
from app.parquet import files
from app.parquet.past import aggregated
from app.rules.compiled import CompiledRuleset, compile_ruleset
from app.rules.rulebook import BANDS, Backtested, substances
from app.rules.ruleset import Rule, Ruleset
from app.scoring.backtest import COLUMNS, backtest, features_of
from app.scoring.report import Report
from app.topics import RULES
from web.context import Context
from web.problems import Problem
from web.rulings import PATIENCE, check, planned

SPAN = timedelta(days=30)
"""How far back a trial goes from the newest day, where nobody says."""

_encode = msgspec.json.Encoder().encode


class Trials:
    """Tries rules on the archive of this machine, one trial at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._root = context.settings.archive

    async def run(
        self,
        given: Rule | Ruleset,
        *,
        author: str,
        since: datetime | None,
        until: datetime | None,
    ) -> tuple[Report, list[str]]:
        """Try a rule, as if it were live, or a whole ruleset on a period's payments.

        The second of what it returns names what was put on record: live rules, and
        the bands, that have neither decided nor been tried before. On an empty period
        nothing is proven.

        Raises:
            Problem: 422, the rules do not fit; 503, the archive or Kafka is away.
        """
        book = self._context.rules.book
        before = book.head.ruleset
        wanted = replace(given, state="live") if isinstance(given, Rule) else given
        after = planned(before, wanted, author=author)
        await asyncio.to_thread(check, after)
        present = self._context.rules.present.rules
        candidate = await asyncio.to_thread(compile_ruleset, after, catalogue.READABLE)
        try:
            async with self._context.turn:
                report = await asyncio.to_thread(
                    self._backtest, present, candidate, since=since, until=until
                )
        except SmartbankError as error:
            raise Problem(503, str(error), kind="unavailable") from error
        names = book.unproven(after) if report.payments else []
        if names:
            await self._record(after, names, report, author=author)
        return report, names

    def _backtest(
        self,
        present: CompiledRuleset,
        candidate: CompiledRuleset,
        *,
        since: datetime | None,
        until: datetime | None,
    ) -> Report:
        newest = files.newest_day(self._root, until=until)
        if since is None and newest is not None:
            since = newest - SPAN
        features = features_of(present, candidate)
        read = {
            one.name: one
            for side in (present, candidate)
            for one in side.ruleset.aggregates
            if one.name in features
        }
        frames = aggregated(
            self._root,
            COLUMNS,
            features=features,
            aggregates=list(read.values()),
            since=since,
            until=until,
            to_open=self._context.keys.to_open,
        )
        return backtest(frames, present=present, candidate=candidate)

    async def _record(
        self, after: Ruleset, names: list[str], report: Report, *, author: str
    ) -> None:
        figures = {one.name: one.figures.after for one in report.rules}
        figures[BANDS] = report.flagged.after
        digests = substances(after)
        tried = []
        for name in names:
            told = figures[name]
            one = Backtested(
                substance=digests[name],
                name=name,
                since=report.since,
                until=report.until,
                payments=report.payments,
                frauds=report.frauds,
                hits=told.hits if told else 0,
                caught=told.caught if told else 0,
                author=author,
            )
            tried.append((one.key, _encode(one)))
        await self._context.outlet.send(RULES.name, tried)
        backtests = self._context.rules.book.backtests
        heard = await self._context.rules_follower.until(
            lambda: all(digests[name] in backtests for name in names),
            timeout=PATIENCE,
        )
        if not heard:
            detail = "Kafka has the record of this trial, and this worker not yet"
            raise Problem(503, detail, kind="unavailable", retry_after=2)
