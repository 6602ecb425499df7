"""Statements that may not run unless a policy names them: each kind by its name, with why and what to do instead.

The rule: a kind of statement is allowed because the parser's room knows what it does to rows; one that stands neither there nor
here is refused as unknown. The name in `allow` is what a policy writes: ``statement:create-index``.
"""

from dataclasses import dataclass

from ringfence.sql.model import Refusal


@dataclass(frozen=True, slots=True)
class _Group:
    why: str
    mend: str
    names: str  # "node=name", the node being the parser's


_GROUPS = (
    _Group(
        "it runs code of the client's in the server, unseen",
        "send the statements themselves",
        "DoStmt=do CallStmt=call LoadStmt=load",
    ),
    _Group(
        "it makes or changes code that later statements run",
        "leave it to the database's administrators",
        """
        CreateFunctionStmt=create-function AlterFunctionStmt=alter-function CreateTrigStmt=create-trigger
        CreateEventTrigStmt=create-event-trigger AlterEventTrigStmt=alter-event-trigger RuleStmt=create-rule
        CreatePLangStmt=create-language CreateTransformStmt=create-transform CreateCastStmt=create-cast
        CreateConversionStmt=create-conversion CreateOpClassStmt=create-operator-class
        CreateOpFamilyStmt=create-operator-family AlterOpFamilyStmt=alter-operator-family AlterOperatorStmt=alter-operator
        CreateAmStmt=create-access-method DefineStmt=create-object CreateExtensionStmt=create-extension
        AlterExtensionStmt=alter-extension AlterExtensionContentsStmt=alter-extension
        """,
    ),
    _Group(
        "it makes or changes types, whose checks and operators no tree shows",
        "leave it to the database's administrators",
        """
        CompositeTypeStmt=create-type CreateEnumStmt=create-type CreateRangeStmt=create-type AlterEnumStmt=alter-type
        AlterTypeStmt=alter-type CreateDomainStmt=create-domain AlterDomainStmt=alter-domain
        AlterCollationStmt=alter-collation AlterTSDictionaryStmt=alter-text-search
        AlterTSConfigurationStmt=alter-text-search
        """,
    ),
    _Group(
        "it makes, moves or removes what the policy's paths name",
        "use a temporary table, or leave it to the database's administrators",
        """
        CreateStmt=create-table AlterTableStmt=alter-table CreateTableAsStmt=create-table-as ViewStmt=create-view
        RefreshMatViewStmt=refresh-materialized-view CreateSeqStmt=create-sequence AlterSeqStmt=alter-sequence
        CreateSchemaStmt=create-schema IndexStmt=create-index CreateStatsStmt=create-statistics
        AlterStatsStmt=alter-statistics RenameStmt=rename AlterObjectSchemaStmt=set-schema
        AlterObjectDependsStmt=alter-depends AlterTableMoveAllStmt=alter-table ReplicaIdentityStmt=alter-table
        DropStmt=drop TruncateStmt=truncate ReindexStmt=reindex ClusterStmt=cluster CommentStmt=comment
        SecLabelStmt=security-label
        """,
    ),
    _Group(
        "it decides who may read what",
        "leave it to the database's administrators",
        """
        GrantStmt=grant GrantRoleStmt=grant-role AlterDefaultPrivilegesStmt=alter-default-privileges
        CreateRoleStmt=create-role AlterRoleStmt=alter-role AlterRoleSetStmt=alter-role DropRoleStmt=drop-role
        CreatePolicyStmt=create-policy AlterPolicyStmt=alter-policy AlterOwnerStmt=alter-owner
        ReassignOwnedStmt=reassign-owned DropOwnedStmt=drop-owned
        """,
    ),
    _Group(
        "it opens a way to another server, or past the gate",
        "declare a flow, and go through its gate",
        """
        CreateFdwStmt=create-foreign-data-wrapper AlterFdwStmt=alter-foreign-data-wrapper
        CreateForeignServerStmt=create-server AlterForeignServerStmt=alter-server
        CreateForeignTableStmt=create-foreign-table ImportForeignSchemaStmt=import-foreign-schema
        CreateUserMappingStmt=create-user-mapping AlterUserMappingStmt=alter-user-mapping
        DropUserMappingStmt=drop-user-mapping CreatePublicationStmt=create-publication
        AlterPublicationStmt=alter-publication CreateSubscriptionStmt=create-subscription
        AlterSubscriptionStmt=alter-subscription DropSubscriptionStmt=drop-subscription
        """,
    ),
    _Group(
        "it operates the server",
        "leave it to the database's administrators",
        """
        CreatedbStmt=create-database AlterDatabaseStmt=alter-database AlterDatabaseSetStmt=alter-database
        AlterDatabaseRefreshCollStmt=alter-database DropdbStmt=drop-database AlterSystemStmt=alter-system
        CreateTableSpaceStmt=create-tablespace DropTableSpaceStmt=drop-tablespace
        AlterTableSpaceOptionsStmt=alter-tablespace
        """,
    ),
    _Group(
        "what it says can be heard by other sessions, past every flow",
        "write it to a table that they may read",
        "NotifyStmt=notify",
    ),
)

# What only some statements of a kind are refused for; the parser's room says when. Where no name is given no policy can allow it.
_PARTICULAR = {
    "copy-file": ("it moves rows to or from a file of the database server", "COPY ... TO STDOUT, or FROM STDIN"),
    "copy-program": ("it moves rows through a program on the database server", "COPY ... TO STDOUT, or FROM STDIN"),
    "copy-where": ("what it calls on the rows that come in is not traced", "leave rows out before they are sent"),
    "prepare-transaction": ("another session could end it, under another decision", "COMMIT it here"),
    "execute-arguments": ("its arguments are not constants", "give constants, or parameters of the protocol"),
    "create-table-expression": (
        "an expression in it calls what is not known to be harmless",
        "leave it out, or use a constant",
    ),
    "create-table-inherits": ("its rows would be read as another table's", "use a table of its own, LIKE the other"),
}
_NEVER = {
    "explain": ("only the plan of a SELECT, INSERT, UPDATE, DELETE or MERGE can be shown", "explain the query itself"),
    "create-table-as-execute": ("what a prepared statement gives is not traced into a table", "write the query itself"),
    "create-table-as-if-not-exists": ("it would not be known which columns the table holds", "leave IF NOT EXISTS out"),
    "select-into": (
        "INTO stands where no server takes it",
        "put it into the first SELECT, or use CREATE TEMP TABLE ... AS",
    ),
    "set-from-current": ("it belongs into CREATE FUNCTION", "SET the value itself"),
    "round-trip": ("it cannot be taken apart without doubt", "write it in a simpler way"),
    "own-name": ("names that begin with _ringfence are the gate's own", "take another name"),
    "copy-query": ("only the rows of a query can be copied out", "run the statement itself, with RETURNING"),
}


def _named() -> dict[str, tuple[str, _Group]]:
    return {
        node: (name, group) for group in _GROUPS for node, name in (each.split("=") for each in group.names.split())
    }


_BY_NODE = _named()


def judge_statement(node: str, name: str = "") -> Refusal:
    """Give the refusal of a statement by its node; `name` where the kind has finer ones (``drop-table``).

    >>> judge_statement("DoStmt").allow
    'statement:do'
    """
    if (known := _BY_NODE.get(node)) is not None:
        named, group = known
        return _refused(name or named, group.why, group.mend)
    kind = node.removesuffix("Stmt").lower()
    return _refused(kind, "what it does is not known here", "leave it out")


def particular(name: str) -> Refusal:
    """Give a refusal of what only some statements of a kind do."""
    if name in _NEVER:
        why, mend = _NEVER[name]
        return Refusal("statement", name, why, mend)
    why, mend = _PARTICULAR[name]
    return _refused(name, why, mend)


def _refused(name: str, why: str, mend: str) -> Refusal:
    return Refusal("statement", name, why, mend, f"statement:{name}")
