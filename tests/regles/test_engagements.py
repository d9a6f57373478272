"""La couverture des schémas : chaque ligne a une réponse, chaque règle locale répond à une ligne."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.regles.engagements import Engagement
from services.regles.lint import controler_dossier
from tests.moteurs.atelier import charger_regles_reelles
from tests.regles.dossier_minimal import copier, ecrire

LIGNE: dict[str, Any] = {
    "spaser": "vra_2023_2026",
    "section": "Engagement 8",
    "resume": "Une considération environnementale partout.",
    "nature": "consultation",
    "regles": ["VRA-ESSAI"],
}


def test_les_cent_soixante_et_onze_lignes_des_deux_schemas_ont_une_reponse() -> None:
    engagements = charger_regles_reelles().engagements
    assert Counter(e.spaser for e in engagements.values()) == {"vra_2023_2026": 108, "drome_2025_2028": 63}
    assert all(e.regles or e.indicateurs or e.hors_outil for e in engagements.values())


def test_une_ligne_sans_reponse_est_refusee() -> None:
    with pytest.raises(ValidationError, match="ce qui répond"):
        Engagement.model_validate({**LIGNE, "regles": []})


@pytest.mark.parametrize(
    ("changements", "prise_en_charge"),
    [
        ({}, "regle"),
        ({"regles": [], "indicateurs": ["IND-VRA-E8.1"]}, "indicateur"),
        ({"regles": [], "hors_outil": "Organisation interne."}, "hors_outil"),
        ({"hors_outil": "Le reste tient à l'organisation."}, "regle"),
    ],
)
def test_la_prise_en_charge_est_celle_de_la_meilleure_reponse(
    changements: dict[str, Any], prise_en_charge: str
) -> None:
    assert Engagement.model_validate({**LIGNE, **changements}).prise_en_charge == prise_en_charge


def _controler(tmp_path: Path, lignes: dict[str, Any]) -> list[str]:
    contenu = copier()
    contenu["engagements/vra.yaml"] = lignes
    return [faute.lu for faute in controler_dossier(ecrire(tmp_path, contenu)) if faute.code == "L18"]


def test_l18_refuse_une_regle_inconnue_et_une_regle_locale_sans_engagement(tmp_path: Path) -> None:
    assert _controler(tmp_path, {"VRA-E8.1": LIGNE}) == []
    assert _controler(tmp_path, {"VRA-E8.1": {**LIGNE, "regles": ["VRA-INCONNUE"]}}) == ["VRA-INCONNUE", "VRA-ESSAI"]
