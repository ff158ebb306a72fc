"""Run the extension with `python -m`."""

from .main import app

if __name__ == "__main__":
    app()
