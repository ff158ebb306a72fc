"""`copier update` keeps a project current for years, and loses no work."""
