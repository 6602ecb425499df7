"""What kinds of personal data there are, which laws name them, and which entities of detection belong to which.

The rule: tables, and nothing but tables. Categories are dotted paths in fideslang's words; a path's parents exist as
well, so that `user.contact` may be judged as a whole. Nothing here looks at a text.

>>> CATEGORIES["user.contact.email"].title
'E-mail address'
>>> ENTITIES["EMAIL_ADDRESS"].category
'user.contact.email'
>>> is_within("user.contact.email", "user.contact")
True
"""

from ringfence.taxonomy.categories import CATEGORIES, EXTENSIONS, is_within
from ringfence.taxonomy.entities import ENTITIES
from ringfence.taxonomy.model import CategoryInfo, Domain, EntityInfo, Sensitivity
from ringfence.taxonomy.regulations import Citation, Regulation

__all__ = [
    "CATEGORIES",
    "ENTITIES",
    "EXTENSIONS",
    "CategoryInfo",
    "Citation",
    "Domain",
    "EntityInfo",
    "Regulation",
    "Sensitivity",
    "is_within",
]
