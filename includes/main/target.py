"""Run the target with `python -m`."""

from .target import {{ plugin_class }}

if __name__ == "__main__":
    {{ plugin_class }}.cli()
