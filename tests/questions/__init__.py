"""Every answer is refused before anything is written, or gives a project that passes everything."""
