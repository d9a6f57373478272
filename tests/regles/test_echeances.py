"""Les échéances : ce qui change, quand, et ce dont la valeur n'est pas encore connue."""

from datetime import date

from services.regles.echeances import lister_echeances
from tests.moteurs.atelier import charger_regles_reelles

PUBLICATION = date(2026, 11, 21)


def test_la_fin_du_schema_de_l_agglo_est_annoncee() -> None:
    echeances = lister_echeances(charger_regles_reelles(), PUBLICATION, date(2027, 1, 1))
    echues = [e for e in echeances if e.jour == date(2027, 1, 1) and e.objet == "VRA-E8-ENV"]
    assert len(echues) == 1
    assert "n'est plus en vigueur" in echues[0].texte


def test_un_taux_a_venir_inconnu_est_dit_a_renseigner() -> None:
    echeances = lister_echeances(charger_regles_reelles(), PUBLICATION)
    mobilier = [e for e in echeances if e.objet == "agec.mobilier.reemploi" and e.jour == date(2027, 1, 1)]
    assert [e.connue for e in mobilier] == [False]


def test_les_echeances_vont_de_la_plus_proche_a_la_plus_lointaine_et_restent_dans_leurs_bornes() -> None:
    fin = date(2028, 1, 1)
    jours = [e.jour for e in lister_echeances(charger_regles_reelles(), PUBLICATION, fin)]
    assert jours == sorted(jours)
    assert jours and all(PUBLICATION < jour <= fin for jour in jours)


def test_ce_qui_a_deja_change_n_est_plus_annonce() -> None:
    assert all(e.jour > date(2030, 6, 1) for e in lister_echeances(charger_regles_reelles(), date(2030, 6, 1)))
