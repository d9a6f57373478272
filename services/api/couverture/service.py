"""Lire la couverture des schémas par le paquet en service."""

from collections import Counter
from typing import get_args

from services.api.couverture.schemas import Couverture, LigneDeSchema, RegleQuiRepond
from services.regles.engagements import Engagement, PriseEnCharge, Spaser
from services.regles.paquet import Paquet


def lister(paquet: Paquet, spaser: Spaser | None, prise_en_charge: PriseEnCharge | None) -> Couverture:
    """Rend les lignes des schémas, ou celles d'un schéma ou d'une prise en charge, avec leur compte."""
    lignes = [
        _decrire(cle, engagement, paquet)
        for cle, engagement in paquet.engagements.items()
        if spaser in (None, engagement.spaser) and prise_en_charge in (None, engagement.prise_en_charge)
    ]
    comptes = Counter(ligne.prise_en_charge for ligne in lignes)
    prises: tuple[PriseEnCharge, ...] = get_args(PriseEnCharge)
    return Couverture(len(lignes), {prise: comptes[prise] for prise in prises}, lignes)


def _decrire(cle: str, engagement: Engagement, paquet: Paquet) -> LigneDeSchema:
    regles = [(identifiant, paquet.trouver_regle(identifiant)) for identifiant in engagement.regles]
    return LigneDeSchema(
        id=cle,
        spaser=engagement.spaser,
        section=engagement.section,
        resume=engagement.resume,
        nature=engagement.nature,
        prise_en_charge=engagement.prise_en_charge,
        regles=[RegleQuiRepond(identifiant, r.fiche.titre) for identifiant, r in regles if r is not None],
        indicateurs=engagement.indicateurs,
        hors_outil=engagement.hors_outil,
        note=engagement.note,
    )
