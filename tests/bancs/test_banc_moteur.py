"""Le banc des moteurs, en taille réduite : il tourne, il se lit, il ne compare que ce qui s'accorde."""

from collections.abc import Sequence
from io import StringIO

import pytest

import bancs.moteur as banc
from bancs.moteur import MoteursEnDesaccord, Tailles, lancer
from bancs.moteur.generation import engendrer_fops, engendrer_paquet
from services.regles.faits import etablir_faits
from services.regles.lecture_fop import lire_fop
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.port import Jugement, Moteur, Situation
from services.regles.paquet import Paquet
from services.regles.regle import Regle

REDUITES = Tailles(lots=(1, 2), regles=(8, 12), fiches=2, memoire=8)


class MoteurMenteur(MoteurDirect):
    """Oublie le dernier lot."""

    def juger(self, situation: Situation) -> Jugement:
        jugement = super().juger(situation)
        return Jugement(jugement.consultation, jugement.lots[:-1])


def ne_pas_etre_installe(regles: Sequence[Regle]) -> Moteur:
    raise ImportError("pas installé")


def situer(paquet: Paquet, lots: int, nombre: int = 10) -> list[Situation]:
    situations = []
    for brute in engendrer_fops(nombre, lots):
        faits = etablir_faits(lire_fop(brute), paquet.acheteurs)
        situations.append(paquet.situer(faits, paquet.cadrer(faits)))
    return situations


def test_le_banc_reduit_tourne_et_se_lit_en_quatre_vingts_colonnes() -> None:
    sortie = StringIO()
    lancer(passes=1, tailles=REDUITES, sortie=sortie)
    texte = sortie.getvalue()
    assert max(map(len, texte.splitlines())) <= 80
    assert "\x1b" not in texte
    for attendu in (
        "Règles livrées",
        "Règles engendrées : 8",
        "Règles engendrées : 12",
        "par lot, 1-2",
        "8-12, 2",
    ):
        assert attendu in texte
    assert "Chargement des règles livrées" in texte
    assert "Vérification complète" in texte
    assert "dérive" in texte or "non mesurée" in texte


def test_tous_les_moteurs_installes_rendent_les_memes_verdicts() -> None:
    paquet = engendrer_paquet(40)
    situations = situer(paquet, lots=3)
    attendus = [MoteurDirect(paquet.regles).juger(situation) for situation in situations]
    for nom, construire in banc.CONSTRUCTEURS.items():
        try:
            moteur = construire(paquet.regles)
        except ImportError:
            continue  # zen-engine et clipspy ne s'installent que pour les mesures
        assert [moteur.juger(situation) for situation in situations] == attendus, nom
        moteur.fermer()


def test_un_moteur_absent_est_dit_non_installe(monkeypatch: pytest.MonkeyPatch) -> None:
    moteurs = {"direct": MoteurDirect, "absent": ne_pas_etre_installe}
    monkeypatch.setattr(banc, "CONSTRUCTEURS", moteurs)
    sortie = StringIO()
    lancer(passes=1, tailles=Tailles(lots=(1,), regles=(), fiches=1), sortie=sortie)
    assert "installé" in sortie.getvalue()


def test_un_moteur_en_desaccord_arrete_le_banc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banc, "CONSTRUCTEURS", {"direct": MoteurDirect, "menteur": MoteurMenteur})
    with pytest.raises(MoteursEnDesaccord, match="menteur"):
        lancer(passes=1, tailles=REDUITES, sortie=StringIO())


def test_les_regles_engendrees_donnent_tous_les_verdicts() -> None:
    paquet = engendrer_paquet(150)
    moteur = MoteurDirect(paquet.regles)
    verdicts = set()
    for situation in situer(paquet, lots=2):
        jugement = moteur.juger(situation)
        verdicts |= {issue.verdict for issues in (jugement.consultation, *jugement.lots) for issue in issues}
    assert verdicts == {
        "hors_periode",
        "non_applicable",
        "conforme",
        "derogation",
        "ecart",
        "alerte",
        "indetermine",
    }


def test_les_regles_et_les_fiches_engendrees_ne_changent_pas_d_une_fois_sur_l_autre() -> None:
    assert engendrer_paquet(12).empreinte == engendrer_paquet(12).empreinte
    assert engendrer_fops(3, 2) == engendrer_fops(3, 2)
    petit, grand = engendrer_paquet(6), engendrer_paquet(12)
    assert [regle.fiche for regle in petit.regles] == [regle.fiche for regle in grand.regles[:6]]
