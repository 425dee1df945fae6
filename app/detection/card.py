"""The model card: what a model is and what it reached, as a page."""

from pathlib import Path

import msgspec

from app.detection.judge import METRICS, Verdict
from app.detection.training import Card

HEADS = ("AUC ROC", "average precision", "card precision@100")


def write_card(card: Card, folder: Path, *, source: str) -> None:
    """Write the card beside its model, for people and for programs."""
    (folder / "card.md").write_text(page(card, source=source), encoding="utf-8")
    stored = msgspec.json.format(msgspec.json.encode(card), indent=2)
    (folder / "card.json").write_bytes(stored)


def page(card: Card, *, source: str) -> str:
    """Return the card as Markdown."""
    recipe = "".join(f"| `{name}` | {told} |\n" for name, told in card.recipe.items())
    importance = "".join(
        f"| `{name}` | {share:.1%} |\n"
        for name, share in sorted(card.importance.items(), key=lambda one: -one[1])
    )
    calibration = "".join(
        f"| {one.above:.0%} | {one.payments:,} | {one.expected:.2%} "
        f"| {one.frauds:.2%} |\n"
        for one in card.calibration
    )
    return f"""# Model {card.version}

Gradient-boosted trees (LightGBM) that give a payment's probability of fraud from
{len(card.importance)} features of catalogue {card.catalogue}.

Learnt from {card.payments:,} payments of {source}, {card.learnt_from} until before
{card.learnt_until}, {card.frauds:,} of them fraud; labels of later payments were not
known yet.

## What it reached

Weeks before its end, each by a model of the same recipe that had learnt until a week
before; customers known as compromised left out (Fraud Detection Handbook).

{verdict_table(card.validation)}
## Calibration

Probability on those weeks against the share of fraud that came. The curve itself was
fitted on them.

| from | payments | expected | fraud |
|---|---|---|---|
{calibration}
## Features

By what the trees gain from them.

| feature | share |
|---|---|
{importance}
## Recipe

| parameter | |
|---|---|
{recipe}"""


def verdict_table(verdict: Verdict) -> str:
    """Return folds and their mean as a table of Markdown."""
    lines = [
        f"| test week from | payments | frauds | {' | '.join(HEADS)} | ceiling |",
        "|---|---|---|---|---|---|---|",
    ]
    for fold in verdict.folds:
        figures = " | ".join(f"{getattr(fold, name):.3f}" for name in METRICS)
        lines.append(
            f"| {fold.test_start} | {fold.payments:,} | {fold.frauds:,} | {figures} "
            f"| {fold.ceiling:.3f} |"
        )
    mean = " | ".join(
        f"{getattr(verdict.mean, name):.3f} ± {getattr(verdict.deviation, name):.3f}"
        for name in METRICS
    )
    lines.append(f"| mean | | | {mean} | |")
    return "\n".join(lines) + "\n"
