"""What happens to a sentence on its way to the hub: wake words, politeness, fillers, what a recogniser makes of it, typos."""

from __future__ import annotations

import random
import re

WAKE = ("hey octopus", "octopus", "ok house", "hey house", "okay octopus", "computer", "hey computer", "alexa", "hey google",
        "hey jarvis")  # fmt: skip
BEFORE = ("um", "uh", "so", "okay", "ok", "hey", "right", "please", "can you", "could you please", "would you", "i want you to",
          "i'd like you to", "quick", "hmm", "well", "alright", "now", "and", "yeah", "go ahead and", "just")  # fmt: skip
AFTER = ("please", "pls", "thanks", "thank you", "now", "ok", "right now", "for me", "would you", "will you", "cheers",
         "if you can", "again")  # fmt: skip
FILLERS = ("um", "uh", "er", "erm", "uhh", "like", "you know", "uhm", "ah", "hmm", "well", "i mean", "like um", "sort of")
HOMOPHONES = {
    "to": ("two", "too"), "two": ("to", "too"), "four": ("for",), "for": ("four",), "off": ("of",), "close": ("clothes", "clos"),
    "hall": ("haul",), "blinds": ("blines",), "lights": ("lites", "likes"), "light": ("lite", "like"),
    "by": ("buy", "bye"), "right": ("write",), "room": ("rum", "roam"), "lock": ("log", "lack", "loch"), "door": ("daw", "dore"),
    "heat": ("heed",), "fan": ("fun", "van"), "lamp": ("lamb", "lump"), "play": ("plate", "pay"), "pause": ("paws", "pores"),
    "read": ("red",), "red": ("read",), "blue": ("blew",), "one": ("won",), "eight": ("ate",), "please": ("police", "pleas"),
    "shade": ("shaved",), "kitchen": ("kitten", "chicken"), "volume": ("valium",), "dim": ("dimm",), "set": ("sat", "said"),
    "turn": ("tern", "turned", "tun"), "garage": ("garbage",), "curtains": ("certains",), "heating": ("eating",),
    "car": ("cah", "cart"), "stairs": ("stares",), "gate": ("gait",), "hot": ("hut",), "warmer": ("warm her",),
    "and": ("an",), "open": ("opened", "hoping"), "shut": ("shot",), "half": ("have",), "percent": ("per cent", "present"),
    "degrees": ("degree", "the grease"), "mute": ("moot", "mood"), "vacuum": ("vacume",),
    "study": ("steady",), "bathroom": ("bath room",), "bedroom": ("bed room",), "thermostat": ("thermo stat",),
}  # fmt: skip
"""What a recogniser makes of words. None becomes the opposite of another, and none that would be another wish."""
IMPERATIVE = re.compile(
    r"^(turn|switch|set|put|open|close|shut|lock|unlock|play|pause|stop|start|dim|brighten|mute|make|raise|lower|skip|add|remind|tell|"
    r"show|give|arm|run|activate|crank|kill|heat|cool|warm|move|send|change|increase|decrease|bring|take)\b",
    re.IGNORECASE,
)
SPOKEN_SPELLING = {
    "%": " percent", "°c": " degrees celsius", "°f": " degrees fahrenheit", "°": " degrees", "&": " and ",
}  # fmt: skip


SOUNDS = {
    r"tion": ("shun", "sion"), r"sion": ("tion", "shun"), r"ph": ("f",), r"ck": ("k", "c"), r"c(?=[aour])": ("k",),
    r"c(?=[eiy])": ("s",), r"(?<!^)k": ("c", "ck"), r"ee": ("ea", "e", "ie"), r"ea": ("ee", "e"),
    r"ai": ("ay", "a", "ei"), r"ay": ("ai", "ey"), r"oa": ("o", "ow"), r"oo": ("u", "ou"), r"ou": ("ow", "u"),
    r"ow": ("ou", "o"), r"ie": ("ei", "y"), r"ei": ("ie", "i"), r"igh": ("i", "y"), r"gh": ("",), r"\bkn": ("n",),
    r"\bwh": ("w",), r"mb\b": ("m",), r"qu": ("kw", "q"), r"x": ("ks", "cs"), r"z": ("s",),
    r"(?<=[aeiou])s(?=[aeiou])": ("z", "ss"), r"ch": ("sh", "tch"), r"sh": ("ch",), r"th": ("t",), r"dg": ("g", "j"),
    r"g(?=[ei])": ("j",), r"(?<=[aeiou])v": ("ve",), r"(?<=[a-z])er\b": ("a", "ar", "or"), r"or\b": ("er",),
    r"ar\b": ("er",), r"le\b": ("el", "al", "l"), r"el\b": ("le",), r"(?<=[a-z])y\b": ("ie", "ey", "i"),
    r"ey\b": ("y",), r"(?<=[a-z])e\b": ("",), r"([bdfglmnprst])\1": (r"\1",),
    r"(?<=[aeiou])([bdglmnprt])(?=[aeiou])": (r"\1\1",), r"(?<=[a-z])[ae](?=[lmnr])": ("e", "a", "i"),
    r"(?<=[a-z])i(?=[a-z])": ("e", "y"), r"(?<=[a-z])o(?=[nrlm])": ("e", "u"), r"(?<=[a-z])u(?=[lmnr])": ("e", "o"),
}  # fmt: skip
"""Sounds, as patterns, and how somebody writes them who does not know the spelling."""


def disturb(text: str, rng: random.Random) -> str:
    """The sentence as it may arrive; most often unchanged but for case and punctuation."""
    if rng.random() < 0.10:
        text = _misspelt(text, rng)
    text = _around(text, rng)
    roll = rng.random()
    if roll < 0.35:
        text = _recognised(text)
    elif roll < 0.5:
        text = text.rstrip(".!").lower()
    if rng.random() < 0.08:
        text = re.sub(r"\b(the|a|my)\s", "", text, count=2, flags=re.IGNORECASE)
    if rng.random() < 0.07:
        text = _typo(text, rng)
    if rng.random() < 0.06:
        text = _misheard(text, rng)
    if rng.random() < 0.05:
        text = _hesitant(text, rng)
    return text.strip() or "…"


def _around(text: str, rng: random.Random) -> str:
    if IMPERATIVE.match(text):
        if rng.random() < 0.10:
            text = f"{rng.choice(BEFORE)} {text[0].lower()}{text[1:]}"
        if rng.random() < 0.10:
            text = f"{text.rstrip('.!')}{rng.choice((' ', ', '))}{rng.choice(AFTER)}"
    if rng.random() < 0.05:
        text = f"{rng.choice(WAKE)}{rng.choice((' ', ', '))}{text}"
    return text


def _recognised(text: str) -> str:
    """Lower case, no punctuation between words, signs spelt out."""
    text = text.lower()
    for sign, words in SPOKEN_SPELLING.items():
        text = text.replace(sign, words)
    text = re.sub(r"(?<!\d)[.,!?;:…\"()—–]+|[.,!?;:…\"()—–]+(?!\d)", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def _typo(text: str, rng: random.Random) -> str:
    """One word of five letters or more with two letters swapped or one lost."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long:
        return text
    i = rng.choice(long)
    at = rng.randrange(1, len(words[i]) - 1)
    word = words[i]
    words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :] if rng.random() < 0.5 else word[:at] + word[at + 1 :]
    return " ".join(words)


def _misspelt(text: str, rng: random.Random) -> str:
    """One or two words of five letters or more as they sound."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for i in rng.sample(long, min(len(long), rng.choice((1, 1, 2)))):
        words[i] = _respelt(words[i], rng)
    return " ".join(words)


def _respelt(word: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 2))):
        sounds = [sound for sound in SOUNDS if re.search(sound, word)]
        if sounds:
            sound = rng.choice(sounds)
            word = re.sub(sound, rng.choice(SOUNDS[sound]), word, count=1)
    return word


def _misheard(text: str, rng: random.Random) -> str:
    """One or two words as others that sound alike."""
    words = text.split(" ")
    known = [i for i, word in enumerate(words) if word.lower() in HOMOPHONES]
    for i in rng.sample(known, min(len(known), rng.choice((1, 1, 2)))):
        words[i] = rng.choice(HOMOPHONES[words[i].lower()])
    return " ".join(words)


def _hesitant(text: str, rng: random.Random) -> str:
    """A filler between two words, or a word said twice."""
    words = text.split(" ")
    if len(words) < 3:
        return text
    at = rng.randrange(1, len(words))
    more = [words[at - 1].lower()] if rng.random() < 0.35 else [rng.choice(FILLERS)]
    return " ".join((*words[:at], *more, *words[at:]))
