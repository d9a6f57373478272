"""Ce qui doit rester vrai de toute FOP : rien ne bouge sans raison, et tout ce qu'on demande peut servir."""

import copy
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from services.regles.champs import CHAMPS
from services.regles.conditions import Feuille, parcourir
from services.regles.faits import COMMUNES, HERITES, SUPPOSITIONS, etablir_faits
from services.regles.lecture_fop import lire_fop
from services.regles.moteur.direct import MoteurDirect, compiler
from services.regles.moteur.port import Issue, separer_par_niveau
from services.regles.regle import Regle
from services.regles.trace import Dossier, choisir_parties_en_suspens, relever_absents
from tests.moteurs.atelier import charger_regles_reelles
from tests.moteurs.fops_au_hasard import DEDUITS, INGREDIENTS, Tirage

# Sans date, « non applicable » se dit déjà ; la date dira parfois « hors période » : aucune suite dans les deux cas.
SANS_SUITE = {"non_applicable", "hors_periode"}
Brut = dict[str, Any]
Cle = tuple[str, str | None]


@cache
def _preparer() -> tuple[Tirage, MoteurDirect]:
    paquet = charger_regles_reelles()
    return Tirage(paquet), MoteurDirect(paquet.regles)


@dataclass(frozen=True)
class Examen:
    """Ce qu'une FOP donne : une issue par règle et par lot, et ce que chacune demande."""

    issues: dict[Cle, Issue]
    demandes: dict[Cle, tuple[str, ...]]
    parametres: dict[Cle, tuple[str, ...]]


def _examiner(brut: Brut, *, demandes: bool = False) -> Examen:
    paquet, moteur = charger_regles_reelles(), _preparer()[1]
    faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
    cadrage = paquet.cadrer(faits)
    jugement = moteur.juger(paquet.situer(faits, cadrage))
    consultation, lot = separer_par_niveau(paquet.regles)
    lieux: list[tuple[Regle, int | None, Issue]] = [
        (regle, None, issue) for regle, issue in zip(consultation, jugement.consultation, strict=True)
    ]
    for rang, issues in enumerate(jugement.lots):
        lieux += [(regle, rang, issue) for regle, issue in zip(lot, issues, strict=True)]
    rendu = Examen({}, {}, {})
    for regle, rang_lot, issue in lieux:
        cle = (regle.fiche.cle, faits.numeros[rang_lot] if rang_lot is not None else None)
        rendu.issues[cle] = issue
        if demandes and issue.verdict == "indetermine":
            dossier = Dossier(regle, faits, cadrage, rang_lot)
            trouvees, parametres = relever_absents(choisir_parties_en_suspens(regle, dossier))
            if cadrage.dates[regle.groupe] is None:
                trouvees = list(dict.fromkeys([regle.fiche.effet.date_de_reference[-1], *trouvees]))
                parametres = []
            rendu.demandes[cle], rendu.parametres[cle] = tuple(trouvees), tuple(parametres)
    return rendu


# ------------------------------------------------------------ une donnée non demandée ne change aucun verdict

_REGLES = charger_regles_reelles().regles


def _relever_par_operateur(famille: str) -> set[str]:
    return {
        noeud.lecture.champ.chemin.removeprefix("lots[].")
        for regle in _REGLES
        for arbre in regle.lister_arbres()
        for noeud in parcourir(arbre)
        if isinstance(noeud, Feuille) and noeud.operateur.famille == famille
    }


EXCEPTIONS: Mapping[str, frozenset[str]] = {
    "supposée par l'outil ou par une fiche": frozenset(SUPPOSITIONS)
    | {chemin.lstrip(".") for r in _REGLES for chemin, d in r.fiche.donnees.items() if d.si_absent is not None},
    "testée par `renseigne`": frozenset(_relever_par_operateur("presence")),
    "lue par une dérogation, que l'inconnu n'invoque pas": frozenset(
        noeud.lecture.champ.chemin
        for r in _REGLES
        for d in r.derogations
        for noeud in parcourir(d.si)
        if isinstance(noeud, Feuille)
    ),
    "déduite d'une autre tant qu'elle manque": frozenset(DEDUITS)
    | frozenset(COMMUNES)
    | {"allotissement.alloti", "allotissement.prestations_distinctes"},
    "dont une autre se déduit": frozenset({"cpv", "lots", "acheteur.siret", "allotissement.motif"}),
    "prise en compte dès qu'elle est là, sans être attendue": frozenset(
        {"montant_ht", "montant_max_ht", "montant_operation_ht", "base_legale_procedure", "criteres[].sous_type"}
    ),
    "date plus proche de la dépense que celle qui décidait": frozenset(
        {"date_debut_execution", "date_notification_prevue"}
    ),
}
"""Les données qui changent un verdict sans avoir été demandées, et pourquoi c'est voulu."""
_EXCEPTEES = frozenset().union(*EXCEPTIONS.values())


def _lister_chemins() -> list[str]:
    tirage, _ = _preparer()
    return sorted(
        chemin
        for chemin in tirage.chemins
        if chemin not in _EXCEPTEES and chemin.partition(".")[0] not in _EXCEPTEES and "[]" not in chemin
    )


def _etre_absent(brut: Brut, chemin: str) -> bool:
    objet: Any = brut
    for partie in chemin.split("."):
        if not isinstance(objet, dict):
            return False  # la forme courte (`insertion_etudiee: non`) remplit tout l'objet
        objet = objet.get(partie)
        if objet is None:
            return True
    return False


def _poser(brut: Brut, chemin: str, valeur: Any) -> Brut:
    nouveau = copy.deepcopy(brut)
    *parents, dernier = chemin.split(".")
    objet = nouveau
    for parent in parents:
        objet[parent] = objet.get(parent) or {}
        objet = objet[parent]
    objet[dernier] = valeur
    return nouveau


def _tirer(chemin: str, hasard: random.Random) -> Any:
    tirage, _ = _preparer()
    champ = CHAMPS[chemin]
    if champ.genre != "liste":
        return tirage.tirer_valeur(champ, hasard)
    return tirage._tirer_branche(_descendre(tirage._racine, chemin), hasard, 0.2)


def _descendre(branche: Any, chemin: str) -> Any:
    for nom in chemin.split("."):
        branche = branche.enfants[nom.removesuffix("[]")]
    return branche


def test_il_reste_bien_des_donnees_ordinaires_a_eprouver() -> None:
    chemins = _lister_chemins()
    assert len(chemins) >= 60, chemins
    assert {"publicites", "egalim.part_regionale", "chantier.surface_plancher_m2", "date_lancement"} <= set(chemins)


@pytest.mark.parametrize("graine", range(4))
def test_renseigner_une_donnee_non_demandee_ne_change_aucun_verdict(graine: int) -> None:
    tirage, _ = _preparer()
    hasard = random.Random(1_000 + graine)
    chemins = _lister_chemins()
    essais = 0
    for brut in tirage.tirer_plusieurs(1_000 + graine, 60):
        avant = _examiner(brut, demandes=True)
        for chemin in hasard.sample(chemins, 6):
            if not _etre_absent(brut, chemin):
                continue
            essais += 1
            apres = _examiner(_poser(brut, chemin, _tirer(chemin, hasard)))
            for cle, issue in avant.issues.items():
                if apres.issues[cle] != issue and not {apres.issues[cle].verdict, issue.verdict} <= SANS_SUITE:
                    demandees = avant.demandes.get(cle, ())
                    assert any(_viser(demande, chemin) for demande in demandees), (cle, chemin, brut)
    assert essais > 60


def _viser(demande: str, chemin: str) -> bool:
    """Vrai si renseigner `chemin` répond à `demande` (une liste de la consultation sert tous ses lots)."""
    general = re.sub(r"^lots\[[^\]]*\]\.", "", demande)
    general = re.sub(r"\[[^\]]*\]", "", general)
    return general == chemin or general.startswith(f"{chemin}.") or chemin.startswith(f"{general}.")


# -------------------------------------------------------------------------------------- l'ordre ne compte pas


def _melanger(brut: Brut, hasard: random.Random) -> Brut:
    nouveau = copy.deepcopy(brut)
    lieux = [nouveau, *(nouveau.get("lots") or [])]
    for lieu in lieux:
        for liste in ("criteres", "clauses_env", "clauses_soc", "agec", "publicites", "labels_exiges"):
            if isinstance(lieu.get(liste), list):
                hasard.shuffle(lieu[liste])
    if nouveau.get("lots"):
        hasard.shuffle(nouveau["lots"])
    return nouveau


@pytest.mark.parametrize("graine", range(3))
def test_l_ordre_des_lots_et_des_criteres_ne_change_aucun_verdict(graine: int) -> None:
    tirage, _ = _preparer()
    hasard = random.Random(graine)
    for brut in tirage.tirer_plusieurs(2_000 + graine, 100):
        for rang, lot in enumerate(brut.get("lots") or ()):
            lot["numero"] = f"L{rang}"
        avant, apres = _examiner(brut, demandes=True), _examiner(_melanger(brut, hasard), demandes=True)
        assert avant.issues == apres.issues, brut
        assert {c: _generaliser(d) for c, d in avant.demandes.items()} == {
            c: _generaliser(d) for c, d in apres.demandes.items()
        }


def _generaliser(demandes: tuple[str, ...]) -> set[str]:
    """Les critères se désignent par leur position : seule leur nature compte ici."""
    return {re.sub(r"(criteres|agec|clauses_soc|clauses_env)\[\d+\]", r"\1[]", demande) for demande in demandes}


# -------------------------------------------------------------------------------------------- au centime près

_PAS = {0: Decimal(1), 2: Decimal("0.01"), 3: Decimal("0.001"), 6: Decimal("0.000001")}


def _lister_feuilles_datees() -> Iterator[tuple[Regle, Feuille, date, Decimal]]:
    """Chaque comparaison à un paramètre, le premier et le dernier jour de chacune de ses valeurs."""
    paquet = charger_regles_reelles()
    for regle in paquet.regles:
        for arbre in regle.lister_arbres():
            for noeud in parcourir(arbre):
                if not isinstance(noeud, Feuille) or noeud.parametre is None:
                    continue
                lignes = paquet.parametres[noeud.parametre].valeurs
                for ligne, suivante in zip(lignes, [*lignes[1:], None], strict=True):
                    fin = suivante.depuis - timedelta(days=1) if suivante is not None else ligne.jusqu_au
                    for jour in {ligne.depuis, fin} - {None}:
                        if isinstance(ligne.valeur, Decimal) and jour is not None:
                            yield regle, noeud, jour, ligne.valeur


def test_un_centime_de_part_et_d_autre_de_chaque_seuil_date_fait_basculer_sa_comparaison_et_elle_seule() -> None:
    paquet = charger_regles_reelles()
    bascules = {
        "<": (True, False, False),
        "<=": (True, True, False),
        ">": (False, False, True),
        ">=": (False, True, True),
    }
    vus = 0
    for regle, feuille, jour, seuil in _lister_feuilles_datees():
        brut = {"objet": "Essai", "acheteur": {"nom": "Essai"}, "date_lancement": jour}
        cadrage = paquet.cadrer(etablir_faits(lire_fop(brut), paquet.acheteurs))
        cadre = cadrage.cadres[regle.groupe]
        pas = _PAS[feuille.lecture.champ.decimales or 0]
        calculer = compiler(feuille)
        obtenu = tuple(
            calculer(({feuille.lecture.cle: lu}, {feuille.lecture.cle: lu}, cadre))
            for lu in (seuil - pas, seuil, seuil + pas)
        )
        assert obtenu == bascules[feuille.operateur.symbole], (regle.fiche.id, feuille.parametre, jour)
        vus += 1
    assert vus > 100


def _lister_seuils_de_montant() -> list[tuple[str, date, Decimal]]:
    paquet = charger_regles_reelles()
    lus = {
        feuille.parametre
        for regle in paquet.regles
        for arbre in regle.lister_arbres()
        for feuille in parcourir(arbre)
        if isinstance(feuille, Feuille) and feuille.parametre is not None
    }
    return [
        (cle, ligne.depuis, ligne.valeur)
        for cle in sorted(lus)
        if paquet.parametres[cle].unite == "EUR_HT"
        for ligne in paquet.parametres[cle].valeurs
        if isinstance(ligne.valeur, Decimal)
    ]


def _relever_valeurs_du_jour(regle: Regle, jour: date) -> set[Decimal]:
    """Les seuils que lit la règle ce jour-là, et les montants écrits en dur."""
    paquet = charger_regles_reelles()
    valeurs: set[Decimal] = set()
    for arbre in regle.lister_arbres():
        for feuille in parcourir(arbre):
            if not isinstance(feuille, Feuille) or feuille.lecture.champ.genre != "nombre":
                continue
            datee = paquet.parametres[feuille.parametre].valoir(jour) if feuille.parametre is not None else None
            borne = datee.valeur if datee is not None else feuille.constante
            if isinstance(borne, Decimal) and not isinstance(borne, bool):
                valeurs.add(borne)
    return valeurs


@pytest.mark.parametrize(
    ("cle", "jour", "seuil"), _lister_seuils_de_montant(), ids=[f"{c}-{j}" for c, j, _ in _lister_seuils_de_montant()]
)
def test_un_centime_autour_d_un_seuil_ne_change_que_les_regles_qui_le_lisent(
    cle: str, jour: date, seuil: Decimal
) -> None:
    """Sur les cas des règles qui lisent le paramètre, portés à la date de la ligne, puis poussés au centime."""
    paquet, moteur = charger_regles_reelles(), _preparer()[1]
    consultation, lot = separer_par_niveau(paquet.regles)
    lectrices = [r for r in paquet.regles if cle in r.fiche.parametres.values()]
    permises = {r.fiche.cle for r in paquet.regles if seuil in _relever_valeurs_du_jour(r, jour)}
    ont_bouge: set[str] = set()
    hasard = random.Random(7)
    for lectrice in lectrices:
        for cas in hasard.sample(lectrice.fiche.cas, min(14, len(lectrice.fiche.cas))):
            base = {"objet": "Essai", **cas.fop, "date_lancement": jour}
            base["acheteur"] = {"nom": "Essai", **(base.get("acheteur") or {})}
            for champ in ("montant_ht", "lots"):
                avant: dict[str, list[Issue]] = {}
                for ecart in (Decimal("-0.01"), Decimal(0), Decimal("0.01")):
                    brut = _porter(base, champ, seuil + ecart)
                    if brut is None:
                        break
                    faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
                    jugement = moteur.juger(paquet.situer(faits, paquet.cadrer(faits)))
                    issues = {r.fiche.cle: [i] for r, i in zip(consultation, jugement.consultation, strict=True)}
                    for rangee in jugement.lots:
                        for r, i in zip(lot, rangee, strict=True):
                            issues.setdefault(r.fiche.cle, []).append(i)
                    if avant:
                        ont_bouge |= {c for c in issues if issues[c] != avant[c]}
                    avant = issues
    etrangeres = ont_bouge - permises - _SENSIBLES_A_UNE_PART
    assert etrangeres == set(), etrangeres


_SENSIBLES_A_UNE_PART = frozenset(
    regle.fiche.cle
    for regle in _REGLES
    if any("lots_dispenses" in str(getattr(n, "lecture", "")) for a in regle.lister_arbres() for n in parcourir(a))
)
"""La part des petits lots dépend du total : un centime de plus y compte à n'importe quel montant."""


def _porter(base: Brut, champ: str, montant: Decimal) -> Brut | None:
    if champ == "montant_ht":
        return {**base, "montant_ht": montant, "montant_max_ht": None, "montant_operation_ht": None}
    lots = base.get("lots")
    if not lots:
        return None
    # Le total est posé : sinon il suivrait le lot et franchirait d'autres seuils que celui qu'on éprouve.
    total = base.get("montant_ht") or Decimal("777777.77")
    return {**base, "montant_ht": total, "lots": [{**lots[0], "montant_ht": montant}, *lots[1:]]}


@pytest.mark.parametrize(
    ("regle", "donnees", "jour", "seuil", "avant", "apres"),
    [
        ("CCP-PROC-DISPENSE", {"nature": "services"}, "2019-06-01", 25000, "conforme", "ecart"),
        ("CCP-PROC-DISPENSE", {"nature": "services"}, "2026-03-31", 40000, "conforme", "ecart"),
        ("CCP-PROC-DISPENSE", {"nature": "services"}, "2026-04-01", 60000, "conforme", "ecart"),
        ("CCP-PROC-DISPENSE", {"nature": "travaux"}, "2020-07-24", 70000, "conforme", "ecart"),
        ("CCP-PROC-DISPENSE", {"nature": "travaux"}, "2026-09-15", 100000, "conforme", "ecart"),
        ("CCP-PROC-DISPENSE", {"nature": "travaux"}, "2027-01-01", 100000, "conforme", "alerte"),
        ("CCP-PROC-DISPENSE", {"nature": "travaux"}, "2027-01-01", 140000, "alerte", "ecart"),
    ],
)
def test_un_centime_au_seuil_de_dispense_change_le_verdict(
    regle: str, donnees: Brut, jour: str, seuil: int, avant: str, apres: str
) -> None:
    base = {"objet": "Essai", "acheteur": {"nom": "Essai"}, "date_lancement": jour, **donnees}
    base["procedure"] = "lettre_de_consultation"
    verdicts = [
        _examiner({**base, "montant_ht": seuil + ecart}).issues[(f"{regle}@1", None)].verdict
        for ecart in (Decimal("-0.01"), Decimal(0))
    ]
    assert verdicts == [avant, apres]


# ------------------------------------------------------------------------ tout ce qui est demandé peut servir


def _poser_demande(brut: Brut, demande: str, valeur: Any) -> Brut:
    """Renseigne la donnée demandée, où qu'elle soit : `lots[2].criteres[1].type`."""
    nouveau = copy.deepcopy(brut)
    objet: Any = nouveau
    parties = demande.split(".")
    for rang, partie in enumerate(parties):
        trouve = re.fullmatch(r"([a-z0-9_]+)(?:\[([^\]]*)\])?", partie)
        assert trouve is not None, demande
        nom, indice = trouve.groups()
        dernier = rang == len(parties) - 1
        if indice is None:
            if dernier:
                objet[nom] = valeur
            else:
                objet[nom] = objet.get(nom) or {}
                objet = objet[nom]
        elif nom == "lots":
            objet = next(lot for n, lot in enumerate(objet["lots"], start=1) if str(lot.get("numero") or n) == indice)
        else:
            if objet.get(nom) is None:
                objet[nom] = copy.deepcopy(nouveau[nom])  # la liste héritée de la consultation
            objet = objet[nom][int(indice) - 1]
    return nouveau


def _proposer_valeurs(demande: str, hasard: random.Random) -> list[Any]:
    tirage, _ = _preparer()
    chemin = re.sub(r"\[[^\]]*\]", "[]", demande)
    champ = CHAMPS[chemin]
    if champ.genre == "booleen":
        return [True, False]
    if champ.genre == "enumere":
        return list(champ.valeurs)
    if champ.genre == "liste":
        nom = chemin.removeprefix("lots[].")
        branche = _descendre(tirage._du_lot if chemin.startswith("lots[].") else tirage._racine, nom)
        return [[], *(tirage._tirer_branche(branche, hasard, 0.1) for _ in range(8))]
    if champ.genre == "nombre":
        bornes = [f"{n:f}" for n in tirage._nombres.get(champ.decimales or 0, [])]
        # Un montant ou une masse nuls ne se comparent à rien : la règle redemanderait la donnée.
        plus_petit = "0.01" if champ.decimales in (2, 3) else "0"
        return [plus_petit, *hasard.sample(bornes, min(14, len(bornes))), bornes[-1]]
    return [tirage.tirer_valeur(champ, hasard) for _ in range(25)]


@pytest.mark.parametrize("graine", range(2))
def test_toute_donnee_demandee_une_fois_renseignee_n_est_plus_demandee(graine: int) -> None:
    tirage, _ = _preparer()
    hasard = random.Random(3_000 + graine)
    for brut in tirage.tirer_plusieurs(3_000 + graine, 40):
        avant = _examiner(brut, demandes=True)
        for cle, demandes in avant.demandes.items():
            for demande in demandes:
                if "lots[]" in demande:
                    continue
                valeur = _proposer_valeurs(demande, hasard)[0]
                apres = _examiner(_poser_demande(brut, demande, valeur), demandes=True)
                assert demande not in apres.demandes.get(cle, ()), (cle, demande, brut)


@pytest.mark.parametrize("graine", range(3))
def test_toute_donnee_demandee_peut_faire_bouger_sa_regle(graine: int) -> None:
    """Pour chaque donnée demandée, une façon au moins de la renseigner (les autres étant connues) change le verdict.

    Sans quoi on demanderait à l'acheteur une donnée qui ne peut plus rien trancher.
    """
    tirage, _ = _preparer()
    hasard = random.Random(4_000 + graine)
    paquet = charger_regles_reelles()
    examinees = 0
    for brut in tirage.tirer_plusieurs(4_000 + graine, 10):
        jour = hasard.choice((date(2024, 7, 1), date(2025, 3, 1), date(2026, 9, 15)))
        brut |= {"date_lancement": jour, "date_debut_execution": None, "date_notification_prevue": None}
        # La valeur de l'opération ne compte qu'en travaux : la nature changerait deux contrôles à la fois.
        brut["montant_operation_ht"] = None
        avant = _examiner(brut, demandes=True)
        decidables = {
            regle.fiche.cle
            for regle in paquet.regles
            if all(paquet.parametres[cle].valoir(jour) for cle in regle.fiche.parametres.values())
        }
        lieux = [c for c, d in avant.demandes.items() if d and c[0] in decidables and "lots[]" not in str(d)]
        for cle in hasard.sample(lieux, min(4, len(lieux))):
            for demande in avant.demandes[cle]:
                examinees += 1
                assert _pouvoir_bouger(brut, cle, demande, avant.demandes[cle], hasard), (cle, demande, brut)
    assert examinees > 20


def _pouvoir_bouger(brut: Brut, cle: Cle, demande: str, demandes: tuple[str, ...], hasard: random.Random) -> bool:
    for essai in range(500):
        contexte = brut
        # Une fois sur deux, la même réponse partout : il faut parfois que tous les lots disent non.
        communes: dict[str, Any] = {}
        for autre in demandes:
            # Le lot hérite de la consultation : sa donnée ne se montre parfois qu'à défaut de la sienne.
            herite = demande.endswith(f".{autre}")
            if autre == demande or (essai % 2 and (herite or hasard.random() < 0.2)):
                continue
            valeur = hasard.choice(_proposer_valeurs(autre, hasard))
            if essai % 2 == 0:
                valeur = communes.setdefault(re.sub(r"\[[^\]]*\]", "[]", autre), valeur)
            contexte = _poser_demande(contexte, autre, valeur)
        depart = _examiner(contexte).issues.get(cle)
        for valeur in _proposer_valeurs(demande, hasard):
            try:
                bouge = _examiner(_poser_demande(contexte, demande, valeur)).issues.get(cle)
            except (IndexError, KeyError):
                continue  # une liste renseignée plus haut a changé la position demandée
            if bouge != depart:
                return True
    return False


def test_les_ingredients_du_tirage_sont_des_donnees_de_la_fop() -> None:
    for ingredients in INGREDIENTS.values():
        assert all(chemin in CHAMPS for chemin in ingredients)
    assert set(HERITES) <= {c.partition(".")[0] for c in CHAMPS}
