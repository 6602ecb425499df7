"""Who asks in a session, and what names mean there: the part of a session that verdicts depend on.

The rule: what a name means is read from the server, and believed until something may have changed it. What may yet be rolled
back is uncertain until its transaction is over: until then nothing is known by its text.
"""

from typing import TYPE_CHECKING

from ringfence.access import Principal
from ringfence.gates.postgres.cache import Hot, Key
from ringfence.gates.postgres.remembering import Sure
from ringfence.gates.postgres.stating import Stated
from ringfence.policy import Asker

if TYPE_CHECKING:
    from ringfence.gates.postgres.shared import Shared
    from ringfence.gates.postgres.standing import Standing


class Meaning:
    """The standing of a session, and its key."""

    def __init__(self, shared: "Shared", principal: Principal, standing: "Standing") -> None:
        self.shared = shared
        self.principal = principal
        self.standing = standing
        self.reason = ""
        self.stated = Stated()
        self.changed = False  # in this transaction something changed what statements mean
        self.defined = False  # and it was the catalogue
        self.labels: dict[str, tuple[str, ...]] = {}  # of temporary tables and their columns, by path
        self.key: Key | None = None
        self.place: tuple[str, str, bool] | None = None  # search path, user, whether it has temporary objects
        self.epoch = shared.epoch
        self.hot = Hot()
        self.sure = Sure()

    @property
    def named(self) -> tuple[str, str]:
        """What settles what names mean here: the search path and the user."""
        return self.place[:2] if self.place is not None else ("", "")

    @property
    def has_own_meaning(self) -> bool:
        """Whether names mean here what they mean in no other session: temporary objects, what may yet be rolled back."""
        return self.place is None or self.place[2] or self.changed or bool(self.labels)

    def forget_place(self) -> None:
        """Know no longer what names mean here, until it is read again."""
        self.sure.forget()
        self.key = None
        self.place = None
        self.hot = Hot()

    def change(self, *, defined: bool = False) -> None:
        """Note that something changes what names mean, and may yet be rolled back."""
        self.changed = True
        self.defined = self.defined or defined
        self.forget_place()

    def end_of_change(self, *, is_all: bool) -> None:
        """Note that the transaction that changed something is over; `is_all`: nothing that may have done so was sent since."""
        self.changed = not is_all
        if self.defined:
            self.defined = False
            self.shared.new_epoch()
        self.forget_place()

    def settle(self, search_path: str, user: str, *, temporary: bool) -> None:
        """Take what was read of the session's meaning."""
        place = (search_path, user, temporary)
        fresh = self.key is not None and self.epoch is self.shared.epoch and not self.changed and self.shared.remembers
        if fresh and self.place == place:
            return
        self.place = place
        self.renew()

    def renew(self) -> None:
        """Take the key of this place in the present epoch."""
        shared = self.shared
        self.epoch = shared.epoch
        if self.place is None:
            return
        path, user, temporary = self.place
        if temporary or self.changed or not shared.remembers:
            self.key = Key(self.epoch, shared.new_catalogue(self.labels))
        else:
            self.key = self.epoch.key(path, user)
        self.hot = self.key.hot_for(self.standing) if not self.changed and shared.remembers else Hot()

    def stand(self, asker: Asker, reason: str) -> None:
        """Ask as somebody else from now on: another purpose or reason, or another policy."""
        self.reason = reason
        self.standing = self.shared.standing(self.principal.zone, asker)
        self.hot = Hot()
        self.renew()
