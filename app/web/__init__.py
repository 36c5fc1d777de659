"""The web side of the ground: session, guards, forms, language, security, errors."""
