"""The two vocabularies of the seed file: services and clauses, with their English names."""

from collections.abc import Iterable, Mapping

from sqlmodel import Session, select

from app.demo.seed import seed, source
from partners.agreements.models import ClauseType
from partners.institutions.models import Service

Ids = dict[str, int]

SERVICE_EN: Mapping[str, str] = {
    "cash_benefits": "cash benefits",
    "aid_in_kind": "aid in kind",
    "care_services": "care services",
    "social_work": "social work",
    "shelter": "shelter: referral to shelters and residential homes",
    "meal_and_clothing": "meals and clothing",
    "family_assistant": "support of a family assistant",
    "vocational_activation": "vocational activation: community work, social integration centre",
    "housing_allowance": "housing allowance and help with housing costs",
    "family_benefits": "family benefits",
    "disability_certificate": "disability certificates (county or town board)",
    "crisis_intervention": "crisis intervention",
    "specialist_counselling": "specialist counselling",
    "supported_housing": "training or assisted flat (formerly protected housing)",
    "corrective_programmes": "corrective and educational programmes",
    "food_aid": "food aid",
    "support_groups": "ways out of poverty: support groups",
    "psychological_support": "psychological and therapeutic support for people at risk of exclusion",
    "thematic_projects": "thematic projects",
    "shelter_ngo": "a place to stay",
    "meals": "meals",
    "medical_care": "medical care",
    "job_search_help": "help in finding a job",
    "vocational_training": "vocational training",
    "soft_skills": "soft-skills workshops",
    "vocational_counselling": "vocational counselling",
    "individual_therapy": "individual therapy",
    "group_therapy": "group therapy",
    "family_meetings": "therapeutic meetings for families",
    "contact_with_relatives": "help in keeping in touch with relatives",
    "family_problem_solving": "support in solving a family's everyday problems",
}

CLAUSE_EN: Mapping[str, str] = {
    "meetings_with_inmates": "meetings of social workers with convicted persons (in groups or individually)",
    "other_ops_by_residence": "cooperation with other welfare centres, competent by place of residence",
    "duty_hours": "duty hours of a social worker in the prison",
    "ops_contact_named": "social workers named as contacts",
    "prison_contact_named": "prison staff named as contacts",
    "notice_release_date": "notice to the welfare centre of the date of release",
    "notice_actions_taken": "notice to the welfare centre of actions taken for the person and of the situation",
    "notice_of_imprisonment": "notice to the welfare centre that a person has been imprisoned",
    "cyclical_meetings": "regular meetings of both sides, joint trainings, conferences and projects",
}


def load_services(session: Session) -> Ids:
    """Fill the services catalogue and return the ids by key."""
    known = dict(session.exec(select(Service.key, Service.id)).all())
    entries = [(group, entry) for group, rows in seed()["services_by_kind"].items() for entry in rows]
    for position, (group, entry) in enumerate(entries):
        if entry["key"] not in known:
            session.add(
                Service(
                    key=entry["key"],
                    group=group,
                    name_pl=entry["pl"].replace(" - ", " – "),
                    name_en=SERVICE_EN[entry["key"]],
                    position=position,
                    basis=source(entry.get("basis", "luw-slajdy-2017")),
                )
            )
    session.flush()
    return by_key(session.exec(select(Service.key, Service.id)).all())


def load_clause_types(session: Session) -> Ids:
    """Fill the vocabulary of clauses and return the ids by key."""
    known = dict(session.exec(select(ClauseType.key, ClauseType.id)).all())
    for position, entry in enumerate(seed()["clauses"]):
        if entry["key"] not in known:
            session.add(
                ClauseType(
                    key=entry["key"],
                    name_pl=entry["pl"].replace(" - ", " – "),
                    name_en=CLAUSE_EN[entry["key"]],
                    parameter=entry["parameter"],
                    position=position,
                )
            )
    session.flush()
    return by_key(session.exec(select(ClauseType.key, ClauseType.id)).all())


def by_key(rows: Iterable[tuple[str, int | None]]) -> Ids:
    """Turn rows of key and id into a dict, without rows that have no id yet."""
    return {key: number for key, number in rows if number is not None}
