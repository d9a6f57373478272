"""Les réglages lus de l'environnement."""

from pathlib import Path

import pytest

from services.api.config import ReglageInvalide, Reglages, lire_cache, lire_reglages


def test_sans_variable_les_reglages_sont_ceux_par_defaut() -> None:
    assert lire_reglages({}) == Reglages()
    assert lire_reglages({"VERIFOP_REGLES": "", "VERIFOP_MOTEUR": "", "VERIFOP_EXIGER_DURABLE": ""}) == Reglages()


def test_chaque_variable_regle_ce_qu_elle_dit() -> None:
    lus = lire_reglages(
        {
            "VERIFOP_REGLES": "/r",
            "VERIFOP_MOTEUR": "direct",
            "VERIFOP_EXIGER_DURABLE": "1",
            "VERIFOP_EXEMPLES": "/e",
            "VERIFOP_CACHE": "/c",
        }
    )
    assert lus == Reglages(
        regles=Path("/r"), moteur="direct", exiger_durable=True, exemples=Path("/e"), cache=Path("/c")
    )


@pytest.mark.parametrize(
    ("environnement", "cache"),
    [
        ({"HOME": "/maison"}, Path("/maison/.cache/verifop")),
        ({"HOME": "/maison", "XDG_CACHE_HOME": "/x"}, Path("/x/verifop")),
        ({"HOME": "/maison", "XDG_CACHE_HOME": ""}, Path("/maison/.cache/verifop")),
        ({"HOME": "/maison", "XDG_CACHE_HOME": "relatif"}, Path("/maison/.cache/verifop")),
        ({"HOME": "/maison", "XDG_CACHE_HOME": "/x", "VERIFOP_CACHE": "/c"}, Path("/c")),
        ({"HOME": "/maison", "VERIFOP_CACHE": "ici"}, Path("ici")),
        ({"HOME": "/maison", "VERIFOP_CACHE": ""}, None),
        ({"HOME": "/maison", "VERIFOP_CACHE": " "}, None),
        ({}, None),
    ],
)
def test_le_cache_va_dans_le_dossier_de_l_utilisateur_sauf_reglage(
    environnement: dict[str, str], cache: Path | None
) -> None:
    assert lire_cache(environnement) == lire_reglages(environnement).cache == cache


@pytest.mark.parametrize(
    ("variable", "valeur", "conseil"),
    [("VERIFOP_MOTEUR", "doubles", "écrire « double »"), ("VERIFOP_EXIGER_DURABLE", "peut-être", "1 ou 0")],
)
def test_une_valeur_incomprise_est_refusee(variable: str, valeur: str, conseil: str) -> None:
    with pytest.raises(ReglageInvalide, match=conseil) as refus:
        lire_reglages({variable: valeur})
    assert str(refus.value).startswith(variable)
