"""`placeholder`: a word in brackets, numbered by the order in which a conversation first met its values."""

from ringfence.policy.model import Form
from ringfence.transform.model import About, Ask
from ringfence.transform.surrogate import asked


def placeholder(form: Form, value: str, about: About) -> Ask:
    """Put `[EMAIL_1]` in the place of a conversation's first e-mail address, `[EMAIL_2]` in the place of its second.

    The same value has the same placeholder within a conversation, so that a reader can tell who is who; the next conversation
    counts from one again. Hides the value, its length, and whether it is that of another conversation: the text is no function of
    the value, so no key leads back, and a list of all values does not either. The way back is memory: of one exchange, or the
    vault's, sealed under `key` and kept for `keep` after the value was last sent.

    Does not hide the value's kind, whether two values of a conversation are equal, nor the order in which they first came. What
    stands around it may tell whose it is.
    """
    return asked(form, value, about)
