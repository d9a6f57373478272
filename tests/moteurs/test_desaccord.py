"""Quand un canal se trompe ou tombe : une erreur dite sur la règle touchée, jamais un « conforme »."""

import contextlib
import importlib
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from services.regles.moteur import durable, engendrement, port, termes
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.double import MoteurDouble
from services.regles.moteur.durable import MoteurDurable
from services.regles.moteur.port import (
    ALERTE,
    CONFORME,
    ECART,
    ERREUR,
    HORS_PERIODE,
    INDETERMINE,
    Issue,
    Jugement,
    Situation,
)
from services.regles.regle import Regle
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles, fabriquer_regle, lire_essai, situer

REGLES = [
    fabriquer_regle({"fait": "montant_ht", "moins_de": 10}, id="ESSAI-A"),
    fabriquer_regle({"fait": "innovant", "egal": True}, id="ESSAI-B"),
    fabriquer_regle({"fait": ".montant_ht", "moins_de": 10}, niveau="lot", id="ESSAI-C"),
]
SITUATION = situer({"montant_ht": 5, "innovant": True}, lots=[{"montant_ht": 5}, {"montant_ht": 50}])


class MoteurFaux:
    """Une doublure : rend un jugement écrit d'avance."""

    nom = "faux"

    def __init__(self, jugement: Jugement) -> None:
        self._jugement = jugement
        self.ferme = False

    def juger(self, situation: Situation) -> Jugement:
        return self._jugement

    def fermer(self) -> None:
        self.ferme = True


@pytest.fixture
def alarmes() -> list[int]:
    return []


def test_un_accord_rend_le_jugement_sans_alarme(alarmes: list[int]) -> None:
    double = MoteurDouble(MoteurDurable(REGLES), MoteurDirect(REGLES), alarmes.append)
    jugement = double.juger(SITUATION)
    assert jugement == Jugement((CONFORME, CONFORME), ((CONFORME,), (ECART,)))
    assert alarmes == []
    double.fermer()


@pytest.mark.parametrize("menteuse", [CONFORME, ECART, ALERTE, INDETERMINE, HORS_PERIODE, Issue("ecart", 0)])
@pytest.mark.parametrize("decideur_menteur", [True, False])
def test_un_desaccord_rend_erreur_sur_cette_regle_et_laisse_les_autres(
    menteuse: Issue, decideur_menteur: bool, alarmes: list[int]
) -> None:
    vrai = MoteurDirect(REGLES[:2])
    situation = situer({"montant_ht": 50 if menteuse == CONFORME else 5, "innovant": True})
    faux = MoteurFaux(Jugement((menteuse, CONFORME), ((),)))
    paire: tuple[Any, Any] = (faux, vrai) if decideur_menteur else (vrai, faux)
    jugement = MoteurDouble(*paire, alarmes.append).juger(situation)
    assert jugement.consultation == (ERREUR, CONFORME)
    assert jugement.desaccords == 1
    assert alarmes == [1]


def test_un_desaccord_sur_un_lot_ne_touche_que_ce_lot(alarmes: list[int]) -> None:
    faux = MoteurFaux(Jugement((CONFORME, CONFORME), ((CONFORME,), (CONFORME,))))
    jugement = MoteurDouble(faux, MoteurDirect(REGLES), alarmes.append).juger(SITUATION)
    assert jugement == Jugement((CONFORME, CONFORME), ((CONFORME,), (ERREUR,)), desaccords=1)
    assert alarmes == [1]


def test_chaque_desaccord_est_compte(alarmes: list[int]) -> None:
    faux = MoteurFaux(Jugement((ECART, ECART), ((ECART,), (CONFORME,))))
    jugement = MoteurDouble(faux, MoteurDirect(REGLES), alarmes.append).juger(SITUATION)
    assert jugement.desaccords == 4
    assert alarmes == [4]
    assert {*jugement.consultation, *jugement.lots[0], *jugement.lots[1]} == {ERREUR}


def test_sans_alarme_branchee_le_desaccord_reste_une_erreur() -> None:
    jugement = MoteurDouble(MoteurFaux(Jugement((ECART, CONFORME), ((),))), MoteurDirect(REGLES[:2])).juger(
        situer({"montant_ht": 5, "innovant": True})
    )
    assert jugement.consultation == (ERREUR, CONFORME)


def test_fermer_le_double_ferme_les_deux_moteurs() -> None:
    gauche, droite = MoteurFaux(Jugement((), ())), MoteurFaux(Jugement((), ()))
    MoteurDouble(gauche, droite).fermer()
    assert gauche.ferme and droite.ferme


def test_un_desaccord_dans_le_rapport_n_est_jamais_favorable(monkeypatch: pytest.MonkeyPatch) -> None:
    paquet = charger_regles_reelles()
    alarmes: list[int] = []
    verificateur = Verificateur(paquet, alerter=alarmes.append)
    juger = MoteurDirect.juger

    def mentir(moteur: MoteurDirect, situation: Situation) -> Jugement:
        vrai = juger(moteur, situation)
        return Jugement((Issue("conforme"), *vrai.consultation[1:]), vrai.lots)

    monkeypatch.setattr(MoteurDirect, "juger", mentir)
    fop = lire_essai(date_lancement="2026-09-15")
    try:
        rapport = verificateur.verifier(fop)
    finally:
        verificateur.fermer()
    premiere = next(r for r in paquet.regles if not r.niveau_lot).fiche
    fautif = [c for c in rapport.constats if c.verdict == "erreur"]
    assert [c.regle for c in fautif] == [premiere.id]
    assert "n'a pas pu être jugée" in fautif[0].message
    etats = {rapport.syntheses.loi.etat, rapport.syntheses.engagement_local.etat, rapport.syntheses.plan_national.etat}
    assert "favorable" not in etats
    assert rapport.syntheses.loi.etat == "en_erreur"
    assert rapport.constats[0] is fautif[0]
    assert alarmes == [1]


# -------------------------------------------------------------------------------------- étiquettes contraires


def test_deux_etiquettes_contraires_sont_une_erreur(monkeypatch: pytest.MonkeyPatch) -> None:
    """Une exigence dite à la fois respectée et violée ne peut venir que d'une corruption."""

    def toujours_vrai(arbre: Any, catalogue: Any) -> tuple[Any, Any]:
        vrai, faux = termes.traduire_arbre(arbre, catalogue)
        return [*vrai, *faux], [*vrai, *faux]

    monkeypatch.setattr(engendrement, "traduire_arbre", toujours_vrai)
    moteur = MoteurDurable(REGLES[:1])
    assert moteur.juger(situer({"montant_ht": 5})).consultation == (ERREUR,)
    assert moteur.juger(situer({})).consultation == (INDETERMINE,)
    moteur.fermer()


@pytest.mark.parametrize("partie", ["derogation", "alerte"])
def test_deux_etiquettes_contraires_sur_une_exception_sont_une_erreur(
    partie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = {"fait": "pse", "egal": True}
    regle = (
        fabriquer_regle({"fait": "innovant", "egal": True}, derogations=[(condition, condition)])
        if partie == "derogation"
        else fabriquer_regle({"fait": "innovant", "egal": True}, alerte_si=condition)
    )

    def brouiller(arbre: Any, catalogue: Any) -> tuple[Any, Any]:
        vrai, faux = termes.traduire_arbre(arbre, catalogue)
        if arbre is regle.exige:
            return vrai, faux
        return [*vrai, *faux], [*vrai, *faux]

    monkeypatch.setattr(engendrement, "traduire_arbre", brouiller)
    moteur = MoteurDurable([regle])
    assert moteur.juger(situer({"innovant": False, "pse": True})).consultation == (ERREUR,)
    assert moteur.juger(situer({"innovant": True, "pse": True})).consultation == (CONFORME,)
    moteur.fermer()


def test_une_etiquette_perdue_ne_devient_jamais_un_conforme(monkeypatch: pytest.MonkeyPatch) -> None:
    def perdre(arbre: Any, catalogue: Any) -> tuple[Any, Any]:
        termes.traduire_arbre(arbre, catalogue)
        return [], []

    monkeypatch.setattr(engendrement, "traduire_arbre", perdre)
    moteur = MoteurDurable(REGLES[:2])
    assert moteur.juger(situer({"montant_ht": 5, "innovant": True})).consultation == (INDETERMINE, INDETERMINE)
    moteur.fermer()


# ----------------------------------------------------------------------------------------------------- pannes


VRAI_MODULE_C: Any = importlib.import_module("durable_rules_engine")


class ModuleC:
    """Le module C, à qui l'on peut dire de tomber au moment choisi."""

    def __init__(self, vrai: Any) -> None:
        self._vrai = vrai
        self.tomber: Callable[[str, str], bool] = lambda nom, argument: False

    def __getattr__(self, nom: str) -> Callable[..., Any]:
        vraie = getattr(self._vrai, nom)

        def appeler(*arguments: Any) -> Any:
            if self.tomber(nom, str(arguments[-1])):
                raise RuntimeError("panne simulée")
            return vraie(*arguments)

        return appeler


@pytest.fixture
def module_c(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleC]:
    faux = ModuleC(VRAI_MODULE_C)
    monkeypatch.setattr(durable, "_moteur_c", faux)
    yield faux


def _fabriquer_deux_eclats() -> list[Regle]:
    """Assez de règles pour que la première et la dernière soient dans deux éclats différents."""
    return [fabriquer_regle({"fait": "montant_ht", "moins_de": borne}, id=f"ESSAI-{borne}") for borne in range(10, 110)]


ETAPES = ("assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact", "delete_state")


APPELS_EPROUVES = 24
"""Appels du module C que l'on fait tomber tour à tour, par étape et par verdict : de quoi toucher chaque éclat."""


def _fabriquer_en_quatre_temps() -> list[Regle]:
    """Assez de règles pour que les gardes, le tri, le fond et les nuances prennent chacun plusieurs éclats."""
    return [
        fabriquer_regle(
            {"fait": "montant_max_ht", "moins_de": 1_000 + borne},
            applicable_si={"fait": "montant_ht", "plus_de": borne},
            derogations=[({"fait": "duree_mois", "moins_de": 200 + borne}, {"fait": "pse", "egal": True})],
            fenetre=rang,
            id=f"ESSAI-{borne}",
        )
        for rang, borne in enumerate(range(10, 110))
    ]


def _situer_en_quatre_temps(**faits: Any) -> Situation:
    """Une situation où chacune des cent règles a sa propre période d'effet."""
    return Situation(faits, [{}], ({},), (True,) * 100)


def _faire_tomber(module_c: ModuleC, etape: str, rang: int) -> Iterator[int]:
    """Fait tomber le seul appel de ce rang (-1 : aucun) ; rend le compteur des appels de l'étape."""
    appels = itertools.count()
    module_c.tomber = lambda nom, argument: nom == etape and next(appels) == rang
    return appels


@pytest.mark.parametrize("verdict", ["non_applicable", "conforme", "derogation"])
@pytest.mark.parametrize("etape", ETAPES[:4])
def test_une_panne_du_module_c_rend_erreur_puis_tout_repart(etape: str, verdict: str, module_c: ModuleC) -> None:
    """Quel que soit l'appel qui tombe, des gardes aux nuances : l'éclat est en erreur, les autres jugent."""
    situation = _situer_en_quatre_temps(
        montant_ht=0 if verdict == "non_applicable" else 500,
        montant_max_ht=10 if verdict == "conforme" else 5_000,
        duree_mois=1,
        pse=True,
    )
    moteur = MoteurDurable(_fabriquer_en_quatre_temps())
    appels = _faire_tomber(module_c, etape, -1)
    sain = moteur.juger(situation)
    total = next(appels)
    assert {issue.verdict for issue in sain.consultation} == {verdict}
    assert total >= 2
    touchees: set[int] = set()
    for rang in range(0, total, max(1, total // APPELS_EPROUVES)):
        _faire_tomber(module_c, etape, rang)
        rendu = moteur.juger(situation).consultation
        en_erreur = {numero for numero, issue in enumerate(rendu) if issue == ERREUR}
        assert en_erreur, "la panne est dite"
        assert all(issue in (ERREUR, sain.consultation[0]) for issue in rendu), "aucun verdict inventé"
        assert len(en_erreur) < len(rendu), "les règles des autres éclats continuent"
        assert moteur.juger(situation) == sain, "tout repart"
        touchees |= en_erreur
    assert touchees == set(range(len(sain.consultation))), "chaque éclat est tombé une fois"
    autre = _situer_en_quatre_temps(montant_ht=500, montant_max_ht=1)
    assert set(moteur.juger(autre).consultation) == {CONFORME}
    moteur.fermer()


def test_une_garde_en_panne_met_ses_regles_en_erreur_sur_tous_les_lots(module_c: ModuleC) -> None:
    regles = [
        fabriquer_regle(
            {"fait": ".montant_ht", "moins_de": 10 * rang},
            applicable_si={"fait": "type_contrat", "egal": "marche"},
            niveau="lot",
            id=f"ESSAI-{rang}",
        )
        for rang in range(1, 5)
    ]
    moteur = MoteurDurable(regles)
    situation = situer({"type_contrat": "marche"}, lots=[{"montant_ht": 1}, {"montant_ht": 2}])
    # Le premier fait affirmé est celui des gardes : il n'y a ici aucune règle de niveau consultation.
    _faire_tomber(module_c, "assert_fact", 0)
    assert moteur.juger(situation).lots == ((ERREUR,) * 4,) * 2
    assert moteur.juger(situation).lots == ((CONFORME,) * 4,) * 2
    moteur.fermer()


def test_une_garde_dite_vraie_et_fausse_est_une_erreur(monkeypatch: pytest.MonkeyPatch) -> None:
    garde = {"fait": "type_contrat", "egal": "marche"}
    regles = [
        fabriquer_regle({"fait": "innovant", "egal": True}, applicable_si=garde, id=f"ESSAI-{rang}")
        for rang in range(engendrement.PARTAGE_MIN)
    ]

    def brouiller(arbre: Any, catalogue: Any) -> tuple[Any, Any]:
        vrai, faux = termes.traduire_arbre(arbre, catalogue)
        return ([*vrai, *faux], [*vrai, *faux]) if arbre == regles[0].applicable_si else (vrai, faux)

    monkeypatch.setattr(engendrement, "traduire_arbre", brouiller)
    moteur = MoteurDurable(regles)
    situation = situer({"type_contrat": "marche", "innovant": True})
    assert moteur.juger(situation).consultation == (ERREUR,) * len(regles)
    moteur.fermer()


@pytest.mark.parametrize("periode", [None, True, False])
def test_une_periode_perdue_ne_devient_jamais_un_verdict(periode: bool | None, module_c: ModuleC) -> None:
    """Sans aucune étiquette de période, on ne sait pas si la règle est en vigueur."""
    moteur = MoteurDurable(REGLES[:2])
    rendre = module_c._vrai.complete_and_start_action
    gardes = iter([True])

    class Muet(ModuleC):
        def __getattr__(self, nom: str) -> Callable[..., Any]:
            if nom == "start_action_for_state" and next(gardes, False):
                return lambda jeu, etat: self._vider(jeu, etat)
            return super().__getattr__(nom)

        def _vider(self, jeu: int, etat: int) -> None:
            self._vrai.start_action_for_state(jeu, etat)
            while rendre(jeu, etat) is not None:
                pass

    with pytest.MonkeyPatch.context() as rustine:
        rustine.setattr(durable, "_moteur_c", Muet(VRAI_MODULE_C))
        rendu = moteur.juger(situer({"montant_ht": 5, "innovant": True}, periode=periode)).consultation
    assert rendu == (INDETERMINE, INDETERMINE)
    moteur.fermer()


def test_une_panne_du_module_c_sous_le_double_est_une_erreur_dite(module_c: ModuleC) -> None:
    alarmes: list[int] = []
    double = MoteurDouble(MoteurDurable(REGLES), MoteurDirect(REGLES), alarmes.append)
    pannes = iter([True])
    module_c.tomber = lambda nom, argument: nom == "assert_fact" and next(pannes, False)
    jugement = double.juger(SITUATION)
    assert jugement.consultation == (ERREUR, ERREUR)
    assert jugement.lots == ((CONFORME,), (ECART,))
    assert alarmes == [2]
    assert double.juger(SITUATION).consultation == (CONFORME, CONFORME)
    double.fermer()


def test_un_module_c_qui_ne_se_releve_pas_rend_erreur_sans_lever(module_c: ModuleC) -> None:
    moteur = MoteurDurable(REGLES[:2])
    module_c.tomber = lambda nom, argument: nom == "assert_fact"
    assert moteur.juger(SITUATION).consultation == (ERREUR, ERREUR)


def test_fermer_apres_une_panne_definitive_libere_tout_sans_lever(module_c: ModuleC) -> None:
    moteur = MoteurDurable(REGLES[:2])
    module_c.tomber = lambda nom, argument: nom == "assert_fact"
    with contextlib.suppress(RuntimeError):
        moteur.juger(SITUATION)
    module_c.tomber = lambda nom, argument: False
    moteur.fermer()


@pytest.mark.parametrize("graine", range(12))
def test_sous_des_pannes_au_hasard_aucun_verdict_n_est_faux(graine: int, module_c: ModuleC) -> None:
    """Le vrai verdict, une erreur dite, ou au pire « indéterminé » ; jamais un conforme ni un écart inventé."""
    hasard = random.Random(graine)
    regles = _fabriquer_deux_eclats()[:70]
    durable_, direct = MoteurDurable(regles), MoteurDirect(regles)
    etapes = hasard.sample(ETAPES, hasard.randint(1, len(ETAPES)))
    frequence = hasard.choice((0.02, 0.2, 0.6))
    module_c.tomber = lambda nom, argument: nom in etapes and hasard.random() < frequence
    for _ in range(15):
        situation = situer({"montant_ht": hasard.choice((5, 50, 500))} if hasard.random() < 0.9 else {})
        vrai, rendu = direct.juger(situation).consultation, durable_.juger(situation).consultation
        assert all(b in (a, ERREUR, INDETERMINE) for a, b in zip(vrai, rendu, strict=True))
    module_c.tomber = lambda nom, argument: False
    durable_.fermer()


def test_un_eclat_qui_ne_tire_plus_rien_rend_erreur_et_pas_indetermine(module_c: ModuleC) -> None:
    moteur = MoteurDurable(REGLES[:2])
    pannes = iter([True, True])
    module_c.tomber = lambda nom, argument: nom == "complete_and_start_action" and next(pannes, False)
    rendus = [moteur.juger(SITUATION).consultation for _ in range(4)]
    moteur.fermer()
    assert all(issue in (CONFORME, ERREUR) for rendu in rendus for issue in rendu), rendus


def test_un_fait_refuse_par_le_module_c_ne_rend_jamais_conforme(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code non nul (fait déjà vu, non traité) : rien ne tire, donc « indéterminé », que le double signale."""

    class Sourd(ModuleC):
        def __getattr__(self, nom: str) -> Callable[..., Any]:
            if nom == "assert_fact":
                return lambda jeu, fait: (1, 0) if '"hb"' not in fait else self._vrai.assert_fact(jeu, fait)
            return super().__getattr__(nom)

    monkeypatch.setattr(durable, "_moteur_c", Sourd(VRAI_MODULE_C))
    moteur = MoteurDurable(REGLES[:1])
    assert moteur.juger(SITUATION).consultation == (INDETERMINE,)
    moteur.fermer()


class _DonneePiegee(dict[str, Any]):
    """Des faits dont une clé fait tomber la lecture."""

    def get(self, cle: str, defaut: Any = None) -> Any:
        if cle == "innovant":
            raise ValueError("donnée piégée")
        return super().get(cle, defaut)


@pytest.mark.parametrize("moteur", [MoteurDirect, MoteurDurable])
def test_une_donnee_qui_fait_tomber_la_lecture_ne_touche_que_ses_regles(
    moteur: Callable[[Sequence[Regle]], port.Moteur],
) -> None:
    situation = Situation(_DonneePiegee(montant_ht=5), [{"montant_ht": 5}], ({},), (True,))
    bati = moteur(REGLES)
    jugement = bati.juger(situation)
    assert jugement.consultation == (CONFORME, ERREUR)
    assert jugement.lots == ((CONFORME,),)
    bati.fermer()


# --------------------------------------------------------------------------- des lots que rien ne distingue


def _compter_faits(module_c: ModuleC, situation: Situation) -> tuple[Jugement, int]:
    moteur = MoteurDurable(REGLES)
    appels = _faire_tomber(module_c, "assert_fact", -1)
    jugement = moteur.juger(situation)
    moteur.fermer()
    assert jugement == MoteurDirect(REGLES).juger(situation)
    return jugement, next(appels)


def test_des_lots_que_rien_ne_distingue_ne_sont_soumis_qu_une_fois(module_c: ModuleC) -> None:
    heritee = [{"type": "prix"}]
    un = {"montant_ht": 5, "criteres": heritee}
    seul, appels_seul = _compter_faits(module_c, situer(lots=[un]))
    semblables, appels = _compter_faits(module_c, situer(lots=[{**un, "numero": str(rang)} for rang in range(40)]))
    assert semblables.lots == seul.lots * 40
    assert appels == appels_seul


def test_un_lot_que_distingue_une_donnee_lue_est_juge_a_part(module_c: ModuleC) -> None:
    jugement, _ = _compter_faits(module_c, situer(lots=[{"montant_ht": 5}, {"montant_ht": 50}, {}, {"montant_ht": 5}]))
    assert jugement.lots == ((CONFORME,), (ECART,), (INDETERMINE,), (CONFORME,))


class _LotPiege(dict[str, Any]):
    """Un lot dont la lecture tombe."""

    def get(self, cle: str, defaut: Any = None) -> Any:
        raise ValueError("lot piégé")


def test_un_lot_illisible_est_en_erreur_sans_toucher_les_autres(module_c: ModuleC) -> None:
    lots = [{"montant_ht": 5}, _LotPiege(montant_ht=5), _LotPiege(montant_ht=5), {"montant_ht": 5}]
    situation = Situation({}, lots, ({},), (True,))
    jugement, _ = _compter_faits(module_c, situation)
    assert jugement.lots == ((CONFORME,), (ERREUR,), (ERREUR,), (CONFORME,))
