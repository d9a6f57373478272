"""La table de vérité de chaque opérateur, de chaque quantificateur, et du moteur direct ligne à ligne."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from services.regles.conditions import Feuille
from services.regles.moteur.direct import MoteurDirect, compiler
from services.regles.moteur.port import Issue
from services.regles.operateurs import OPERATEURS
from services.regles.parametres import Parametre
from services.regles.regle import Regle
from services.regles.trivalent import Trivalent, conjuguer, disjoindre
from tests.moteurs.atelier import (
    fabriquer_contexte,
    fabriquer_regle,
    juger_des_deux,
    porter_sur,
    relever_fautes,
    situer,
    typer_condition,
)

V, F, INC = True, False, None

# Une ligne : opérateur, genre, chemin, opérande, valeur qui rend vrai, valeur qui rend faux.
TABLE: tuple[tuple[str, str, str, Any, Any, Any], ...] = (
    ("egal", "booleen", "innovant", True, True, False),
    ("egal", "booleen", "innovant", False, False, True),
    ("egal", "nombre", "montant_ht", 10, Decimal("10.00"), Decimal("10.01")),
    ("egal", "nombre", "delai_reception_jours", 30, 30, 31),
    ("egal", "enumere", "nature", "travaux", "travaux", "services"),
    ("egal", "texte", "justification_duree", "abc", "abc", "ABC"),
    ("egal", "cpv", "cpv", "45000000", "45000000", "45100000"),
    ("different", "booleen", "innovant", True, False, True),
    ("different", "nombre", "duree_mois", 12, Decimal("12.001"), Decimal("12")),
    ("different", "enumere", "nature", "travaux", "services", "travaux"),
    ("different", "texte", "justification_duree", "abc", "abd", "abc"),
    ("different", "cpv", "cpv", "45000000", "45100000", "45000000"),
    ("au_moins", "nombre", "montant_ht", 40000, Decimal("40000"), Decimal("39999.99")),
    ("au_moins", "nombre", "avance_taux", Decimal("0.05"), Decimal("0.05"), Decimal("0.049999")),
    ("plus_de", "nombre", "montant_ht", 40000, Decimal("40000.01"), Decimal("40000")),
    ("au_plus", "nombre", "montant_ht", 40000, Decimal("40000"), Decimal("40000.01")),
    ("moins_de", "nombre", "montant_ht", 40000, Decimal("39999.99"), Decimal("40000")),
    ("a_partir_du", "date", "date_limite_offres", "2026-08-21", date(2026, 8, 21), date(2026, 8, 20)),
    ("avant", "date", "date_limite_offres", "2026-08-21", date(2026, 8, 20), date(2026, 8, 21)),
    ("parmi", "nombre", "montant_ht", [1, 2], Decimal(2), Decimal(3)),
    ("parmi", "enumere", "nature", ["travaux", "services"], "services", "fournitures"),
    ("parmi", "enumere", "nature", ["travaux", "services", "fournitures"], "services", "autre"),
    ("parmi", "texte", "justification_duree", ["a", "b"], "b", "c"),
    ("parmi", "cpv", "cpv", ["45000000"], "45000000", "45100000"),
    ("hors", "nombre", "montant_ht", [1, 2], Decimal(3), Decimal(2)),
    ("hors", "enumere", "nature", ["travaux", "services"], "fournitures", "services"),
    ("hors", "texte", "justification_duree", ["a", "b", "c"], "d", "b"),
    ("hors", "cpv", "cpv", ["45000000"], "45100000", "45000000"),
    ("commence_par", "cpv", "cpv", ["45", "391"], "39130000", "39200000"),
    ("commence_par", "texte", "base_legale_procedure", ["R2122"], "R2122-3", "L2122-3"),
    ("commence_par", "cpv", "cpv", {"referentiel": "familles_agec.mobilier"}, "39130000", "39137000"),
    ("ne_commence_par", "cpv", "cpv", ["45", "391"], "39200000", "39130000"),
    ("ne_commence_par", "texte", "base_legale_procedure", ["R2122"], "L2122-3", "R2122-3"),
    ("ne_commence_par", "cpv", "cpv", {"referentiel": "familles_agec.mobilier"}, "39137000", "39130000"),
    ("contient", "liste", "publicites", "joue", ("boamp", "joue"), ("boamp",)),
    ("contient", "liste", "publicites", "joue", ("joue",), ()),
    ("contient", "liste", "labels_exiges", "NF", ("NF",), ("NF 2",)),
    ("nombre_egal", "liste", "criteres", 1, [{}], [{}, {}]),
    ("nombre_egal", "liste", "criteres", 0, [], [{}]),
    ("nombre_au_moins", "liste", "criteres", 2, [{}, {}], [{}]),
    ("nombre_au_plus", "liste", "criteres", 1, [], [{}, {}]),
)
RENSEIGNES: tuple[tuple[str, Any], ...] = (
    ("innovant", False),
    ("montant_ht", Decimal(0)),
    ("nature", "travaux"),
    ("justification_duree", "x"),
    ("cpv", "45000000"),
    ("date_limite_offres", date(2026, 1, 1)),
    ("criteres", []),
)


def _calculer(ecrite: Mapping[str, Any], donnees: Mapping[str, Any]) -> Trivalent:
    return compiler(typer_condition(ecrite))((dict(donnees), {}, {}))


@pytest.mark.parametrize(
    ("operateur", "genre", "chemin", "operande", "vraie", "fausse"), TABLE, ids=[f"{t[0]}-{t[1]}-{t[2]}" for t in TABLE]
)
def test_chaque_operateur_est_vrai_faux_ou_inconnu(
    operateur: str, genre: str, chemin: str, operande: Any, vraie: Any, fausse: Any
) -> None:
    ecrite = {"fait": chemin, operateur: operande}
    arbre = typer_condition(ecrite)
    assert isinstance(arbre, Feuille) and arbre.lecture.champ.genre == genre
    assert _calculer(ecrite, {chemin: vraie}) is V
    assert _calculer(ecrite, {chemin: fausse}) is F
    assert _calculer(ecrite, {}) is INC


@pytest.mark.parametrize(("chemin", "valeur"), RENSEIGNES, ids=[r[0] for r in RENSEIGNES])
def test_renseigne_n_est_jamais_inconnu(chemin: str, valeur: Any) -> None:
    assert _calculer({"fait": chemin, "renseigne": True}, {chemin: valeur}) is V
    assert _calculer({"fait": chemin, "renseigne": True}, {}) is F
    assert _calculer({"fait": chemin, "renseigne": False}, {chemin: valeur}) is F
    assert _calculer({"fait": chemin, "renseigne": False}, {}) is V


def test_la_table_couvre_chaque_operateur_avec_chacun_de_ses_genres() -> None:
    vus = {(ligne[0], ligne[1]) for ligne in TABLE}
    vus |= {("renseigne", genre) for genre in OPERATEURS["renseigne"].genres}
    attendus = {(nom, genre) for nom, o in OPERATEURS.items() for genre in o.genres}
    assert attendus == vus


@pytest.mark.parametrize(("operateur", "genre", "chemin", "operande", "vraie", "fausse"), TABLE)
def test_le_moteur_durable_a_la_meme_table(
    operateur: str, genre: str, chemin: str, operande: Any, vraie: Any, fausse: Any
) -> None:
    regle = fabriquer_regle({"fait": chemin, operateur: operande})
    situations = [situer({chemin: vraie}), situer({chemin: fausse}), situer({})]
    paires = juger_des_deux([regle], situations)
    assert [durable.consultation[0].verdict for _, durable in paires] == ["conforme", "ecart", "indetermine"]


# ----------------------------------------------------------------------------------------------- combinaisons

FEUILLES: tuple[Trivalent, ...] = (V, F, INC)
NOMS = ("innovant", "pse", "preinformation")


def _donner(valeurs: tuple[Trivalent, ...]) -> dict[str, Any]:
    return {nom: valeur for nom, valeur in zip(NOMS, valeurs, strict=True) if valeur is not None}


@pytest.mark.parametrize("valeurs", list(product(FEUILLES, repeat=3)))
def test_toutes_rend_le_plus_faux_et_une_de_le_plus_vrai(valeurs: tuple[Trivalent, ...]) -> None:
    controles = [{"fait": nom, "egal": True} for nom in NOMS]
    donnees = _donner(valeurs)
    plus_faux = F if F in valeurs else (INC if INC in valeurs else V)
    plus_vrai = V if V in valeurs else (INC if INC in valeurs else F)
    assert _calculer({"toutes": controles}, donnees) is plus_faux is conjuguer(valeurs)
    assert _calculer({"une_de": controles}, donnees) is plus_vrai is disjoindre(valeurs)


def _lister(valeurs: tuple[Trivalent, ...]) -> list[dict[str, Any]]:
    return [{} if valeur is None else {"lie_a_l_objet": valeur} for valeur in valeurs]


VERIFIE = {"fait": ".lie_a_l_objet", "egal": True}


@pytest.mark.parametrize("taille", [0, 1, 2, 3])
def test_les_quantificateurs_suivent_kleene_sur_toute_liste(taille: int) -> None:
    for valeurs in product(FEUILLES, repeat=taille):
        donnees = {"criteres": _lister(valeurs)}
        assert _calculer({"pour_un": "criteres", "verifie": VERIFIE}, donnees) is disjoindre(valeurs)
        assert _calculer({"pour_chaque": "criteres", "verifie": VERIFIE}, donnees) is conjuguer(valeurs)


def test_liste_vide_rend_faux_pour_un_et_vrai_pour_chaque() -> None:
    assert _calculer({"pour_un": "criteres", "verifie": VERIFIE}, {"criteres": []}) is F
    assert _calculer({"pour_chaque": "criteres", "verifie": VERIFIE}, {"criteres": []}) is V


@pytest.mark.parametrize("mot", ["pour_un", "pour_chaque"])
def test_liste_absente_rend_inconnu(mot: str) -> None:
    assert _calculer({mot: "criteres", "verifie": VERIFIE}, {}) is INC


def test_un_quantificateur_dans_un_quantificateur_garde_son_element() -> None:
    ecrite = {
        "pour_un": "lots_effectifs",
        "verifie": {"pour_chaque": ".criteres", "verifie": {"fait": ".type", "egal": "prix"}},
    }
    lots = [{"criteres": [{"type": "prix"}, {"type": "delai"}]}, {"criteres": [{"type": "prix"}]}]
    assert _calculer(ecrite, {"lots_effectifs": lots}) is V
    assert _calculer(ecrite, {"lots_effectifs": lots[:1]}) is F
    assert _calculer(ecrite, {"lots_effectifs": [{}, *lots[:1]]}) is INC


def test_dans_verifie_un_chemin_sans_point_lit_la_consultation() -> None:
    ecrite = {"pour_chaque": "criteres", "verifie": {"fait": "innovant", "egal": True}}
    assert _calculer(ecrite, {"criteres": [{}], "innovant": True}) is V
    assert _calculer(ecrite, {"criteres": [{"innovant": True}]}) is INC


def test_une_donnee_supposee_n_est_jamais_inconnue_et_cede_a_la_saisie() -> None:
    contexte = fabriquer_contexte(suppositions={"forme": "ordinaire", "innovant": False, "labels_exiges": []})
    calculer = compiler(typer_condition({"fait": "forme", "egal": "ordinaire"}, contexte))
    assert calculer(({}, {}, {})) is V
    assert calculer(({"forme": "tranches"}, {}, {})) is F
    assert compiler(typer_condition({"fait": "innovant", "egal": True}, contexte))(({}, {}, {})) is F
    taille = compiler(typer_condition({"fait": "labels_exiges", "nombre_au_moins": 1}, contexte))
    assert taille(({}, {}, {})) is F
    assert taille(({"labels_exiges": ["NF"]}, {}, {})) is V


# ------------------------------------------------------------------------------------------------- paramètres

SEUIL = Parametre.model_validate(
    {
        "libelle": "Seuil",
        "unite": "EUR_HT",
        "apres_la_derniere_valeur": "erreur",
        "verifie_le": "2026-11-21",
        "valeurs": [
            {
                "depuis": "2020-01-01",
                "valeur": Decimal("40000"),
                "confiance": "haute",
                "texte": "T",
                "article": "1",
                "parution": None,
                "provenance": "C",
            }
        ],
    }
)


@pytest.mark.parametrize(
    ("operateur", "sous", "au", "dessus"),
    [("au_moins", F, V, V), ("plus_de", F, F, V), ("au_plus", V, V, F), ("moins_de", V, F, F)],
)
def test_un_seuil_se_joue_au_centime_et_reste_inconnu_sans_valeur(
    operateur: str, sous: Trivalent, au: Trivalent, dessus: Trivalent
) -> None:
    contexte = fabriquer_contexte(alias={"seuil": "essai.seuil"}, parametres={"essai.seuil": SEUIL})
    ecrite = {"fait": "montant_ht", operateur: {"parametre": "seuil"}}
    calculer = compiler(typer_condition(ecrite, contexte))
    cadre = {"essai.seuil": Decimal(40000)}
    lus = [Decimal("39999.99"), Decimal("40000"), Decimal("40000.01")]
    assert [calculer(({"montant_ht": lu}, {}, cadre)) for lu in lus] == [sous, au, dessus]
    assert calculer(({"montant_ht": lus[0]}, {}, {})) is INC
    assert calculer(({}, {}, cadre)) is INC
    regle = fabriquer_regle(ecrite, contexte=contexte)
    situations = [situer({"montant_ht": lu}, cadre=cadre) for lu in lus] + [situer({"montant_ht": lus[0]}), situer({})]
    for direct, durable in juger_des_deux([regle], situations):
        assert direct == durable


# ------------------------------------------------------------------------------------------------- les issues

OUI, NON = {"innovant": True}, {"innovant": False}
EXIGE = {"fait": "innovant", "egal": True}
SI = {"fait": "pse", "egal": True}
MOTIVEE = {"fait": "preinformation", "egal": True}
ALERTE_SI = {"fait": "fin_de_vie", "egal": True}

ISSUES: tuple[tuple[str, dict[str, Any], dict[str, Any], Trivalent, Issue], ...] = (
    ("periode fausse", {}, OUI, F, Issue("hors_periode")),
    ("periode fausse même si inapplicable", {"applicable_si": SI}, {"pse": False}, F, Issue("hors_periode")),
    ("inapplicable même sans date", {"applicable_si": SI}, {"pse": False}, INC, Issue("non_applicable")),
    ("inapplicable", {"applicable_si": SI}, {**OUI, "pse": False}, V, Issue("non_applicable")),
    ("date inconnue", {}, OUI, INC, Issue("indetermine")),
    ("applicabilité inconnue", {"applicable_si": SI}, OUI, V, Issue("indetermine")),
    ("respectée", {}, OUI, V, Issue("conforme")),
    ("inconnue", {}, {}, V, Issue("indetermine")),
    ("violée", {}, NON, V, Issue("ecart")),
    ("violée, recommandation", {"nature": "recommandation"}, NON, V, Issue("alerte")),
    ("violée, objectif annuel", {"nature": "objectif_annuel"}, NON, V, Issue("alerte")),
    ("violée, atténuée", {"alerte_si": ALERTE_SI}, {**NON, "fin_de_vie": True}, V, Issue("alerte")),
    ("violée, non atténuée", {"alerte_si": ALERTE_SI}, {**NON, "fin_de_vie": False}, V, Issue("ecart")),
    ("violée, atténuation inconnue", {"alerte_si": ALERTE_SI}, NON, V, Issue("indetermine")),
    ("respectée, atténuation sans effet", {"alerte_si": ALERTE_SI}, {**OUI, "fin_de_vie": True}, V, Issue("conforme")),
    ("dérogation non invoquée", {"derogations": [(SI, MOTIVEE)]}, {**NON, "pse": False}, V, Issue("ecart")),
    ("dérogation inconnue n'est pas invoquée", {"derogations": [(SI, MOTIVEE)]}, NON, V, Issue("ecart")),
    (
        "dérogation motivée",
        {"derogations": [(SI, MOTIVEE)]},
        {**NON, "pse": True, "preinformation": True},
        V,
        Issue("derogation", 0),
    ),
    (
        "dérogation non motivée",
        {"derogations": [(SI, MOTIVEE)]},
        {**NON, "pse": True, "preinformation": False},
        V,
        Issue("ecart", 0),
    ),
    (
        "dérogation de justification inconnue",
        {"derogations": [(SI, MOTIVEE)]},
        {**NON, "pse": True},
        V,
        Issue("indetermine"),
    ),
    (
        "dérogation d'une règle respectée",
        {"derogations": [(SI, MOTIVEE)]},
        {**OUI, "pse": True, "preinformation": True},
        V,
        Issue("conforme"),
    ),
    (
        "la première dérogation invoquée décide",
        {"derogations": [(MOTIVEE, ALERTE_SI), (SI, SI)]},
        {**NON, "preinformation": True, "fin_de_vie": False, "pse": True},
        V,
        Issue("ecart", 0),
    ),
    (
        "la seconde dérogation quand la première n'est pas invoquée",
        {"derogations": [(MOTIVEE, ALERTE_SI), (SI, SI)]},
        {**NON, "preinformation": False, "pse": True},
        V,
        Issue("derogation", 1),
    ),
    (
        "dérogation incomplète d'une recommandation",
        {"derogations": [(SI, MOTIVEE)], "nature": "recommandation"},
        {**NON, "pse": True, "preinformation": False},
        V,
        Issue("alerte", 0),
    ),
)


@pytest.mark.parametrize(("regle", "donnees", "periode", "issue"), [i[1:] for i in ISSUES], ids=[i[0] for i in ISSUES])
def test_l_issue_suit_l_ordre_periode_applicabilite_exigence_derogation(
    regle: dict[str, Any], donnees: dict[str, Any], periode: Trivalent, issue: Issue
) -> None:
    batie: Regle = fabriquer_regle(EXIGE, **regle)
    ((direct, durable),) = juger_des_deux([batie], [situer(donnees, periode=periode)])
    assert direct.consultation == (issue,)
    assert durable.consultation == (issue,)


def test_une_regle_de_lot_rend_une_issue_par_lot_et_lit_la_consultation_sans_point() -> None:
    regle = fabriquer_regle(
        {"fait": ".montant_ht", "moins_de": 10}, applicable_si={"fait": "innovant", "egal": True}, niveau="lot"
    )
    situation = situer({"innovant": True}, lots=[{"montant_ht": Decimal(1)}, {"montant_ht": Decimal(10)}, {}])
    ((direct, durable),) = juger_des_deux([regle], [situation])
    assert [issues[0].verdict for issues in direct.lots] == ["conforme", "ecart", "indetermine"]
    assert direct == durable


def test_deux_groupes_de_dates_gardent_chacun_leur_cadre() -> None:
    contexte = fabriquer_contexte(alias={"seuil": "essai.seuil"}, parametres={"essai.seuil": SEUIL})
    ecrite = {"fait": "montant_ht", "moins_de": {"parametre": "seuil"}}
    regles = [
        fabriquer_regle(ecrite, contexte=contexte, groupe=groupe, fenetre=groupe, id=f"ESSAI-{groupe}")
        for groupe in (0, 1)
    ]
    situation = situer({"montant_ht": Decimal(30000)})
    situation = type(situation)(
        situation.consultation,
        situation.lots,
        ({"essai.seuil": Decimal(40000)}, {"essai.seuil": Decimal(25000)}),
        (True, True),
    )
    ((direct, durable),) = juger_des_deux(regles, [situation])
    assert [issue.verdict for issue in direct.consultation] == ["conforme", "ecart"]
    assert direct == durable


def test_une_liste_supposee_se_lit_aussi_dans_une_condition_d_application_partagee() -> None:
    contexte = fabriquer_contexte(suppositions={"labels_exiges": []})
    garde = {
        "toutes": [
            {"fait": "labels_exiges", "nombre_egal": 0},
            {"pour_chaque": "labels_exiges", "verifie": {"fait": "innovant", "egal": True}},
        ]
    }
    regles = [fabriquer_regle(EXIGE, applicable_si=garde, contexte=contexte, id=f"ESSAI-{rang}") for rang in range(4)]
    for direct, durable in juger_des_deux(regles, [situer(OUI), situer({**OUI, "labels_exiges": ["NF"]})]):
        assert direct == durable


def test_le_moteur_direct_est_sans_etat() -> None:
    moteur = MoteurDirect([fabriquer_regle(EXIGE)])
    assert moteur.juger(situer(OUI)) == moteur.juger(situer(OUI))
    moteur.fermer()
    assert moteur.juger(situer(OUI)).consultation[0].verdict == "conforme"


def test_des_faits_ecrits_a_la_main_se_lisent() -> None:
    assert porter_sur({"nature": "travaux"}).consultation["lots_effectifs"] == [{}]
    assert relever_fautes({"fait": "nature", "egal": "travaux"}) == []
