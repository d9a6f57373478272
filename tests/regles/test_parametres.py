"""Les paramètres datés : la valeur du jour, ou l'inconnu ; jamais zéro, jamais la valeur d'avant."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.regles.conditions import Feuille, parcourir
from services.regles.parametres import Parametre
from tests.moteurs.atelier import charger_regles_reelles


def _ligne(depuis: str, valeur: object, **autres: Any) -> dict[str, Any]:
    return {
        "depuis": depuis,
        "valeur": valeur,
        "confiance": "haute",
        "texte": "Décret",
        "article": "R1",
        "parution": None,
        "provenance": "S",
        **autres,
    }


def _fabriquer(*lignes: dict[str, Any], apres: str = "erreur") -> Parametre:
    return Parametre.model_validate(
        {
            "libelle": "Essai",
            "unite": "EUR_HT",
            "apres_la_derniere_valeur": apres,
            "verifie_le": "2026-11-21",
            "valeurs": list(lignes),
        }
    )


HISTOIRE = (
    _ligne("2020-01-01", 40000),
    _ligne("2022-01-01", "a_renseigner"),
    _ligne("2024-01-01", Decimal("60000.01"), confiance="moyenne", a_confirmer="une seule source"),
)


@pytest.mark.parametrize(
    ("jour", "valeur", "depuis"),
    [
        (date(2019, 12, 31), None, None),
        (date(2020, 1, 1), 40000, date(2020, 1, 1)),
        (date(2021, 12, 31), 40000, date(2020, 1, 1)),
        (date(2022, 1, 1), None, None),
        (date(2023, 12, 31), None, None),
        (date(2024, 1, 1), Decimal("60000.01"), date(2024, 1, 1)),
        (date(2099, 1, 1), Decimal("60000.01"), date(2024, 1, 1)),
    ],
)
def test_la_valeur_est_celle_de_la_derniere_ligne_commencee(
    jour: date, valeur: Decimal | None, depuis: date | None
) -> None:
    datee = _fabriquer(*HISTOIRE).valoir(jour)
    assert (datee.valeur if datee else None, datee.depuis if datee else None) == (valeur, depuis)


def test_un_trou_dans_l_histoire_ne_rend_ni_zero_ni_la_valeur_d_avant() -> None:
    assert _fabriquer(*HISTOIRE).valoir(date(2022, 6, 1)) is None


def test_une_valeur_contestee_porte_sa_mention_et_sa_confiance() -> None:
    datee = _fabriquer(*HISTOIRE).valoir(date(2024, 1, 1))
    assert datee is not None
    assert (datee.mention, datee.confiance, datee.texte, datee.article) == (
        "une seule source",
        "moyenne",
        "Décret",
        "R1",
    )


@pytest.mark.parametrize(
    ("politique", "le_dernier_jour", "le_lendemain", "mention"),
    [
        ("erreur", 40000, None, None),
        ("prolonger", 40000, 40000, None),
        ("prolonger_avec_alerte", 40000, 40000, "valeur connue jusqu'au 31/12/2026"),
    ],
)
def test_apres_la_derniere_valeur_chaque_politique_fait_ce_qu_elle_dit(
    politique: str, le_dernier_jour: int, le_lendemain: int | None, mention: str | None
) -> None:
    parametre = _fabriquer(_ligne("2020-01-01", 40000, jusqu_au="2026-12-31"), apres=politique)
    dernier, lendemain = parametre.valoir(date(2026, 12, 31)), parametre.valoir(date(2027, 1, 1))
    assert dernier is not None and dernier.valeur == le_dernier_jour and dernier.mention is None
    assert (lendemain.valeur if lendemain else None) == le_lendemain
    if mention is not None:
        assert lendemain is not None and lendemain.mention is not None and lendemain.mention.startswith(mention)
    elif lendemain is not None:
        assert lendemain.mention is None


@pytest.mark.parametrize("politique", ["erreur", "prolonger", "prolonger_avec_alerte"])
def test_une_derniere_valeur_inconnue_le_reste_quelle_que_soit_la_politique(politique: str) -> None:
    parametre = _fabriquer(_ligne("2020-01-01", "a_renseigner", jusqu_au="2026-12-31"), apres=politique)
    assert parametre.valoir(date(2025, 1, 1)) is None
    assert parametre.valoir(date(2030, 1, 1)) is None


@pytest.mark.parametrize(
    "lignes",
    [
        (_ligne("2022-01-01", 1), _ligne("2020-01-01", 2)),
        (_ligne("2020-01-01", 1), _ligne("2020-01-01", 2)),
        (_ligne("2020-01-01", 1, jusqu_au="2020-12-31"), _ligne("2022-01-01", 2)),
        (),
        (_ligne("2020-01-01", "40000"),),
        (_ligne("2020-01-01", 40000.5),),
        (_ligne("2020-01-01", None),),
        (_ligne("2020-01-01", "inconnu"),),
        (_ligne("2020-13-01", 1),),
        (_ligne("2020-01-01", 1, confiance="certaine"),),
        (_ligne("2020-01-01", 1, provenance="X"),),
        (_ligne("2020-01-01", 1, parution="hier"),),
    ],
    ids=[
        "desordre",
        "meme_jour",
        "jusqu_au_au_milieu",
        "vide",
        "texte",
        "flottant",
        "rien",
        "mot",
        "date",
        "confiance",
        "provenance",
        "parution",
    ],
)
def test_une_histoire_mal_ecrite_est_refusee(lignes: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(ValidationError):
        _fabriquer(*lignes)


def test_zero_est_une_valeur_connue() -> None:
    datee = _fabriquer(_ligne("2020-01-01", 0)).valoir(date(2020, 1, 1))
    assert datee is not None and datee.valeur == 0


def test_un_booleen_est_une_valeur() -> None:
    datee = _fabriquer(_ligne("2020-01-01", True)).valoir(date(2020, 1, 1))
    assert datee is not None and datee.valeur is True


def test_chaque_parametre_livre_change_le_jour_dit_et_pas_la_veille() -> None:
    for cle, parametre in charger_regles_reelles().parametres.items():
        avant: Decimal | bool | None = None
        for ligne in parametre.valeurs:
            veille = parametre.valoir(ligne.depuis - timedelta(days=1))
            jour = parametre.valoir(ligne.depuis)
            assert (veille.valeur if veille else None) == avant, cle
            assert (jour.valeur if jour else None) == ligne.valeur, cle
            avant = ligne.valeur
        derniere = parametre.valeurs[-1]
        if derniere.jusqu_au is not None:
            apres = parametre.valoir(derniere.jusqu_au + timedelta(days=1))
            assert (apres is None) == (parametre.apres_la_derniere_valeur == "erreur" or derniere.valeur is None), cle


@pytest.mark.parametrize(
    ("cle", "jour", "valeur"),
    [
        ("ccp.dispense.fournitures_services", date(2026, 3, 31), 40000),
        ("ccp.dispense.fournitures_services", date(2026, 4, 1), 60000),
        ("ccp.dispense.fournitures_services", date(2019, 3, 31), None),
        ("ccp.ue.fournitures_services_collectivites", date(2025, 12, 31), 221000),
        ("ccp.ue.fournitures_services_collectivites", date(2026, 1, 1), 216000),
        ("ccp.ue.fournitures_services_collectivites", date(2027, 12, 31), 216000),
        ("ccp.ue.fournitures_services_collectivites", date(2028, 1, 1), None),
        ("agec.mobilier.reemploi", date(2026, 12, 31), Decimal("0.20")),
        ("agec.mobilier.reemploi", date(2027, 1, 1), None),
        ("vra.e13.seuil_procedure_simplifiee", date(2027, 1, 1), 40000),
    ],
)
def test_les_seuils_livres_valent_a_leur_date(cle: str, jour: date, valeur: Decimal | None) -> None:
    datee = charger_regles_reelles().parametres[cle].valoir(jour)
    assert (datee.valeur if datee else None) == valeur


def test_chaque_parametre_livre_est_de_l_ordre_de_son_unite() -> None:
    """Un taux écrit 20 au lieu de 0.20 rendrait toute règle fausse sans que rien ne tombe."""
    for cle, parametre in charger_regles_reelles().parametres.items():
        for ligne in parametre.valeurs:
            if isinstance(ligne.valeur, Decimal):
                assert 0 < ligne.valeur <= (1 if parametre.unite == "part" else 100_000_000), cle
                if parametre.unite in ("EUR_HT", "EUR"):
                    assert ligne.valeur >= 1_000, cle


def test_chaque_parametre_livre_se_compare_a_une_donnee_de_son_unite() -> None:
    paquet = charger_regles_reelles()
    for regle in paquet.regles:
        for arbre in regle.lister_arbres():
            for feuille in parcourir(arbre):
                if isinstance(feuille, Feuille) and feuille.parametre is not None:
                    unite = paquet.parametres[feuille.parametre].unite
                    assert feuille.lecture.champ.unite in (unite, None), (regle.fiche.id, feuille.parametre)
