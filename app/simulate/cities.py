"""Cities: where the made-up bank's people live, shop and travel to."""

from datetime import date, timedelta
from math import cos, radians
from random import Random
from typing import NamedTuple

from app.events.payments import Place

HOUR = 3_600_000_000
KM_A_DEGREE = 111.2  # of latitude, anywhere
_SUNDAY = 6


class City(NamedTuple):
    """A real city; `population` in thousands, `zone` in hours east of UTC in winter."""

    name: str
    country: str
    latitude: float
    longitude: float
    population: int
    zone: int

    @property
    def place(self) -> Place:
        """Where its centre is."""
        return Place(self.latitude, self.longitude)


CITIES = (
    City("London", "GB", 51.507, -0.128, 8900, 0),
    City("Manchester", "GB", 53.481, -2.242, 2800, 0),
    City("Glasgow", "GB", 55.861, -4.250, 1000, 0),
    City("Dublin", "IE", 53.350, -6.260, 1270, 0),
    City("Lisbon", "PT", 38.722, -9.139, 2900, 0),
    City("Porto", "PT", 41.150, -8.611, 1300, 0),
    City("Madrid", "ES", 40.417, -3.703, 6700, 1),
    City("Barcelona", "ES", 41.385, 2.173, 5600, 1),
    City("Valencia", "ES", 39.470, -0.377, 1600, 1),
    City("Seville", "ES", 37.389, -5.984, 1500, 1),
    City("Paris", "FR", 48.857, 2.352, 10900, 1),
    City("Lyon", "FR", 45.764, 4.836, 1700, 1),
    City("Marseille", "FR", 43.297, 5.370, 1600, 1),
    City("Toulouse", "FR", 43.605, 1.444, 1000, 1),
    City("Brussels", "BE", 50.850, 4.352, 2100, 1),
    City("Antwerp", "BE", 51.219, 4.403, 1050, 1),
    City("Amsterdam", "NL", 52.370, 4.895, 1150, 1),
    City("Rotterdam", "NL", 51.924, 4.478, 1000, 1),
    City("Berlin", "DE", 52.520, 13.405, 3700, 1),
    City("Hamburg", "DE", 53.551, 9.994, 1850, 1),
    City("Munich", "DE", 48.135, 11.582, 1500, 1),
    City("Cologne", "DE", 50.938, 6.960, 1080, 1),
    City("Zurich", "CH", 47.377, 8.541, 1400, 1),
    City("Vienna", "AT", 48.208, 16.374, 1980, 1),
    City("Milan", "IT", 45.464, 9.190, 3150, 1),
    City("Rome", "IT", 41.903, 12.496, 4300, 1),
    City("Naples", "IT", 40.852, 14.268, 2200, 1),
    City("Turin", "IT", 45.070, 7.687, 1800, 1),
    City("Copenhagen", "DK", 55.676, 12.568, 1370, 1),
    City("Oslo", "NO", 59.914, 10.752, 1070, 1),
    City("Stockholm", "SE", 59.329, 18.069, 1650, 1),
    City("Gothenburg", "SE", 57.709, 11.975, 620, 1),
    City("Prague", "CZ", 50.076, 14.438, 1350, 1),
    City("Warsaw", "PL", 52.230, 21.012, 1790, 1),
    City("Krakow", "PL", 50.065, 19.945, 780, 1),
    City("Budapest", "HU", 47.498, 19.040, 1780, 1),
    City("Helsinki", "FI", 60.170, 24.938, 1300, 2),
    City("Athens", "GR", 37.984, 23.728, 3150, 2),
    City("Bucharest", "RO", 44.427, 26.102, 1790, 2),
)
"""Population of the city or its urban area, rounded: it only serves as a weight."""

EARLIEST_ZONE = max(city.zone for city in CITIES) + 1
"""Hours before midnight UTC at which the first city's day begins, summer included."""


def offset(city: City, day: date) -> int:
    """Return how far a city's clock is ahead of UTC on a day, in microseconds.

    Summer time as the European Union has it: from the last Sunday of March to the
    last Sunday of October, here by whole days.

    >>> [offset(CITIES[0], date(2026, month, 15)) // HOUR for month in (1, 7)]
    [0, 1]
    """
    summer = _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10)
    return (city.zone + summer) * HOUR


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() - _SUNDAY) % 7)


def near(city: City, rng: Random) -> Place:
    """Draw a place in a city: the nearer to its centre the likelier."""
    spread = (1.5 + city.population**0.5 / 20) / KM_A_DEGREE
    return Place(
        round(rng.gauss(city.latitude, spread), 5),
        round(
            rng.gauss(city.longitude, spread / cos(radians(city.latitude))),
            5,
        ),
    )
