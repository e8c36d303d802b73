"""What one house lets be said: per function its devices, names, nouns, places and options, as tries over token ids.

Compiled once per house; knows no sentence and no state. Devices are their positions in `House.devices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from octopus_hub.config.function_table import FUNCTIONS
from octopus_hub.config.functions import Function, Parameter, TargetRule, ValueType
from octopus_hub.config.house import Device, House
from octopus_hub.config.kinds import NOUNS
from octopus_hub.models.tokens import FUNCTION_IDS, NOUN_IDS, TextEncoder
from octopus_hub.models.trie import Trie

Devices = frozenset[int]

DEFAULT_OPTIONS: dict[str, tuple[str, ...]] = {
    "hvac_modes": ("heat", "cool", "auto", "heat_cool", "dry", "fan_only", "off"),
    "preset_modes": ("eco", "away", "home", "sleep", "boost", "comfort", "activity", "none"),
    "fan_modes": ("auto", "on", "low", "medium", "high", "off"),
    "available_modes": ("auto", "normal", "eco", "away", "boost", "sleep", "comfort", "home", "baby", "electric", "gas",
                        "heat_pump", "high_demand", "performance", "off"),
    "sound_mode_list": ("movie", "music", "night", "stereo", "surround", "standard", "sport", "voice"),
}  # fmt: skip
"""Home Assistant's own words, where a device does not list what it offers. An option without defaults is copied from the sentence."""

NESTABLE = {ValueType.PERCENT: ("get_value",), ValueType.TEMPERATURE: ("get_value",), ValueType.NUMBER: ("get_value",)}
NESTABLE_TEXT = ("get_weather", "get_time", "get_date", "get_value", "get_state", "list_devices", "todo_read", "timer_query")


class Lexicon:
    """The compiled vocabulary of `house`."""

    def __init__(self, house: House, encoder: TextEncoder, functions: Iterable[Function] = FUNCTIONS) -> None:
        self.house = house
        self.encoder = encoder
        self.supported: dict[str, Devices] = {
            f.name: frozenset(i for i, device in enumerate(house.devices) if device.kind in f.kinds) for f in functions
        }
        self.functions = {
            f.name: f for f in functions if f.target is not TargetRule.REQUIRED or self.supported[f.name]
        }
        self.function_ids = {FUNCTION_IDS[name]: function for name, function in self.functions.items()}
        self._cache: dict[tuple[object, ...], Trie[object]] = {}

    def devices(self, positions: Devices) -> list[Device]:
        """The devices at these positions, in the house's order."""
        return [self.house.devices[i] for i in sorted(positions)]

    def names(self, function: Function) -> Trie[int]:
        """Device names that may follow `function`."""
        key = ("names", function.kinds)
        return self._cached(key, lambda: ((self.encoder.ids(self.house.devices[i].name), i) for i in sorted(self.supported[function.name])))

    def groups(self, function: Function) -> Trie[Devices]:
        """Groups with a member that `function` can act on; the value is those members."""
        return self._cached(("groups", function.kinds), lambda: self._groups(function))

    def _groups(self, function: Function) -> Iterable[tuple[tuple[int, ...], Devices]]:
        position = {device.id: i for i, device in enumerate(self.house.devices)}
        for group in self.house.groups:
            members = frozenset(position[i] for i in group.device_ids) & self.supported[function.name]
            if members:
                yield self.encoder.ids(group.name), members

    def nouns(self, function: Function) -> dict[int, Devices]:
        """Noun ids that may follow `function`, each with the devices it can mean."""
        if function.kinds not in self._nouns:
            found = {}
            for noun in NOUNS:
                meant = frozenset(i for i in self.supported[function.name] if self.house.devices[i].is_a(noun))
                if meant:
                    found[NOUN_IDS[noun.name]] = meant
            self._nouns[function.kinds] = found
        return self._nouns[function.kinds]

    @cached_property
    def _nouns(self) -> dict[tuple[str, ...], dict[int, Devices]]:
        return {}

    def areas(self, devices: Devices) -> Trie[str]:
        """Areas in which one of `devices` is."""
        names = {self.house.devices[i].area for i in devices}
        return self._cached(("areas", devices), lambda: ((self.encoder.ids(a.name), a.name) for a in self.house.areas if a.name in names))

    def floors(self, devices: Devices) -> Trie[str]:
        """Floors on which one of `devices` is."""
        names = {self.house.area_floor.get(self.house.devices[i].area or "") for i in devices}
        return self._cached(("floors", devices), lambda: ((self.encoder.ids(f.name), f.name) for f in self.house.floors if f.name in names))

    def in_area(self, devices: Devices, area: str) -> Devices:
        """Those of `devices` that are in `area`."""
        return frozenset(i for i in devices if self.house.devices[i].area == area)

    def on_floor(self, devices: Devices, floor: str) -> Devices:
        """Those of `devices` that are on `floor`."""
        return frozenset(i for i in devices if self.house.on_floor(self.house.devices[i], floor))

    @cached_property
    def all_areas(self) -> Trie[str]:
        """Every area."""
        return Trie.build((self.encoder.ids(a.name), a.name) for a in self.house.areas)

    def words(self, parameter: Parameter, devices: Devices) -> Trie[str]:
        """The words `parameter` may take for these devices: choices, or the devices' own options; empty means: copy."""
        if parameter.type is not ValueType.OPTION:
            return self._cached(("choices", parameter.choices), lambda: ((self.encoder.ids(c), c) for c in parameter.choices))
        options = self.options(parameter.option, devices)
        return self._cached(("options", options), lambda: ((self.encoder.ids(spoken(o)), o) for o in options))

    def options(self, option: str, devices: Devices) -> tuple[str, ...]:
        """What these devices list under `option`, else Home Assistant's own words for it."""
        listed = tuple(dict.fromkeys(o for device in self.devices(devices) for o in device.options.get(option, ())))
        return listed or DEFAULT_OPTIONS.get(option, ())

    def nestable(self, parameter: Parameter) -> list[Function]:
        """Read functions whose answer `parameter` may take."""
        names = NESTABLE_TEXT if parameter.name == "message" else NESTABLE.get(parameter.type, ())
        return [self.functions[name] for name in names if name in self.functions]

    def _cached(self, key: tuple[object, ...], entries: Callable[[], Iterable[tuple[tuple[int, ...], object]]]) -> Trie:  # type: ignore[type-arg]  # the key decides the value's type
        if key not in self._cache:
            self._cache[key] = Trie.build(entries())
        return self._cache[key]


def spoken(option: str) -> str:
    """An option as a person says it: "heat_cool" → "heat cool"."""
    return option.replace("_", " ")
