"""Vérifier : une FOP, un paquet, une date ; un rapport."""

from collections.abc import Callable
from datetime import date
from typing import Any

from services.regles.conditions import Feuille, parcourir
from services.regles.faits import SUPPOSITIONS, Faits, etablir_faits
from services.regles.fiches import NomVerdict
from services.regles.fop import Fop
from services.regles.lecture_fop import empreinte
from services.regles.messages import INSECABLE, composer, ecrire_date
from services.regles.moteur.choix import NomMoteur, construire_moteur
from services.regles.moteur.port import Issue, Situation, separer_par_niveau
from services.regles.paquet import Cadrage, Paquet
from services.regles.rapport import (
    AVERTISSEMENT,
    Constat,
    DerogationInvoquee,
    Detail,
    FopJugee,
    MoteurCite,
    Notice,
    PaquetCite,
    Rapport,
    ReferenceCitee,
    RegleCitee,
    RemedePropose,
    Supposition,
    compter,
    garder_une_version,
    nommer_donnee,
    ordonner,
    rassembler_demandes,
    synthetiser,
)
from services.regles.regle import Regle
from services.regles.remedes import ClauseProposee, Clausier, reunir
from services.regles.trace import choisir_parties_en_suspens, examiner_regle, relever_absents, tracer

MESSAGES_GENERIQUES: dict[NomVerdict, str] = {
    "hors_periode": "La règle n'est pas en vigueur à la date de référence.",
    "non_applicable": "La règle ne s'applique pas à cette consultation.",
    "conforme": "La règle est respectée.",
    "indetermine": "Il manque de quoi conclure.",
    "erreur": "La règle n'a pas pu être jugée : ne pas en tirer de conclusion, prévenir l'administrateur.",
}
PROPOSENT_DES_CLAUSES: frozenset[NomVerdict] = frozenset({"ecart", "alerte"})
AXES_DE_PROCEDURE = frozenset({"procedure", "acces_entreprises"})
"""Axes dont le remède peut être de changer de procédure : ne pas écarter les pièces de l'autre."""
SANS_SUITE: frozenset[NomVerdict] = frozenset({"hors_periode", "non_applicable"})


class Verificateur:
    """Un paquet prêt à juger : règles compilées, clausier, moteur. Partageable entre fils ; à fermer après usage."""

    def __init__(
        self, paquet: Paquet, nom_moteur: NomMoteur = "double", alerter: Callable[[int], None] | None = None
    ) -> None:
        """Compile le paquet. `alerter` reçoit le nombre de désaccords entre les deux moteurs.

        Lève MoteurIndisponible si `durable` est exigé et ne peut pas être construit.
        """
        self.paquet = paquet
        self.moteur, self.degrade = construire_moteur(nom_moteur, paquet.regles, alerter)
        self._consultation, self._lot = separer_par_niveau(paquet.regles)
        self._clausier = Clausier(paquet)
        self._cartes = {regle.fiche.cle: _Carte(regle) for regle in paquet.regles}

    def verifier(self, fop: Fop, date_de_reference: date | None = None, detail: Detail = "complet") -> Rapport:
        """Rend le rapport. `date_de_reference` simule une date de lancement ; ne lève rien sur une FOP valide."""
        faits = etablir_faits(fop, self.paquet.acheteurs, date_de_reference)
        cadrage = self.paquet.cadrer(faits)
        jugement = self.moteur.juger(Situation(faits.consultation, faits.lots, cadrage.cadres, cadrage.periodes))
        redaction = _Redaction(self, fop, faits, cadrage, detail)
        for regle, issue in zip(self._consultation, jugement.consultation, strict=True):
            redaction.ajouter(regle, issue, None)
        for rang, issues in enumerate(jugement.lots):
            for regle, issue in zip(self._lot, issues, strict=True):
                redaction.ajouter(regle, issue, rang)
        return redaction.conclure(date_de_reference)

    def decrire(self, regle: Regle) -> "_Carte":
        """Rend ce qui, d'une règle, ne change pas d'une vérification à l'autre."""
        return self._cartes[regle.fiche.cle]

    @property
    def clausier(self) -> Clausier:
        """Le clausier du paquet."""
        return self._clausier

    def fermer(self) -> None:
        """Libère le moteur."""
        self.moteur.fermer()


class _Carte:
    """Ce qui, d'une règle, ne change pas d'une vérification à l'autre : préparé une fois."""

    def __init__(self, regle: Regle) -> None:
        fiche = regle.fiche
        references = [
            ReferenceCitee(r.texte, r.article, r.role, r.url, r.piece, r.provenance, r.confiance)
            for r in fiche.references
        ]
        self.citee = RegleCitee(
            id=fiche.id,
            version=fiche.version,
            titre=fiche.titre,
            question_metier=fiche.question_metier,
            corpus=fiche.corpus,
            axe=fiche.axe,
            nature=fiche.nature,
            effet_du=fiche.effet.du,
            effet_au=fiche.effet.au,
            references=references,
            note=fiche.note,
            couverture=fiche.couverture,
            confiance=fiche.confiance,
            relecture_juridique=fiche.relecture_juridique,
        )
        premiere = next((r for r in references if r.role == "fondement"), references[0])
        self.fondement = f"{premiere.texte}, {premiere.article}"
        noeuds = [noeud for arbre in regle.lister_arbres() for noeud in parcourir(arbre)]
        lectures = [noeud.lecture if isinstance(noeud, Feuille) else noeud.liste for noeud in noeuds]
        self.supposables = {
            (lecture.portee, lecture.cle): lecture
            for lecture in lectures
            if lecture.defaut is not None or (lecture.portee == "consultation" and lecture.cle in SUPPOSITIONS)
        }.values()


class _Redaction:
    """Compose le rapport d'une vérification, constat après constat."""

    def __init__(self, verificateur: Verificateur, fop: Fop, faits: Faits, cadrage: Cadrage, detail: Detail) -> None:
        self._verificateur = verificateur
        self._fop = fop
        self._faits = faits
        self._cadrage = cadrage
        self._complet = detail == "complet"
        self._constats: list[Constat] = []
        self._propositions: dict[int, list[ClauseProposee]] = {}
        self._suppositions: dict[str, Supposition] = {}
        self._citees: dict[str, RegleCitee] = {}
        self._echus: dict[str, str] = {}
        self._assumees = {d.regle: d for d in fop.derogations or () if d.regle is not None}
        self._notices = [Notice("incoherence", texte) for texte in faits.notices]

    def ajouter(self, regle: Regle, issue: Issue, rang_lot: int | None) -> None:
        """Ajoute le constat d'une règle sur la consultation ou sur un lot."""
        fiche = regle.fiche
        verdict, derogation = self._qualifier(regle, issue)
        a_examiner = self._complet or verdict == "indetermine"
        dossier = examiner_regle(regle, self._faits, self._cadrage, rang_lot) if a_examiner else None
        a_demander: list[str] = []
        parametres_absents: list[str] = []
        facultatif = False
        jour = self._cadrage.dates[regle.groupe]
        if verdict == "indetermine" and dossier is not None:
            attenuee = dossier.trouver("alerte_si")
            facultatif = fiche.sans_ecart or (attenuee is not None and attenuee.resultat is True)
            a_demander, parametres_absents = relever_absents(choisir_parties_en_suspens(regle, dossier))
            if jour is None:
                # Sans date, aucun seuil n'a de valeur : c'est la date qu'il faut, pas les seuils.
                a_demander = list(dict.fromkeys([fiche.effet.date_de_reference[-1], *a_demander]))
                parametres_absents = []
        propositions, remede = self._remedier(regle, issue, verdict, rang_lot)
        carte = self._verificateur.decrire(regle)
        if verdict not in SANS_SUITE:
            self._relever_suppositions(fiche.id, carte, rang_lot)
        if self._complet or verdict not in SANS_SUITE:
            self._citees[fiche.cle] = carte.citee
        if verdict == "hors_periode":
            self._relever_echeance(regle, jour)
        constat = Constat(
            regle=fiche.id,
            version=fiche.version,
            titre=fiche.titre,
            famille=fiche.famille,
            nature=fiche.nature,
            gravite=fiche.gravite,
            lot=self._faits.numeros[rang_lot] if rang_lot is not None else None,
            verdict=verdict,
            message=self._dire(regle, issue, verdict, derogation, rang_lot, a_demander, parametres_absents),
            fondement=carte.fondement,
            date_de_reference=jour,
            a_demander=a_demander,
            parametres_absents=parametres_absents,
            derogation=derogation,
            remede=remede,
            facultatif=facultatif,
            mentions=[] if verdict in SANS_SUITE else self._mentionner(regle, jour),
            trace=tracer(dossier) if self._complet and dossier is not None else None,
        )
        self._constats.append(constat)
        self._propositions[id(constat)] = propositions

    def _remedier(
        self, regle: Regle, issue: Issue, verdict: NomVerdict, rang_lot: int | None
    ) -> tuple[list[ClauseProposee], RemedePropose | None]:
        """Rend les clauses à proposer et le remède : pour une violation, et pour ce que justifie une dérogation."""
        remede, clausier = regle.fiche.remede, self._verificateur.clausier
        if verdict in PROPOSENT_DES_CLAUSES:
            element = self._faits.lots[rang_lot] if rang_lot is not None else self._faits.consultation
            choisies = clausier.choisir(remede.clauses, element, toute_piece=regle.fiche.axe in AXES_DE_PROCEDURE)
        elif verdict == "derogation" and issue.verdict == "derogation":
            choisies = regle.derogations[issue.derogation].fiche.clauses
        elif verdict == "indetermine":
            return [], RemedePropose(remede.action, list(remede.ou), [])
        else:
            return [], None
        propositions = [
            clausier.proposer(i, self._faits, self._cadrage, rang_lot, regle.fiche.id, regle.groupe) for i in choisies
        ]
        if verdict == "derogation":
            return propositions, None
        return propositions, RemedePropose(remede.action, list(remede.ou), choisies)

    def _qualifier(self, regle: Regle, issue: Issue) -> tuple[NomVerdict, DerogationInvoquee | None]:
        """Rend le verdict du rapport : celui du moteur, sauf engagement local que l'acheteur assume par écrit."""
        invoquee: DerogationInvoquee | None = None
        if issue.derogation >= 0:
            fiche = regle.derogations[issue.derogation].fiche
            motivee = issue.verdict == "derogation"
            invoquee = DerogationInvoquee(fiche.id, fiche.titre, fiche.reference, None, motivee)
        assumee = self._assumees.get(regle.fiche.id)
        if (
            issue.verdict == "ecart"
            and assumee is not None
            and assumee.motif
            and regle.fiche.nature == "engagement_local"
        ):
            titre = "Écart assumé par l'acheteur"
            return "derogation", DerogationInvoquee(f"{regle.fiche.id}-ACHETEUR", titre, None, assumee.motif, True)
        return issue.verdict, invoquee

    def _dire(
        self,
        regle: Regle,
        issue: Issue,
        verdict: NomVerdict,
        derogation: DerogationInvoquee | None,
        rang_lot: int | None,
        a_demander: list[str],
        parametres_absents: list[str],
    ) -> str:
        messages = regle.fiche.messages
        if derogation is not None and derogation.motif is not None:
            return f"{derogation.titre} : {derogation.motif}"
        if issue.derogation >= 0 and verdict in PROPOSENT_DES_CLAUSES and messages.derogation_incomplete is not None:
            gabarit: str | None = messages.derogation_incomplete
        else:
            gabarit = getattr(messages, verdict, None)
        if gabarit is None:
            return MESSAGES_GENERIQUES.get(verdict, MESSAGES_GENERIQUES["erreur"])
        invoquee = regle.derogations[issue.derogation].fiche if issue.derogation >= 0 else None

        def trouver(nom: str) -> Any:
            if nom == "a_demander":
                return [*map(nommer_donnee, a_demander), *map(self._nommer_parametre, parametres_absents)]
            if nom in regle.fiche.parametres:
                seuil = self._cadrage.valeurs[regle.groupe].get(regle.fiche.parametres[nom])
                return seuil.valeur if seuil is not None else None
            if nom == "date_de_reference":
                return self._cadrage.dates[regle.groupe]
            if nom.startswith("effet."):
                return getattr(regle.fiche.effet, nom[6:], None)
            if nom.startswith("derogation."):
                return getattr(invoquee, nom[11:], None)
            if nom.startswith((".", "lot.")):
                return self._faits.lots[rang_lot].get(nom.partition(".")[2]) if rang_lot is not None else None
            return self._faits.consultation.get(nom)

        return composer(gabarit, trouver)

    def _nommer_parametre(self, cle: str) -> str:
        libelle = self._verificateur.paquet.parametres[cle].libelle
        return f"la valeur à cette date de «{INSECABLE}{libelle}{INSECABLE}»"

    def _mentionner(self, regle: Regle, jour: date | None) -> list[str]:
        mentions = [m.texte for m in regle.fiche.mentions if jour is not None and m.depuis <= jour]
        a_confirmer: dict[str, list[str]] = {}
        for cle in regle.fiche.parametres.values():
            seuil = self._cadrage.valeurs[regle.groupe].get(cle)
            if seuil is None or (seuil.mention is None and seuil.confiance == "haute"):
                continue
            texte = seuil.mention or f"valeur de confiance {seuil.confiance}, à vérifier"
            a_confirmer.setdefault(texte, []).append(self._verificateur.paquet.parametres[cle].libelle)
        mentions += [f"À confirmer ({' ; '.join(libelles)}) : {texte}" for texte, libelles in a_confirmer.items()]
        if regle.fiche.confiance != "haute":
            objet = "point de droit" if regle.fiche.famille == "loi" else "lecture du texte"
            mentions.append(f"Règle de confiance {regle.fiche.confiance} : {objet} à confirmer.")
        return mentions

    def _relever_suppositions(self, regle: str, carte: _Carte, rang_lot: int | None) -> None:
        donnees, lot = self._faits.consultation, self._faits.lots[rang_lot] if rang_lot is not None else {}
        for lecture in carte.supposables:
            present = lot if lecture.portee == "element" else donnees
            if lecture.defaut is None:
                if self._faits.provenances.get(lecture.cle) != "suppose":
                    continue
                valeur = donnees[lecture.cle]
            elif lecture.cle in present:
                continue
            else:
                valeur = lecture.defaut
            chemin = lecture.cle
            if lecture.portee == "element" and rang_lot is not None and self._faits.numeros[rang_lot] is not None:
                chemin = f"lots[{self._faits.numeros[rang_lot]}].{lecture.cle}"
            supposition = self._suppositions.setdefault(chemin, Supposition(chemin, valeur, []))
            if regle not in supposition.regles:
                supposition.regles.append(regle)

    def _relever_echeance(self, regle: Regle, jour: date | None) -> None:
        effet = regle.fiche.effet
        if effet.apres_terme == "signaler" and effet.au is not None and jour is not None and jour > effet.au:
            texte = regle.fiche.references[0].texte
            self._echus[texte] = f"{texte} : schéma échu le {ecrire_date(effet.au)}, renouvellement inconnu de l'outil."

    def _noter_derogations(self) -> None:
        for identifiant, derogation in self._assumees.items():
            regle = self._verificateur.paquet.trouver_regle(identifiant)
            if regle is None:
                raison = "aucune règle du paquet ne porte cet identifiant"
            elif regle.fiche.nature != "engagement_local":
                raison = "seul un engagement local peut être assumé ; la loi prévoit elle-même ses dérogations"
            elif not derogation.motif:
                raison = "le motif est vide"
            else:
                continue
            nom = identifiant if regle is not None else "inconnue"
            self._notices.append(Notice("derogation_irrecevable", f"Dérogation écartée ({nom}) : {raison}."))

    def conclure(self, date_simulee: date | None) -> Rapport:
        """Rend le rapport complet."""
        verificateur, paquet = self._verificateur, self._verificateur.paquet
        self._noter_derogations()
        self._notices += [Notice("schema_echu", texte) for texte in self._echus.values()]
        if verificateur.degrade:
            self._notices.append(
                Notice("moteur", "Un seul moteur a jugé : durable-rules n'est pas installé sur cette machine.")
            )
        if date_simulee is not None:
            self._notices.append(
                Notice(
                    "simulation",
                    f"Simulation : comme si la consultation était lancée le {ecrire_date(date_simulee)}.",
                )
            )
        constats = ordonner(garder_une_version(self._constats))
        donnees = self._faits.consultation
        return Rapport(
            format=1,
            fop=FopJugee(donnees.get("reference"), donnees["objet"], donnees.get("acheteur.nom"), empreinte(self._fop)),
            paquet=PaquetCite(paquet.nom, paquet.version, paquet.empreinte),
            moteur=MoteurCite(verificateur.moteur.nom, verificateur.degrade),
            date_de_reference=donnees.get("date_lancement"),
            simulation=date_simulee is not None,
            syntheses=synthetiser(constats),
            comptes=compter(constats),
            constats=constats,
            regles=list(self._citees.values()),
            a_demander=rassembler_demandes(constats),
            clauses=reunir(p for constat in constats for p in self._propositions[id(constat)]),
            suppositions=list(self._suppositions.values()),
            notices=self._notices,
            avertissement=AVERTISSEMENT,
        )
