def is_known(request: Request) -> bool:
    """Return whether a request has the credentials of the sample configuration."""
{%- if auth_method == 'API Key' %}
    return request.headers.get("x-api-key") == CONFIG["auth_token"]
{%- elif auth_method == 'Bearer Token' %}
    return request.headers.get("Authorization") == f"Bearer {CONFIG['auth_token']}"
{%- elif auth_method == 'Basic Auth' %}
    given = request.authorization
    return given is not None and (given.username, given.password) == (CONFIG["username"], CONFIG["password"])
{%- else %}
    return request.headers.get("Authorization") == f"Bearer {ACCESS_TOKEN}"


def token(request: Request) -> Response:
    """Return an access token in exchange for {{ 'the credentials of the client' if auth_method == 'OAuth2' else 'an assertion that the client has signed' }}."""
{%- if auth_method == 'OAuth2' %}
    expected = {
        "grant_type": "client_credentials",
        "client_id": CONFIG["client_id"],
        "client_secret": CONFIG["client_secret"],
        "scope": CONFIG["scopes"],
    }
    if request.form.to_dict() != expected:
        return Response(status=401)
{%- else %}
    if request.form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
        return Response(status=400)
    try:
        assertion = request.form["assertion"]
        claims = jwt.decode(assertion, PUBLIC_KEY, ["RS256"], issuer=CONFIG["client_id"], audience=request.base_url)
    except jwt.InvalidTokenError:
        return Response(status=401)
    if claims["scope"] != CONFIG["scopes"]:
        return Response(status=400)
{%- endif %}
    return Response(json.dumps({"access_token": ACCESS_TOKEN, "expires_in": 3600}), content_type="application/json")
{%- endif -%}
