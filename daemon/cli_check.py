"""`octopus check`: every problem of a configuration, and what its house costs the model."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from octopus_hub.adapters.mqtt import silent_topics
from octopus_hub.config.errors import ConfigError, Problem
from octopus_hub.config.house import House
from octopus_hub.config.json_schema import schemas
from octopus_hub.config.loader import HOUSE, HUB, Config, check, check_live, demo_directory, load_config
from octopus_hub.daemon.cli import EX_OK, Parser, add_config_option
from octopus_hub.daemon.extras import extra
from octopus_hub.daemon.mqtt_server import server_of
from octopus_hub.daemon.places import find_configuration


def main(arguments: Sequence[str]) -> int:
    """Prints what is right, or every problem as `file:line:column: path: message`."""
    parser = Parser(prog="octopus check", description="Finds every problem of a configuration. Exits with 78 if there is one.")
    parser.add_argument("directory", metavar="DIR", type=Path, nargs="?", help="the configuration directory, as --config")
    add_config_option(parser)
    parser.add_argument("--live", action="store_true", help="also ask Home Assistant and the broker for what devices are bound to")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schemas of the files instead, for an editor")
    options = parser.parse_args(arguments)
    if options.schema:
        print(json.dumps(schemas(), indent=2, ensure_ascii=False))
        return EX_OK
    directory = options.directory or options.config or find_configuration(os.environ) or demo_directory()
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    credentials_directory = Path(credentials) if credentials else None
    problems = check(directory, credentials_directory=credentials_directory)
    if problems:
        print(*problems, sep="\n")
        return ConfigError.exit_code
    config = load_config(directory, credentials_directory=credentials_directory)
    result = _check_size(config.house, directory)
    if options.live and result == EX_OK:
        return max(_check_home_assistant(config, directory), _check_mqtt(config))
    return result


def _check_mqtt(config: Config) -> int:
    """Does every device behind MQTT tell something? Raises AdapterError where the broker does not answer."""
    devices = [device for device in config.house.devices if device.mqtt]
    if not devices:
        return EX_OK
    silent = silent_topics(server_of(config.hub.mqtt), devices)
    for device in devices:
        if device.id in silent:
            print(f"{device.name} ({device.id}): nothing is retained on {silent[device.id]}")
    if not silent:
        print(f"all {len(devices)} devices behind MQTT tell something")
    return ConfigError.exit_code if silent else EX_OK


def _check_home_assistant(config: Config, directory: Path) -> int:
    """Is there what devices are bound to? Raises AdapterError where Home Assistant does not say."""
    bound = sum(bool(device.home_assistant) for device in config.house.devices)
    if not bound:
        print("no device is bound to Home Assistant")
        return EX_OK
    if config.hub.home_assistant is None:
        print(
            Problem(
                str(directory / HUB), 1, 1, "home_assistant", f"expected where Home Assistant is: {bound} devices are bound to it"
            )
        )
        return ConfigError.exit_code
    with extra("homeassistant"):
        from octopus_hub.adapters.ha_rest import entity_states
    states = entity_states(config.hub.home_assistant)
    problems = check_live(directory, states)
    if problems:
        print(*problems, sep="\n")
        return ConfigError.exit_code
    entities = {entity for device in config.house.devices for entity in device.home_assistant.values()}
    away = sorted(entity for entity in entities if states[entity] == "unavailable")
    print(f"Home Assistant has all {len(entities)} entities; unavailable now: {', '.join(away) or 'none'}")
    return EX_OK


def _check_size(house: House, directory: Path) -> int:
    """The last of the checks: does the house fit the model, and at what price?"""
    from octopus_hub.models.graph import WEIGHTS  # these take a while
    from octopus_hub.models.interpreter import MAX_HOUSE_TOKENS, too_large
    from octopus_hub.models.shards import HousePrompt
    from octopus_hub.models.tokens import TextEncoder

    prompt = HousePrompt(house, TextEncoder(WEIGHTS / "tokenizer.json"))
    tokens = len(prompt.prefix)
    if tokens > MAX_HOUSE_TOKENS:
        print(Problem(str(directory / HOUSE), 1, 1, "devices", too_large(tokens, house)))
        return ConfigError.exit_code
    print(f"{directory}: no problems; {house.name}: {len(house.areas)} areas, {len(house.devices)} devices")
    print(f"the house takes {tokens:,} tokens of the model's prompt; {MAX_HOUSE_TOKENS:,} fit")
    if not prompt.is_whole:
        print("it is too large to be told as a whole: with each sentence, the model is told the devices that share words with it")
    return EX_OK
