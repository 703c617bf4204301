"""What the EMS itself reports as wrong: how urgent it is, what it means and what to do.

They stand beside what devices report, as alarms of the device `EMS`. Many devices that are down at
once are one alarm by group, not one each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ems.domain.alarm_life import Priority, Timing
from ems.domain.own_points import DEVICE

__all__ = ["DEVICE", "OWN_ALARMS", "AlarmKind", "Words"]


@dataclass(frozen=True, kw_only=True)
class Words:
    """An alarm in one language."""

    what: str
    """What is wrong."""
    meaning: str
    """What follows from it."""
    do: str
    """What to do about it."""


@dataclass(frozen=True, kw_only=True)
class AlarmKind:
    """One kind of alarm."""

    item: str
    """Its name."""
    priority: Priority
    """How urgent it is."""
    timing: Timing = field(default_factory=Timing)
    """When the condition is an alarm."""
    words: Mapping[str, Words]
    """By language: `en`, `fr`."""


def _kind(
    item: str, priority: Priority, en: tuple[str, str, str], fr: tuple[str, str, str], after_s: int
) -> AlarmKind:
    words = {
        language: Words(what=what, meaning=meaning, do=do)
        for language, (what, meaning, do) in (("en", en), ("fr", fr))
    }
    timing = Timing(after=timedelta(seconds=after_s))
    return AlarmKind(item=item, priority=priority, timing=timing, words=words)


_ALL = (
    _kind(
        "database",
        Priority.HIGH,
        (
            "The database does not answer",
            "Control goes on from the last plan; readings wait on disk, people's changes do not"
            " reach the plan.",
            "See that PostgreSQL runs and that its disk has room; `ems doctor` says more.",
        ),
        (
            "La base de données ne répond pas",
            "La conduite continue d'après le dernier plan ; les mesures attendent sur disque, les"
            " changements faits par les personnes n'atteignent pas le plan.",
            "Vérifier que PostgreSQL fonctionne et que son disque n'est pas plein ; voir"
            " `ems doctor`.",
        ),
        10,
    ),
    _kind(
        "disk",
        Priority.HIGH,
        (
            "The disk of the data folder is nearly full",
            "Readings can soon be kept no more; those that no room is left for are lost and"
            " counted.",
            "Free space, or move the data folder to a larger disk.",
        ),
        (
            "Le disque du dossier de données est presque plein",
            "Les mesures ne pourront bientôt plus être gardées ; celles qui n'ont plus de place"
            " sont perdues et comptées.",
            "Libérer de la place, ou déplacer le dossier de données sur un plus grand disque.",
        ),
        10,
    ),
    _kind(
        "spool",
        Priority.HIGH,
        (
            "Readings can't be kept on disk",
            "They go through memory: what is there is lost if the EMS ends, or if the database"
            " goes too for long.",
            "Free the disk that holds the data folder, and see that the EMS may write there.",
        ),
        (
            "Les mesures ne peuvent pas être gardées sur disque",
            "Elles passent par la mémoire : elles seront perdues si l'EMS s'arrête, ou si la base"
            " de données manque longtemps aussi.",
            "Libérer le disque du dossier de données et vérifier que l'EMS peut y écrire.",
        ),
        10,
    ),
    _kind(
        "readings",
        Priority.MEDIUM,
        (
            "Readings were lost",
            "Neither disk nor memory had room for them; curves have gaps.",
            "End the cause first (database, disk); then give the data folder more room.",
        ),
        (
            "Des mesures ont été perdues",
            "Ni le disque ni la mémoire n'avaient de place ; les courbes ont des trous.",
            "Supprimer d'abord la cause (base de données, disque), puis donner plus de place au"
            " dossier de données.",
        ),
        0,
    ),
    _kind(
        "devices",
        Priority.MEDIUM,
        (
            "Devices do not answer",
            "They go by their own control; plans take their last usable values as gone.",
            "See the devices page; when all of a group are down, look at its gateway first.",
        ),
        (
            "Des équipements ne répondent pas",
            "Ils suivent leur propre régulation ; les plans ne comptent plus sur leurs valeurs.",
            "Voir la page des équipements ; si tout un groupe est muet, vérifier d'abord sa"
            " passerelle.",
        ),
        60,
    ),
    _kind(
        "solver",
        Priority.MEDIUM,
        (
            "No new plan could be made",
            "The last plan is carried on, or plain rules are in force: safe, but dearer.",
            "The plan's message says which step failed; if it lasts an hour, start the service"
            " again.",
        ),
        (
            "Aucun nouveau plan n'a pu être établi",
            "Le dernier plan est prolongé, ou des règles simples s'appliquent : sûr, mais plus"
            " cher.",
            "Le message du plan dit quelle étape a échoué ; si cela dure une heure, redémarrer le"
            " service.",
        ),
        0,
    ),
    _kind(
        "clock",
        Priority.MEDIUM,
        (
            "The machine's clock was set while the EMS ran",
            "Quarter hours go on by the EMS's own count and meet the new time slowly, an hour in"
            " twenty; tariffs and forecasts are off by the difference.",
            "See that NTP runs; start the service again to take the new time at once.",
        ),
        (
            "L'horloge de la machine a été changée pendant la marche",
            "Les quarts d'heure suivent le compte propre de l'EMS et rejoignent lentement la"
            " nouvelle heure ; tarifs et prévisions sont décalés d'autant.",
            "Vérifier que NTP fonctionne ; redémarrer le service pour prendre l'heure tout de"
            " suite.",
        ),
        0,
    ),
    _kind(
        "ntp",
        Priority.LOW,
        (
            "Nothing keeps the machine's clock to the world's time",
            "It drifts by seconds a day; slots then begin at the wrong moment.",
            "Start an NTP client such as chrony and see that it reaches a server.",
        ),
        (
            "Rien ne maintient l'horloge de la machine à l'heure",
            "Elle dérive de quelques secondes par jour ; les quarts d'heure commencent alors au"
            " mauvais moment.",
            "Démarrer un client NTP tel que chrony et vérifier qu'il atteint un serveur.",
        ),
        600,
    ),
    _kind(
        "forecast",
        Priority.LOW,
        (
            "Forecasts are made from less than usual, or miss what is measured",
            "Plans keep more in hand and cost more.",
            "See the forecast's note: weather service, meters or a changed use.",
        ),
        (
            "Les prévisions reposent sur moins de données que d'habitude, ou manquent la mesure",
            "Les plans gardent plus de marge et coûtent plus cher.",
            "Voir la note de la prévision : service météo, compteurs ou usage changé.",
        ),
        1800,
    ),
    _kind(
        "limit",
        Priority.HIGH,
        (
            "The connection draws more than is subscribed",
            "An overrun is charged by the network; cars and batteries have been asked to take"
            " less already.",
            "Switch off what can wait, or raise the subscribed power.",
        ),
        (
            "Le raccordement soutire plus que la puissance souscrite",
            "Un dépassement est facturé ; voitures et batteries ont déjà été limitées.",
            "Couper ce qui peut attendre, ou augmenter la puissance souscrite.",
        ),
        60,
    ),
)

OWN_ALARMS: Mapping[str, AlarmKind] = {kind.item: kind for kind in _ALL}
"""All kinds, by name."""
