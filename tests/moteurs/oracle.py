"""Un troisième calcul, naïf et écrit à part, des verdicts : il lit les conditions telles qu'écrites.

Il suit `format-des-regles` § 2.2 ligne à ligne, sans arbre typé ni court-circuit ; les deux moteurs doivent lui
donner raison.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from services.regles.conditions import (
    Controle,
    PourChaque,
    PourUn,
    RenvoiParametre,
    RenvoiReferentiel,
    Toutes,
    UneDe,
)
from services.regles.fiches import Fiche
from services.regles.moteur.port import Issue
from services.regles.parametres import Parametre
from services.regles.referentiels import EntreeCpv, Referentiel
from services.regles.trivalent import Trivalent

Donnees = Mapping[str, Any]
_RANG: dict[Trivalent, int] = {False: 0, None: 1, True: 2}
_VALEUR: dict[int, Trivalent] = {0: False, 1: None, 2: True}


class Oracle:
    """Juge une fiche sur une consultation et un élément, à une date donnée."""

    def __init__(
        self,
        fiche: Fiche,
        consultation: Donnees,
        jour: date | None,
        parametres: Mapping[str, Parametre],
        referentiels: Mapping[str, Referentiel],
    ) -> None:
        self._fiche = fiche
        self._consultation = consultation
        self._jour = jour
        self._parametres = parametres
        self._referentiels = referentiels

    def juger(self, element: Donnees) -> Issue:
        """Rend l'issue attendue."""
        fiche, jour = self._fiche, self._jour
        periode: Trivalent = None
        if jour is not None:
            periode = fiche.effet.du <= jour and (fiche.effet.au is None or jour <= fiche.effet.au)
        if periode is False:
            return Issue("hors_periode")
        applicable = True if fiche.applicable_si is None else self.calculer(fiche.applicable_si, element)
        if applicable is False:
            return Issue("non_applicable")
        if applicable is None or periode is None:
            return Issue("indetermine")
        exige = self.calculer(fiche.exige, element)
        if exige is not False:
            return Issue("conforme" if exige else "indetermine")
        invoquee = -1
        for rang, derogation in enumerate(fiche.derogations):
            if self.calculer(derogation.si, element) is not True:
                continue
            motivee = self.calculer(derogation.justifie_par, element)
            if motivee is True:
                return Issue("derogation", rang)
            if motivee is None:
                return Issue("indetermine")
            invoquee = rang
            break
        if fiche.nature in ("objectif_annuel", "recommandation"):
            return Issue("alerte", invoquee)
        if fiche.alerte_si is None:
            return Issue("ecart", invoquee)
        attenuee = self.calculer(fiche.alerte_si, element)
        if attenuee is None:
            return Issue("indetermine")
        return Issue("alerte" if attenuee else "ecart", invoquee)

    def calculer(self, condition: Any, element: Donnees) -> Trivalent:
        """Rend la valeur de Kleene d'une condition écrite."""
        if isinstance(condition, Toutes):
            return _VALEUR[min(_RANG[self.calculer(c, element)] for c in condition.toutes)]
        if isinstance(condition, UneDe):
            return _VALEUR[max(_RANG[self.calculer(c, element)] for c in condition.une_de)]
        if isinstance(condition, PourUn | PourChaque):
            tous = isinstance(condition, PourChaque)
            elements = self._lire(
                condition.pour_chaque if isinstance(condition, PourChaque) else condition.pour_un, element
            )
            if elements is None:
                return None
            rangs = [_RANG[self.calculer(condition.verifie, e)] for e in elements]
            return _VALEUR[min(rangs, default=2)] if tous else _VALEUR[max(rangs, default=0)]
        assert isinstance(condition, Controle)
        return self._controler(condition, element)

    def _lire(self, source: str, element: Donnees) -> Any:
        if source.startswith("."):
            valeur = element.get(source[1:])
        elif source == "date_de_reference":
            valeur = self._jour
        else:
            valeur = self._consultation.get(source)
        donnee = self._fiche.donnees.get(source)
        if valeur is None and donnee is not None and donnee.si_absent is not None:
            return donnee.si_absent["supposer"]
        return valeur

    def _controler(self, controle: Controle, element: Donnees) -> Trivalent:
        (nom,) = controle.lister_operateurs()
        borne: Any = getattr(controle, nom)
        lu = self._lire(controle.fait, element)
        if nom == "renseigne":
            return bool((lu is not None) == borne)
        if isinstance(borne, RenvoiParametre):
            parametre = self._parametres[self._fiche.parametres[borne.parametre]]
            datee = parametre.valoir(self._jour) if self._jour is not None else None
            borne = datee.valeur if datee is not None else None
        if lu is None or borne is None:
            return None
        if isinstance(borne, RenvoiReferentiel):
            dedans = self._relever(borne.referentiel, str(lu))
            return dedans if nom == "commence_par" else not dedans
        if nom in ("a_partir_du", "avant"):
            borne = date.fromisoformat(borne)
        if nom.startswith("nombre_"):
            lu = len(lu)
        return bool(_CALCULS[nom](lu, borne))

    def _relever(self, renvoi: str, code: str) -> bool:
        """Le plus long préfixe, voisins compris quand le référentiel partage ses codes, puis plages et exacts."""
        nom, _, cle = renvoi.partition(".")
        familles = {c: e for c, e in self._referentiels[nom].items() if isinstance(e, EntreeCpv)}
        voulue = familles[cle]
        if code in voulue.exact:
            return True
        voisines = [cle] if nom != "familles_agec" else list(familles)
        candidats: list[tuple[int, int, bool]] = [(len(p), 1, False) for p in voulue.sauf if code.startswith(p)]
        for voisine in voisines:
            candidats += [(len(p), 0, voisine == cle) for p in familles[voisine].cpv if code.startswith(p)]
        if candidats:
            longueur = max(c[0] for c in candidats)
            retires = [c for c in candidats if c[0] == longueur and c[1] == 1]
            return not retires and any(c[2] for c in candidats if c[0] == longueur)
        return any(debut <= code <= fin for debut, fin in voulue.plages)


_CALCULS: dict[str, Any] = {
    "egal": lambda lu, borne: lu == borne,
    "different": lambda lu, borne: lu != borne,
    "au_moins": lambda lu, borne: Decimal(lu) >= Decimal(borne),
    "plus_de": lambda lu, borne: Decimal(lu) > Decimal(borne),
    "au_plus": lambda lu, borne: Decimal(lu) <= Decimal(borne),
    "moins_de": lambda lu, borne: Decimal(lu) < Decimal(borne),
    "a_partir_du": lambda lu, borne: lu >= borne,
    "avant": lambda lu, borne: lu < borne,
    "parmi": lambda lu, borne: any(lu == b for b in borne),
    "hors": lambda lu, borne: all(lu != b for b in borne),
    "commence_par": lambda lu, borne: any(str(lu).startswith(p) for p in borne),
    "ne_commence_par": lambda lu, borne: not any(str(lu).startswith(p) for p in borne),
    "contient": lambda lu, borne: borne in lu,
    "nombre_egal": lambda lu, borne: lu == borne,
    "nombre_au_moins": lambda lu, borne: lu >= borne,
    "nombre_au_plus": lambda lu, borne: lu <= borne,
}
