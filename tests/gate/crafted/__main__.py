"""Write the owners and the messages of the rules into the reference of the gate."""

from tests.gate.crafted.page import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
