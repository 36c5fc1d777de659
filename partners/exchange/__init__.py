"""Exchange: import and export of tables, open data in the Open Referral shape."""
