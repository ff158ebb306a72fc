"""The doctor finds what is wrong before a release, and changes nothing."""
