"""What all streams of the API share: its address{{ ' and its pages' if auth_method == 'None' else ', its pages and its credentials' }}."""
{% include 'includes/tap/client_imports.py' %}


class {{ class_name }}Stream(RESTStream[str]):
    """Reads one endpoint of the API, page by page."""

    records_jsonpath = "$.data[*]"

    @property
    def url_base(self) -> str:
        """The address that the path of each stream is added to."""
        return str(self.config["api_url"])
{%- include 'includes/tap/authenticator.py' %}

    def get_new_paginator(self) -> JSONPathPaginator:
        """Return what finds the number of the next page in an answer."""
        return JSONPathPaginator("$.next_page")

    def get_url_params(self, context: Context | None, next_page_token: str | None) -> dict[str, str]:
        """Ask for the next page, and for what changed since the last run or the start date."""
        params = {}
        if next_page_token:
            params["page"] = next_page_token
        if since := self.get_starting_timestamp(context):
            params["since"] = since.isoformat()
        return params
