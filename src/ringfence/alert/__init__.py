"""Alerts: what the ledger says that somebody should know at once, told to the receivers of the policy.

The rule: an alert is an entry of the ledger before it is anything else, it is told at least once and under one id, and it holds no
value. Nothing here stands on a payload's way: the ledger is read as it grows, by a process that no gate waits for.

`deriving` says what is worth telling, `raising` when it is told and when counted, `spool` what survives; `sender` orders them.
"""

from ringfence.alert.receiving import Surroundings, deliver
from ringfence.alert.sender import Figures, Sender, trial_message
from ringfence.alert.spool import FILE, Spool
from ringfence.alert.telling import ACKNOWLEDGED, KIND, Message
from ringfence.alert.webhook import Undelivered

__all__ = [
    "ACKNOWLEDGED",
    "FILE",
    "KIND",
    "Figures",
    "Message",
    "Sender",
    "Spool",
    "Surroundings",
    "Undelivered",
    "deliver",
    "trial_message",
]
