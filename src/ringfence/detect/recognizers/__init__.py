"""The table of recognizers, in one file for each kind of data.

>>> sorted({recognizer.entity for recognizer in RECOGNIZERS})[:3]
['CREDIT_CARD', 'DATE_OF_BIRTH', 'EMAIL_ADDRESS']
"""

from ringfence.detect.recognizer import Recognizer
from ringfence.detect.recognizers.contact import CONTACT
from ringfence.detect.recognizers.financial import FINANCIAL
from ringfence.detect.recognizers.network import NETWORK
from ringfence.detect.recognizers.person import PERSONAL
from ringfence.detect.recognizers.secret import SECRETS
from ringfence.detect.recognizers.us import US

RECOGNIZERS: tuple[Recognizer, ...] = (*CONTACT, *FINANCIAL, *US, *NETWORK, *PERSONAL, *SECRETS)
"""Every recognizer. Their order means nothing."""
