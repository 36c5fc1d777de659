"""Words and shapes of institutions: kinds, their groups and plurals, features, states of a card."""

from collections.abc import Mapping
from datetime import date, timedelta

from app.text import N_
from partners.institutions.models import Kind, KindGroup, Status

KIND_LABEL: Mapping[Kind, str] = {
    Kind.PRISON: N_("Prison"),
    Kind.REMAND_PRISON: N_("Remand prison"),
    Kind.EXTERNAL_UNIT: N_("External unit of a prison"),
    Kind.OPS: N_("Social welfare centre (OPS)"),
    Kind.MOPS: N_("Town social welfare centre (MOPS)"),
    Kind.GOPS: N_("Rural social welfare centre (GOPS)"),
    Kind.MGOPS: N_("Town and rural social welfare centre (MGOPS)"),
    Kind.MOPR: N_("Town family support centre (MOPR)"),
    Kind.GCPR: N_("City family support centre (GCPR)"),
    Kind.CUS: N_("Social services centre (CUS)"),
    Kind.PCPR: N_("County family support centre (PCPR)"),
    Kind.ROPS: N_("Regional social policy centre (ROPS)"),
    Kind.PUP: N_("County employment office (PUP)"),
    Kind.VOIVODESHIP_OFFICE: N_("Voivodeship office"),
    Kind.DISTRICT_INSPECTORATE: N_("District inspectorate of the Prison Service"),
    Kind.PROBATION_SERVICE: N_("Court probation service"),
    Kind.TERRITORIAL_COUNCIL: N_("Territorial council for social readaptation"),
    Kind.NGO: N_("Non-governmental organisation"),
    Kind.CHURCH: N_("Church or religious association"),
    Kind.CIS: N_("Social integration centre (CIS)"),
    Kind.KIS: N_("Social integration club (KIS)"),
    Kind.SOCIAL_COOPERATIVE: N_("Social cooperative"),
    Kind.SHELTER: N_("Shelter for homeless people"),
    Kind.NIGHT_SHELTER: N_("Night shelter"),
    Kind.CRISIS_CENTRE: N_("Crisis intervention centre"),
    Kind.DISABILITY_BOARD: N_("Disability certification board"),
    Kind.EMPLOYER: N_("Employer"),
}

KIND_PLURAL: Mapping[Kind, str] = {
    Kind.PRISON: N_("Prisons"),
    Kind.REMAND_PRISON: N_("Remand prisons"),
    Kind.EXTERNAL_UNIT: N_("External units of prisons"),
    Kind.OPS: N_("Social welfare centres (OPS)"),
    Kind.MOPS: N_("Town social welfare centres (MOPS)"),
    Kind.GOPS: N_("Rural social welfare centres (GOPS)"),
    Kind.MGOPS: N_("Town and rural social welfare centres (MGOPS)"),
    Kind.MOPR: N_("Town family support centres (MOPR)"),
    Kind.GCPR: N_("City family support centres (GCPR)"),
    Kind.CUS: N_("Social services centres (CUS)"),
    Kind.PCPR: N_("County family support centres (PCPR)"),
    Kind.ROPS: N_("Regional social policy centres (ROPS)"),
    Kind.PUP: N_("County employment offices (PUP)"),
    Kind.VOIVODESHIP_OFFICE: N_("Voivodeship offices"),
    Kind.DISTRICT_INSPECTORATE: N_("District inspectorates of the Prison Service"),
    Kind.PROBATION_SERVICE: N_("Court probation services"),
    Kind.TERRITORIAL_COUNCIL: N_("Territorial councils for social readaptation"),
    Kind.NGO: N_("Non-governmental organisations"),
    Kind.CHURCH: N_("Churches and religious associations"),
    Kind.CIS: N_("Social integration centres (CIS)"),
    Kind.KIS: N_("Social integration clubs (KIS)"),
    Kind.SOCIAL_COOPERATIVE: N_("Social cooperatives"),
    Kind.SHELTER: N_("Shelters for homeless people"),
    Kind.NIGHT_SHELTER: N_("Night shelters"),
    Kind.CRISIS_CENTRE: N_("Crisis intervention centres"),
    Kind.DISABILITY_BOARD: N_("Disability certification boards"),
    Kind.EMPLOYER: N_("Employers"),
}

KIND_GROUP: Mapping[Kind, KindGroup] = {
    Kind.PRISON: KindGroup.PRISON,
    Kind.REMAND_PRISON: KindGroup.PRISON,
    Kind.EXTERNAL_UNIT: KindGroup.PRISON,
    Kind.OPS: KindGroup.WELFARE,
    Kind.MOPS: KindGroup.WELFARE,
    Kind.GOPS: KindGroup.WELFARE,
    Kind.MGOPS: KindGroup.WELFARE,
    Kind.MOPR: KindGroup.WELFARE,
    Kind.GCPR: KindGroup.WELFARE,
    Kind.CUS: KindGroup.WELFARE,
    Kind.PCPR: KindGroup.WELFARE,
    Kind.ROPS: KindGroup.WELFARE,
    Kind.PUP: KindGroup.OFFICE,
    Kind.VOIVODESHIP_OFFICE: KindGroup.OFFICE,
    Kind.DISTRICT_INSPECTORATE: KindGroup.OFFICE,
    Kind.PROBATION_SERVICE: KindGroup.OFFICE,
    Kind.TERRITORIAL_COUNCIL: KindGroup.OFFICE,
    Kind.NGO: KindGroup.NGO,
    Kind.CHURCH: KindGroup.NGO,
    Kind.CIS: KindGroup.NGO,
    Kind.KIS: KindGroup.NGO,
    Kind.SOCIAL_COOPERATIVE: KindGroup.NGO,
    Kind.SHELTER: KindGroup.WELFARE,
    Kind.NIGHT_SHELTER: KindGroup.WELFARE,
    Kind.CRISIS_CENTRE: KindGroup.WELFARE,
    Kind.DISABILITY_BOARD: KindGroup.OFFICE,
    Kind.EMPLOYER: KindGroup.NGO,
}

FEATURE_LABEL: Mapping[str, str] = {
    "closed": N_("closed type"),
    "half_open": N_("half-open type"),
    "open": N_("open type"),
    "therapeutic_unit": N_("therapeutic unit"),
    "halfway_house": N_("halfway house"),
}

STATUS_LABEL: Mapping[Status, str] = {
    Status.UNCONFIRMED: N_("unconfirmed data"),
    Status.ACTIVE: N_("active"),
    Status.ARCHIVED: N_("archived"),
    Status.APPLIED: N_("waiting for admission"),
    Status.REFUSED: N_("not admitted"),
}

CHECKED_FOR = timedelta(days=366)


def is_outdated(checked_on: date | None, today: date) -> bool:
    """Tell whether a service or contact was last checked more than 12 months ago, or never."""
    return checked_on is None or today - checked_on > CHECKED_FOR
