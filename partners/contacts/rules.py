"""Words of contacts: the roles in which somebody can be written to."""

from collections.abc import Mapping

from app.text import N_

CONTACT_ROLES: Mapping[str, str] = {
    "penitentiary_contact": N_("contact for welfare centres (penitentiary department)"),
    "records_contact": N_("records department"),
    "duty_desk": N_("shift commander / pass office"),
    "prison_social_worker": N_("social worker employed in the prison unit"),
    "social_work_contact": N_("social worker for contact with the prison unit"),
    "head": N_("head of the institution"),
    "programme_coordinator": N_("programme coordinator"),
    "inspector": N_("inspector of social welfare"),
    "front_desk": N_("front office"),
}
