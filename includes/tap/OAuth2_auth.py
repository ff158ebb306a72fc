"""How the tap gets its access tokens."""

from singer_sdk.authenticators import OAuthAuthenticator


class {{ class_name }}Authenticator(OAuthAuthenticator):
    """Gets an access token for the credentials of a client, and a new one when it expires (RFC 6749, section 4.4)."""

    @property
    def oauth_request_body(self) -> dict[str, str | None]:
        """The form that is sent to the token endpoint."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
