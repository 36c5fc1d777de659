"""Events and their dates: drafts, publication, month, week and list pages."""
