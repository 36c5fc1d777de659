"""The portal: ground floor (settings, database, web, identity, mail) and roof (pages, factory, commands)."""

from sqlmodel import SQLModel

# Here, because a table takes the names of its constraints when it is declared, whichever module is imported first.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# Tables do not validate: pydantic would make a validator for each of them at the start, and nobody would ask it.
SQLModel.model_config["defer_build"] = True
