"""A published version of a rule is retired by two people: one proposes it with a reason, another one confirms or keeps it.

Versions that were retired before stay as they are: nobody proposed it of them.
"""

# ruff: noqa: S608  the statements are made of words of this file

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0028_rule_retirement"
down_revision = "0027_messages_in_reach"
branch_labels = None
depends_on = None

_WAITING = """
CREATE OR REPLACE VIEW published.waiting_approval WITH (security_invoker = true) AS
SELECT 'here' AS place, request_id AS key, kind, subject, title_chinese, title_english, reason, maker, made_at, expires_at, unit_id,
       content_hash
FROM approvals.request WHERE state = 'waiting'
UNION ALL
SELECT 'warning', thread.thread_id, asked.kind, thread.loan_id, asked.chinese || thread.loan_id, asked.english || thread.loan_id,
       '', asked.maker, coalesce(proposed.at, thread.changed_at), NULL, thread.unit_id, proposed.content_hash
FROM early_warning.thread AS thread
CROSS JOIN LATERAL (VALUES
    ('warning_lowering', 'lowering_proposed', thread.lowering_by, '下调预警等级：', 'Lower the level of the warning on '),
    ('warning_finding', 'finding_proposed', CASE WHEN thread.finding_approved_by = '' THEN thread.finding_by ELSE '' END,
     '认定：', 'Finding on ')
) AS asked (kind, event, maker, chinese, english)
LEFT JOIN LATERAL (
    SELECT event.at, event.data->>'content_hash' AS content_hash
    FROM early_warning.thread_event AS event
    WHERE event.thread_id = thread.thread_id AND event.kind = asked.event ORDER BY event.version DESC LIMIT 1
) AS proposed ON true
WHERE asked.maker <> ''
UNION ALL
SELECT 'list', entry_id, 'list_entry', subject, '名单登记：' || subject, 'List entry: ' || subject, reason, maker, made_at, NULL, unit_id,
       content_hash
FROM lists.entry WHERE checked_at IS NULL AND ended_at IS NULL
UNION ALL
SELECT 'rule', rule_id, 'rule_version', code || ' v' || version, '规则发布：' || chinese || ' v' || version, 'Publish rule ' || english || ' v' || version,
       '', coalesce(proposed_by, maker), made_at, NULL, unit_id, content_hash
FROM rules.rule_version WHERE state = 'proposed'"""

_UP = f"""
-- Who asked that a published version be retired, when and why. It stays published, and judges, until another person confirms.
ALTER TABLE rules.rule_version
    ADD COLUMN retirement_proposed_by text CHECK (btrim(retirement_proposed_by) <> ''),
    ADD COLUMN retirement_proposed_at timestamptz,
    ADD COLUMN retirement_reason text CHECK (btrim(retirement_reason) <> ''),
    ADD CONSTRAINT rule_version_retirement_told CHECK (
        (retirement_proposed_by IS NULL) = (retirement_proposed_at IS NULL)
        AND (retirement_proposed_by IS NULL) = (retirement_reason IS NULL)),
    ADD CONSTRAINT rule_version_retirement_of_published CHECK (
        retirement_proposed_by IS NULL OR state IN ('published', 'retired')),
    -- Who proposes never confirms.
    ADD CONSTRAINT rule_version_retired_by_another CHECK (retired_by <> retirement_proposed_by);

-- A retirement was proposed before, as it stands, and whoever confirms it neither proposed it nor made the version. A retired version
-- that is entered as such would end the one before it.
CREATE FUNCTION rules.refuse_lone_retirement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state = 'retired' OR NEW.retirement_proposed_by IS NOT NULL THEN
            RAISE EXCEPTION 'no version of a rule begins retired, or with its retirement proposed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.retirement_proposed_by IS NOT NULL
        AND (NEW.state = 'retired' OR NEW.retirement_proposed_by IS NOT NULL)
        AND (NEW.retirement_proposed_by, NEW.retirement_proposed_at, NEW.retirement_reason)
            IS DISTINCT FROM (OLD.retirement_proposed_by, OLD.retirement_proposed_at, OLD.retirement_reason) THEN
        RAISE EXCEPTION 'a proposed retirement stays as it was proposed until it is decided' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'retired' AND OLD.state <> 'retired' AND (
        OLD.retirement_proposed_by IS NULL
        OR NEW.retired_by IN (OLD.retirement_proposed_by, NEW.maker, NEW.proposed_by)
        OR NEW.retired_by = ANY (NEW.editors)) THEN
        RAISE EXCEPTION 'a version of a rule is retired by another person than who proposed it or made it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER rule_version_is_retired_by_two BEFORE INSERT OR UPDATE ON rules.rule_version FOR EACH ROW
    EXECUTE FUNCTION rules.refuse_lone_retirement();

CREATE OR REPLACE VIEW published.rule_version WITH (security_invoker = true) AS SELECT * FROM rules.rule_version;
{_WAITING}
UNION ALL
SELECT 'rule', rule_id, 'rule_retirement', code || ' v' || version, '规则停用：' || chinese || ' v' || version, 'Retire rule ' || english || ' v' || version,
       '', retirement_proposed_by, retirement_proposed_at, NULL, unit_id, content_hash
FROM rules.rule_version WHERE state = 'published' AND retirement_proposed_by IS NOT NULL;
"""

_DOWN = f"""
{_WAITING};
DROP TRIGGER rule_version_is_retired_by_two ON rules.rule_version;
DROP FUNCTION rules.refuse_lone_retirement();
DROP VIEW published.rule_version;
ALTER TABLE rules.rule_version DROP COLUMN retirement_proposed_by, DROP COLUMN retirement_proposed_at, DROP COLUMN retirement_reason;
CREATE VIEW published.rule_version WITH (security_invoker = true) AS SELECT * FROM rules.rule_version;
GRANT SELECT ON published.rule_version TO loantrail_web;
"""


def upgrade() -> None:
    """Add who proposes a retirement, and hold retirements to two people."""
    run_sql(_UP)


def downgrade() -> None:
    """Let one person retire again; what waits is lost."""
    run_sql(_DOWN)
