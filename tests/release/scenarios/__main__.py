"""Write the index of the troubleshooting page."""

from tests.release.scenarios.page import PAGE, page

PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
