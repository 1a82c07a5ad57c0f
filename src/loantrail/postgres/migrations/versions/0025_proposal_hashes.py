"""What is proposed of a warning and for a list has a content hash, as proposals of the inbox and rules have: who approves names it.

What was proposed before gets the hash that `workflow.hash_of_proposal` of its noun gives: SHA-256 of the canonical JSON.
"""

from __future__ import annotations

from loantrail.postgres.migrate import run_sql

revision = "0025_proposal_hashes"
down_revision = "0024_parameters"
branch_labels = None
depends_on = None

_UP = """
-- Warnings: the hash stands in the event that proposes, and in the one that approves. Events never change; only this adds to them.
ALTER TABLE early_warning.thread_event DISABLE TRIGGER thread_event_stays;
UPDATE early_warning.thread_event SET data = data || jsonb_build_object('content_hash', encode(sha256(convert_to(
    '{"before":' || (data->'before')::text || ',"kind":"lowering_proposed","level":' || (data->'level')::text
    || ',"reason":' || (data->'reason')::text || ',"thread_id":' || to_jsonb(thread_id)::text || '}', 'UTF8')), 'hex'))
WHERE kind = 'lowering_proposed';
UPDATE early_warning.thread_event SET data = data || jsonb_build_object('content_hash', encode(sha256(convert_to(
    '{"kind":"finding_proposed","text":' || (data->'text')::text || ',"thread_id":' || to_jsonb(thread_id)::text || '}', 'UTF8')),
    'hex'))
WHERE kind = 'finding_proposed';
UPDATE early_warning.thread_event AS approved SET data = approved.data || jsonb_build_object('content_hash', (
    SELECT proposed.data->>'content_hash' FROM early_warning.thread_event AS proposed
    WHERE proposed.thread_id = approved.thread_id AND proposed.version < approved.version
      AND proposed.kind = replace(approved.kind, 'approved', 'proposed')
    ORDER BY proposed.version DESC LIMIT 1))
WHERE kind IN ('lowering_approved', 'finding_approved');
ALTER TABLE early_warning.thread_event ENABLE TRIGGER thread_event_stays;
ALTER TABLE early_warning.thread_event ADD CONSTRAINT thread_event_content_hash CHECK (
    kind NOT IN ('lowering_proposed', 'finding_proposed', 'lowering_approved', 'finding_approved')
    OR coalesce(data->>'content_hash', '') ~ '^[0-9a-f]{64}$');

-- Who approves is not who proposed, and what is approved is what was proposed: the last proposal of the timeline.
CREATE OR REPLACE FUNCTION early_warning.refuse_own_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE proposed record;
BEGIN
    SELECT e."by", e.data->>'content_hash' AS content_hash INTO proposed FROM early_warning.thread_event e
    WHERE e.thread_id = NEW.thread_id AND e.version < NEW.version
      AND e.kind = CASE NEW.kind WHEN 'lowering_approved' THEN 'lowering_proposed'
                                 WHEN 'finding_approved' THEN 'finding_proposed' ELSE 'disposed' END
    ORDER BY e.version DESC LIMIT 1;
    IF proposed."by" IS NULL OR proposed."by" = NEW."by" OR NEW."by" = '' THEN
        RAISE EXCEPTION 'who proposes never approves' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind <> 'closed' AND proposed.content_hash IS DISTINCT FROM NEW.data->>'content_hash' THEN
        RAISE EXCEPTION 'what is approved is what was proposed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;

-- Lists.
ALTER TABLE lists.entry ADD COLUMN content_hash text;
UPDATE lists.entry SET content_hash = encode(sha256(convert_to(
    '{"expires_on":"' || to_char(expires_on, 'YYYY-MM-DD') || '","list":' || to_jsonb(list)::text || ',"reason":'
    || to_jsonb(reason)::text || ',"rule_code":' || to_jsonb(rule_code)::text || ',"scope":' || to_jsonb(scope)::text
    || ',"subject":' || to_jsonb(subject)::text || ',"thread_id":' || coalesce(to_jsonb(thread_id)::text, 'null') || '}', 'UTF8')),
    'hex');
ALTER TABLE lists.entry ALTER COLUMN content_hash SET NOT NULL,
    ADD CONSTRAINT entry_content_hash CHECK (content_hash ~ '^[0-9a-f]{64}$');

-- What was proposed stays as it was proposed, and each decision is made once. An entry of the watch or black list that is in force
-- is not ended by who proposed it.
CREATE FUNCTION lists.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR
        (NEW.entry_id, NEW.request_key, NEW.list, NEW.scope, NEW.subject, NEW.rule_code, NEW.reason, NEW.expires_on, NEW.thread_id,
         NEW.content_hash, NEW.maker, NEW.made_at)
        IS DISTINCT FROM
        (OLD.entry_id, OLD.request_key, OLD.list, OLD.scope, OLD.subject, OLD.rule_code, OLD.reason, OLD.expires_on, OLD.thread_id,
         OLD.content_hash, OLD.maker, OLD.made_at)
        OR OLD.checker IS NOT NULL AND (NEW.checker, NEW.checked_at) IS DISTINCT FROM (OLD.checker, OLD.checked_at)
        OR OLD.ended_by IS NOT NULL
           AND (NEW.ended_by, NEW.ended_at, NEW.ended_reason) IS DISTINCT FROM (OLD.ended_by, OLD.ended_at, OLD.ended_reason) THEN
        RAISE EXCEPTION 'an entry of a list is decided once and never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.ended_by IS NULL AND NEW.ended_by = NEW.maker AND NEW.list <> 'allow' AND NEW.checked_at IS NOT NULL
        AND NEW.expires_on >= (NEW.ended_at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'whoever proposed an entry does not end it' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE ON lists.entry FOR EACH ROW EXECUTE FUNCTION lists.refuse_change();

-- What a version of a rule says stays from its proposal on, and so do its authors; who proposed it is forgotten where it is sent back.
-- The comparison stands in the function: a condition of the trigger itself would be written otherwise after a restore.
CREATE FUNCTION rules.refuse_other_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('proposed', 'published', 'retired') AND (
        (NEW.rule_id, NEW.request_key, NEW.code, NEW.version, NEW.chinese, NEW.english, NEW.legal_basis, NEW.products, NEW.customer_kinds,
         NEW.occasion, NEW.condition, NEW.levels, NEW.amount_field, NEW.owner_role, NEW.actions, NEW.doubt_chinese, NEW.doubt_english,
         NEW.pattern, NEW.content_hash, NEW.maker, NEW.editors, NEW.made_at, NEW.based_on, NEW.shipped)
        IS DISTINCT FROM
        (OLD.rule_id, OLD.request_key, OLD.code, OLD.version, OLD.chinese, OLD.english, OLD.legal_basis, OLD.products, OLD.customer_kinds,
         OLD.occasion, OLD.condition, OLD.levels, OLD.amount_field, OLD.owner_role, OLD.actions, OLD.doubt_chinese, OLD.doubt_english,
         OLD.pattern, OLD.content_hash, OLD.maker, OLD.editors, OLD.made_at, OLD.based_on, OLD.shipped)
        OR NEW.state <> 'draft' AND NEW.proposed_by IS DISTINCT FROM OLD.proposed_by
        OR OLD.state = 'proposed' AND NEW.state NOT IN ('draft', 'proposed', 'published'))
    THEN
        RAISE EXCEPTION 'what a proposed or published version of a rule says never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER rule_version_says_the_same BEFORE UPDATE ON rules.rule_version FOR EACH ROW
    EXECUTE FUNCTION rules.refuse_other_content();

-- What waits is told with its hash; what waits of a warning with when it was proposed, and without its reason, which may name third
-- parties; a version of a rule by its own id, for two of a rule may wait.
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
FROM rules.rule_version WHERE state = 'proposed';
"""

_DOWN = """
DROP VIEW published.waiting_approval;
CREATE VIEW published.waiting_approval WITH (security_invoker = true) AS
SELECT 'here' AS place, request_id AS key, kind, subject, title_chinese, title_english, reason, maker, made_at, expires_at, unit_id
FROM approvals.request WHERE state = 'waiting'
UNION ALL
SELECT 'warning', thread_id, 'warning_lowering', loan_id, '下调预警等级：' || loan_id, 'Lower the level of the warning on ' || loan_id,
       '', lowering_by, changed_at, NULL, unit_id
FROM early_warning.thread WHERE lowering_by <> ''
UNION ALL
SELECT 'warning', thread_id, 'warning_finding', loan_id, '认定：' || loan_id, 'Finding on ' || loan_id, '', finding_by, changed_at, NULL, unit_id
FROM early_warning.thread WHERE finding_by <> '' AND finding_approved_by = ''
UNION ALL
SELECT 'list', entry_id, 'list_entry', subject, '名单登记：' || subject, 'List entry: ' || subject, reason, maker, made_at, NULL, unit_id
FROM lists.entry WHERE checked_at IS NULL AND ended_at IS NULL
UNION ALL
SELECT 'rule', code, 'rule_version', code || ' v' || version, '规则发布：' || chinese || ' v' || version, 'Publish rule ' || english || ' v' || version,
       '', coalesce(proposed_by, maker), made_at, NULL, unit_id
FROM rules.rule_version WHERE state = 'proposed';
GRANT SELECT ON published.waiting_approval TO loantrail_web;

DROP TRIGGER rule_version_says_the_same ON rules.rule_version;
DROP FUNCTION rules.refuse_other_content();
DROP TRIGGER entry_stays ON lists.entry;
DROP FUNCTION lists.refuse_change();
ALTER TABLE lists.entry DROP COLUMN content_hash;

CREATE OR REPLACE FUNCTION early_warning.refuse_own_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE proposer text;
BEGIN
    SELECT e."by" INTO proposer FROM early_warning.thread_event e
    WHERE e.thread_id = NEW.thread_id AND e.version < NEW.version
      AND e.kind = CASE NEW.kind WHEN 'lowering_approved' THEN 'lowering_proposed'
                                 WHEN 'finding_approved' THEN 'finding_proposed' ELSE 'disposed' END
    ORDER BY e.version DESC LIMIT 1;
    IF proposer IS NULL OR proposer = NEW."by" OR NEW."by" = '' THEN
        RAISE EXCEPTION 'who proposes never approves' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
ALTER TABLE early_warning.thread_event DROP CONSTRAINT thread_event_content_hash;
ALTER TABLE early_warning.thread_event DISABLE TRIGGER thread_event_stays;
UPDATE early_warning.thread_event SET data = data - 'content_hash'
WHERE kind IN ('lowering_proposed', 'finding_proposed', 'lowering_approved', 'finding_approved');
ALTER TABLE early_warning.thread_event ENABLE TRIGGER thread_event_stays;
"""


def upgrade() -> None:
    """Give the hashes, and hold what was proposed to them."""
    run_sql(_UP)


def downgrade() -> None:
    """Take them away again."""
    run_sql(_DOWN)
