"""What all streams of the API share: its address{{ ' and its pages' if auth_method == 'None' else ', its pages and its credentials' }}."""
{% include 'includes/tap/client_imports.py' %}


class {{ class_name }}Stream(GraphQLStream[str]):
    """Reads the answers to one query, page by page."""

    path = "/graphql"

    @property
    def records_jsonpath(self) -> str:
        """Where the records are in an answer."""
        return f"$.data.{self.name}.nodes[*]"

    @property
    def url_base(self) -> str:
        """The address that the path is added to."""
        return str(self.config["api_url"])
{%- include 'includes/tap/authenticator.py' %}

    def get_new_paginator(self) -> JSONPathPaginator:
        """Return what finds the number of the next page in an answer."""
        return JSONPathPaginator(f"$.data.{self.name}.nextPage")

    def get_url_params(self, context: Context | None, next_page_token: str | None) -> dict[str, Any]:
        """Set the variables of the query: the parent's, the next page, and the last run or the start date."""
        variables = dict(context or {})
        if next_page_token:
            variables["page"] = next_page_token
        if since := self.get_starting_timestamp(context):
            variables["since"] = since.isoformat()
        return variables

    def validate_response(self, response: Response) -> None:
        """Fail if the query did: GraphQL tells of it in the answer, not by its status."""
        super().validate_response(response)
        if errors := response.json().get("errors"):
            message = f"The query of the stream {self.name} failed: {errors}"
            raise FatalAPIError(message, response)
