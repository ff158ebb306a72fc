"""How the tap gets its access tokens."""

from singer_sdk.authenticators import OAuthJWTAuthenticator


class {{ class_name }}Authenticator(OAuthJWTAuthenticator):
    """Gets an access token for a signed assertion, and a new one when it expires (RFC 7523, section 2.1)."""
