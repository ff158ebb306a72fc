"""The tap: its settings. The streams are the tables of the database."""

from singer_sdk import typing as th
from singer_sdk.sql import SQLTap

from .client import {{ class_name }}Stream


class {{ plugin_class }}(SQLTap):
    """Reads the tables of a database."""

    name = "{{ command }}"
{%- if package_name != command %}
    package_name = "{{ package_name }}"
{%- endif %}

    config_jsonschema = th.PropertiesList(
{%- include 'includes/properties.py' %}
    ).to_dict()

    default_stream_class = {{ class_name }}Stream
