"""Lire l'identité, les paramètres et les référentiels du paquet en service."""

from collections import Counter
from datetime import date

from services.api.paquet.schemas import ListeDeParametres, PaquetEnService, ParametreDate, Referentiel, ValeurALaDate
from services.regles.paquet import Paquet
from services.regles.parametres import Parametre
from services.regles.rapport import MoteurCite
from services.regles.verification import Verificateur


def presenter(verificateur: Verificateur) -> PaquetEnService:
    """Rend l'identité du paquet et le compte de ce qu'il contient."""
    paquet = verificateur.paquet
    return PaquetEnService(
        nom=paquet.nom,
        version=paquet.version,
        empreinte=paquet.empreinte,
        publie_le=paquet.publie_le,
        moteur=MoteurCite(verificateur.moteur.nom, verificateur.degrade),
        regles=len(paquet.regles),
        regles_par_corpus=dict(Counter(regle.fiche.corpus for regle in paquet.regles)),
        parametres=len(paquet.parametres),
        clauses=len(paquet.clauses),
        referentiels=sorted(paquet.referentiels),
    )


def lister_parametres(paquet: Paquet, jour: date | None) -> ListeDeParametres:
    """Rend tous les paramètres, avec leur valeur au jour donné si un jour est donné."""
    parametres = [
        ParametreDate(
            cle=cle,
            libelle=parametre.libelle,
            unite=parametre.unite,
            note=parametre.note,
            verifie_le=parametre.verifie_le,
            a_la_date=_evaluer(parametre, jour) if jour is not None else None,
            historique=parametre.valeurs,
        )
        for cle, parametre in sorted(paquet.parametres.items())
    ]
    return ListeDeParametres(jour, len(parametres), parametres)


def _evaluer(parametre: Parametre, jour: date) -> ValeurALaDate:
    datee = parametre.valoir(jour)
    if datee is None:
        return ValeurALaDate(False, None, None, None, None, None, None)
    return ValeurALaDate(True, datee.valeur, datee.depuis, datee.texte, datee.article, datee.confiance, datee.mention)


def trouver_referentiel(paquet: Paquet, nom: str) -> Referentiel | None:
    """Rend le référentiel de ce nom, ou None."""
    entrees = paquet.referentiels.get(nom)
    return Referentiel(nom, dict(entrees)) if entrees is not None else None
