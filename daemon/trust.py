"""Whom the hub trusts with what: the action classes of a source, by the owner's settings. Pure."""

from __future__ import annotations

from octopus_hub.config.house import ActionClass
from octopus_hub.config.hub import HubSettings
from octopus_hub.daemon.policy import DEFAULT_ALLOW, Trust
from octopus_hub.daemon.submission import Channel

ALWAYS = frozenset({ActionClass.READ, ActionClass.COMFORT, ActionClass.SECURE})
"""What every source may do: see, make comfortable, and close and lock."""


def trust_of(source: str, channel: Channel, settings: HubSettings) -> Trust:
    """What commands of this source may do.

    As long as the owner lists no sources, everyone may do everything but open; so may the command line, always. Once sources are
    listed, each has what its entry allows. Nobody may open: that takes a confirmation on a second channel, which is not there yet.
    """
    if channel is Channel.LOCAL or not settings.sources:
        return Trust(DEFAULT_ALLOW)
    return Trust((ALWAYS | settings.source(source).allow) - {ActionClass.OPEN})
