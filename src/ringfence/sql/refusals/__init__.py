"""What a statement may call, read, set and be: tables that say why a thing is refused, what to do, and how a policy allows it.

The rule: everything here is data and a look-up in it. A built-in function is safe because it is immutable or because somebody
read what it does and put it into a group; a function, relation, setting or statement in no group is refused.
"""

from ringfence.sql.refusals.functions import judge_function, leaves_trace
from ringfence.sql.refusals.relations import is_judged, judge_column, judge_relation
from ringfence.sql.refusals.settings import allowed_at_start, allowed_setting, judge_setting, readable_setting
from ringfence.sql.refusals.statements import judge_statement, particular
from ringfence.sql.refusals.verdicts import FunctionKind, FunctionVerdict, RelationKind, RelationVerdict

__all__ = [
    "FunctionKind",
    "FunctionVerdict",
    "RelationKind",
    "RelationVerdict",
    "allowed_at_start",
    "allowed_setting",
    "is_judged",
    "judge_column",
    "judge_function",
    "judge_relation",
    "judge_setting",
    "judge_statement",
    "leaves_trace",
    "particular",
    "readable_setting",
]
