{%- if auth_method in ['OAuth2', 'JWT'] %}

ACCESS_TOKEN = "a token"  # noqa: S105
{%- endif %}
{%- if auth_method == 'JWT' %}
KEY = generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_KEY = KEY.public_key()
{%- elif auth_method != 'OAuth2' %}
{% endif -%}
