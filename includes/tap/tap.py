"""The tap: its settings and its streams."""

from collections.abc import Sequence

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

from .streams import GroupsStream, UsersStream


class {{ plugin_class }}(Tap):
    """Reads users and the groups that they are in."""

    name = "{{ command }}"
{%- if package_name != command %}
    package_name = "{{ package_name }}"
{%- endif %}

    config_jsonschema = th.PropertiesList(
{%- include 'includes/properties.py' %}
    ).to_dict()

    def discover_streams(self) -> Sequence[Stream]:
        """Return the streams; the SDK syncs a child after each record of its parent."""
        return [UsersStream(self), GroupsStream(self)]
