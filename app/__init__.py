"""The portal: ground floor (settings, database, web, identity, mail) and roof (pages, factory, commands)."""
