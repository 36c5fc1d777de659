"""Every verb that the audit trail knows, with the keys that its details may carry. An undeclared one is refused."""

VERBS: dict[str, frozenset[str]] = {
    "account.added": frozenset({"by"}),
    "session.started": frozenset(),
    "session.ended": frozenset({"reason"}),
    "membership.added": frozenset({"institution_id", "role"}),
    "institution.added": frozenset({"kind", "status"}),
    "programme.drafted": frozenset({"title"}),
    "programme.revised": frozenset({"changed"}),
    "programme.published": frozenset({"state"}),
    "event.drafted": frozenset({"kind"}),
    "event.revised": frozenset({"changed", "sequence"}),
    "event.published": frozenset({"visibility", "kind"}),
    "event.cancelled": frozenset({"sequence", "signed_up"}),
    "event.discarded": frozenset(),
    "signup.made": frozenset({"occurrence_id", "state", "queue_no"}),
    "signup.withdrawn": frozenset({"occurrence_id", "was"}),
    "signup.promoted": frozenset({"occurrence_id", "queue_no"}),
    "mail.retried": frozenset({"template"}),
    "demo.loaded": frozenset({"today"}),
}
