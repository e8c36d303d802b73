"""What the weather is and will be, in words, from a weather device's state and Home Assistant's forecasts in it. Pure.

The forecasts are the attributes `forecast` (a day an item) and `hourly_forecast` (an hour an item), each item with `datetime`,
`condition`, `temperature`, and of days `templow`; `precipitation_probability` where the service tells it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from octopus_hub.daemon.quantities import Subject, spoken
from octopus_hub.daemon.replies import join

SKIES: Mapping[str, str] = {"partlycloudy": "partly cloudy", "clear-night": "clear", "lightning-rainy": "stormy"}
"""Home Assistant's weather conditions, where they are no English."""
WEEK_TOLD = 4
"""Days of a week's weather that are told: more is not remembered when it is heard."""
NIGHT_BEGINS, NIGHT_ENDS = time(18), time(6)
LEAST_CHANCE_PCT = 20
"""Of rain: less is not worth a word."""

Item = Mapping[str, object]


def now_told(subject: Subject) -> str:
    """ "sunny and 12 °C"."""
    assert subject.state is not None
    return _with_degrees(sky(subject.state.state), _degrees(subject.attribute("temperature"), None, subject.temperature_unit))


def forecast_told(subject: Subject, day: str, now: datetime) -> str | None:
    """The weather of "today", "tonight", "tomorrow", "week" or "weekend"; None where nothing is known of it."""
    unit = subject.temperature_unit
    if day == "tonight":
        return _night(list(_hours(subject, now)), unit)
    by_day = {when.date(): item for when, item in _items(subject, "forecast", now)}
    found = [(each, by_day[each]) for each in _days(day, now.date()) if each in by_day]
    return "; ".join(f"{_day_name(each, now.date())}: {_outlook(item, unit)}" for each, item in found) or None


def sky(condition: str) -> str:
    """Home Assistant's condition in English."""
    return SKIES.get(condition, condition.replace("-", " "))


def _items(subject: Subject, attribute: str, now: datetime) -> Iterator[tuple[datetime, Item]]:
    """The steps of a forecast, each with its time where the house is."""
    told = subject.state.attributes.get(attribute) if subject.state is not None else None
    for item in told if isinstance(told, list | tuple) else ():
        try:
            when = datetime.fromisoformat(str(item["datetime"]))
        except (ValueError, KeyError, TypeError):
            continue
        yield (when.astimezone(now.tzinfo) if when.tzinfo else when.replace(tzinfo=now.tzinfo)), item


def _hours(subject: Subject, now: datetime) -> Iterator[Item]:
    """The hours of the night that is, or that comes."""
    evening = now.date() - timedelta(days=1) if now.time() < NIGHT_ENDS else now.date()
    begin = datetime.combine(evening, NIGHT_BEGINS, now.tzinfo)
    end = datetime.combine(evening + timedelta(days=1), NIGHT_ENDS, now.tzinfo)
    for when, item in _items(subject, "hourly_forecast", now):
        if max(begin, now) - timedelta(hours=1) < when < end:
            yield item


def _night(hours: list[Item], unit: str) -> str | None:
    """ "tonight: cloudy and rainy, 8 to 12 °C, 60 % chance of rain"."""
    if not hours:
        return None
    skies = list(dict.fromkeys(sky(str(item.get("condition"))) for item in hours))
    temperatures = [value for item in hours if isinstance(value := item.get("temperature"), int | float)]
    degrees = _degrees(max(temperatures, default=None), min(temperatures, default=None), unit)
    return f"tonight: {_with_degrees(join(skies), degrees)}{_rain(hours)}"


def _outlook(item: Item, unit: str) -> str:
    degrees = _degrees(item.get("temperature"), item.get("templow"), unit)
    return _with_degrees(sky(str(item.get("condition"))), degrees) + _rain([item])


def _with_degrees(told: str, degrees: str) -> str:
    """A range stands behind a comma: "rainy and 9 °C", "rainy, 4 to 9 °C"."""
    return f"{told}{', ' if ' to ' in degrees else ' and '}{degrees}" if degrees else told


def _degrees(high: object, low: object, unit: str) -> str:
    if not isinstance(high, int | float):
        return ""
    if not isinstance(low, int | float) or low == high:
        return spoken(high, unit)
    return f"{low:g} to {spoken(high, unit)}"


def _rain(items: list[Item]) -> str:
    chances = [value for item in items if isinstance(value := item.get("precipitation_probability"), int | float)]
    most = max(chances, default=0)
    return f", {most:g} % chance of rain" if most >= LEAST_CHANCE_PCT else ""


def _days(day: str, today: date) -> list[date]:
    """The dates of "today", "tomorrow", "weekend" (this one, also while it lasts) and "week" (the next days)."""
    if day == "weekend":
        saturday = today + timedelta(days=5 - today.weekday())
        return [each for each in (saturday, saturday + timedelta(days=1)) if each >= today]
    ahead = {"today": (0,), "tomorrow": (1,), "week": range(1, WEEK_TOLD + 1)}
    return [today + timedelta(days=each) for each in ahead.get(day, ())]


def _day_name(day: date, today: date) -> str:
    return "today" if day == today else "tomorrow" if day == today + timedelta(days=1) else f"{day:%A}"
