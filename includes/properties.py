{%- from 'includes/settings.jinja' import settings, required with context -%}
{%- for setting in settings %}
        th.Property(
            "{{ setting.name }}",
            {{ {'date_iso8601': 'th.DateTimeType(nullable=False)', 'array': 'th.ArrayType(th.StringType(nullable=False), nullable=False)'}.get(setting.get('kind'), 'th.StringType(nullable=False)') }},
{%- if setting.name in required %}
            required=True,
{%- endif %}
{%- if setting.get('secret') %}
            secret=True,
{%- endif %}
{%- if setting.get('default') %}
            default="{{ setting.default }}",
{%- endif %}
            title="{{ setting.title }}",
            description="{{ setting.description }}",
        ),
{%- endfor -%}
