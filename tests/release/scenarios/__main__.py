"""Write the troubleshooting page."""

from tests.release.scenarios.page import PAGE, troubleshooting_page

PAGE.write_text(troubleshooting_page(), encoding="utf-8")
