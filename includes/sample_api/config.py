{% set updated_at = 'updatedAt' if stream_type == 'GraphQL' else 'updated_at' -%}
{% set user_id = 'userId' if stream_type == 'GraphQL' else 'user_id' -%}
{% if auth_method in ['OAuth2', 'JWT'] -%}
ACCESS_TOKEN = "a token"  # noqa: S105
{% endif -%}
{% if auth_method == 'JWT' -%}
KEY = generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_KEY = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_KEY = KEY.public_key()
{% endif -%}
CONFIG = {
    "api_url": f"http://{HOST}:{PORT}",
{%- if auth_method in ['API Key', 'Bearer Token'] %}
    "auth_token": "open sesame",
{%- elif auth_method == 'Basic Auth' %}
    "username": "ali",
    "password": "open sesame",
{%- elif auth_method == 'OAuth2' %}
    "token_url": f"http://{HOST}:{PORT}/oauth/token",
    "client_id": "ali",
    "client_secret": "open sesame",
    "scopes": "users groups",
{%- elif auth_method == 'JWT' %}
    "token_url": f"http://{HOST}:{PORT}/oauth/token",
    "client_id": "ali",
    "private_key": PRIVATE_KEY,
    "scopes": "users groups",
{%- endif %}
}
RECORDS: dict[str, list[dict[str, Any]]] = {  # what the tap reads
    "users": [
        {"id": 1, "name": "Ada", "{{ updated_at }}": "2026-01-01T00:00:00+00:00"},
        {"id": 2, "name": "Grace", "{{ updated_at }}": "2026-01-02T00:00:00+00:00"},
        {"id": 3, "name": "Mary", "{{ updated_at }}": "2026-01-03T00:00:00+00:00"},
    ],
    "groups": [
        {"{{ user_id }}": 1, "id": 10, "name": "Engines"},
        {"{{ user_id }}": 2, "id": 10, "name": "Engines"},
        {"{{ user_id }}": 2, "id": 20, "name": "Languages"},
        {"{{ user_id }}": 3, "id": 30, "name": "Stars"},
    ],
}
PAGE_SIZE = 2
