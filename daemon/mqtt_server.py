"""The broker of hub.yaml, ready to connect to."""

from __future__ import annotations

import ssl

from octopus_hub.adapters.mqtt_client import Server
from octopus_hub.config.errors import UnavailableService
from octopus_hub.config.hub import MqttSettings
from octopus_hub.daemon.broker import HOST


def server_of(mqtt: MqttSettings) -> Server:
    """The broker, and who the hub is to it. Raises UnavailableService where a certificate can't be read."""
    return Server(
        host=mqtt.host or HOST,
        port=mqtt.port,
        username=mqtt.username,
        password=mqtt.password.value if mqtt.password else None,
        tls=_tls(mqtt) if mqtt.tls else None,
        base=mqtt.base_topic,
    )


def _tls(mqtt: MqttSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=mqtt.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise UnavailableService(f"the broker's certificate authority {mqtt.ca_file} can't be read: {error}") from error
    if mqtt.cert_file is not None:
        try:
            context.load_cert_chain(mqtt.cert_file, mqtt.key_file, password=_no_password)
        except (OSError, ssl.SSLError) as error:
            raise UnavailableService(f"the hub's certificate {mqtt.cert_file} or its key can't be read: {error}") from error
    return context


def _no_password() -> str:
    """A key with a password would make the daemon ask for it on its terminal."""
    raise UnavailableService("expected a key_file without a password, got one with")
