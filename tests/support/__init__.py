"""What the tests share: paths, commands, rendered projects, environments, template versions."""
