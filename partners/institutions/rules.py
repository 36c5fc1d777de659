"""Words and shapes of institutions: kinds, groups, features, states of a card; who may know of one; freshness."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from app.actors import Actor, Role
from app.text import N_
from partners.institutions.models import KNOWN, Kind, KindGroup, Status

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

SERVICE_GROUP_LABEL: Mapping[str, str] = {
    "ops": N_("Help of the gmina (OPS, CUS)"),
    "pcpr": N_("Help of the county (PCPR)"),
    "ngo": N_("Help of organisations"),
    "other": N_("Other help"),
}

CHECKED_FOR = timedelta(days=366)


def is_outdated(checked_on: date | None, today: date) -> bool:
    """Tell whether a service or contact was last checked more than 12 months ago, or never."""
    return checked_on is None or today - checked_on > CHECKED_FOR


class Freshness(StrEnum):
    """What a card says about its own age."""

    CONFIRMED = "confirmed"
    OUTDATED = "outdated"
    NEVER = "never"


def freshness(confirmed_on: date | None, today: date) -> Freshness:
    """Tell whether an institution's own people have confirmed its card within 12 months, longer ago, or never."""
    if confirmed_on is None:
        return Freshness.NEVER
    return Freshness.OUTDATED if is_outdated(confirmed_on, today) else Freshness.CONFIRMED


def edition(saved: Any) -> str:
    """Name the values of a dataclass: two forms opened on the same values carry the same word."""
    words = json.dumps(asdict(saved), default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(words.encode()).hexdigest()[:24]


def may_see(viewer: Actor, status: Status, institution_id: int | None) -> bool:
    """Whether *viewer* may know of a card: what is applied for or refused, only its own people and the operator."""
    if status in KNOWN or viewer.role is Role.OPERATOR:
        return True
    return institution_id is not None and viewer.institution_id == institution_id


def may_see_rooms(viewer: Actor, institution_id: int) -> bool:
    """Whether *viewer* sees the rooms: partners, who meet there; not the inspector, who sees no prison's inside."""
    return viewer.works_for_institution or viewer.role is Role.OPERATOR or viewer.institution_id == institution_id
