"""Commands that are none: those that wait for something to happen, are to be repeated, or are forbidden."""

from __future__ import annotations

import random

from octopus_hub.config.functions import Reason
from octopus_hub.config.plan import Plan
from octopus_hub.models.data.fill import Filled
from octopus_hub.models.data.noise import IMPERATIVE

EVENTS = (
    "it rains", "it starts to rain", "the rain stops", "it gets dark", "the sun goes down", "the sun comes up", "it snows",
    "it is windy", "the wind picks up", "it drops below zero", "the temperature falls under fifteen",
    "it gets warmer than 25", "it is too hot", "I leave", "I leave the house", "everybody has left", "nobody is home",
    "I get home", "mum comes home", "the kids are in bed", "the kids get back", "someone rings the bell",
    "somebody is at the door", "the doorbell rings", "the door opens", "the window is open", "the garage opens",
    "the alarm goes off", "the smoke alarm goes", "there is motion", "somebody walks past", "the washing is done",
    "the dryer finishes", "the battery is low", "the battery is full", "the power is cheap", "the power comes back",
    "the lights go out", "the phone rings", "my alarm rings", "the film starts", "the match is over", "the music stops",
    "the water boils", "the timer is up", "the dog barks", "I fall asleep", "I am asleep", "I get up", "I sit down",
    "I say so", "I tell you", "I clap", "the guests arrive", "dad is back", "the baby wakes up",
    "the humidity is over sixty", "the car is charged", "the car pulls in", "the tank is full", "the post comes",
)  # fmt: skip
SITUATIONS = (
    "if", "when", "whenever", "as soon as", "once", "each time", "every time", "only if", "in case", "the moment",
    "next time", "any time", "unless", "until", "while", "after", "before", "should it happen that", "as long as",
    "provided that",
)  # fmt: skip
REPEATED = (
    "every day", "every morning", "every evening", "every night", "every weekday", "on weekdays", "at weekends",
    "each Monday", "every Friday at six", "daily at seven", "at sunset", "at sunrise", "every hour", "every two hours",
    "every ten minutes", "each night at ten", "on Sundays", "twice a day", "every other day", "all week at eight",
    "always at noon", "from now on", "every time",
)  # fmt: skip
FORBIDDING = (
    "don't", "do not", "never", "please don't", "don't you dare", "whatever you do don't", "no need to", "you needn't",
    "I don't want you to", "nobody said to", "stop, don't", "not yet, don't", "make sure not to", "no, don't",
)  # fmt: skip


def on_condition(text: str, rng: random.Random) -> Filled:
    """The command when something happens, or again and again: nothing that the hub can do now."""
    command = text.rstrip(".!?")
    roll = rng.random()
    clause = rng.choice(REPEATED) if roll < 0.25 else f"{rng.choice(SITUATIONS)} {rng.choice(EVENTS)}"
    if rng.random() < 0.5:
        said = f"{clause[:1].upper()}{clause[1:]}{rng.choice((', ', ' ', ', please ', ' then '))}{command[:1].lower()}{command[1:]}"
    else:
        said = f"{command}{rng.choice((' ', ', ', ' but only ' if roll >= 0.25 else ' '))}{clause}"
    return Filled(said, Plan((), Reason.UNSUPPORTED))


def forbidden(text: str, rng: random.Random) -> Filled | None:
    """An order not to; None where the command does not begin with what is to be done."""
    command = text.rstrip(".!?")
    if not IMPERATIVE.match(command):
        return None
    return Filled(f"{rng.choice(FORBIDDING)} {command[:1].lower()}{command[1:]}", Plan((), Reason.UNSURE))
