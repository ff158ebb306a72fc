"""Every kind of package works as created: its own checks, Meltano, and real databases and APIs."""
