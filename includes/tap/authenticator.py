{%- if auth_method == 'API Key' %}

    @property
    def authenticator(self) -> APIKeyAuthenticator:
        """What adds the credentials to each request."""
        return APIKeyAuthenticator(key="x-api-key", value=self.config["auth_token"])
{%- elif auth_method == 'Bearer Token' %}

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        """What adds the credentials to each request."""
        return BearerTokenAuthenticator(token=self.config["auth_token"])
{%- elif auth_method == 'Basic Auth' %}

    @property
    def authenticator(self) -> BasicAuthenticator:
        """What adds the credentials to each request."""
        return BasicAuthenticator(username=self.config["username"], password=self.config["password"])
{%- elif auth_method != 'None' %}

    @cached_property
    def authenticator(self) -> {{ class_name }}Authenticator:
        """What adds the credentials to each request; it keeps the access token until that expires."""
        return {{ class_name }}Authenticator(
            auth_endpoint=f"{self.url_base}/oauth/token",
            client_id=self.config["client_id"],
            {{ 'client_secret' if auth_method == 'OAuth2' else 'private_key' }}=self.config["{{ 'client_secret' if auth_method == 'OAuth2' else 'private_key' }}"],
        )
{%- endif -%}
