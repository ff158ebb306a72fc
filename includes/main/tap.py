"""Run the tap with `python -m`."""

from .tap import {{ plugin_class }}

if __name__ == "__main__":
    {{ plugin_class }}.cli()
