{% if auth_method in ['OAuth2', 'JWT'] %}
from functools import cached_property
{%- endif %}
{%- if stream_type == 'GraphQL' %}
from typing import Any
{%- endif %}
{%- if stream_type == 'GraphQL' or auth_method in ['OAuth2', 'JWT'] %}
{% endif %}
{% if stream_type == 'GraphQL' -%}
from requests import Response
{% endif -%}
{% if auth_method in ['API Key', 'Bearer Token', 'Basic Auth'] -%}
from singer_sdk.authenticators import {{ {'API Key': 'APIKey', 'Bearer Token': 'BearerToken', 'Basic Auth': 'Basic'}[auth_method] }}Authenticator
{% endif -%}
{% if stream_type == 'GraphQL' -%}
from singer_sdk.exceptions import FatalAPIError
{% endif -%}
from singer_sdk.helpers.types import Context
from singer_sdk.pagination import JSONPathPaginator
from singer_sdk.streams import {{ stream_type }}Stream
{%- if auth_method in ['OAuth2', 'JWT'] %}

from .auth import {{ class_name }}Authenticator
{%- endif -%}
