"""Tokens: the colours of both themes, for style sheets and charts alike."""

from typing import Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"

TOKENS: dict[Theme, dict[str, str]] = {
    "light": {
        "ground": "#f5f6f8",
        "sheet": "#ffffff",
        "raised": "#eef0f3",
        "line": "#dfe2e8",
        "edge": "#868e99",
        "ink": "#14171c",
        "quiet": "#5a626d",
        "accent": "#1652b8",
        "accent-ink": "#ffffff",
        "approve": "#17763a",
        "review": "#8f5f00",
        "decline": "#b3261e",
        "review-ground": "#fdf4e0",
        "decline-ground": "#fdeceb",
        "shadow": "rgba(20, 23, 28, 0.12)",
    },
    "dark": {
        "ground": "#0e1115",
        "sheet": "#161a20",
        "raised": "#1f252d",
        "line": "#2a313b",
        "edge": "#6b7684",
        "ink": "#e9ecf0",
        "quiet": "#a0a9b5",
        "accent": "#8ab4ff",
        "accent-ink": "#0b1220",
        "approve": "#57c878",
        "review": "#e8b44a",
        "decline": "#ff8a80",
        "review-ground": "#2b2414",
        "decline-ground": "#331b1b",
        "shadow": "rgba(0, 0, 0, 0.5)",
    },
}
"""`edge` bounds controls, `line` parts what is beside each other. Text is `ink` or
`quiet`, on `ground`, `sheet` or `raised`; outcomes and `accent` stand on these too."""

THEMES: tuple[Theme, ...] = ("light", "dark")


def style_sheet() -> str:
    """Return the tokens as CSS variables; a page's `data-theme` chooses.

    >>> "--ground: #0e1115" in style_sheet()
    True
    """
    rules = []
    for theme, tokens in TOKENS.items():
        lines = "".join(f"--{name}: {value};" for name, value in tokens.items())
        lines = lines.replace(":#", ": #")
        root = ":root" if theme == "light" else f':root[data-theme="{theme}"]'
        rules.append(f"{root}{{color-scheme: {theme};--font: {FONT};{lines}}}")
    return "".join(rules)


def template(theme: Theme) -> go.layout.Template:
    """Return how charts look in a theme."""
    tokens = TOKENS[theme]
    axis = {
        "gridcolor": tokens["line"],
        "linecolor": tokens["line"],
        "zeroline": False,
        "automargin": False,
        "fixedrange": True,
        "tickfont": {"color": tokens["quiet"], "size": 11},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 11, "color": tokens["ink"]},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [tokens["accent"], tokens["quiet"]],
            "margin": {"l": 40, "r": 44, "t": 8, "b": 24},
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": tokens["sheet"],
                "bordercolor": tokens["line"],
                "font": {"color": tokens["ink"], "size": 11},
            },
            "showlegend": False,
            "dragmode": False,
            "xaxis": {
                **axis,
                "type": "date",
                "showgrid": False,
                "nticks": 6,
                "tickformat": "%H:%M",
            },
            "yaxis": {**axis, "rangemode": "tozero", "nticks": 5},
        }
    )
