"""The table of recognizers, in one file for each kind of data, country or region.

>>> sorted({recognizer.entity for recognizer in RECOGNIZERS})[:3]
['ABA_ROUTING_NUMBER', 'ADVERTISING_ID', 'AE_EMIRATES_ID']
"""

from ringfence.detect._fitted import fitted
from ringfence.detect.recognizer import Recognizer
from ringfence.detect.recognizers.americas import AMERICAS
from ringfence.detect.recognizers.brazil import BRAZIL
from ringfence.detect.recognizers.care import CARE
from ringfence.detect.recognizers.central_europe import CENTRAL_EUROPE
from ringfence.detect.recognizers.contact import CONTACT
from ringfence.detect.recognizers.demographic import DEMOGRAPHIC
from ringfence.detect.recognizers.device import DEVICE
from ringfence.detect.recognizers.east_asia import EAST_ASIA
from ringfence.detect.recognizers.financial import FINANCIAL
from ringfence.detect.recognizers.france_benelux import FRANCE_BENELUX
from ringfence.detect.recognizers.germany import GERMANY
from ringfence.detect.recognizers.health import HEALTH
from ringfence.detect.recognizers.iberia import IBERIA
from ringfence.detect.recognizers.italy import ITALY
from ringfence.detect.recognizers.labelled import LABELLED
from ringfence.detect.recognizers.middle_east_africa import MIDDLE_EAST_AFRICA
from ringfence.detect.recognizers.network import NETWORK
from ringfence.detect.recognizers.nordics import NORDICS
from ringfence.detect.recognizers.oceania import OCEANIA
from ringfence.detect.recognizers.payment import PAYMENT
from ringfence.detect.recognizers.person import PERSONAL
from ringfence.detect.recognizers.secret import SECRETS
from ringfence.detect.recognizers.south_asia import SOUTH_ASIA
from ringfence.detect.recognizers.token import TOKENS
from ringfence.detect.recognizers.united_kingdom import UNITED_KINGDOM
from ringfence.detect.recognizers.us import US
from ringfence.detect.recognizers.wallet import WALLETS

DECLARED: tuple[Recognizer, ...] = (
    *AMERICAS,
    *BRAZIL,
    *CARE,
    *CENTRAL_EUROPE,
    *CONTACT,
    *DEMOGRAPHIC,
    *DEVICE,
    *EAST_ASIA,
    *FINANCIAL,
    *FRANCE_BENELUX,
    *GERMANY,
    *HEALTH,
    *IBERIA,
    *ITALY,
    *LABELLED,
    *MIDDLE_EAST_AFRICA,
    *NETWORK,
    *NORDICS,
    *OCEANIA,
    *PAYMENT,
    *PERSONAL,
    *SECRETS,
    *SOUTH_ASIA,
    *TOKENS,
    *UNITED_KINGDOM,
    *US,
    *WALLETS,
)
"""Every recognizer, with the scores that its entry declares. Their order means nothing."""

RECOGNIZERS = tuple(map(fitted, DECLARED))
"""Every recognizer, with scores that are probabilities: what detection runs with."""
