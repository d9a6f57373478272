"""Les limites mesurées de durable-rules : chacune est franchie ici, aucune ne doit l'être dans le module C."""

import gc
import os
import random
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any

import pytest

from services.regles.ecriture import ecrire_json
from services.regles.faits import etablir_faits
from services.regles.lecture_fop import lire_fop
from services.regles.moteur import durable as module_durable
from services.regles.moteur.choix import construire_moteur
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.double import MoteurDouble
from services.regles.moteur.durable import MoteurDurable, etre_disponible
from services.regles.moteur.engendrement import RegleEngendree, engendrer
from services.regles.moteur.port import CONFORME, ECART, MoteurIndisponible, Situation, separer_par_niveau
from services.regles.moteur.repartition import (
    MEME_FIN_MAX,
    PILE_MAX,
    PROPRIETES_MAX,
    VOISINES_MAX,
    empiler,
    mesurer_pile,
    ranger,
    repartir,
    verifier_collisions,
)
from services.regles.moteur.termes import Atome, Constante
from services.regles.regle import Regle
from services.regles.verification import Verificateur
from tests.moteurs.atelier import (
    RACINE,
    charger_regles_reelles,
    fabriquer_regle,
    juger_des_deux,
    lire_essai,
    relever_fautes,
    situer,
)
from tests.moteurs.fops_au_hasard import Tirage
from tests.moteurs.regles_au_hasard import charger_paquet_au_hasard

MIO = 1024 * 1024


def _mesurer(termes: Iterable[Sequence[Atome]]) -> int:
    racine: dict[Atome, Any] = {}
    for terme in termes:
        empiler(racine, terme)
    return mesurer_pile(racine)


def _mesurer_memoire() -> int:
    """Rend la mémoire résidente du processus, en octets."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def _fabriquer_bornees(nombre: int, **fiche: Any) -> list[Regle]:
    """Rend des règles d'autant de bornes distinctes sur le montant."""
    return [
        fabriquer_regle({"fait": "montant_ht", "moins_de": 1_000 + borne}, id=f"ESSAI-{borne}", **fiche)
        for borne in range(nombre)
    ]


def _situer_fops(graine: int, nombre: int) -> list[Situation]:
    paquet = charger_regles_reelles()
    situations = []
    for brut in Tirage(paquet).tirer_plusieurs(graine, nombre):
        faits = etablir_faits(lire_fop(brut), paquet.acheteurs)
        situations.append(paquet.situer(faits, paquet.cadrer(faits)))
    return situations


def test_durable_rules_est_installe_ici() -> None:
    assert etre_disponible()


@pytest.mark.parametrize("nombre", [60, 65, 130, 300])
def test_plus_de_soixante_quatre_regles_vraies_d_un_coup(nombre: int) -> None:
    regles = _fabriquer_bornees(nombre)
    ((direct, durable),) = juger_des_deux(regles, [situer({"montant_ht": 5})])
    assert direct == durable
    assert direct.consultation == (CONFORME,) * nombre


def test_cent_regles_au_meme_controle_sont_vraies_ensemble() -> None:
    regles = [fabriquer_regle({"fait": "innovant", "egal": True}, id=f"ESSAI-{rang}") for rang in range(300)]
    for direct, durable in juger_des_deux(regles, [situer({"innovant": True}), situer({"innovant": False}), situer()]):
        assert direct == durable


def test_plus_de_cinq_cent_douze_conditions_distinctes_se_repartissent() -> None:
    regles = _fabriquer_bornees(600)
    fond = engendrer(regles).fond
    assert len({atome for engendree in fond for atome in engendree.terme}) > 512
    assert len(repartir(fond, regles)) > 1
    for direct, durable in juger_des_deux(regles, [situer({"montant_ht": m}) for m in (0, 1_300, 2_000)]):
        assert direct == durable


def test_une_regle_n_est_jamais_coupee_entre_deux_eclats() -> None:
    regles = _fabriquer_bornees(200)
    for temps in _engendrer_temps(regles):
        vus: set[int] = set()
        for eclat in repartir(temps, regles):
            siennes = {engendree.regle for engendree in eclat}
            assert not siennes & vus
            vus |= siennes
        assert vus == {engendree.regle for engendree in temps}


def _engendrer_temps(regles: Sequence[Regle]) -> list[list[RegleEngendree]]:
    """Rend les règles engendrées telles que le moteur les répartit : gardes, tri, fond, nuances."""
    engendrees = engendrer(regles)
    return [engendrees.gardes, engendrees.tri, engendrees.fond, engendrees.nuances]


def _verifier_eclats(regles: Sequence[Regle]) -> int:
    eclats = [eclat for temps in _engendrer_temps(regles) for eclat in repartir(temps, regles)]
    for eclat in eclats:
        termes = list(dict.fromkeys(ranger(engendree.terme) for engendree in eclat))
        assert _mesurer(termes) + 1 <= PILE_MAX
        assert len({atome for terme in termes for atome in terme}) <= VOISINES_MAX
        fins = [terme[-1] for terme in termes if terme]
        assert max(map(fins.count, set(fins)), default=0) <= MEME_FIN_MAX
        assert len({atome.propriete for terme in termes for atome in terme}) <= PROPRIETES_MAX
        for terme in termes:
            assert all(atome.symbole in ("==", "!=", "<", "<=", ">", ">=") for atome in terme)
            assert all(type(atome.constante) in (int, str) for atome in terme)
    return len(eclats)


def test_aucun_eclat_du_paquet_reel_ne_depasse_une_limite() -> None:
    consultation = [r for r in charger_regles_reelles().regles if not r.niveau_lot]
    lot = [r for r in charger_regles_reelles().regles if r.niveau_lot]
    assert _verifier_eclats(consultation) >= 1
    assert _verifier_eclats(lot) >= 1


def test_aucun_eclat_de_regles_au_hasard_ne_depasse_une_limite() -> None:
    _, regles = charger_paquet_au_hasard(1)
    assert _verifier_eclats([r for r in regles if not r.niveau_lot]) > 2
    assert _verifier_eclats([r for r in regles if r.niveau_lot]) > 2


def test_les_eclats_ne_dependent_pas_du_hasard_des_empreintes_de_python() -> None:
    """Deux processus qui servent le même paquet doivent compiler le même moteur."""
    code = (
        "from tests.moteurs.test_limites import decrire_eclats; from tests.moteurs.atelier import *;"
        "print(decrire_eclats(charger_regles_reelles().regles))"
    )
    sorties = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=RACINE,
            env=os.environ | {"PYTHONHASHSEED": graine, "PYTHONPATH": str(RACINE)},
            capture_output=True,
            check=True,
        ).stdout
        for graine in ("1", "4")
    }
    assert len(sorties) == 1


def decrire_eclats(regles: Sequence[Regle]) -> list[list[tuple[int, int, tuple[Atome, ...]]]]:
    """Rend chaque éclat de chaque niveau, terme par terme."""
    return [
        [(engendree.regle, engendree.etiquette, ranger(engendree.terme)) for engendree in eclat]
        for du_niveau in separer_par_niveau(regles)
        for temps in _engendrer_temps(du_niveau)
        for eclat in repartir(temps, du_niveau)
    ]


def test_la_pile_bornee_compte_les_voisines_en_attente() -> None:
    a, b, c = (Atome(nom, "==", 1) for nom in "abc")
    assert _mesurer([]) == 0
    assert _mesurer([(a,)]) == 1
    assert _mesurer([(a,), (b,), (c,)]) == 3
    assert _mesurer([(a, b), (a, c)]) == 2
    assert _mesurer([(a,), (b, a), (b, c)]) == 3
    assert _mesurer([(b, a), (b, c), (a,)]) == 3, "l'ordre des règles n'est pas celui de la pile"


def test_la_pile_bornee_ne_compte_ensemble_que_ce_qui_peut_etre_vrai_ensemble() -> None:
    un, deux, pas_un = Atome("a", "==", 1), Atome("a", "==", 2), Atome("a", "!=", 1)
    moins, plus = Atome("a", "<", 5), Atome("a", ">=", 5)
    assert _mesurer([(un,), (deux,)]) == 1
    assert _mesurer([(un,), (deux,), (pas_un,)]) == 2
    assert _mesurer([(moins,), (plus,)]) == 1
    assert _mesurer([(moins,), (Atome("a", "<", 4),), (plus,)]) == 2
    assert _mesurer([(Atome("t", "==", "x"),), (Atome("t", "==", "y"),), (Atome("t", "!=", "z"),)]) == 2


def _suivre_pile(racine: dict[Atome, Any], fait: Mapping[str, Constante]) -> int:
    """Déroule la pile comme le module C (events.c, handleAlpha), propriétés du fait dans l'ordre où il les donne."""
    pile, profondeur = [racine], 1
    while pile:
        noeud = pile.pop()
        pile += [
            enfants
            for nom, lu in fait.items()
            for atome, enfants in noeud.items()
            if atome.propriete == nom and _COMPARAISONS[atome.symbole](lu, atome.constante)
        ]
        profondeur = max(profondeur, len(pile))
    return profondeur


_COMPARAISONS: Mapping[str, Any] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@pytest.mark.parametrize("graine", range(20))
def test_la_pile_bornee_majore_la_vraie_pile_quel_que_soit_l_ordre_du_fait(graine: int) -> None:
    hasard = random.Random(graine)
    noms = [f"p{rang}" for rang in range(hasard.randint(2, 10))]
    racine: dict[Atome, Any] = {}
    for _ in range(hasard.randint(5, 60)):
        lues = hasard.sample(noms, hasard.randint(1, min(4, len(noms))))
        empiler(racine, [Atome(nom, hasard.choice(list(_COMPARAISONS)), hasard.randint(0, 3)) for nom in lues])
    borne = mesurer_pile(racine)
    for _ in range(300):
        fait = {nom: hasard.randint(-1, 4) for nom in hasard.sample(noms, hasard.randint(1, len(noms)))}
        assert _suivre_pile(racine, fait) <= borne


def test_une_regle_trop_combinatoire_est_refusee_avec_son_nom() -> None:
    exige = {
        "toutes": [
            {"une_de": [{"fait": "montant_ht", "egal": 10 * rang + choix} for choix in range(6)]} for rang in range(6)
        ]
    }
    regle = fabriquer_regle({"une_de": [exige, {"fait": "innovant", "egal": True}]}, id="ESSAI-TROP")
    autre = fabriquer_regle(
        {"toutes": [{"une_de": [{"fait": f, "egal": True} for f in trio]} for trio in _TRIOS]}, id="ESSAI-TROP"
    )
    MoteurDurable([regle]).fermer()  # contradictoire, donc petite une fois absorbée
    with pytest.raises(MoteurIndisponible, match="combinatoire"):
        MoteurDurable([autre])
    assert MoteurDirect([autre]).juger(situer({})).consultation[0].verdict == "indetermine"


_TRIOS = (
    ("innovant", "pse", "preinformation"),
    ("fin_de_vie", "maintenance_incluse", "pneus_rechapes"),
    ("clause_laicite", "clause_rgpd", "rgaa_exige"),
    ("fiche_suivi_prevue", "evaluation_prevue", "destine_au_public"),
    ("groupement_commandes", "urgence_justifiee", "reponse_electronique"),
    ("objet_insertion", "confie_service_public", "titulaire_pme_attendu"),
)


def test_une_regle_refusee_ne_retient_rien_et_les_suivantes_se_compilent() -> None:
    autre = fabriquer_regle({"toutes": [{"une_de": [{"fait": f, "egal": True} for f in trio]} for trio in _TRIOS]})
    depart = _mesurer_memoire()
    for _ in range(5):
        with pytest.raises(MoteurIndisponible):
            MoteurDurable([*_fabriquer_bornees(30), autre])
    assert _mesurer_memoire() - depart < 15 * MIO
    ((direct, durable),) = juger_des_deux(_fabriquer_bornees(3), [situer({"montant_ht": 5})])
    assert direct == durable


def test_mille_cent_verifications_d_affilee_restent_justes_et_plates() -> None:
    """1 025 états vivants faisaient tomber le module C : l'état est toujours le même."""
    regles = charger_regles_reelles().regles
    situations = _situer_fops(11, 110)
    direct, durable = MoteurDirect(regles), MoteurDurable(regles)
    attendus = [direct.juger(situation) for situation in situations]
    depart = 0
    for tour in range(10):
        if tour == 1:
            depart = _mesurer_memoire()
        assert [durable.juger(situation) for situation in situations] == attendus
    assert _mesurer_memoire() - depart < 15 * MIO
    durable.fermer()


def test_huit_fils_en_parallele_rendent_les_memes_rapports() -> None:
    paquet = charger_regles_reelles()
    fops = [lire_fop(brut) for brut in Tirage(paquet).tirer_plusieurs(13, 24)]
    alarmes: list[int] = []
    verificateur = Verificateur(paquet, "double", alarmes.append)
    attendus = [ecrire_json(verificateur.verifier(fop, detail="essentiel")) for fop in fops]
    with ThreadPoolExecutor(8) as fils:
        tours = list(
            fils.map(lambda _: [ecrire_json(verificateur.verifier(fop, detail="essentiel")) for fop in fops], range(8))
        )
    verificateur.fermer()
    assert all(tour == attendus for tour in tours)
    assert alarmes == []


def test_huit_fils_sur_huit_moteurs_ne_se_melangent_pas() -> None:
    regles = charger_regles_reelles().regles
    situations = _situer_fops(17, 60)
    attendus = [MoteurDirect(regles).juger(situation) for situation in situations]

    def travailler(_: int) -> bool:
        moteur = MoteurDurable(regles)
        try:
            return [moteur.juger(situation) for situation in situations] == attendus
        finally:
            moteur.fermer()

    with ThreadPoolExecutor(8) as fils:
        assert all(fils.map(travailler, range(8)))


def test_trente_rechargements_ne_fuient_pas() -> None:
    """Sans `delete_state` ni `delete_ruleset`, trente rechargements prendraient plus de cent Mio."""
    regles = charger_regles_reelles().regles
    situations = _situer_fops(19, 5)

    def recharger() -> None:
        moteur = MoteurDurable(regles)
        for situation in situations:
            moteur.juger(situation)
        moteur.fermer()

    for _ in range(3):
        recharger()
    depart = _mesurer_memoire()
    for _ in range(30):
        recharger()
    assert _mesurer_memoire() - depart < 15 * MIO


def test_fermer_sans_avoir_juge_ne_plante_pas() -> None:
    """Supprimer un état où rien n'a jamais tiré fait planter le module C : le battement l'évite."""
    for _ in range(3):
        MoteurDurable(charger_regles_reelles().regles).fermer()


def test_un_moteur_sans_regle_juge_et_se_ferme() -> None:
    moteur = MoteurDurable([])
    assert moteur.juger(situer({}, lots=[{}, {}])).lots == ((), ())
    moteur.fermer()


TEXTES_EXTREMES = {
    "accents": "Été à l'œuvre — « ça »",
    "guillemets": "il a dit \"oui\", puis 'non'",
    "barres": "C:\\dossier\\\\fin\\",
    "json": '{"sid":"s","id":"f"}',
    "lignes": "une\nligne\r\net\tune tabulation",
    "emoji": "👩‍👩‍👧‍👦 famille 🇫🇷",
    "droite_a_gauche": "\u202eéte\u202c",
    "vide_presque": "\u00a0",
    "decompose": "e\u0301",
    "nombre": "10",
    "booleen": "true",
    "nul": "null",
    "60000_ascii": "x" * 60_000,
    "60000_accents": "é" * 30_000,
    "60000_emoji": "😀" * 15_000,
}


@pytest.mark.parametrize("texte", TEXTES_EXTREMES.values(), ids=TEXTES_EXTREMES.keys())
def test_un_texte_extreme_se_compare_pareil_des_deux_cotes(texte: str) -> None:
    regles = [
        fabriquer_regle({"fait": "justification_duree", "egal": texte}, id="ESSAI-EGAL"),
        fabriquer_regle({"fait": "justification_duree", "different": texte}, id="ESSAI-AUTRE"),
        fabriquer_regle({"fait": "justification_duree", "parmi": [texte, "autre"]}, id="ESSAI-PARMI"),
        fabriquer_regle({"fait": "justification_duree", "hors": [texte, "b", "c"]}, id="ESSAI-HORS"),
        fabriquer_regle({"fait": "justification_duree", "renseigne": True}, id="ESSAI-LA"),
    ]
    situations = [situer({"justification_duree": lu}) for lu in (texte, texte[:-1], texte + "x", "x", "")]
    for direct, durable in juger_des_deux(regles, situations):
        assert direct == durable
    ((direct, _),) = juger_des_deux(regles, [situations[0]])
    assert [issue.verdict for issue in direct.consultation] == ["conforme", "ecart", "conforme", "ecart", "conforme"]


def test_un_texte_de_plus_de_65_535_octets_n_egale_pas_son_debut() -> None:
    regle = fabriquer_regle({"fait": "justification_duree", "egal": "abc"})
    brut = "abc" + "😀" * 16_384
    faits = etablir_faits(lire_essai(justification_duree=brut), {})
    ((direct, durable),) = juger_des_deux([regle], [situer(faits.consultation)])
    assert direct.consultation == (ECART,)
    assert durable == direct


@pytest.mark.parametrize("montant", [0, 1, 10**11, 10**12])
def test_un_montant_geant_se_compare_au_centime(montant: int) -> None:
    regles = [fabriquer_regle({"fait": "montant_ht", "plus_de": montant}, id="ESSAI-PLUS")]
    lus = [Decimal(montant) + ecart for ecart in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))]
    for direct, durable in juger_des_deux(regles, [situer({"montant_ht": lu}) for lu in lus]):
        assert direct == durable


def test_une_borne_demesuree_est_refusee_au_typage() -> None:
    """Au-delà de 2^63 centimes, le module C saturerait et confondrait deux montants."""
    for borne in (10**12 + 1, 10**18, -1):
        assert relever_fautes({"fait": "montant_ht", "moins_de": borne}) == ["L04"]


def test_deux_noms_de_meme_empreinte_fnv_sont_refuses() -> None:
    with pytest.raises(MoteurIndisponible, match="indiscernables"):
        verifier_collisions(["montant_nb_ref_yza", "option_taux_code_vpv"])
    verifier_collisions(f"g{groupe}p{rang}" for groupe in range(20) for rang in range(400))


def test_le_moteur_double_est_construit_par_defaut_et_le_direct_reste_possible() -> None:
    regles = charger_regles_reelles().regles
    double, degrade = construire_moteur("double", regles)
    assert isinstance(double, MoteurDouble) and not degrade
    double.fermer()
    direct, degrade = construire_moteur("direct", regles)
    assert isinstance(direct, MoteurDirect) and not degrade


def test_sans_durable_rules_le_direct_juge_seul_et_le_dit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_durable, "_moteur_c", None)
    moteur, degrade = construire_moteur("double", charger_regles_reelles().regles)
    assert isinstance(moteur, MoteurDirect) and degrade
    with pytest.raises(MoteurIndisponible, match="n'est pas installé"):
        construire_moteur("durable", charger_regles_reelles().regles)
    verificateur = Verificateur(charger_regles_reelles())
    rapport = verificateur.verifier(lire_essai())
    assert rapport.moteur.degrade
    assert [n.code for n in rapport.notices] == ["moteur"]
