"""Expected refusals as values: what cannot be done, in a sentence that the user can act on."""

from app.text import N_


class Refusal(Exception):
    """An act that the rules do not allow.

    *message* is an English msgid, translated where it is shown; *params* fill its placeholders.
    Rooms subclass it with a message and a status of their own.
    """

    status = 422
    message = N_("This cannot be done.")

    def __init__(self, message: str | None = None, /, **params: str | int) -> None:
        if message is not None:
            self.message = message
        self.params = params
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the English sentence with its parameters, for logs and tests."""
        return self.message % self.params if self.params else self.message


class Forbidden(Refusal):
    """The actor may see the thing but not do this with it."""

    status = 403
    message = N_("Your role does not allow this. Ask the coordinator of your institution.")


class NotAdmitted(Forbidden):
    """An act that others would see, for an institution whose application waits."""

    message = N_(
        "Your institution has not been admitted yet. You can prepare drafts; nothing of it is shown to others, and no "
        "message goes out, until the operator has admitted it."
    )


class Conflict(Refusal):
    """Somebody was faster, or the page that the act came from is out of date."""

    status = 409
    message = N_("Something has changed in the meantime. See the present state and try again.")


class Unavailable(Refusal):
    """The store cannot take writes at this moment (full disk, locked database)."""

    status = 503
    message = N_("Nothing can be saved at the moment. Please try again in a few minutes.")
