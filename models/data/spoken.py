"""Numbers, lengths of time and clock times as people say and type them; each function is given its own random source."""

from __future__ import annotations

import random

from octopus_hub.models.spelling import ONES, TENS

DAYPARTS = ("this evening", "tonight", "tomorrow morning", "tomorrow", "midnight", "noon", "sunset", "sunrise", "tomorrow night")
SPECIAL_DURATIONS = (
    ("half an hour", 1800, 60), ("an hour and a half", 5400, 0), ("a minute", 60, 60), ("an hour", 3600, 3600),
    ("a quarter of an hour", 900, 60), ("one and a half hours", 5400, 0), ("two and a half minutes", 150, 0),
    ("a couple of minutes", 120, 60), ("three quarters of an hour", 2700, 60), ("a minute and a half", 90, 0),
)  # fmt: skip
"""Phrases with their seconds, and the unit that the plan is written in."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def words(number: int, joiner: str = " ") -> str:
    """An integer from 0 to 9,999 in words."""
    if number < 20:
        return ONES[number]
    if number < 100:
        tens, one = divmod(number, 10)
        return TENS[tens] + (joiner + ONES[one] if one else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{ONES[hundreds]} hundred" + (f" and {words(rest, joiner)}" if rest else "")
    thousands, rest = divmod(number, 1000)
    return f"{ONES[thousands]} thousand" + (f" {words(rest, joiner)}" if rest else "")


def number(value: float, rng: random.Random) -> str:
    """A number as digits (most often) or in words."""
    if value < 0:
        return f"{rng.choice(('minus ', '-'))}{number(-value, rng)}"
    whole = int(value)
    if value != whole:
        tenth = round((value - whole) * 10)
        if tenth == 5 and rng.random() < 0.4:
            return f"{words(whole)} and a half"
        return f"{value:g}" if rng.random() < 0.7 else f"{words(whole)} point {ONES[tenth]}"
    if whole > 9999 or rng.random() < 0.6:
        return str(whole)
    return words(whole, rng.choice((" ", " ", "-")))


def duration(rng: random.Random) -> tuple[str, int, int]:
    """A length of time: (phrase, seconds, unit it is said in or 0 for several)."""
    roll = rng.random()
    if roll < 0.2:
        return rng.choice(SPECIAL_DURATIONS)
    if roll < 0.28:
        hours, minutes = rng.randint(1, 5), rng.choice((5, 10, 15, 20, 30, 40, 45))
        joiner = rng.choice((" and ", " "))
        text = f"{number(hours, rng)} {plural('hour', hours)}{joiner}{number(minutes, rng)} minutes"
        return text, hours * 3600 + minutes * 60, 0
    unit, size, amounts = rng.choice((
        ("second", 1, (5, 10, 15, 20, 30, 45, 90)),
        ("minute", 60, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 35, 40, 45, 50, 60, 90)),
        ("minute", 60, tuple(range(1, 60))),
        ("hour", 3600, (1, 2, 3, 4, 5, 6, 8, 10, 12, 24)),
    ))  # fmt: skip
    amount = rng.choice(amounts)
    name = plural(unit, amount)
    if rng.random() < 0.12:
        name = {"second": "secs", "minute": rng.choice(("mins", "min")), "hour": rng.choice(("hrs", "h"))}[unit]
    return f"{number(amount, rng)} {name}", amount * size, size


def plural(noun: str, amount: int) -> str:
    """The noun, with an s unless there is one."""
    return noun if amount == 1 else f"{noun}s"


def clock(rng: random.Random) -> str:
    """A clock time or day as a phrase, without "at"."""
    hour, minute = rng.randint(1, 12), rng.choice((0, 0, 5, 10, 15, 20, 30, 30, 40, 45, 50, rng.randint(1, 59)))
    forms = [
        f"{hour}:{minute:02d}",
        f"{rng.randint(0, 23)}:{minute:02d}",
        f"{hour} " + rng.choice(("am", "pm", "a.m.", "p.m.", "o'clock")),
        f"{hour}{rng.choice(('am', 'pm'))}",
        f"{hour}:{minute:02d} {rng.choice(('am', 'pm'))}",
        f"half past {words(hour)}",
        f"quarter {rng.choice(('to', 'past'))} {words(hour)}",
        f"{words(hour)} {words(minute)}" if minute > 9 else f"{words(hour)} o'clock",
        f"{words(hour)} in the {rng.choice(('morning', 'evening', 'afternoon'))}",
        rng.choice(DAYPARTS),
    ]
    phrase = rng.choice(forms)
    roll = rng.random()
    if roll < 0.1:
        return f"{phrase} tomorrow" if "tomorrow" not in phrase else phrase
    if roll < 0.16:
        return f"{rng.choice(WEEKDAYS)} at {phrase}" if phrase not in DAYPARTS else rng.choice(WEEKDAYS)
    return phrase
