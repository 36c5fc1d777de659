"""The portal: ground floor (settings, database, web, identity, audit, mail) and roof (pages across wings, factory, commands)."""
